"""The controls that several views share, and an axis of powers of ten."""

from core.lessons.controls import scale, slider

FACTORS = (0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 30.0, 100.0, 300.0)
FACTOR = scale("Unit of x₂", FACTORS, 30.0, help="How many times as large its numbers are: centimetres, not metres.")
SHIFT = slider("Offset", 0.0, 6.0, 0.0, 0.5, help="How far both inputs lie from 0, in their own units.")


def log_ticks(title: str) -> dict:
    """A vertical axis of powers of ten, whose values are given as logarithms."""
    places = list(range(-4, 4))
    return {"title": {"text": title}, "tickvals": places, "ticktext": [f"{10.0**place:g}" for place in places]}
