"""Diffusion: what the page measures and draws, in the plane and on pictures."""
