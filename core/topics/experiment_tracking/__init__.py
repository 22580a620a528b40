"""What the page on experiment tracking trains, writes down, compares and takes away."""
