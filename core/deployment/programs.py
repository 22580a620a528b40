"""What programs about a deployed network begin with: the network, its weights and its inputs."""

import io

import numpy as np
from safetensors.torch import save
from torch import Tensor, nn

from core.deployment.subjects import Digits, Subject
from core.models.digits import FOLDER
from core.programs.digits import digit_network_lines
from core.programs.network import layers_of, sequential

WEIGHTS, INPUTS = "weights.safetensors", "inputs.csv"
READ = 'x = np.loadtxt("{inputs}", delimiter=",", dtype=np.float32, ndmin=2).reshape({shape!r})'


def network_lines(subject: Subject) -> str:
    """Statements that make the trained network."""
    if isinstance(subject, Digits):
        widths = (1, *(norm.num_features for norm in subject.model.norms))
        return digit_network_lines(widths, WEIGHTS)
    model = sequential(list(layers_of(subject.run.model, subject.seed)))
    return f'{model}\nmodel.load_state_dict(load_file("{WEIGHTS}"))\nmodel.eval()'


def weights_of(subject: Subject) -> bytes:
    """The weights as that network names them."""
    if isinstance(subject, Digits):
        return (FOLDER / WEIGHTS).read_bytes()
    model = subject.model
    parts = [part for block in (*model.hidden, [model.output]) for part in block if not isinstance(part, nn.Identity)]
    state = nn.Sequential(*parts).state_dict()
    return save({name: value.clone() for name, value in state.items()})


def as_csv(x: Tensor | np.ndarray) -> str:
    """Inputs as rows of numbers."""
    text = io.StringIO()
    np.savetxt(text, np.asarray(x).reshape(len(x), -1), delimiter=",", fmt="%.9g")
    return text.getvalue()


def reading(x: Tensor | np.ndarray) -> str:
    """The statement that reads inputs."""
    return READ.format(inputs=INPUTS, shape=(-1, *x.shape[1:]))
