"""What a learner types, and a computation taken apart."""
