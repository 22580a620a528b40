"""BERT and transformers: what the page measures and draws."""
