"""The views of sharing: how many weights it saves, and what it costs."""

import numpy as np

from core.figures.curves import bands, number
from core.figures.picture import BLUE, GREY, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Shown, View
from core.probes import luck
from core.programs import Program, Step
from core.provenance import ClosedForm
from core.topics.receptive_field.sharing import (
    DENSE,
    FAR,
    LAYERS,
    LOCAL,
    RULES,
    SAMPLES,
    SHARED,
    Counted,
    Shared,
    program_of_sharing,
    share,
)
from core.wording import bytes_told, counted

SEEDS = 4
COUNT = ClosedForm("weights from c maps to c maps of n × n pixels, without biases")
ADVICE = {
    SHARED: "The rule is the same everywhere, so nine weights learn from every place of every picture.",
    LOCAL: "The rule depends on the place: one set of weights has to be a compromise, a set for each place has not.",
    DENSE: "What is asked lies outside every 3 × 3 window: only a layer that sees all pixels can answer.",
}
OWN = dict(zip(RULES, LAYERS, strict=True))  # the layer that is made for each rule
EXACT = "Without noise every layer that can follow the rule finds it, given enough pictures: what is left is rounding."
NONE = "So few noisy pictures teach no layer the rule: the best is hardly better than always answering 0."
TOO_FEW = "No 3 × 3 window reaches that pixel, and the dense layer, which does, has too few pictures for its weights."


def measure_costs(rule: str, noise: float, seed: int) -> Shared:
    """All layers on one rule."""
    return share(rule, noise, tuple(range(seed, seed + SEEDS)))


def errors(shared: Shared, samples: int) -> Picture:
    """Error on fresh pictures over the number of pictures learned from."""
    axes = ("pictures learned from", "error on fresh pictures")
    picture = bands(SAMPLES, {layer: np.maximum(rows, 1e-4) for layer, rows in shared.errors.items()}, axes, 360, "xy")
    mark = {"type": "line", "x0": samples, "x1": samples, "yref": "paper", "y0": 0, "y1": 1,
            "line": {"color": GREY, "width": 1, "dash": "dot"}}  # fmt: skip
    picture.layout["shapes"] = [mark]
    picture.layout["xaxis"] |= {"tickvals": list(SAMPLES), "tickangle": 0}
    picture.layout["yaxis"] |= {"exponentformat": "power", "dtick": 1}
    return picture


def draw_costs(shared: Shared, samples: int) -> Shown:
    """Errors, and who is best beyond luck."""
    here, best = shared.here(samples), shared.best(samples)
    rows = [
        {"Layer": layer, "Weights": f"{count:,}", "Error": number(float(here[layer].mean()))}
        for layer, count in zip(LAYERS, (9, 9 * 64, 64 * 64), strict=True)
    ]
    said = luck.sentence(here, best, "All others are worse by more than seed noise.")
    note = (
        f"Rule: **{shared.rule}**. With {samples} pictures of 8 × 8 the smallest error has **{best}**, "
        f"{number(float(here[best].mean()))} (1 is as bad as always answering 0). {said}"
    )
    return Shown(((errors(shared, samples),),), note, (rows,))


def costs_asked(shared: Shared, samples: int) -> Question:
    """Which layer?"""
    pictures = f"{samples} {'noisy ' if shared.noise else ''}pictures"
    text = f"Rule: {shared.rule}; {pictures}. Which layer answers best on fresh ones?"
    best = shared.best(samples)
    if best == OWN[shared.rule]:
        because = ADVICE[best]
    else:
        because = TOO_FEW if shared.rule == FAR else NONE if shared.noise else EXACT
    return Question(text, LAYERS, best, because)


def costs_before(shared: Shared, samples: int) -> Shown:
    """What the rule asks for, in words and in weights."""
    rows = {SHARED: 9, LOCAL: 9 * 64, DENSE: 64 * 64}
    told = {
        RULES[0]: "right neighbour minus left neighbour, at every pixel",
        RULES[1]: "right minus left neighbour in the left half, left minus right in the right half",
        RULES[2]: "the pixel at the mirrored place on the other side of the picture",
    }[shared.rule]
    return Shown(((weight_bars(rows),),), f"Asked at each pixel: {told}. Each layer is fitted by least squares.")


def dense_ahead(shared: Shared, samples: int) -> Goal:
    """Where the dense layer belongs."""
    text = "**Find where sharing is wrong**: a case in which the dense layer is the best of all, beyond seed noise."
    best, is_clear = shared.best(samples), shared.is_clear(samples)
    return Goal(text, best == DENSE and is_clear, f"Now: {best}, {'beyond' if is_clear else 'inside'} seed noise.")


