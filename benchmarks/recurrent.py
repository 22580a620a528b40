"""How fast recurrent networks are trained: the compiled trainer against a plain torch loop.

PYTHONPATH=. python benchmarks/recurrent.py            # writes benchmarks/results/recurrent.md
PYTHONPATH=. python benchmarks/recurrent.py --quick    # fewer repetitions, prints only

The plain loop is what everybody writes: torch's own recurrent layer, torch.optim, the same batches, nothing recorded
and nothing evaluated. The compiled trainer is timed with all it does: sixteen recorded moments, each with losses and
scores of both sets, and the ``Run`` built from them. Both end with the same weights.
"""

import argparse
from pathlib import Path

import torch
from torch import nn
from training import agree, machine, medians, seconds

from core.data import Data
from core.data.sequences import brackets, recall
from core.models import CELLS, Recurrent
from core.randomness import order
from core.training import Recipe, train, warm

HERE = Path(__file__).resolve().parent
RECIPE = Recipe(epochs=30, batch_size=32, learning_rate=0.01, clip=1.0, frames=16, seed=1)


class Plain(nn.Module):
    """Torch's own layer with the weights of one of ours."""

    def __init__(self, model: Recurrent) -> None:
        super().__init__()
        self.every = model.every
        self.rnn = getattr(nn, model.cell)(model.input.in_features, model.units, batch_first=True)
        self.output = nn.Linear(model.units, model.output.out_features)
        pairs = {"weight_ih_l0": model.input.weight, "bias_ih_l0": model.input.bias,
                 "weight_hh_l0": model.recurrent.weight, "bias_hh_l0": model.recurrent.bias}  # fmt: skip
        self.rnn.load_state_dict(pairs)
        self.output.load_state_dict(model.output.state_dict())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.rnn(x)
        return self.output(states).transpose(1, 2) if self.every else self.output(states[:, -1])


def by_hand(model: Recurrent, data: Data, recipe: Recipe) -> torch.Tensor:
    """The plain loop; the recurrent weights at its end."""
    network = Plain(model)
    optimizer = torch.optim.Adam(network.parameters(), recipe.learning_rate)
    for epoch in range(1, recipe.epochs + 1):
        for batch in order(len(data.x), recipe.seed, epoch).split(recipe.batch_size):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(data.x[batch]), data.y[batch]).backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimizer.step()
    return network.rnn.weight_hh_l0.detach()


def line(name: str, cell: str, data: Data, units: int, rounds: int) -> str:
    """One line of the table."""
    every = data.y.dim() == 2
    model = Recurrent(data.x.shape[2], units, len(data.classes), cell=cell, every=every, keep_bias=2.0, seed=1)
    short = Recipe(**{**vars(RECIPE), "epochs": 2})
    ours = train(model, data, short, engine="compiled").at().recurrent.weight.detach()
    agree(ours, by_hand(model, data, short), 1e-4)
    ways = {
        "compiled": seconds(lambda: train(model, data, RECIPE, engine="compiled")),
        "hand": seconds(lambda: by_hand(model, data, RECIPE)),
        "loop": lambda: 15 * seconds(lambda: train(model, data, short, engine="torch"))(),
    }
    found = medians(ways, rounds)
    shown = (found["compiled"], found["hand"], found["loop"])
    ratios = found["hand"] / found["compiled"], found["loop"] / found["compiled"]
    return f"| {name} | {cell} | {' | '.join(f'{each:.2f}' for each in shown)} | {ratios[0]:.0f} | {ratios[1]:.0f} |"


def report(rounds: int) -> str:
    """The whole table."""
    problems = (
        ("recall, gap 40, 16 units", recall(320, 40, 1), 16),
        ("brackets, 24 steps, 8 units", brackets(320, 24, 1), 8),
    )
    rows = [line(name, cell, data, units, rounds) for name, data, units in problems for cell in CELLS]
    return "\n".join([
        "# Recurrent networks", "", f"Made by `PYTHONPATH=. python benchmarks/recurrent.py`. {machine()}", "",
        "Seconds for 300 updates with batches of 32 (Adam, clipped). By hand: torch's own layer and optimizer, nothing "
        "recorded. Torch engine: this project's cells in its torch loop, which serves until the compiled code is "
        "loaded. What is compared takes turns in one process, torch on one thread; medians.", "",
        "| Task | Cell | compiled | by hand | torch engine | ratio to by hand | ratio to the torch engine |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |", *rows, "",
        "Torch's LSTM has a fused kernel (oneDNN), about five times as fast as without it; its GRU and its plain layer "
        "have none.", "",
    ])  # fmt: skip


def main() -> None:
    """Measure and write the report."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="few repetitions, print instead of write")
    quick = options.parse_args().quick
    torch.set_num_threads(1)
    warm()
    text = report(1 if quick else 5)
    print(text)
    if not quick:
        (HERE / "results" / "recurrent.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
