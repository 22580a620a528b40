"""What went wrong in a run, when, and what mends it."""
