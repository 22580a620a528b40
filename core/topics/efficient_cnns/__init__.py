"""The page on efficient convolutional networks: blocks, what they cost, and what they reach."""
