"""TorchScript, torch.export, torch.compile and what leads to other machines: right answers first, then the clock."""
