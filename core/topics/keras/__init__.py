"""What the page on Keras builds three times, trains twice and compares."""
