"""Art from a generative adversarial network: fruit watercolours out of noise, measured and walked through."""
