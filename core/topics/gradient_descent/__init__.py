"""Gradient descent: what the page measures and draws."""
