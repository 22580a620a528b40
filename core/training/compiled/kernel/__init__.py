"""The compiled trainer of plain multilayer perceptrons: numba code, imported only where it is compiled or called."""
