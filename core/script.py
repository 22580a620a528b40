"""A run as a standalone program or notebook: the code shown is the code that ran.

All definitions are copied from this project's own modules (``core.bundling``); only the main part, which calls them
with the current settings, is written here. What a learner brought enters it as literals, never as code.
"""

import io
import json
import math
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from importlib.metadata import version

from core.bundling.bundle import Bundle, bundle
from core.bundling.calls import WIDTH, Made, broken, expressed, origin_of, root_of
from core.bundling.known import Known
from core.provenance import written
from core.training import Recipe, Run, epochs

REPORT = 'print(f"epoch {epoch.number:5d}   train loss {epoch.train_loss:.5f}   test loss {epoch.test_loss:.5f}")'
ONE_THREAD = "torch.set_num_threads(1)  # faster for a small network, and the same sums everywhere"
FINAL = 'print("final train loss", epoch.train_loss)\nprint("final test loss", epoch.test_loss)'
PLOT = """import matplotlib.pyplot as plt

numbers = [epoch.number for epoch in history]
plt.plot(numbers, [epoch.train_loss for epoch in history], label="train loss")
plt.plot(numbers, [epoch.test_loss for epoch in history], "--", label="test loss")
plt.xlabel("Epoch")
plt.legend()
plt.show()"""
COPIED = "The definitions are the ones that ran, without what these settings never reach."
PACKAGES = {  # what a program may import → what to install for it
    "numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn", "torch": "torch", "torchvision": "torchvision",
}  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """A program that is not one run: ``main`` are statements that use ``things`` (functions, classes) by name, and
    torch, nn, np and math. Settings must be written into ``main`` with ``repr`` or ``core.provenance.written``."""

    things: tuple[Callable, ...]
    main: str
    title: str = "An experiment"


def experiment(function: Callable, *arguments, **settings) -> Experiment:
    """The program of one call: ``experiment(leaky_integrate_and_fire, current=1.2)`` prints what it returns.

    Arguments are numbers, words, lists and the like of them, or dataclasses of such: what ``repr`` writes as Python.
    """
    name = function.__name__
    main = f"result = {broken(written(function, arguments, settings))}\nprint(result)"
    kinds = {type(one) for one in (*arguments, *settings.values()) if is_dataclass(one)}
    return Experiment((function, *kinds), main, name.replace("_", " ").capitalize())


def program(subject: Run | Experiment) -> str:
    """One Python file that repeats a run and prints its losses, or runs an experiment.

    The losses are those of the run to the last digit, or to float32 rounding if it was compiled. Raises ValueError,
    in one sentence, if the network, the data or the objective do not say how they were made.
    """
    return _program(subject) if isinstance(subject, Experiment) else _program(described(subject))


def notebook(subject: Run | Experiment) -> str:
    """The same as a Jupyter notebook, in JSON: definitions, data, network, training, and the losses drawn."""
    return _notebook(subject) if isinstance(subject, Experiment) else _notebook(described(subject))


@dataclass(frozen=True)
class Described:
    """A run as text: its main part in steps, and what has to stand above it."""

    title: str
    promise: str
    steps: tuple[tuple[str, str], ...]
    definitions: Bundle

    @property
    def main(self) -> str:
        return "\n".join(text for _, text in self.steps)


def described(run: Run) -> Described:
    """Everything that the texts of a run are made of."""
    chain = ancestry(run)
    made = {id(thing): origin_of(thing) for one in chain for thing in (one.data, one.model)}
    objective, roots = expressed(run.objective)
    steps = tuple(_steps(chain, made, objective))
    exactly = "to the last digit" if all(one.engine == "torch" for one in chain) else "up to float32 rounding"
    found = bundle(
        tuple(
            dict.fromkeys(
                [root_of(epochs), root_of(Recipe), *roots, *(root for one in made.values() for root in one.roots)]
            )
        ),
        "\n".join(text for _, text in steps),
        knowledge(chain),
    )
    network, data = made[id(run.model)].name, made[id(run.data)].name
    return Described(f"{network} on {data}", f"This repeats the training behind the picture {exactly}.", steps, found)


def ancestry(run: Run) -> list[Run]:
    """A run and those it was forked from, the oldest first."""
    chain = [run]
    while chain[0].parent:
        chain.insert(0, chain[0].parent[0])
    return chain


def knowledge(chain: list[Run]) -> Known:
    """What is known about every call of the training's functions in a program."""
    values: list[tuple[str, tuple]] = [("recipe", tuple(run.recipe for run in chain)), ("objective", (True,))]
    return Known(tuple(values if len(chain) > 1 else [*values, ("start", (None,))]))


