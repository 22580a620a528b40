"""Residual networks: what the page trains, deletes, takes apart and draws."""
