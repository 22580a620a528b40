"""The controls that several views share."""

from core.lessons.controls import scale, slider

FACTORS = (0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 30.0, 100.0, 300.0)


def unit(factor: float) -> str:
    """The unit of x₂ beside that of x₁, in words."""
    if factor == 1:
        return "in the same unit"
    return f"in a unit {max(factor, 1 / factor):.2g} times as {'small' if factor > 1 else 'large'}"


FACTOR = scale("Unit of x₂", FACTORS, 30.0, help="How many times as large its numbers are: centimetres, not metres.")
SHIFT = slider("Offset", 0.0, 6.0, 0.0, 0.5, help="How far both inputs lie from 0, in their own units.")
