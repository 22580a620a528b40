"""Defaults on the page."""

import math

from core.figures.curves import bands
from core.lessons import Goal, Question
from core.lessons.controls import name_of, pick
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.programs.program import call
from core.topics.keras import defaults
from core.topics.keras.defaults import DEFAULTS, Differed, differed
from core.topics.keras.loading import keras_on_torch

BOUNDS = ("hardly at all", "by less than half of the value", "by half of the value or more")


def measure(default: str, seed: int, **settings) -> Differed:
    """The default in sight, with its own setting."""
    return differed(default, settings[DEFAULTS[default].control.name], seed)


def view(found: Differed) -> Shown:
    """Both curves."""
    default = DEFAULTS[found.name]
    x, ours, theirs = found.curves
    picture = bands(
        x, {f"PyTorch, {default.torchs}": ours, f"Keras, {found.setting}": theirs}, default.axes, 400, default.log
    )
    said = "do the same" if found.agrees else f"differ by up to **{found.apart:.0%}** of the larger value"
    note = f"With {default.control.label.lower()} {found.setting} they {said}. {default.why}"
    return Shown(((picture,),), note, (rows(),))


def rows() -> list[dict]:
    """All defaults."""
    return [
        {"Default": name, "PyTorch": each.torchs, "Keras": str(each.control.value), "The same with": str(each.match)}
        for name, each in DEFAULTS.items()
    ]


def before(found: Differed) -> Shown:
    """PyTorch's curve alone."""
    default = DEFAULTS[found.name]
    picture = bands(found.curves[0], {f"PyTorch, {default.torchs}": found.curves[1]}, default.axes, 400, default.log)
    return Shown(((picture,),))


def asked(found: Differed) -> Question:
    """How much does it differ?"""
    truth = BOUNDS[0] if found.agrees else BOUNDS[1] if found.apart < 0.5 else BOUNDS[2]
    label = DEFAULTS[found.name].control.label.lower()
    text = f"This is PyTorch. How far does Keras go from it with {label} {found.setting}, at most?"
    return Question(text, BOUNDS, truth, DEFAULTS[found.name].why)


def goal(found: Differed) -> Goal:
    """Make them agree where the number itself must differ."""
    text = (
        "**The same step**: find a default whose *number* must differ between PyTorch and Keras for both to do "
        "the same, and set it so."
    )
    passed = found.agrees and found.name in ("Batch norm: momentum", "Adam: epsilon")
    return Goal(text, passed, f"Now: {found.name} at {found.setting}, {found.apart:.1%} apart.")


def program(found: Differed) -> Program:
    """The measurement."""
    from core.randomness import torchs_own

    function = DEFAULTS[found.name].curves
    more = (torchs_own,) if function is defaults.first_weights else ()
    line = f"_, ours, theirs = {call(function, found.setting, found.seed)}"
    text = f'{line}\nresult = {{"PyTorch": ours.tolist(), "Keras": theirs.tolist()}}'
    shown = {name: values.tolist() for name, values in zip(("PyTorch", "Keras"), found.curves[1:], strict=True)}
    assert all(math.isfinite(value) for values in shown.values() for value in values)
    return Program(found.name, (Step("Both", text),), (function, keras_on_torch, *more), shown)


DEFAULTS_VIEW = View(
    (pick("Default", DEFAULTS), *(each.control for each in DEFAULTS.values())), measure, view, before=before,
    question=asked, goal=goal, program=program,
)  # fmt: skip
assert len({name_of(each.control.label) for each in DEFAULTS.values()}) == len(DEFAULTS)
