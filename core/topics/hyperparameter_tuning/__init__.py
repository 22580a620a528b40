"""Hyperparameter tuning: what the page measures and draws."""
