"""Books and courses beside the lessons, and a way through both by weeks."""
