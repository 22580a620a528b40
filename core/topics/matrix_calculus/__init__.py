"""Jacobians and their products: what the page measures and draws."""
