"""The controls that several views share."""

from core.lessons.controls import scale, slider

FACTORS = (0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 30.0, 100.0, 300.0)
FACTOR = scale("Unit of x₂", FACTORS, 30.0, help="How many times as large its numbers are: centimetres, not metres.")
SHIFT = slider("Offset", 0.0, 6.0, 0.0, 0.5, help="How far both inputs lie from 0, in their own units.")
