"""Self-supervised learning: SimCLR, MoCo and BYOL on pictures without labels."""
