"""What the page on the training loop trains, names and draws."""
