"""What a saved network holds, what opening it may do, and what is needed to go on."""
