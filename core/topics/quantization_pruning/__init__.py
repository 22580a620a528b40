"""The page on making a network smaller: fewer bits, fewer weights, fewer channels."""
