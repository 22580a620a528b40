"""Autoencoders: what the page measures and draws."""
