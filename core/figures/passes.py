"""A pass through a network, drawn on the network: answers forward, gradients back, one layer after another."""

import numpy as np

from core.experiments.passes import Pass
from core.figures.layers import layer_name
from core.figures.network import WIDTHS, connections, segments, unit_places
from core.figures.picture import BLUE, FAINT, INK, ORANGE, PAPER, Picture, encoded, layout, transparent
from core.graphs import shown


def values_of(one: Pass) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What every layer (the input first) answers to the sample, and the loss's gradient by every layer's sums."""
    layers = one.batch.layers
    answers = [layers[0].given[one.row].numpy(), *(layer.answer[one.row].numpy() for layer in layers)]
    return answers, [layer.by_summed[one.row].numpy() for layer in layers]


def network_pass(one: Pass, height: int = 430) -> Picture:
    """The sample on its way to the loss and the gradient on its way back; the chosen unit carries a ring."""
    widths, weights = one.batch.run.model.widths, [layer.weights.numpy() for layer in one.batch.layers]
    places, (answers, gradients) = unit_places(widths), values_of(one)
    drawn = segments(weights, places, connections(places), max(np.abs(matrix).max() for matrix in weights))
    lines = [
        {"type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False, "opacity": 0.35, **ends,
         "line": {"width": WIDTHS[kind % len(WIDTHS)], "color": BLUE if kind >= len(WIDTHS) else ORANGE,
                  "dash": "solid" if kind >= len(WIDTHS) else "dot"}}
        for kind, ends in enumerate(drawn)
    ]  # fmt: skip
    moments = moments_of(one, answers, gradients)
    spots = np.concatenate(places)
    ring = places[one.layer + 1][one.place]
    around = {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "showlegend": False,
              "x": [float(ring[0])], "y": [float(ring[1])],
              "marker": {"size": 41, "color": PAPER, "line": {"width": 2, "color": INK}}}  # fmt: skip
    base = {**around, "x": encoded(spots[:, 0]), "y": encoded(spots[:, 1]), "marker": {"size": 34, "color": PAPER}}
    frames = [(*([None] * len(lines)), None, None, circles(spots, numbers, beat)) for beat, _, numbers, _ in moments]
    axis = {"visible": False, "fixedrange": True}
    names = [
        {"x": column, "y": 1.0, "yref": "paper", "yanchor": "bottom", "showarrow": False,
         "text": layer_name(column, len(widths) - 2)} for column in range(len(widths))
    ]  # fmt: skip
    plan = layout(height=height, xaxis={**axis, "range": [-0.4, len(widths) - 0.6]}, yaxis=axis, showlegend=False,
                  annotations=names, meta={"dense": True})  # fmt: skip
    outputs, blame = (", ".join(shown(value, 3) for value in row) for row in (answers[-1], gradients[-1]))
    alt = (
        f"A network of {' – '.join(map(str, widths))} units. The sample makes it answer {outputs}; the loss is "
        f"{shown(one.batch.loss)}, and the gradients at the output sums are {blame}."
    )
    labels, captions = [label for _, label, _, _ in moments], [told for *_, told in moments]
    return Picture([*lines, around, base, frames[-1][-1]], plan, alt, frames, labels, captions)


def circles(spots: np.ndarray, numbers: list[np.ndarray | None], beat: str) -> dict:
    """All units with the numbers known by then; the stronger the colour, the larger the number."""
    color = BLUE if beat == "forward" else ORANGE
    counts = [len(row) for row in numbers]
    flat = np.concatenate(numbers)
    known = ~np.isnan(flat)
    largest = np.concatenate([np.full(n, max(np.nanmax(np.abs(row), initial=0), 1e-12)) for n, row in zip(
        counts, numbers, strict=True)])  # fmt: skip
    strength = np.where(known, np.abs(np.nan_to_num(flat)) / largest, 0)
    fills = [transparent(color, round(0.08 + 0.4 * share, 2)) if ok else FAINT
             for share, ok in zip(strength.tolist(), known.tolist(), strict=True)]  # fmt: skip
    words = [shown(value, 2) if ok else "" for value, ok in zip(flat.tolist(), known.tolist(), strict=True)]
    return {
        "type": "scatter", "mode": "markers+text", "x": encoded(spots[:, 0]), "y": encoded(spots[:, 1]), "text": words,
        "textposition": "bottom center",
        "textfont": {"color": INK}, "hoverinfo": "skip", "showlegend": False,
        "marker": {"size": 34, "color": fills, "line": {"width": 1.2, "color": INK}},
    }  # fmt: skip


def moments_of(one: Pass, answers: list[np.ndarray], gradients: list[np.ndarray]) -> list[tuple]:
    """Every step as (beat, label, numbers by layer, caption)."""
    count, found = len(answers), []
    nothing = [np.full(len(row), np.nan) for row in answers]
    for column in range(count):
        numbers = [*answers[: column + 1], *nothing[column + 1 :]]
        found.append(("forward", f"forward: {layer_name(column, count - 2)}", numbers, forward_told(one, column)))
    for column in range(count - 1, 0, -1):
        numbers = [*nothing[:column], *gradients[column - 1 :]]
        found.append(("backward", f"backward: {layer_name(column, count - 2)}", numbers, backward_told(one, column)))
    return found


def forward_told(one: Pass, column: int) -> str:
    """What happens at a layer on the way to the loss."""
    if column == 0:
        return "Forward: the sample's two numbers go in."
    if column - 1 == one.layer:
        end = f" The output's answers give the loss {shown(one.batch.loss)}." if column == len(one.batch.layers) else ""
        return (f"Forward: the ringed unit sums to z = {shown(one.unit.summed)} and answers "
                f"{shown(one.unit.answer)}.{end}")  # fmt: skip
    if column == len(one.batch.layers):
        return f"Forward: the output's answers are compared with the truth: loss {shown(one.batch.loss)}."
    return "Forward: every unit sums what it is given and bends the sum."


def backward_told(one: Pass, column: int) -> str:
    """What happens at a layer on the way back."""
    if column - 1 == one.layer:
        return f"Backward: at the ringed unit's sum the gradient is ∂L/∂z = {shown(one.unit.by_summed)}."
    if column == len(one.batch.layers):
        return "Backward: the loss tells each output how to do better, ∂L/∂z."
    return "Backward: each unit adds up what the units above send through the weights, times its own slope."


def signed_bars(values: list[float], names: list[str], axes: tuple[str, str], alt: str, height: int) -> Picture:
    """One bar per number, blue and to the top if positive, orange if negative."""
    bar = {
        "type": "bar", "x": names, "y": values, "marker": {"color": [BLUE if v >= 0 else ORANGE for v in values]},
        "hovertemplate": "%{x}: %{y:.4g}<extra></extra>",
    }  # fmt: skip
    return Picture([bar], layout(*axes, height, xaxis={"type": "category", "showgrid": False}), alt)


def sample_shares(one: Pass, height: int = 280) -> Picture:
    """What each sample of the batch adds to the gradient of one weight."""
    values, total = one.shares.tolist(), one.unit.gradient[one.busiest].item()
    source = one.unit.inputs[one.busiest]
    against = sum(value * total < 0 for value in values)
    alt = (
        f"Shares of {len(values)} samples in the gradient of the weight from {source}: together {shown(total)}, "
        f"{against} of them against the others."
    )
    axes = (f"sample of the batch (weight from {source})", "share of the gradient")
    return signed_bars(values, [str(place + 1) for place in range(len(values))], axes, alt, height)


def passing_units(one: Pass, height: int = 280) -> Picture:
    """The gradient at every hidden unit's sum for the sample."""
    layers = [layer.by_summed[one.row].tolist() for layer in one.batch.layers[:-1]]
    names = [f"{layer + 1}.{place + 1}" for layer, values in enumerate(layers) for place in range(len(values))]
    alt = f"{sum(one.passing)} of {len(names)} hidden units let a gradient through for this sample."
    return signed_bars([v for values in layers for v in values], names, ("hidden layer . unit", "∂L/∂z"), alt, height)
