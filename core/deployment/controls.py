"""What can be set about the network that is deployed, and what it is asked."""

from core.data import PLANAR
from core.lessons.controls import folded, pick, slider

PLAYGROUND, DIGITS = "playground", "digits"
NETWORK = pick("Network", (PLAYGROUND, DIGITS), help="Trained now on points of the plane, or the shipped digit reader.")
DATA = pick("Data", ("spiral", *(name for name in PLANAR if name in ("circle", "xor", "moons"))), "spiral")
DEPTH = slider("Hidden layers", 0, 6, 2)
UNITS = slider("Units per layer", 1, 32, 8)
ACTIVATION = pick("Activation", ("linear", "sigmoid", "tanh", "ReLU", "LeakyReLU", "GELU"), "tanh")
X, Y = slider("Input x", -2.4, 2.4, 0.5, 0.1), slider("Input y", -2.4, 2.4, -0.5, 0.1)
SETTINGS = (DATA, DEPTH, UNITS, ACTIVATION, folded(X, Y, label="Your input"))