def _steps(chain: list[Run], made: dict[int, Made], objective: str) -> Iterator[tuple[str, str]]:
    """Headings and statements: the data, the network, then one training per run of the chain."""
    yield "Data", f"data = {made[id(chain[0].data)].call}"
    yield "Network", f"model = {made[id(chain[0].model)].call}"
    for place, run in enumerate(chain):
        before, last = chain[place - 1] if place else None, run is chain[-1]
        stop = stopped_at(run) if last else chain[place + 1].parent[1]
        lines = list(_changes(before, run, made)) if before else [ONE_THREAD]
        lines.append(f"recipe = {broken(recipe_call(run.recipe))}")
        lines.append(f"for epoch in epochs(model, data, recipe, {objective}{', start=epoch' if before else ''}):")
        lines.append(f"    {REPORT}")
        lines += [f"    if epoch.number == {stop}:", "        break"] if stop is not None else []
        yield ("Fork" if before else "Training"), "\n".join([*lines, FINAL] if last else lines)


def _changes(before: Run, run: Run, made: dict[int, Made]) -> Iterator[str]:
    """What a fork changes besides the recipe, as ``core.training.loop.resume`` does it."""
    if run.data is not before.data:
        yield f"data = {made[id(run.data)].call}"
        yield "epoch = replace(epoch, best=(math.inf, 0))"
    if run.model is not before.model:
        yield f"model = {made[id(run.model)].call}"
    if run.recipe.optimizer != before.recipe.optimizer:
        yield "epoch = replace(epoch, moments=epoch.moments[:0], age=0)  # a new optimizer remembers nothing"


def stopped_at(run: Run) -> int | None:
    """The epoch at which a learner stopped a run that would have gone on; None if it ended by itself."""
    last = run.last
    ended = last.number >= run.recipe.epochs or not math.isfinite(last.train_loss)
    patience_over = 0 < run.recipe.patience <= last.number - last.best[1]
    return None if ended or patience_over else last.number


def recipe_call(recipe: Recipe) -> str:
    """A recipe with the settings that differ from the usual ones."""
    changed = [part for part in fields(recipe) if getattr(recipe, part.name) != part.default]
    return f"Recipe({', '.join(f'{part.name}={getattr(recipe, part.name)!r}' for part in changed)})"


def found_for(subject: Described | Experiment) -> Bundle:
    """The definitions that a subject needs."""
    if isinstance(subject, Described):
        return subject.definitions
    return bundle(tuple(root_of(thing) for thing in subject.things), subject.main)


def _program(subject: Described | Experiment) -> str:
    found = found_for(subject)
    sections = [f"# {heading} {'-' * (WIDTH - 3 - len(heading))}\n\n{text}" for heading, text in found.sections()]
    main = f"def main() -> None:\n{indented(subject.main)}"
    ending = 'if __name__ == "__main__":\n    main()\n'
    return "\n\n\n".join([f'"""{opening(subject, found)}\n"""\n\n{found.imports}', main, *sections, ending])


def opening(subject: Described | Experiment, found: Bundle) -> str:
    """The first lines: what this is, how exact it is, what it needs. Names only, nothing that a learner wrote."""
    text = "\n".join([found.imports, *(text for _, text in found.definitions)])
    modules = set(re.findall(r"^ *(?:from|import) (\w+)", text, re.MULTILINE)) & set(PACKAGES)
    needed = ", ".join(f"{PACKAGES[name]} {installed(PACKAGES[name])}" for name in sorted(modules)) or "Python alone"
    title = re.sub(r"[^\w ,.:–-]", "", subject.title)  # it stands between quotes
    return f"{title}.\n\n{getattr(subject, 'promise', 'This runs as it stands.')}\n{COPIED} Made with {needed}."


@lru_cache(maxsize=16)
def installed(name: str) -> str:
    """The version of a package on this machine."""
    return version(name).partition("+")[0]


def indented(text: str) -> str:
    """A main part as a function's body; the inside of strings of several lines stays where it is."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    inside = {
        line
        for token in tokens
        if token.type in (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", None))
        for line in range(token.start[0] + 1, token.end[0] + 1)
    }
    lines = enumerate(text.split("\n"), start=1)
    return "\n".join(line if number in inside or not line else f"    {line}" for number, line in lines)


def _notebook(subject: Described | Experiment) -> str:
    found = found_for(subject)
    cells = [("markdown", f"# {opening(subject, found)}"), ("code", found.imports)]
    for heading, text in found.sections():
        cells += [("markdown", f"## {heading}: definitions"), ("code", text)]
    for heading, text in getattr(subject, "steps", (("Run it", subject.main),)):
        cells += [("markdown", f"## {heading}"), ("code", recorded(text))]
    if isinstance(subject, Described):
        cells += [("markdown", "## The losses, drawn (needs matplotlib)"), ("code", PLOT)]
    content = {
        "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells)],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def recorded(text: str) -> str:
    """A training that also keeps its epochs, to be drawn."""
    kept = text.replace(f"    {REPORT}", f"    history.append(epoch)\n    {REPORT}")
    is_first = kept != text and "start=epoch" not in text
    return kept.replace("for epoch in", "history = []\nfor epoch in", 1) if is_first else kept


def _cell(number: int, kind: str, text: str) -> dict:
    cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
