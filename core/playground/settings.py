"""Everything that can be set in the playground, and a setting as one value."""

from dataclasses import dataclass

from core import data as sets
from core.controls import Control, Group, defaults
from core.data.features import FEATURES
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
from core.tables import Table
from core.training import OPTIMIZERS, SCHEDULES

GENERATED = {**sets.PLANAR, **sets.REGRESSION, "typed border": sets.boundary}
BALANCED, CLASSED = ("circle", "xor", "gaussians", "moons"), ("spiral", "rings", "blobs")
OWN, TABLE, BORDER = "own points", "own table", "typed border"
DATA = ("spiral", *(name for name in GENERATED if name != "spiral"), OWN, TABLE)
LOSSES: dict[str, Objective] = {
    "cross-entropy": cross_entropy, "hinge": hinge, "binary cross-entropy": binary_cross_entropy,
}  # fmt: skip
REGRESSION_LOSSES: dict[str, Objective] = {
    "squared error": mean_squared_error, "absolute error": mean_absolute_error, "Huber": huber,
}  # fmt: skip
DIGITS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
RATES = (*(float(f"{digit}e{power}") for power in range(-4, 1) for digit in DIGITS), 10.0)
PENALTIES = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
BATCHES = (1, 2, 4, 8, 10, 16, 32, 64, 128, 256, 512, 1000)


def made_here(values) -> bool:
    return values["data"] in GENERATED


GROUPS = (
    Group("", (
        Control("Data", "pick", "spiral", DATA),
        Control("Hidden layers", "slider", 2, (0, 8)),
        Control("Units per layer", "slider", 8, (1, 32)),
        Control("Activation", "pick", "tanh", tuple(ACTIVATIONS)),
        Control("Optimizer", "pick", "Adam", OPTIMIZERS),
        Control("Learning rate", "scale", 0.02, RATES),
    )),
    Group("Data and inputs", (
        Control("Samples", "slider", 400, (40, 2000, 20), "Training and held-out points together.", made_here),
        Control("Noise", "slider", 0.1, (0.0, 1.0, 0.05), None, made_here),
        Control("Held-out share", "slider", 0.5, (0.1, 0.9, 0.05), "The share of points the network never trains on."),
        Control("First class's share", "slider", 0.5, (0.05, 0.95, 0.05), "0.5: as many orange as blue points.",
                lambda values: values["data"] in BALANCED),
        Control("Classes", "slider", 2, (2, 6), None, lambda values: values["data"] in CLASSED),
        Control("Border", "text", "y > sin(2*x)", (), "Blue where this is true. For example x*y > 0.",
                lambda values: values["data"] == BORDER),
        Control("Inputs", "choose", ("x", "y"), tuple(FEATURES), "What the network is given for each point."),
    )),
    Group("Network", (
        Control("Layer by layer", "text", "", (), "Overrules the sliders. For example: 16 tanh, 8 ReLU, 4"),
        Control("Initialization", "pick", "He", INITIALIZATIONS),
        Control("Dropout", "slider", 0.0, (0.0, 0.8, 0.05)),
        Control("Batch norm", "toggle", False, (), "Trained by torch's loop: slower than the compiled engine."),
        Control("Loss", "pick", "cross-entropy", tuple(LOSSES), None,
                lambda values: values["data"] not in (*sets.REGRESSION, TABLE)),
        Control("Loss for numbers", "pick", "squared error", tuple(REGRESSION_LOSSES), None,
                lambda values: values["data"] in (*sets.REGRESSION, TABLE)),
    )),
    Group("Training", (
        Control("Epochs", "slider", 300, (1, 2000)),
        Control("Batch size", "scale", 16, BATCHES),
        Control("Schedule", "pick", "constant", SCHEDULES, "How the learning rate changes during the run."),
        Control("Momentum", "slider", 0.9, (0.0, 0.99, 0.01), "Also Adam's first moment."),
        Control("Weight decay", "scale", 0.0, PENALTIES, "The L2 penalty."),
        Control("L1", "scale", 0.0, PENALTIES, "The L1 penalty."),
        Control("Clip", "scale", 0.0, (0.0, 0.1, 0.3, 1.0, 3.0, 10.0), "Longest gradient allowed; 0: any."),
        Control("Patience", "slider", 0, (0, 200), "Stop when the held-out loss has not improved for so many epochs."),
    )),
)  # fmt: skip


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
    return Setting(**defaults(GROUPS) | values)
