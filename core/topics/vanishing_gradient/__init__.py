"""The vanishing gradient: what the page measures and draws."""
