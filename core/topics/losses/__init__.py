"""Loss functions: what the page measures and draws."""
