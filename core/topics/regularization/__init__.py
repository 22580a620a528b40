"""Regularization: what the page measures and draws."""
