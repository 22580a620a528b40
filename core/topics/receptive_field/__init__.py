"""Receptive field: what the page measures and draws."""
