"""Biological and artificial neurons: what the page measures and draws."""
