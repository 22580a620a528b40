"""The vision transformer: what the page measures and draws."""
