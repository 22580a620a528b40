"""Machine learning or deep learning: what the page measures and draws."""
