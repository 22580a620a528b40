"""Trained networks on their way out: which ones, as which files, and what runs them."""
