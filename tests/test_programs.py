"""The program and the notebook of a run repeat it, are short, and hold nothing a learner typed but literals."""

import ast
import copy
import json
import math
import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import pytest
import torch
from drawn_networks import fine
from programs_run import distance, lines_of_code, results_of
from torch import nn
from torch.nn import functional

from core import data as sets
from core import objectives
from core.data import with_flipped_labels, with_inputs
from core.models import CNN, INITIALIZATIONS, MLP, TypedMLP
from core.programs import Program, Step, call, program_of
from core.training import OPTIMIZERS, SCHEDULES, Recipe, Run, train

CLOSE = 1e-4
LONGEST, LONGEST_FORK, LONGEST_OTHER = 60, 75, 100  # lines of code
DROPOUT = 10  # more for a Dropout whose masks a fork can repeat, which torch does not have
PLANES = {**sets.PLANAR, **sets.REGRESSION, "boundary": partial(sets.boundary, "max(x, y) > x*y - 0.2")}


def squared_margin(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """An objective that only this file knows."""
    return functional.multi_margin_loss(model(x), y, p=2)


def random_run(draw: random.Random) -> Run:
    """A short training of the playground with everything drawn."""
    name = draw.choice([*PLANES])
    data = PLANES[name](
        samples=draw.randrange(60, 200), noise=draw.choice([0.0, 0.25]), seed=draw.randrange(999),
        held_out=draw.choice([0.2, 0.5]),
    )  # fmt: skip
    data = with_inputs(data, tuple(draw.sample([*sets.FEATURES], 3))) if draw.random() < 0.3 else data
    losses = [objectives.huber, objectives.mean_absolute_error, objectives.mean_squared_error]
    if data.classes:
        losses = [objectives.cross_entropy, objectives.hinge, objectives.focal]
        losses += [objectives.binary_cross_entropy] * (len(data.classes) == 2)
    loss = draw.choice(losses)
    names = [draw.choice(["sigmoid", "tanh", "ReLU", "GELU", "LeakyReLU", "linear"]) for _ in range(draw.randrange(5))]
    model = MLP(
        data.x.shape[1], *(draw.randrange(2, 9) for _ in names),
        1 if loss is objectives.binary_cross_entropy else data.outputs, activation=names,
        init=draw.choice(INITIALIZATIONS), seed=draw.randrange(99), dropout=draw.choice([0.0, 0.0, 0.4]),
        batch_norm=draw.random() < 0.2,
    )  # fmt: skip
    return train(model, data, random_recipe(draw), loss, engine="torch")


def random_recipe(draw: random.Random) -> Recipe:
    return Recipe(
        epochs=draw.randrange(2, 9), batch_size=draw.choice([7, 16, 64]), optimizer=draw.choice(OPTIMIZERS),
        learning_rate=draw.choice([0.001, 0.02, 0.1]), schedule=draw.choice(SCHEDULES),
        momentum=draw.choice([0.0, 0.5, 0.9]), weight_decay=draw.choice([0, 0.01]), l1=draw.choice([0.0, 1e-3]),
        clip=draw.choice([0.0, 0.5]), patience=draw.choice([0, 2]), seed=draw.randrange(99),
    )  # fmt: skip


def random_fork(run: Run, draw: random.Random) -> Run:
    """A future of a run with something changed."""
    start = draw.choice([epoch.number for epoch in run.history[:-1]] or [0])
    changes = {
        "learning_rate": draw.choice([0.003, 0.05]), "optimizer": draw.choice(OPTIMIZERS),
        "weight_decay": draw.choice([0.0, 0.02]), "schedule": draw.choice(SCHEDULES),
    }  # fmt: skip
    return run.fork(start, **dict(draw.sample(sorted(changes.items()), draw.randrange(len(changes) + 1))))


def exact(run: Run) -> Run:
    """The same training in float64, forks as well."""
    model, data = copy.deepcopy(run.model).double(), fine(run.data)
    if run.parent is None:
        return train(model, data, run.recipe, run.objective, "torch")
    return exact(run.parent[0]).fork(run.parent[1], data=data, **vars(run.recipe))


def wobble(run: Run) -> float:
    """How far float32 is from float64: a training that magnifies rounding is repeated no better than that."""
    chain, furthest = [run, *([run.parent[0]] if run.parent else [])], 0.0
    for member in chain:
        best = exact(member).last
        furthest = max(furthest, distance({"loss": best.train_loss}, {"loss": member.last.train_loss}))
    return furthest


def test_programs_repeat_their_runs(seeds: list[int], tmp_path: Path) -> None:
    """Random data, networks, recipes, objectives and forks; most agree to 1e-4, the others as far as float32 goes."""
    draws = [random.Random(seed) for seed in seeds]
    runs = [random_run(draw) for draw in draws]
    runs += [random_fork(run, draw) for run, draw in zip(runs[:8], draws, strict=False)]
    programs = [program_of(run) for run in runs]
    far = []
    for run, program, result in zip(runs, programs, results_of(programs, tmp_path), strict=True):
        if not math.isfinite(run.last.train_loss):
            assert not math.isfinite(result["train loss"])
        elif (apart := distance(result, program.shown)) > CLOSE:
            far.append(run)
            assert apart < 10 * wobble(run), (run.specification, apart)
    assert len(far) <= len(runs) // 5, [run.specification for run in far]


def test_a_compiled_run_and_its_fork_are_repeated(seed: int, tmp_path: Path) -> None:
    recipe = Recipe(epochs=40, seed=seed, schedule="cosine")
    run = train(MLP(2, 6, 6, 2, dropout=0.1, seed=seed), sets.moons(samples=80, seed=seed), recipe, engine="compiled")
    programs = [program_of(run), program_of(run.fork(20, learning_rate=0.003))]
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) < CLOSE


