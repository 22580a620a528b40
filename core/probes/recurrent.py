"""Questions put to a recurrent network: how much of the loss's gradient reaches each step, and which input counts."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.recurrent import CELLS, Recurrent, State
from core.probes.stacked import named
from core.training.epoch import Epoch


def unrolled(model: Recurrent, weights: Tensor, x: Tensor) -> tuple[Tensor, list[State]]:
    """Answers after the last step (moments, samples, outputs), and the states after each step, at many settings of the
    weights (moments, parameters); x (samples, time, inputs)."""
    parts = named(model, weights)

    def linear(layer: str, values: Tensor) -> Tensor:
        return values @ parts[f"{layer}.weight"].transpose(1, 2) + parts[f"{layer}.bias"][:, None]

    cell = CELLS[model.cell]
    state = tuple(x.new_zeros(len(weights), len(x), model.units, requires_grad=True) for _ in range(cell.states))
    states = []
    for step in range(x.shape[1]):
        state, _ = cell.step(linear("input", x[:, step].expand(len(weights), -1, -1)), linear("recurrent", state[0]),
                             state, {})  # fmt: skip
        states.append(state)
    return linear("output", state[0]), states


def state_gradients(model: Recurrent, moments: Sequence[Epoch] | Tensor, x: Tensor, y: Tensor) -> Tensor:
    """How long ∂L/∂(state) is after each step, (moments, time): the mean over samples of the length of the gradient of
    a sample's cross-entropy by all that the cell hands on, which is h, for the LSTM h and its memory c.

    x (samples, time, inputs), y (samples,); ``moments`` are recorded moments or weights (moments, parameters).
    Backpropagation through time (Werbos 1990); the decay is that of Bengio et al. (1994).
    """
    weights = moments if isinstance(moments, Tensor) else torch.stack([epoch.weights for epoch in moments])
    with torch.enable_grad():
        outputs, states = unrolled(model, weights, x)
        loss = functional.cross_entropy(outputs.transpose(1, 2), y.expand(len(weights), -1), reduction="sum")
        flat = [part for state in states for part in state]
        gradients = torch.autograd.grad(loss, flat, allow_unused=True)
    squares = [torch.zeros_like(part[..., 0]) if g is None else g.double().square().sum(dim=-1)
               for part, g in zip(flat, gradients, strict=True)]  # fmt: skip
    lengths = torch.stack(squares).unflatten(0, (len(states), -1)).sum(dim=1).sqrt()  # (time, moments, samples)
    return lengths.mean(dim=2).T


def influences(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """The probabilities of a network's answer to one sequence, (outputs,), and how much each step's input counts for
    the likeliest, (time,): gradient times input, which is what its output's lead over the others' mean would lose, to
    first order, were that input 0.

    x (1, time, inputs). The lead, unlike the probability, still moves where the network is sure (Shrikumar et al.
    2016).
    """
    x = x.clone().requires_grad_()
    with torch.enable_grad():
        outputs = model(x)[0]
        lead = outputs.max() - (outputs.sum() - outputs.max()) / max(len(outputs) - 1, 1)
        (gradient,) = torch.autograd.grad(lead, x)
    return outputs.detach().softmax(dim=0), (gradient * x.detach())[0].sum(dim=1).abs()
