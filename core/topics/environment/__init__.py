"""The machine that runs this, its packages and its threads, and the files that make another one like it."""
