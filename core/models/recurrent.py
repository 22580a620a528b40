"""Recurrent networks: the plain cell, the GRU and the LSTM, each written so that its gates can be read and held."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from core.models.layers import Model

State = tuple[Tensor, ...]  # what a cell hands on: the hidden state, and the LSTM's memory behind it
Gates = Mapping[str, float]
Step = Callable[[Tensor, Tensor, State, Gates], tuple[State, dict[str, Tensor]]]


def rnn_step(inputs: Tensor, recurrent: Tensor, state: State, held: Gates) -> tuple[State, dict[str, Tensor]]:
    """h ← tanh(inputs + recurrent), both (…, units) (Elman 1990)."""
    return ((inputs + recurrent).tanh(),), {}


def gru_step(inputs: Tensor, recurrent: Tensor, state: State, held: Gates) -> tuple[State, dict[str, Tensor]]:
    """h ← (1 − z) n + z h with reset gate r, update gate z and candidate n; the sums are (…, 3 · units), in torch's
    order (Cho et al. 2014). ``held`` gates have the values it gives instead of their own."""
    (r, z, n), (r_below, z_below, n_below) = inputs.chunk(3, dim=-1), recurrent.chunk(3, dim=-1)
    gates = {"reset": (r + r_below).sigmoid(), "update": (z + z_below).sigmoid()}
    gates |= {name: torch.full_like(gates[name], value) for name, value in held.items()}
    candidate = (n + gates["reset"] * n_below).tanh()
    return ((1 - gates["update"]) * candidate + gates["update"] * state[0],), gates


def lstm_step(inputs: Tensor, recurrent: Tensor, state: State, held: Gates) -> tuple[State, dict[str, Tensor]]:
    """c ← f c + i g and h ← o tanh c; the sums are (…, 4 · units), in torch's order i, f, g, o (Hochreiter and
    Schmidhuber 1997; Gers et al. 2000). ``held`` gates have the values it gives instead of their own."""
    i, f, g, o = (inputs + recurrent).chunk(4, dim=-1)
    gates = {"input": i.sigmoid(), "forget": f.sigmoid(), "output": o.sigmoid()}
    gates |= {name: torch.full_like(gates[name], value) for name, value in held.items()}
    memory = gates["forget"] * state[1] + gates["input"] * g.tanh()
    return (gates["output"] * memory.tanh(), memory), gates


class Cell(NamedTuple):
    """One kind of cell: its step, how many sums of ``units`` numbers it takes, its gates, and which of those sums is
    the gate that keeps the state."""

    step: Step
    sums: int
    gates: tuple[str, ...] = ()
    keeps: int = -1
    states: int = 1


CELLS: dict[str, Cell] = {
    "RNN": Cell(rnn_step, 1),
    "GRU": Cell(gru_step, 3, ("reset", "update"), 1),
    "LSTM": Cell(lstm_step, 4, ("input", "forget", "output"), 1, 2),
}


class Trace(NamedTuple):
    """What went on inside: the hidden states after each step, the LSTM's memory, each gate; (…, time, units)."""

    hidden: Tensor
    memory: Tensor | None
    gates: dict[str, Tensor]


class Recurrent(Model):
    """A recurrent layer and a linear one: ``Recurrent(9, 16, 4, cell="LSTM")`` takes (batch, time, 9).

    It answers after the last step, (batch, outputs), or after ``every`` step, (batch, outputs, time).
    ``spectral_radius`` is that of the plain cell's recurrent matrix, ``keep_bias`` the starting bias of the gate that
    keeps the state (LSTM: forget, GRU: update), which opens it (Jozefowicz et al. 2015). Weights are drawn from
    ``seed``. Equal to ``torch.nn.RNN``, ``GRU`` and ``LSTM`` with their weights. Raises ``ValueError`` for what makes
    no network.
    """

    source = "Recurrent(1, 1, 1)"

    def __init__(
        self,
        inputs: int = 1,
        units: int = 16,
        outputs: int = 2,
        cell: str = "LSTM",
        every: bool = False,
        spectral_radius: float = 1.0,
        keep_bias: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"There is no cell {cell!r}; choose one of {', '.join(CELLS)}.")
        if min(inputs, units, outputs) < 1 or spectral_radius < 0:
            raise ValueError("A recurrent network needs at least one input, unit and output, and no negative radius.")
        self.cell, self.units, self.every = cell, units, every
        self.spectral_radius, self.keep_bias = spectral_radius, keep_bias
        sums = CELLS[cell].sums * units
        self.input = nn.Linear(inputs, sums)
        self.recurrent = nn.Linear(units, sums)
        self.output = nn.Linear(units, outputs)
        self.seed = seed
        draw(self, seed)

    def forward(self, x: Tensor) -> Tensor:
        """x (batch, time, inputs) → (batch, outputs), or (batch, outputs, time) for ``every`` step."""
        return self.answers(self.trace(x).hidden)

    def answers(self, hidden: Tensor) -> Tensor:
        """What the output layer says to hidden states (batch, time, units)."""
        return self.output(hidden).transpose(1, 2) if self.every else self.output(hidden[:, -1])

    def trace(self, x: Tensor, held: Gates | None = None, since: int = 0, silent: int | None = None) -> Trace:
        """Go through x (batch, time, inputs) with some gates ``held`` at a value from step ``since`` on, or with one
        unit ``silent``: its state and memory are set to 0 after every step."""
        state = tuple(x.new_zeros(len(x), self.units) for _ in range(CELLS[self.cell].states))
        speaks = torch.ones(self.units)
        if silent is not None:
            speaks[silent] = 0
        states, gates = [], []
        for step, inputs in enumerate(self.input(x).unbind(dim=1)):
            now = held or {} if step >= since else {}
            state, opened = CELLS[self.cell].step(inputs, self.recurrent(state[0]), state, now)
            state = state if silent is None else tuple(part * speaks for part in state)
            states.append(state)
            gates.append(opened)
        hidden, *memory = (torch.stack(parts, dim=1) for parts in zip(*states, strict=True))
        named = {name: torch.stack([each[name] for each in gates], dim=1) for name in gates[0]}
        return Trace(hidden, memory[0] if memory else None, named)


@torch.no_grad()
def draw(model: Recurrent, seed: int) -> None:
    """Starting weights: input and output Xavier, recurrent ones normal with variance 1/units, biases 0; then the plain
    cell's spectral radius and the keeping gate's bias are set."""
    generator, kind, units = torch.Generator().manual_seed(seed), CELLS[model.cell], model.units
    nn.init.xavier_uniform_(model.input.weight, generator=generator)
    nn.init.normal_(model.recurrent.weight, std=units**-0.5, generator=generator)
    nn.init.xavier_uniform_(model.output.weight, generator=generator)
    for layer in (model.input, model.recurrent, model.output):
        layer.bias.zero_()
    if kind.keeps < 0:
        model.recurrent.weight.mul_(model.spectral_radius / spectral_radius(model.recurrent.weight))
    else:
        model.input.bias[kind.keeps * units : (kind.keeps + 1) * units] = model.keep_bias


def spectral_radius(matrix: Tensor) -> float:
    """The largest size of an eigenvalue of a square matrix."""
    return torch.linalg.eigvals(matrix.detach()).abs().max().item()
