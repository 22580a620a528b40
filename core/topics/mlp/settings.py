"""Everything that can be set in the playground, and a setting as one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core import data as sets
from core.data.features import FEATURES
from core.data.tables import Table
from core.lessons.controls import choose, defaults, folded, pick, scale, slider, text, toggle
from core.models import ACTIVATIONS, INITIALIZATIONS
from core.objectives import (
    Objective,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    mean_absolute_error,
    mean_squared_error,
)
from core.training import OPTIMIZERS, SCHEDULES

GENERATED = {**sets.PLANAR, **sets.REGRESSION, "typed border": sets.boundary}
BALANCED, CLASSED = ("circle", "xor", "gaussians", "moons"), ("spiral", "rings", "blobs")
OWN, TABLE, BORDER = "own points", "own table", "typed border"
DATA = ("spiral", *(name for name in GENERATED if name != "spiral"), OWN, TABLE)
LOSSES: dict[str, Objective] = {
    "cross-entropy": cross_entropy,
    "hinge": hinge,
    "binary cross-entropy": binary_cross_entropy,
}
REGRESSION_LOSSES: dict[str, Objective] = {
    "squared error": mean_squared_error,
    "absolute error": mean_absolute_error,
    "Huber": huber,
}
DIGITS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
RATES = (*(float(f"{digit}e{power}") for power in range(-4, 1) for digit in DIGITS), 10.0)
PENALTIES = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCHES = (1, 2, 4, 8, 10, 16, 32, 64, 128, 256, 512, 1000)


def made_here(values: Mapping[str, object]) -> bool:
    """The data are generated, not brought by the learner."""
    return values["data"] in GENERATED


def among(*names: str) -> Callable[[Mapping[str, object]], bool]:
    """The data are one of these."""
    return lambda values: values["data"] in names


of_numbers = among(*sets.REGRESSION, TABLE)
EVEN = "0.5: as many orange as blue points."
PROBLEM = pick("Data", DATA, "spiral")
DEPTH = slider("Hidden layers", 0, 8, 2)
UNITS = slider("Units per layer", 1, 32, 8)
ACTIVATION = pick("Activation", ACTIVATIONS, "tanh")
LEARNING_RATE = scale("Learning rate", RATES, 0.02)
BORDER_TEXT = text("Border", "y > sin(2*x)", help="Blue where this is true. For example x*y > 0.", when=among(BORDER))
INPUTS = choose("Inputs", FEATURES, ("x", "y"), help="What the network is given for each point.")
LAYERS = text("Layer by layer", help="Overrules the sliders. For example: 16 tanh, 8 ReLU, 4")
CONTROLS = (
    PROBLEM,
    DEPTH,
    UNITS,
    ACTIVATION,
    pick("Optimizer", OPTIMIZERS, "Adam"),
    LEARNING_RATE,
    folded(
        slider("Samples", 40, 2000, 400, 20, help="Training and held-out points together.", when=made_here),
        slider("Noise", 0.0, 1.0, 0.1, 0.05, when=made_here),
        slider("Held-out share", 0.1, 0.9, 0.5, 0.05, help="The share of points the network never trains on."),
        slider("First class's share", 0.05, 0.95, 0.5, 0.05, help=EVEN, when=among(*BALANCED)),
        slider("Classes", 2, 6, 2, when=among(*CLASSED)),
        BORDER_TEXT,
        INPUTS,
        label="Data and inputs",
    ),
    folded(
        LAYERS,
        pick("Initialization", INITIALIZATIONS, "He"),
        slider("Dropout", 0.0, 0.8, 0.0, 0.05),
        toggle("Batch norm", help="Trained by torch's loop: slower than the compiled engine."),
        pick("Loss", LOSSES, when=lambda values: not of_numbers(values)),
        pick("Loss for numbers", REGRESSION_LOSSES, when=of_numbers),
        label="Network",
    ),
    folded(
        slider("Epochs", 1, 2000, 300),
        scale("Batch size", BATCHES, 16),
        pick("Schedule", SCHEDULES, "constant", help="How the learning rate changes during the run."),
        slider("Momentum", 0.0, 0.99, 0.9, 0.01, help="Also Adam's first moment."),
        scale("Weight decay", PENALTIES, 0.0, help="The L2 penalty."),
        scale("L1", PENALTIES, 0.0, help="The L1 penalty."),
        scale("Clip", (0.0, 0.1, 0.3, 1.0, 3.0, 10.0), 0.0, help="Longest gradient allowed; 0: any."),
        slider("Patience", 0, 200, 0, help="Stop when the held-out loss has not improved for so many epochs."),
        label="Training",
    ),
)


@dataclass(frozen=True)
class Setting:
    """Everything that determines a run: the values of all controls, the seed, and the learner's own data."""

    data: str
    hidden_layers: int
    units_per_layer: int
    activation: str
    optimizer: str
    learning_rate: float
    samples: int
    noise: float
    held_out_share: float
    first_class_s_share: float
    classes: int
    border: str
    inputs: tuple[str, ...]
    layer_by_layer: str
    initialization: str
    dropout: float
    batch_norm: bool
    loss: str
    loss_for_numbers: str
    epochs: int
    batch_size: int
    schedule: str
    momentum: float
    weight_decay: float
    l1: float
    clip: float
    patience: int
    seed: int = 0
    points: tuple[tuple[float, float, int], ...] = ()
    table: Table | None = None


def setting_of(**values) -> Setting:
    """A setting from some values; the others are the controls' first ones."""
    return Setting(**defaults(CONTROLS) | values)
