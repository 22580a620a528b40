"""Forward and backward: what the page measures and draws."""
