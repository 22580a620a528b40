"""The view of modules: blocks put together, and what their hooks say of a batch on its way there and back."""

import numpy as np

from core.figures.curves import number
from core.figures.marks import hover, marker, stroke, trace
from core.figures.picture import BLUE, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import folded, pick, scale, slider, toggle
from core.lessons.view import Shown, View
from core.topics.tensors_autograd_modules.modules import BLOCKS, Hooked, hooked, lines_of, program_of_module

FADES, SIMILAR, GROWS = "less than a tenth of it", "between a tenth and ten times it", "more than ten times it"
NO_BLOCK = "none"
LOW, HIGH = 0.5, 2.0


def measure(block: str, blocks: int, last_block: str, hidden_units: int, weight_scale: float, training_mode: bool,
            seed: int) -> Hooked:  # fmt: skip
    """The module and its hooks' numbers."""
    chosen = (*[block] * blocks, *([last_block] if last_block != NO_BLOCK else []))
    return hooked(chosen, hidden_units, weight_scale, training_mode, seed)


def picture(found: Hooked, answered: bool = True) -> Picture:
    """Two curves over the modules in forward order: the deviation of outputs, the size of gradients."""
    names = [each.name for each in found.passed]
    places = list(range(len(names)))
    kinds = [f"layers.{each.name}, {each.kind}" for each in found.passed]
    forward = np.maximum([each.deviation for each in found.passed], 1e-12)
    back = np.maximum([each.gradient for each in found.passed], 1e-12)
    rows = [("output's deviation (forward hook)", forward, BLUE, "circle", "solid")]
    rows += [("gradient's size (backward hook)", back, ORANGE, "diamond", "dash")] if answered else []
    traces = [
        trace("lines+markers", places, values, name=name, line=stroke(color, 2, dash),
              marker=marker(color, 10, symbol), hovertext=kinds, **hover("%{hovertext}: %{y:.3g}", name))
        for name, values, color, symbol, dash in rows
    ]  # fmt: skip
    shown = [row[1] for row in rows]
    ends = [np.log10(min(map(np.min, shown))) - 0.4, np.log10(max(map(np.max, shown))) + 0.4]
    powers = {"type": "log", "exponentformat": "power", "dtick": 1}
    plan = layout("Module: its number in layers", "Size (logarithmic)", 360,
                  xaxis={"tickvals": places, "ticktext": names, "tickangle": 0},
                  yaxis={**powers, "range": [min(ends[0], -0.5), max(ends[1], 0.5)]})  # fmt: skip
    alt = f"Over {len(names)} modules the output's deviation goes from {number(forward[0])} to {number(forward[-1])}"
    alt += (
        f"; the gradient's size from {number(back[0])} at the first to {number(back[-1])} at the last."
        if answered
        else "."
    )
    return Picture(traces, plan, alt)


def rows(found: Hooked) -> list[dict]:
    """One row per module."""
    return [
        {"Name": f"layers.{each.name}", "Module": line, "Output": str(each.shape),
         "Parameters": f"{sum(one.numel() for one in layer.parameters()):,}", "Deviation": f"{each.deviation:.3g}",
         "Zeros": f"{each.zeros:.0%}", "Gradient": f"{each.gradient:.3g}"}
        for each, line, layer in zip(found.passed, lines_of(found.blocks, found.width), found.model, strict=True)
    ]  # fmt: skip


def code(found: Hooked) -> str:
    """The class as Python."""
    lines = "\n".join(f"            {line}," for line in lines_of(found.blocks, found.width))
    return (
        "```python\nclass Network(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.layers = nn.Sequential(\n{lines}\n        )\n\n"
        "    def forward(self, x):\n        return self.layers(x)\n```"
    )


def draw(found: Hooked) -> Shown:
    """What the hooks saw."""
    note = (
        f"**{len(found.passed)} modules, {found.count:,} parameters**, all found by `parameters()`, because setting "
        f"them in `__init__` registers them. Loss of the batch: {number(found.loss)}. Forward hooks were called from "
        f"layers.{found.passed[0].name} to layers.{found.passed[-1].name}, backward hooks from "
        f"layers.{found.backward[0]} to layers.{found.backward[-1]}. The first Linear's gradient is "
        f"**{number(found.ratio)} times** the last one's."
    )
    return Shown(((picture(found),),), note, (rows(found),))


def before(found: Hooked) -> Shown:
    """The class, and the forward pass alone."""
    return Shown(((picture(found, answered=False),),), code(found))


def question(found: Hooked) -> Question:
    """How large is the gradient that arrives at the first layer?"""
    truth = FADES if found.ratio < 0.1 else GROWS if found.ratio > 10 else SIMILAR
    because = (
        "On the way back each module multiplies the gradient by its own slopes: a sigmoid by at most a quarter, "
        "a matrix by what its weights are worth."
    )
    text = "How large is the gradient at the **first** Linear's output against that at the **last** one's?"
    return Question(text, (FADES, SIMILAR, GROWS), truth, because)


def goal(found: Hooked) -> Goal:
    """Six blocks through which signal and gradient keep their size."""
    sizes = [each.deviation for each in found.linear[:-1]]
    kept = all(LOW <= size <= HIGH for size in sizes) and LOW <= found.ratio <= HIGH
    text = (
        f"Put **six blocks or more, each with an activation,** together so that every hidden Linear's output has a "
        f"deviation of {LOW:g} to {HIGH:g} and the gradient's ratio is within {LOW:g} and {HIGH:g} too."
    )
    bends = all(" + " in block for block in found.blocks)
    spread = f"from {number(min(sizes))} to {number(max(sizes))}"
    return Goal(text, kept and bends and len(found.blocks) >= 6,
                f"Now: {len(found.blocks)} blocks, deviations {spread}, ratio {number(found.ratio)}.")  # fmt: skip


MODULE = View(
    (
        pick("Block", BLOCKS, "Linear + sigmoid"),
        slider("Blocks", 1, 7, 4),
        pick("Last block", (NO_BLOCK, *BLOCKS)),
        slider("Hidden units", 4, 128, 32, 4),
        scale(
            "Weight scale",
            (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0),
            1.0,
            help="Factor on torch's initial weights.",
        ),
        folded(toggle("Training mode", True, help="model.train() or model.eval(): Dropout and BatchNorm differ.")),
    ),
    measure,
    draw,
    before=before,
    question=question,
    goal=goal,
    program=program_of_module,
)
