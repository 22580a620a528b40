"""The view of a stack's field: its box, and where it really looks."""

import numpy as np

from core.figures.curves import line, number
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.figures.rasters import outline, raster, shades
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale, slider, toggle
from core.lessons.view import Shown, View
from core.topics.receptive_field.stacks import (
    DEEPEST,
    MARGIN,
    SHARE,
    SPACINGS,
    Field,
    field,
    inputs,
    program_of_field,
    stack_of,
)
from core.wording import counted

WIDEST = 127
FAR, FEW = 31, 4  # pixels and layers of the challenge
DEPTHS = [[0, "rgba(47,111,183,0)"], [1, BLUE]]


def measure(layers: int, kernel: int, spacing: str, relu: bool, seed: int) -> Field:
    """An untrained stack."""
    return field(stack_of(layers, kernel, spacing), relu, seed)


def looks_picture(looks: np.ndarray, box: tuple[int, int, int], title: str, alt: str, core: int = 0) -> Picture:
    """A field (side, side) with its box (top, left, side), and the middle square that holds most of it."""
    top, left, side = box
    most = float(looks.max()) or 1.0
    shapes = [outline(top, left, side, side, ORANGE)]
    if core:
        inner = (side - core) / 2
        shapes.append(outline(top + inner, left + inner, core, core, INK, dash="dot"))
    return raster([shades(np.sqrt(looks / most), 0, 1, DEPTHS)], looks.shape, title, alt, 340, shapes=shapes)


def profile(sight: Field) -> Picture:
    """How much each column of the picture is looked at."""
    columns = sight.looks.sum(axis=0)
    share = columns / max(columns.sum(), 1e-12)
    places = np.arange(len(share)) - MARGIN - sight.box // 2
    half = sight.box / 2
    edges = [
        {"type": "line", "x0": side * half, "x1": side * half, "yref": "paper", "y0": 0, "y1": 1,
         "line": {"color": ORANGE, "width": 2}} for side in (-1, 1)
    ]  # fmt: skip
    even = line(places, np.where(np.abs(places) < half, 1 / sight.box, 0), "if all counted alike", GREY, "dot")
    plan = layout("pixels from the middle", "share of all looking", 340, shapes=edges,
                  yaxis={"tickformat": ".0%", "rangemode": "tozero"})  # fmt: skip
    alt = (
        f"Share of the looking by column: {number(100 * share.max())}% at most, {number(100 * share[MARGIN])}% at "
        f"the box's edge, 0 outside of it; even would be {number(100 / sight.box)}%."
    )
    return Picture([line(places, share, "effective field", BLUE), even], plan, alt)


def rows(sight: Field) -> list[dict]:
    """The layers and how their box grows."""
    table, step, below = [], 1, 1
    for place, (layer, box) in enumerate(zip(sight.stack, sight.boxes, strict=True), start=1):
        grown = f"{below} + {layer.dilation} · ({layer.kernel} − 1) · {step}"
        table.append({
            "Layer": place, "Kernel": f"{layer.kernel} × {layer.kernel}", "Stride": layer.stride,
            "Dilation": layer.dilation, "Box": f"{grown} = {box}",
        })  # fmt: skip
        step, below = step * layer.stride, box
    return table


def draw(sight: Field) -> Shown:
    """Box and field, and how the box came to be."""
    share = sight.core / sight.box
    alt = (
        f"Where one answer looks: a box of {sight.box} × {sight.box} pixels, {SHARE:.0%} of the gradient in the middle "
        f"{sight.core} × {sight.core}; outside the box exactly {sight.outside:g}."
    )
    holes = f" **{sight.skipped:.0%}** of the box is never looked at: holes." if sight.skipped else ""
    note = (
        f"One answer can see **{sight.box} × {sight.box}** pixels (solid box); outside of it the gradient is exactly "
        f"{sight.outside:g}. It really looks at the middle: **{SHARE:.0%}** of the gradient lies in "
        f"**{sight.core} × {sight.core}** (dotted), {share:.0%} of the side; if all pixels counted alike it would "
        f"take 71%.{holes}"
    )
    box = (MARGIN, MARGIN, sight.box)
    field_picture = looks_picture(sight.looks, box, "where one answer looks", alt, sight.core)
    return Shown(((field_picture, profile(sight)),), note, (rows(sight),))


def before(sight: Field) -> Shown:
    """The layers, without the box."""
    noise = inputs(sight.box + 2 * MARGIN, sight.source.seeds[0])[0, 0].detach().numpy()
    alt = f"Noise of {len(noise)} × {len(noise)} pixels, one of the pictures that the network is shown."
    table = [{name: row[name] for name in ("Layer", "Kernel", "Stride", "Dilation")} for row in rows(sight)]
    picture = raster([shades(noise, -3, 3, DEPTHS)], noise.shape, "one of the pictures it is shown", alt, 300)
    return Shown(((picture,),), "", (table,))


def question(sight: Field) -> Question:
    """How wide is the box?"""
    because = (
        "Each layer adds dilation × (kernel − 1) steps, and a step is as wide as the strides of the layers below it, "
        "multiplied."
    )
    text = "How many pixels wide is the square that one answer of this stack can see?"
    return Question(text, Scale(1, WIDEST, 2, "pixels", 0), sight.box, because)


def goal(sight: Field) -> Goal:
    """See far with few layers."""
    text = (
        f"**See far for little**: a box of at least {FAR} pixels from at most {FEW} layers of 3 × 3 kernels, every "
        "pixel of it looked at."
    )
    small = len(sight.stack) <= FEW and all(layer.kernel == 3 for layer in sight.stack)
    passed = small and sight.box >= FAR and sight.skipped == 0
    holes = f"{sight.skipped:.0%} holes" if sight.skipped else "no holes"
    return Goal(text, passed, f"Now: {counted(sight.box, 'pixel')}, {counted(len(sight.stack), 'layer')}, {holes}.")


FIELD = View(
    (
        slider("Layers", 1, DEEPEST, DEEPEST),
        scale("Kernel", (3, 5), 3),
        pick("Spacing", SPACINGS),
        toggle("ReLU", True, help="Between the layers; without it they are one linear filter."),
    ),
    measure,
    draw,
    before=before,
    question=question,
    goal=goal,
    program=program_of_field,
)
