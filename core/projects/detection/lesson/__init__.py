"""What the detection page shows: raw boxes, the head that made them, what is chosen and how it is judged."""
