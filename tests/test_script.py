"""The program and the notebook of a run repeat it, and nothing a learner brings becomes code."""

import ast
import json
import math
import os
import random
import re
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from core import data as sets
from core import objectives
from core.models import CNN, MLP, Model
from core.script import Experiment, experiment, notebook, program
from core.training import OPTIMIZERS, SCHEDULES, Recipe, Run, train

ROOT = Path(__file__).resolve().parent.parent
ALL_IN_ONE = """
import contextlib, io, json, pathlib, runpy
printed = {}
for path in sorted(pathlib.Path().glob("*.py")):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runpy.run_path(str(path), run_name="__main__")
    printed[path.stem] = out.getvalue()
print(json.dumps(printed))
"""
LOSS = re.compile(r"^final train loss (.+)$", re.MULTILINE)


class Deep(Model):
    """A network that only this file knows."""

    source = "Deep()"

    def __init__(self, width: int = 3, seed: int = 0, gain: float = 1.0) -> None:
        super().__init__()
        self.inner = MLP(2, width, 2, activation="tanh", seed=seed)
        self.gain = gain

    def forward(self, x):
        return self.gain * self.inner(x)


def squared_margin(model, x, y, margin: float = 0.5):
    """An objective that only this file knows."""
    return functional.multi_margin_loss(model(x), y, p=2, margin=margin)


