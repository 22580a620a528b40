"""The perceptron and its limit: what the page measures and draws."""
