"""Recurrent networks, written: torch's own layer, with the weights drawn as the network's own were."""

import copy

import torch

from core.models.recurrent import CELLS, Recurrent, draw


def recurrent_lines(model: Recurrent) -> str:
    """Statements that make ``model``. Raises ``ValueError`` for one that did not begin with its seed's weights."""
    begun = copy.deepcopy(model)
    draw(begun, model.seed)
    if any(not torch.equal(ours, theirs) for ours, theirs in zip(model.parameters(), begun.parameters(), strict=True)):
        raise ValueError("There is no program for this network: it did not begin with the weights of its seed.")
    return "\n".join(["", *definition(model), "", "", "model = Network()", *drawing(model)])


def definition(model: Recurrent) -> list[str]:
    """The network as a class."""
    inputs, units, outputs = model.input.in_features, model.units, model.output.out_features
    answer = "self.output(states).transpose(1, 2)" if model.every else "self.output(states[:, -1])"
    when = "every" if model.every else "the last"
    return [
        "class Network(nn.Module):",
        f'    """A recurrent layer and a linear one that answers after {when} step."""',
        "",
        "    def __init__(self) -> None:",
        "        super().__init__()",
        f"        self.rnn = nn.{model.cell}({inputs}, {units}, batch_first=True)",
        f"        self.output = nn.Linear({units}, {outputs})",
        "",
        "    def forward(self, x: Tensor) -> Tensor:",
        "        states, _ = self.rnn(x)",
        f"        return {answer}",
    ]


def drawing(model: Recurrent) -> list[str]:
    """How the first weights are drawn."""
    first, last = (place * model.units for place in (CELLS[model.cell].keeps, CELLS[model.cell].keeps + 1))
    lines = [
        f"torch.manual_seed({model.seed!r})",
        "nn.init.xavier_uniform_(model.rnn.weight_ih_l0)",
        f"nn.init.normal_(model.rnn.weight_hh_l0, std={model.units}**-0.5)",
        "nn.init.xavier_uniform_(model.output.weight)",
        "for bias in (model.rnn.bias_ih_l0, model.rnn.bias_hh_l0, model.output.bias):",
        "    nn.init.zeros_(bias)",
        "with torch.no_grad():",
    ]
    if CELLS[model.cell].keeps < 0:
        return [
            *lines,
            "    largest = torch.linalg.eigvals(model.rnn.weight_hh_l0).abs().max()",
            f"    model.rnn.weight_hh_l0 *= {model.spectral_radius!r} / largest  # the spectral radius",
        ]
    gate = CELLS[model.cell].gates[CELLS[model.cell].keeps]
    return [*lines, f"    model.rnn.bias_ih_l0[{first}:{last}] = {model.keep_bias!r}  # the {gate} gate begins open"]