def test_special_runs_are_repeated(seed: int, tmp_path: Path) -> None:
    """What breaks, what a learner stopped or brought, other data in a fork, images, typed functions, own objectives."""
    draw, data = random.Random(seed), sets.moons(samples=60, seed=seed)
    few, many = ([(draw.uniform(-2, 2), draw.uniform(-2, 2), k % 3) for k in range(count)] for count in (9, 200))
    plain = train(MLP(2, 4, 2, seed=seed), data, Recipe(epochs=6, seed=seed), engine="torch")
    quick, tanh = Recipe(epochs=3, seed=seed), {"activation": "tanh", "seed": seed}
    plane = sets.plane(samples=60, seed=seed)
    pixels = sets.digits(samples=100, seed=seed)
    two = train(MLP(2, 4, 3, **tanh), sets.points(few, 0.3, seed), replace(quick, patience=1), engine="torch")
    rows = "\n".join(f"{draw.random()};{draw.random()};{draw.random()}" for _ in range(40))
    runs = [
        train(MLP(2, 4, 1), plane, Recipe(optimizer="SGD", learning_rate=1e6), engine="torch"),
        replace(plain, history=plain.history[:4]),
        plain.fork(3, data=sets.circle(samples=80, seed=seed)),
        plain.fork(3, batch_size=8, patience=2),
        plain.fork(0, optimizer="Nadam").fork(2, clip=0.1, l1=0.01),
        two,
        train(MLP(2, 4, 3, **tanh), sets.points(many, 0.3, seed), quick, engine="torch"),
        train(MLP(2, 4, 3, **tanh), sets.points(few, 0), quick, engine="torch"),
        train(MLP(2, 4, 1, **tanh), sets.table(rows, header=False, task="regression"), quick, engine="torch"),
        train(CNN(10, (3, 4), dropout=0.2, seed=seed), pixels, quick, engine="torch"),
        train(TypedMLP(2, 4, 4, 2, formula="x*sigmoid(1.7*x)", seed=seed), data, quick, engine="torch"),
        train(MLP(2, 4, 2, seed=seed), with_flipped_labels(data, 0.3, seed), quick, engine="torch"),
        train(MLP(4, 4, 2, seed=seed), sets.bullseye(seed=seed, copies=3), quick, engine="torch"),
        train(MLP(1, 4, 1, **tanh), sets.ripple(seed=seed), quick, engine="torch"),
        train(MLP(1, 4, 1, **tanh), sets.line_with_outlier(seed=seed), quick, objectives.huber, engine="torch"),
        train(MLP(2, 4, 2, **tanh), data, quick, squared_margin, engine="torch"),
    ]
    programs = [program_of(run) for run in runs]
    assert not math.isfinite(runs[0].last.train_loss) and [bool(each.files) for each in programs].count(True) == 2
    for run, program, result in zip(runs, programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) < CLOSE, run.specification
        assert lines_of_code(program.text) <= LONGEST_OTHER


def test_notebooks_are_valid_and_repeat_their_runs(seeds: list[int], tmp_path: Path) -> None:
    runs = [random_run(random.Random(seed)) for seed in seeds[:5]]
    runs.append(random_fork(runs[0], random.Random(seeds[5])))
    programs = [program_of(run) for run in runs]
    pages = [nbformat.reads(program.notebook, as_version=4) for program in programs]
    for page in pages:
        nbformat.validate(page)
        assert sum("plt" in cell.source for cell in page.cells if cell.cell_type == "code") == 2  # imported, and drawn
    texts = ["\n".join(cell.source for cell in page.cells if cell.cell_type == "code") for page in pages]
    texts = ["\n".join([*text.splitlines()[:-1], "print(result)"]) for text in texts]
    for program, ours, theirs in zip(
        programs, results_of(programs, tmp_path / "notebooks", texts), results_of(programs, tmp_path / "files"),
        strict=True,
    ):  # fmt: skip
        assert distance(ours, theirs) == 0, program.text


