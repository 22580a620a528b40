"""Loading watched, orders compared, rare classes drawn more often, pictures transformed, traps sprung."""
