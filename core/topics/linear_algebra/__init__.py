"""Vectors, matrices, dot products: what the page measures and draws."""
