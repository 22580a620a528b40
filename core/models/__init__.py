"""Networks written out in full, one family per file."""

from core.models.cnn import CNN
from core.models.gan import GAN
from core.models.initialization import INITIALIZATIONS, initialize
from core.models.layers import ACTIVATIONS, Dropout, Model
from core.models.mlp import MLP
from core.models.recurrent import CELLS, Recurrent
from core.models.typed import Formula, TypedMLP

__all__ = [
    "ACTIVATIONS", "CELLS", "CNN", "GAN", "INITIALIZATIONS", "MLP", "Dropout", "Formula", "Model", "Recurrent",
    "TypedMLP", "initialize",
]  # fmt: skip
