"""A chat with a small language model that runs here, every token of which can be questioned."""
