"""The four beats of an update in words and formulas, with the numbers of one unit in them."""

import torch
from torch import Tensor

from core.probes.batch import BEATS, TERMS, Batch, Unit

SIGNS = {
    "sigmoid": r"\sigma", "tanh": r"\tanh", "ReLU": r"\operatorname{ReLU}", "LeakyReLU": r"\operatorname{LeakyReLU}",
    "GELU": r"\operatorname{GELU}",
}  # fmt: skip


def sentence(batch: Batch, unit: Unit, beat: str) -> str:
    """One beat of an update as Markdown: a sentence and its formula, with the numbers of one unit for one sample."""
    return (forward, loss, backward, update)[BEATS.index(beat)](batch, unit)


def plain(value: float) -> str:
    """A number in a formula, four significant digits."""
    text = f"{value + 0.0:.4g}"
    if "e" in text:
        mantissa, power = text.split("e")
        text = rf"{mantissa}\cdot 10^{{{int(power)}}}"
    return text


def figure(value: float) -> str:
    """A number that something is multiplied by or added to: in brackets if it is negative."""
    return f"({plain(value)})" if value < 0 else plain(value)


def products(left: Tensor, right: Tensor) -> str:
    """A sum of products with its first terms written out and the others as one number."""
    pairs = list(zip(left.tolist(), right.tolist(), strict=True))
    shown = pairs if len(pairs) <= TERMS + 1 else pairs[:TERMS]
    text = " + ".join(rf"{figure(a)}\cdot{figure(b)}" for a, b in shown)
    rest = sum(a * b for a, b in pairs[len(shown) :])
    more = (
        rf" + \underbrace{{{figure(rest)}}}_{{\text{{{len(pairs) - len(shown)} more}}}}" if pairs[len(shown) :] else ""
    )
    return text + more


def bent(name: str, value: str) -> str:
    """An activation of a value as LaTeX."""
    return value if name == "linear" else rf"{SIGNS[name]}({value})"


def forward(batch: Batch, unit: Unit) -> str:
    """What the unit is given, its sum and its answer."""
    changed = any(
        hasattr(module, "rate") or "BatchNorm" in type(module).__name__ for module in batch.run.model.modules()
    )
    note = " (batch norm or dropout stands between sum and answer)" if changed else ""
    sign = r"\;\to\;" if changed else "="
    return (
        f"**Forward.** {unit.name} weighs what it is given, adds its bias, and bends the sum{note}.\n\n"
        rf"$$z = {products(unit.weights, unit.given)} + {figure(unit.bias)} = {plain(unit.summed)}$$"
        "\n\n"
        rf"$$a = {bent(unit.activation, plain(unit.summed))} {sign} {plain(unit.answer)}$$"
    )


def loss(batch: Batch, unit: Unit) -> str:
    """How far the batch's answers are from the truth."""
    name = getattr(batch.run.objective, "__name__", "the loss").replace("_", " ")
    return (
        f"**Loss.** The network's answers to all {len(batch.places)} samples of the batch are compared with the truth: "
        f"{name}, averaged.\n\n$$L = {plain(batch.loss)}$$\n\nThe output layer hears first how to do better: "
        r"$\partial L/\partial z$ of its units, for this sample, is $"
        + r",\ ".join(plain(value) for value in batch.layers[-1].by_summed[unit.sample].tolist())
        + "$."
    )


def backward(batch: Batch, unit: Unit) -> str:
    """Where the unit's blame comes from and what it hands on to its weights."""
    if len(unit.above):
        start = (
            "**Backward.** Each unit above sends its blame down, through the weight between them.\n\n"
            rf"$$\frac{{\partial L}}{{\partial a}} = {products(unit.above, unit.deltas)} = {plain(unit.by_answer)}$$"
        )
    else:
        start = (
            "**Backward.** The output's blame comes from the loss itself.\n\n"
            rf"$$\frac{{\partial L}}{{\partial a}} = {plain(unit.by_answer)}$$"
        )
    slope = unit.by_summed / unit.by_answer if unit.by_answer else 0.0
    return (
        f"{start}\n\nThe activation's slope lets through only a part of it; every weight then gets its share, "
        "multiplied by what came in. Shares of all samples of the batch add up.\n\n"
        rf"$$\frac{{\partial L}}{{\partial z}} = {figure(unit.by_answer)}\cdot{figure(slope)} = "
        rf"{plain(unit.by_summed)}$$"
    )


def update(batch: Batch, unit: Unit) -> str:
    """The step that the optimizer takes with the gradient."""
    recipe, before = batch.run.recipe, float(unit.weights[0])
    rule = {"SGD": "takes the learning rate times the gradient"}.get(
        recipe.optimizer, "also remembers the gradients before this one"
    )
    return (
        f"**Update.** {recipe.optimizer} {rule}; learning rate {batch.rate:.3g}. "
        f"For the weight from {unit.inputs[0]}:\n\n"
        rf"$$w \leftarrow {figure(before)} - {figure(before - float(unit.after[0]))} = {plain(float(unit.after[0]))}$$"
        f"\n\nThe batch's loss moves from {batch.loss:.4g} to {batch.loss_after:.4g}."
    )


def rows(unit: Unit) -> list[dict[str, str]]:
    """All weights of the unit as a table: what came in, the weight, its gradient (also with
    penalties, if there are any), and the weight after the update."""
    given = [*unit.given.tolist(), 1.0]
    old = [*unit.weights.tolist(), unit.bias]
    names = [*unit.inputs, "bias"]
    numbers = zip(names, given, old, unit.gradient.tolist(), unit.used.tolist(), unit.after.tolist(), strict=True)
    penalised = not torch.equal(unit.gradient, unit.used)
    return [
        {"From": name, "Given": f"{h:.4g}", "Weight": f"{w:.5g}", "Given · weight": f"{h * w + 0.0:.4g}",
         "Gradient": f"{raw:.4g}", **({"With penalties": f"{used:.4g}"} if penalised else {}),
         "New weight": f"{new:.5g}"}
        for name, h, w, raw, used, new in numbers
    ]  # fmt: skip