COSTS = View(
    (pick("Rule", RULES), slider("Noise", 0.0, 1.0, 0.5, 0.1)),
    measure_costs,
    draw_costs,
    look=(scale("Samples", SAMPLES, 50),),
    before=costs_before,
    question=costs_asked,
    goal=dense_ahead,
    program=program_of_sharing,
)


# Counting ------------------------------------------------------------------------------------------------------------


class Count(Counted):
    """Counted weights, as a view shows them."""

    provenance = COUNT.provenance


def measure_weights(picture_side: int, maps_in_and_out: int, kernel_side: int, seed: int) -> Count:
    """Three layers of one size."""
    return Count(picture_side, maps_in_and_out, kernel_side)


def weight_bars(weights: dict[str, int]) -> Picture:
    """Weights of each layer on a logarithmic axis."""
    names = [name.replace(" at", "<br>at") for name in weights]
    text = [f"{count:,}" for count in weights.values()]
    trace = {
        "type": "bar", "orientation": "h", "y": names, "x": list(weights.values()), "text": text, "cliponaxis": False,
        "textposition": "outside", "hoverinfo": "skip", "marker": {"color": [BLUE, GREY, GREY]},
    }  # fmt: skip
    alt = "Weights: " + ", ".join(f"{name} {count}" for name, count in zip(weights, text, strict=True)) + "."
    top = np.log10(max(weights.values()))
    plan = layout("weights", "", 260, showlegend=False, xaxis={"type": "log", "range": [0, float(1.5 * top) + 0.5],
                  "exponentformat": "power", "dtick": max(1, round(top / 3)), "tickangle": 0},
                  yaxis={"autorange": "reversed", "showgrid": False})  # fmt: skip
    return Picture([trace], plan, alt)


def draw_weights(count: Count) -> Shown:
    """The three counts and their formulas."""
    side, maps, kernel = count.side, count.channels, count.kernel
    shared, local, dense = count.weights.values()
    note = (
        f"From {counted(maps, 'map')} of {side} × {side} to as many. Convolution: "
        f"$n^2 c^2 = {kernel}^2 \\cdot {maps}^2$ = **{counted(shared, 'weight')}**, however large the picture. "
        f"Own weights at each of {side * side:,} places: "
        f"**{local:,}**. Dense: $(h\\,w\\,c)^2$ = **{dense:,}**, {dense / shared:,.0f} times as many as the "
        f"convolution; as 32-bit numbers {bytes_told(4 * dense)} against {bytes_told(4 * shared)}."
    )
    return Shown(((weight_bars(count.weights),),), note)


def weights_asked(count: Count) -> Question:
    """What happens to the count when the picture doubles?"""
    text = "The picture's height and width double. How many times as many weights does the convolution then need?"
    doubled = Counted(2 * count.side, count.channels, count.kernel).weights[SHARED] / count.weights[SHARED]
    because = "The same weights are used at four times as many places; a dense layer would need sixteen times as many."
    return Question(text, Scale(1, 16, 1, "", 0), doubled, because)


def program_of_weights(count: Count) -> Program:
    """Count what PyTorch makes; the dense layer without room for its weights."""
    side, maps = count.side, count.channels
    lines = [
        f"convolution = nn.Conv2d({maps}, {maps}, {count.kernel}, padding={count.kernel // 2}, bias=False)",
        f"pixels = {maps} * {side} * {side}",
        'dense = nn.Linear(pixels, pixels, bias=False, device="meta")  # a layer without storage',
        'result = {"convolution": convolution.weight.numel(), "dense": dense.weight.numel()}',
    ]
    shown = {"convolution": count.weights[SHARED], "dense": count.weights[DENSE]}
    return Program("Weights of a convolution and of a dense layer", (Step("Count", "\n".join(lines)),), shown=shown)


def weights_before(count: Count) -> Shown:
    """Only the layers without sharing."""
    return Shown(((weight_bars({name: count.weights[name] for name in (LOCAL, DENSE)}),),))


WEIGHTS = View(
    (
        scale("Picture side", (8, 16, 28, 32, 64, 128, 224), 28),
        scale("Maps in and out", (1, 3, 8, 16, 32, 64), 8),
        scale("Kernel side", (1, 3, 5, 7), 3),
    ),
    measure_weights,
    draw_weights,
    before=weights_before,
    question=weights_asked,
    program=program_of_weights,
)