def printed(texts: list[str], folder: Path) -> list[str]:
    """What the programs print, each run as a main program, in a folder with nothing else in it and no way back here."""
    for number, text in enumerate(texts):
        (folder / f"p{number:03d}.py").write_text(text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-I", "-W", "error", "-c", ALL_IN_ONE]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    return [found[f"p{number:03d}"] for number in range(len(texts))]


def final_loss(output: str) -> float:
    return float(LOSS.findall(output)[-1])


def same(first: float, second: float) -> bool:
    return first == second or (math.isnan(first) and math.isnan(second))


def random_run(seed: int) -> Run:
    """A short training with everything drawn."""
    draw = random.Random(seed)
    name = draw.choice([*sets.PLANAR, *sets.REGRESSION, "digits", "images"])
    if name == "images":
        data = sets.digits(samples=draw.randrange(100, 200), seed=draw.randrange(99))
        model = CNN(10, (draw.randrange(2, 5), 3), batch_norm=draw.random() < 0.5, dropout=draw.choice([0.0, 0.3]))
    else:
        made = sets.digits if name == "digits" else {**sets.PLANAR, **sets.REGRESSION}[name]
        options = {"flat": True} if name == "digits" else {"noise": draw.choice([0.0, 0.25])}
        data = made(samples=draw.randrange(60, 200), seed=draw.randrange(999), **options)
        hidden = [draw.randrange(2, 9) for _ in range(draw.randrange(4))]
        model = MLP(
            data.x.shape[1], *hidden, data.outputs, init=draw.choice(["He", "Xavier", "normal 1"]),
            seed=draw.randrange(99), activation=draw.choice(["sigmoid", "tanh", "ReLU", "GELU"]),
            dropout=draw.choice([0.0, 0.4]), batch_norm=draw.random() < 0.3,
        )  # fmt: skip
    choice = [objectives.cross_entropy, objectives.hinge] if data.classes else [objectives.huber, None]
    return train(model, data, random_recipe(draw), draw.choice(choice), engine="torch")


def random_recipe(draw: random.Random) -> Recipe:
    return Recipe(
        epochs=draw.randrange(2, 7), batch_size=draw.choice([7, 16, 64]), optimizer=draw.choice(OPTIMIZERS),
        learning_rate=draw.choice([0.001, 0.02, 0.3]), schedule=draw.choice(SCHEDULES),
        weight_decay=draw.choice([0, 0.01]), l1=draw.choice([0.0, 1e-3]), clip=draw.choice([0.0, 0.5]),
        patience=draw.choice([0, 2]), seed=draw.randrange(99), frames=draw.choice([2, 4, 60]),
    )  # fmt: skip


def random_fork(run: Run, seed: int) -> Run:
    """A future of a run with something changed."""
    draw = random.Random(seed)
    start = draw.choice([epoch.number for epoch in run.history[:-1]] or [0])
    changes = {
        "learning_rate": draw.choice([0.003, 0.05]), "optimizer": draw.choice(OPTIMIZERS),
        "epochs": run.recipe.epochs + draw.randrange(3), "clip": draw.choice([0.0, 1.0]),
    }  # fmt: skip
    return run.fork(start, **dict(draw.sample(sorted(changes.items()), draw.randrange(len(changes) + 1))))


def test_programs_repeat_their_runs_exactly(seeds: list[int], tmp_path: Path) -> None:
    """Random data, networks, recipes and objectives; forks, and forks of forks."""
    runs = [random_run(seed) for seed in seeds[:12]]
    runs += [random_fork(run, seed) for run, seed in zip(runs[:6], seeds, strict=False)]
    runs += [random_fork(run, seed + 1) for run, seed in zip(runs[12:15], seeds, strict=False)]
    for run, output in zip(runs, printed([program(run) for run in runs], tmp_path), strict=True):
        assert same(final_loss(output), run.last.train_loss), run.specification


def test_notebooks_repeat_their_runs_exactly(seeds: list[int], tmp_path: Path) -> None:
    runs = [random_run(seed) for seed in seeds[:4]]
    runs.append(random_fork(runs[0], seeds[4]))
    pages = [json.loads(notebook(run)) for run in runs]
    for page in pages:
        assert (page["nbformat"], page["nbformat_minor"]) == (4, 5)
        assert len({cell["id"] for cell in page["cells"]}) == len(page["cells"])
    cells = [["".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "code"] for page in pages]
    assert all("matplotlib" in texts[-1] for texts in cells)
    for run, output in zip(runs, printed(["\n".join(texts[:-1]) for texts in cells], tmp_path), strict=True):
        assert same(final_loss(output), run.last.train_loss), run.specification


def test_a_compiled_run_is_repeated_to_rounding(seed: int, tmp_path: Path) -> None:
    run = train(MLP(2, 6, 2, seed=seed), sets.moons(samples=80, seed=seed), Recipe(epochs=3, seed=seed))
    fork = run.fork(2, learning_rate=0.003)
    outputs = printed([program(run), program(fork)], tmp_path)
    for one, output in zip((run, fork), outputs, strict=True):
        assert final_loss(output) == pytest.approx(one.last.train_loss, abs=1e-5)


def test_special_runs_are_repeated(seed: int, tmp_path: Path) -> None:
    """A run that breaks, one that a learner stopped, a new data set in a fork, other objectives, another's network."""
    data = sets.moons(samples=60, seed=seed)
    plain = train(MLP(2, 4, 2, seed=seed), data, Recipe(epochs=6, seed=seed), engine="torch")
    margin = partial(squared_margin, margin=0.25)
    runs = [
        train(
            MLP(2, 4, 1), sets.plane(samples=60, seed=seed), Recipe(optimizer="SGD", learning_rate=1e6), engine="torch"
        ),
        replace(plain, history=plain.history[:4]),
        plain.fork(3, data=sets.circle(samples=80, seed=seed)),
        plain.fork(2, model=MLP(2, 4, 2, dropout=0.3, seed=seed)),
        train(Deep(5, seed=seed), data, Recipe(epochs=2), margin, engine="torch"),
        train(Deep(), data, Recipe(epochs=2), squared_margin, engine="torch"),
    ]
    assert not math.isfinite(runs[0].last.train_loss)
    for run, output in zip(runs, printed([program(run) for run in runs], tmp_path), strict=True):
        assert same(final_loss(output), run.last.train_loss), run.specification


def test_what_is_not_written_out_has_no_program() -> None:
    data = sets.moons(samples=40)
    unknown = train(nn.Sequential(nn.Linear(2, 2)), data, Recipe(epochs=1), engine="torch")
    nameless = train(MLP(2, 2), data, Recipe(epochs=1), lambda model, x, y: model(x).square().mean(), engine="torch")
    for run in (unknown, nameless):
        with pytest.raises(ValueError, match=r"^There is no program for this (network|objective).*\.$"):
            program(run)


def test_programs_are_short_and_verbatim(seeds: list[int]) -> None:
    """Nearly every line of the definitions stands, letter by letter, in this project's modules."""
    original = {line.strip() for path in (ROOT / "core").rglob("*.py") for line in path.read_text("utf-8").splitlines()}
    original |= {line.strip() for line in Path(__file__).read_text("utf-8").splitlines()}
    for seed in seeds[:8]:
        text = program(random_run(seed))
        below = text[text.index("# Data ---") :].splitlines()
        changed = [
            line for line in below if line.strip().removesuffix('"""') not in original and line.strip() not in original
        ]
        changed = [line for line in changed if not re.match(r"# \w+ -+$", line)]
        assert len(changed) <= 12, changed  # shortened tables, decided branches, a base class
        assert len(text.splitlines()) < 520


NADAM = Recipe(epochs=1, optimizer="Nadam", schedule="cosine")


def test_only_what_is_used_is_there() -> None:
    run = train(
        MLP(2, 4, 2), sets.moons(samples=40), Recipe(epochs=1, optimizer="Nadam", schedule="cosine"), engine="torch"
    )
    text = program(run)
    names = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert {"moons", "MLP", "nadam", "learning_rate", "cross_entropy"} <= names
    assert not names & {"adam", "spiral", "hinge", "Dropout", "CNN", "sourced", "Run", "train", "natural"}
    assert '"cosine"' in text and '"one-cycle"' not in text and "from core" not in text
    other = program(train(MLP(2, 4, 2, dropout=0.1), run.data, Recipe(epochs=1, l1=0.1), engine="torch"))
    assert "class Dropout" in other and "recipe.l1" in other and "recipe.l1" not in text


def test_experiments_that_are_no_run(seed: int, tmp_path: Path) -> None:
    from core.randomness import uniform

    call = experiment(uniform, seed, 3, step=1, shape=(2, 2))
    words = 'text = """one\n  two"""\nprint(repr(text), np.sqrt(4.0), float(uniform(1, 2, 3, (1,))))'
    outputs = printed([program(call), program(Experiment((uniform,), words, 'Ti"""tle'))], tmp_path)
    assert outputs[0].strip() == str(uniform(seed, 3, 1, (2, 2)))
    assert outputs[1].strip() == f"'one\\n  two' 2.0 {float(uniform(1, 2, 3, (1,)))}"
    assert json.loads(notebook(call))["cells"][-1]["source"][-1] == "print(result)"


def test_a_slider_move_costs_little(seed: int) -> None:
    """Under 30 ms after the first call, with another network, recipe and seed each time."""
    data = sets.moons(samples=40, seed=seed)
    base = train(MLP(2, 4, 2), data, Recipe(epochs=1), engine="torch")
    seconds = []
    for width in range(4, 24):
        run = replace(base, model=MLP(2, width, 2, seed=seed), recipe=Recipe(learning_rate=0.1 / width))
        began = time.process_time()
        program(run), notebook(run)
        seconds.append(time.process_time() - began)
    assert sorted(seconds)[len(seconds) // 2] < 0.03
    assert torch.equal(base.data.x, data.x)
