"""Backpropagation by hand: what the page measures and draws."""
