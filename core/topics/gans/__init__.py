"""Generative adversarial networks: what the page measures and draws."""
