"""Inputs of unequal size: what they do to a training, and what preparing them changes."""
