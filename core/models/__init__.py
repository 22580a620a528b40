"""Networks written out in full, one family per file."""

from core.models.cnn import CNN
from core.models.initialization import INITIALIZATIONS, initialize
from core.models.layers import ACTIVATIONS, Dropout, Model
from core.models.mlp import MLP
from core.models.typed import Formula, TypedMLP

__all__ = ["ACTIVATIONS", "CNN", "INITIALIZATIONS", "MLP", "Dropout", "Formula", "Model", "TypedMLP", "initialize"]
