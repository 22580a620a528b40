"""Probability and statistics: what the page measures and draws."""
