"""Overfitting and underfitting: what the page measures and draws."""
