"""The compiled trainer of plain multilayer perceptrons and small recurrent networks: which trainings it can do, whether
it is ready, and its call.

``loading`` compiles the numba code of ``kernel`` once in the background and keeps it on disk, ``networks`` and
``sequences`` say what it can train, ``history`` and ``sequences`` call it: with the loop's weights, batches, masks and
update rules.
"""

from core.training.compiled.calls import epochs, preferred, supported
from core.training.compiled.loading import ready, warm
from core.training.compiled.networks import Layers

__all__ = ["Layers", "epochs", "preferred", "ready", "supported", "warm"]
