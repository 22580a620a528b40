"""The learner's own counter: the ``state_dict`` of a recurrent layer and a linear one, in and out."""

import torch
from torch import Tensor

from core.data.refusals import OwnDataError
from core.data.sequences import DEEPEST
from core.data.weights import tensors_of
from core.models.recurrent import CELLS, Recurrent
from core.training.vector import load

RECURRENT = ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0")
INPUTS, OUTPUTS, MOST_UNITS = 3, DEEPEST + 1, 64
WANTED = (
    f"this page takes one nn.RNN, nn.GRU or nn.LSTM of {INPUTS} inputs and at most {MOST_UNITS} units, and one "
    f"nn.Linear of {OUTPUTS} outputs"
)


def network_of(content: bytes) -> Recurrent:
    """The network of a safetensors file that holds the page's architecture.

    Raises ``OwnDataError``, one sentence, for anything else.
    """
    tensors = tensors_of(content)
    parts = recurrent_parts(tensors) + linear_parts(tensors)
    input_weight, input_bias, weight, bias, output_weight, output_bias = parts
    units = weight.shape[1] if weight.dim() == 2 else 0
    cell = next((name for name, kind in CELLS.items() if units and weight.shape[0] == kind.sums * units), "")
    shapes = {} if not cell else dict(zip(
        ("weight_ih_l0", "bias_ih_l0", "weight_hh_l0", "bias_hh_l0", "the linear weight", "the linear bias"),
        ((len(weight), INPUTS), (len(weight),), tuple(weight.shape), (len(weight),), (OUTPUTS, units), (OUTPUTS,)),
        strict=True,
    ))  # fmt: skip
    for (name, shape), part in zip(shapes.items(), parts, strict=False):
        if tuple(part.shape) != shape:
            raise OwnDataError(f"In this file {name} has the shape {tuple(part.shape)}, not {shape}: {WANTED}.")
    if not cell or units > MOST_UNITS:
        raise OwnDataError(f"The recurrent layer in this file is of another kind or size: {WANTED}.")
    model = Recurrent(INPUTS, units, OUTPUTS, cell=cell, every=True)
    vector = [part.reshape(-1) for part in (input_weight, input_bias, weight, bias, output_weight, output_bias)]
    return load(model, torch.cat(vector))


def recurrent_parts(tensors: dict[str, Tensor]) -> list[Tensor]:
    """The recurrent layer's weights and biases; the layer may have any name."""
    named = [[name for name in tensors if name.rpartition(".")[2] == part] for part in RECURRENT]
    if any(len(names) != 1 for names in named):
        found = ", ".join(sorted(tensors)[:6]) or "nothing"
        raise OwnDataError(f"The file holds {found}, but {WANTED}.")
    return [tensors[names[0]] for names in named]


def linear_parts(tensors: dict[str, Tensor]) -> list[Tensor]:
    """The linear layer's weight and bias; nothing else may be left in the file."""
    rest = {name: part for name, part in tensors.items() if name.rpartition(".")[2] not in RECURRENT}
    pairs = {name.rpartition(".")[2]: part for name, part in rest.items()}
    if len(rest) != 2 or set(pairs) != {"weight", "bias"}:
        found = ", ".join(sorted(rest)[:6]) or "nothing"
        raise OwnDataError(f"Besides the recurrent layer the file holds {found}, but {WANTED}.")
    return [pairs["weight"], pairs["bias"]]


def named_tensors(model: Recurrent) -> dict[str, Tensor]:
    """A network's weights under the names that torch's own layers would give them."""
    layers = {"rnn.{}_ih_l0": model.input, "rnn.{}_hh_l0": model.recurrent, "output.{}": model.output}
    return {
        name.format(kind): getattr(layer, kind).detach().clone()
        for name, layer in layers.items()
        for kind in ("weight", "bias")
    }


def file_of(model: Recurrent) -> bytes:
    """A network as a safetensors file."""
    from safetensors.torch import save

    return save(named_tensors(model))
