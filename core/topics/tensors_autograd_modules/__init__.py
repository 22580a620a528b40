"""What the page on tensors, autograd and modules measures and draws."""
