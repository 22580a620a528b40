"""What can be set about the network that is deployed, and what it is asked."""

from collections.abc import Mapping

from core.data import PLANAR
from core.lessons.controls import folded, pick, scale, slider

PLAYGROUND, DIGITS, CNN = "playground", "digits", "small CNN"


def is_playground(values: Mapping[str, object]) -> bool:
    """Whether the network is one that the learner shapes."""
    return values.get("network", PLAYGROUND) == PLAYGROUND


NETWORK = pick("Network", (PLAYGROUND, DIGITS), help="Trained now on points of the plane, or the shipped digit reader.")
DATA = pick("Data", ("spiral", *(name for name in PLANAR if name in ("circle", "xor", "moons"))), "spiral",
            when=is_playground)  # fmt: skip
DEPTH = slider("Hidden layers", 0, 6, 2, when=is_playground)
UNITS = slider("Units per layer", 1, 32, 8, when=is_playground)
WIDTHS = scale("Units per layer", (8, 64, 256), 8, when=is_playground)  # as far as a server needs batches
ACTIVATION = pick("Activation", ("linear", "sigmoid", "tanh", "ReLU", "LeakyReLU", "GELU"), "tanh", when=is_playground)
X, Y = slider("Input x", -2.4, 2.4, 0.5, 0.1), slider("Input y", -2.4, 2.4, -0.5, 0.1)
SETTINGS = (DATA, DEPTH, UNITS, ACTIVATION, folded(X, Y, label="Your input"))
SERVED = (NETWORK, DATA, DEPTH, WIDTHS, ACTIVATION)
ANY = pick("Network", (CNN, DIGITS, PLAYGROUND),
           help="A CNN trained now on digits, the shipped digit reader, or yours, trained now on points.")  # fmt: skip
SHRUNK = (ANY, DATA, DEPTH, UNITS, ACTIVATION)
