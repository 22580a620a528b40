"""The shared training module: real networks, trained and recorded. Imports no screen."""
