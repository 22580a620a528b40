"""Batch size: the noise of a batch's gradient, the steps it saves, the rate it needs, and whether it harms."""
