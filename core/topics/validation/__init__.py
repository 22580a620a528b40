"""Scores that are too good: six leaks, splits that fit the question, choosing and judging on different samples."""