def test_programs_are_short_and_hold_only_what_is_set(seeds: list[int]) -> None:
    for seed in seeds:
        draw = random.Random(seed)
        run = random_run(draw)
        text, forked = program_of(run).text, program_of(random_fork(run, draw)).text
        assert lines_of_code(text) <= LONGEST + DROPOUT * ("class Dropout" in text), text
        assert lines_of_code(forked) <= LONGEST_FORK + DROPOUT * ("class Dropout" in forked), forked
        assert max(map(len, text.splitlines())) <= 124 and "core" not in text
        for name, used in {
            "scheduler": run.recipe.schedule != "constant", "clip_grad_norm_": bool(run.recipe.clip),
            "early stopping": bool(run.recipe.patience), "abs()": bool(run.recipe.l1),
            "model.eval()": "Dropout" in text or "BatchNorm" in text, "hinge": run.objective is objectives.hinge,
        }.items():  # fmt: skip
            assert (name in text) == used, (name, text)


def test_the_usual_run_is_a_page_of_idioms() -> None:
    run = train(MLP(2, 8, 8, 2, activation="tanh"), sets.spiral(), Recipe(epochs=1, schedule="cosine"), engine="torch")
    text = program_of(run).text
    for idiom in ("nn.Sequential(", "nn.CrossEntropyLoss()", "torch.optim.Adam(model.parameters(), lr=0.01)",
                  "CosineAnnealingLR(optimizer, T_max=7)", "loss.backward()", "optimizer.zero_grad()"):  # fmt: skip
        assert idiom in text
    assert len(text.splitlines()) <= 60
    names = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert names == {"spiral", "losses"}


def test_what_a_learner_brings_is_never_code(seed: int) -> None:
    """Class names, columns and formulas do not stand in a program as they were typed."""
    evil = '"""); import os; os.system("x"); ("""'
    rows = "\n".join(f'{k},{k * k},"{["harmless", evil.replace(chr(34), chr(34) * 2)][k % 2]}"' for k in range(12))
    data = sets.table(f'"a __import__","b",c\n{rows}')
    run = train(MLP(data.x.shape[1], 3, 2), data, Recipe(epochs=1), engine="torch")
    program = program_of(run)
    everything = program.text + "".join(program.files.values())
    assert not any(word in everything for word in ("os.system", "harmless", "__import__", "import os"))
    typed = train(MLP(2, 3, 2), sets.boundary("  y   >sin( 2*x )", seed=seed), Recipe(epochs=1), engine="torch")
    assert "lambda x, y: y > torch.sin(2 * x)" in program_of(typed).text


def test_what_is_not_written_out_has_no_program() -> None:
    data = sets.moons(samples=40)
    unknown = train(nn.Sequential(nn.Linear(2, 2)), data, Recipe(epochs=1), engine="torch")
    nameless = train(MLP(2, 2), data, Recipe(epochs=1), lambda model, x, y: model(x).square().mean(), engine="torch")
    moved = MLP(2, 2)
    nn.init.ones_(moved.output.weight)
    other = train(moved, data, Recipe(epochs=1), engine="torch")
    for run in (unknown, nameless, other):
        with pytest.raises(ValueError, match=r"^There is no program for (a|this) (network|objective).*\.$"):
            _ = program_of(run).text


def test_data_that_were_changed_are_written_sample_by_sample(seed: int, tmp_path: Path) -> None:
    """A data set that remembers a call which no longer makes it."""
    data = sets.moons(samples=40, seed=seed)
    run = train(MLP(2, 3, 2), replace(data, x=2 * data.x), Recipe(epochs=2), engine="torch")
    program = program_of(run)
    assert "moons" not in program.text
    assert distance(results_of([program], tmp_path)[0], program.shown) < CLOSE


SLOPE = 3


def steep(values: list[float]) -> list[float]:
    """Values times a constant of this file."""
    return [SLOPE * value for value in np_absolute(values)]


def np_absolute(values: list[float]) -> list[float]:
    return [math.fabs(value) for value in values]


def test_a_program_takes_what_it_lists_and_nothing_else(tmp_path: Path) -> None:
    step = Step("Run it", f"values = {call(steep, [1.0, -2.0])}\nresult = {{'values': values, 'sum': sum(values)}}")
    whole = Program("Steep", (step,), (np_absolute, steep), {"values": [3.0, 6.0], "sum": 9.0})
    assert "SLOPE = 3" in whole.text and "import math" in whole.text and "import numpy" not in whole.text
    assert distance(results_of([whole], tmp_path)[0], whole.shown) == 0
    nbformat.validate(nbformat.from_dict(json.loads(whole.notebook)))
    with pytest.raises(ValueError, match="A program uses trained, which is neither"):
        _ = Program("Torn", (Step("Run it", "result = trained()"),)).text
