"""Language models: the tokenizer, the small ones that ship with the hub, and how they were trained."""
