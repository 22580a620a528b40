"""Convolution: what the page measures and draws."""
