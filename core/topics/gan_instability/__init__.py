"""Why GANs do not settle: what the page measures and draws."""
