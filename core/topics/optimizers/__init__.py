"""Optimizers: what the page measures and draws."""
