"""A pass through a network, drawn on the network: answers forward, gradients back, one layer after another."""

import numpy as np

from core.figures.layers import layer_name
from core.figures.marks import SILENT, UNSEEN, heading, hover, marker, trace, upright
from core.figures.network import connections, segments, unit_places, weight_traces
from core.figures.picture import BLUE, FAINT, INK, ORANGE, PAPER, Picture, layout, transparent
from core.formulas.graphs import shown
from core.topics.forward_backward.numbers import Pass


def values_of(passage: Pass) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What every layer (the input first) answers to the sample, and the loss's gradient by every layer's sums."""
    layers = passage.batch.layers
    answers = [layers[0].given[passage.row].numpy(), *(layer.answer[passage.row].numpy() for layer in layers)]
    return answers, [layer.by_summed[passage.row].numpy() for layer in layers]


def network_pass(passage: Pass, height: int = 430) -> Picture:
    """The sample on its way to the loss and the gradient on its way back; the chosen unit carries a ring."""
    widths, weights = passage.batch.run.model.widths, [layer.weights.numpy() for layer in passage.batch.layers]
    places, (answers, gradients) = unit_places(widths), values_of(passage)
    drawn = segments(weights, places, connections(places), max(np.abs(matrix).max() for matrix in weights))
    lines = weight_traces(drawn, 0.35)
    moments = moments_of(passage, answers, gradients)
    spots = np.concatenate(places)
    ring = places[passage.layer + 1][passage.place]
    around = trace("markers", [float(ring[0])], [float(ring[1])], marker=marker(PAPER, 41, rim=INK), **SILENT)
    base = trace("markers", *spots.T, marker=marker(PAPER, 34), **SILENT)
    frames = [(*([None] * len(lines)), None, None, circles(spots, numbers, beat)) for beat, _, numbers, _ in moments]
    names = [heading(column, layer_name(column, len(widths) - 2)) for column in range(len(widths))]
    columns = {**UNSEEN, "range": [-0.4, len(widths) - 0.6]}
    plan = layout(height=height, xaxis=columns, yaxis=UNSEEN, showlegend=False, annotations=names)
    plan["meta"] = {"dense": True}
    outputs, blame = (", ".join(shown(value, 3) for value in row) for row in (answers[-1], gradients[-1]))
    alt = (
        f"A network of {' – '.join(map(str, widths))} units. The sample makes it answer {outputs}; the loss is "
        f"{shown(passage.batch.loss)}, and the gradients at the output sums are {blame}."
    )
    labels, captions = [label for _, label, _, _ in moments], [caption for *_, caption in moments]
    return Picture([*lines, around, base, frames[-1][-1]], plan, alt, frames, labels, captions)


def circles(spots: np.ndarray, numbers: list[np.ndarray], beat: str) -> dict:
    """All units with the numbers known by then; the stronger the colour, the larger the number."""
    color = BLUE if beat == "forward" else ORANGE
    counts = [len(row) for row in numbers]
    flat = np.concatenate(numbers)
    known = ~np.isnan(flat)
    peaks = [max(np.nanmax(np.abs(row), initial=0), 1e-12) for row in numbers]
    largest = np.repeat(peaks, counts)
    strength = np.where(known, np.abs(np.nan_to_num(flat)) / largest, 0)
    shades = zip(strength.tolist(), known.tolist(), strict=True)
    fills = [transparent(color, round(0.08 + 0.4 * share, 2)) if ok else FAINT for share, ok in shades]
    words = [shown(value, 2) if ok else "" for value, ok in zip(flat.tolist(), known.tolist(), strict=True)]
    below = {"text": words, "textposition": "bottom center", "textfont": {"color": INK}}
    return trace("markers+text", *spots.T, marker=marker(fills, 34, rim=INK, width=1.2), **below, **SILENT)


def moments_of(passage: Pass, answers: list[np.ndarray], gradients: list[np.ndarray]) -> list[tuple]:
    """Every step as (beat, label, numbers by layer, caption)."""
    count, found = len(answers), []
    nothing = [np.full(len(row), np.nan) for row in answers]
    for column in range(count):
        numbers = [*answers[: column + 1], *nothing[column + 1 :]]
        found.append(
            ("forward", f"forward: {layer_name(column, count - 2)}", numbers, forward_sentence(passage, column))
        )
    for column in range(count - 1, 0, -1):
        numbers = [*nothing[:column], *gradients[column - 1 :]]
        found.append(
            ("backward", f"backward: {layer_name(column, count - 2)}", numbers, backward_sentence(passage, column))
        )
    return found


def forward_sentence(passage: Pass, column: int) -> str:
    """What happens at a layer on the way to the loss."""
    if column == 0:
        return "Forward: the sample's two numbers go in."
    if column - 1 == passage.layer:
        end = (
            f" The output's answers give the loss {shown(passage.batch.loss)}."
            if column == len(passage.batch.layers)
            else ""
        )
        summed, answer = shown(passage.unit.summed), shown(passage.unit.answer)
        return f"Forward: the ringed unit sums to z = {summed} and answers {answer}.{end}"
    if column == len(passage.batch.layers):
        return f"Forward: the output's answers are compared with the truth: loss {shown(passage.batch.loss)}."
    return "Forward: every unit sums what it is given and bends the sum."


def backward_sentence(passage: Pass, column: int) -> str:
    """What happens at a layer on the way back."""
    if column - 1 == passage.layer:
        return f"Backward: at the ringed unit's sum the gradient is ∂L/∂z = {shown(passage.unit.by_summed)}."
    if column == len(passage.batch.layers):
        return "Backward: the loss tells each output how to do better, ∂L/∂z."
    return "Backward: each unit adds up what the units above send through the weights, times its own slope."


def signed_bars(values: list[float], names: list[str], axes: tuple[str, str], alt: str, height: int) -> Picture:
    """One bar per number, blue and to the top if positive, orange if negative."""
    colors = [BLUE if value >= 0 else ORANGE for value in values]
    bar = upright(names, values, colors, **hover("%{x}: %{y:.4g}"))
    told = {"tickvals": names[:: 1 + len(names) // 13], "tickangle": 0}  # every other one where they would meet
    plan = layout(*axes, height, xaxis={"type": "category", "showgrid": False, **told})
    plan["yaxis"]["exponentformat"] = "power"  # else 0.00003 were 30µ
    return Picture([bar], plan, alt)


def sample_shares(passage: Pass, height: int = 280) -> Picture:
    """What each sample of the batch adds to the gradient of one weight."""
    values, total = passage.shares.tolist(), passage.unit.gradient[passage.busiest].item()
    source = passage.unit.inputs[passage.busiest]
    against = sum(value * total < 0 for value in values)
    alt = (
        f"Shares of {len(values)} samples in the gradient of the weight from {source}: together {shown(total)}, "
        f"{against} of them against the others."
    )
    axes = (f"sample of the batch (weight from {source})", "share of the gradient")
    return signed_bars(values, [str(place + 1) for place in range(len(values))], axes, alt, height)


def passing_units(passage: Pass, height: int = 280) -> Picture:
    """The gradient at every hidden unit's sum for the sample."""
    layers = [layer.by_summed[passage.row].tolist() for layer in passage.batch.layers[:-1]]
    names = [f"{layer + 1}.{place + 1}" for layer, values in enumerate(layers) for place in range(len(values))]
    alt = f"{sum(passage.passing)} of {len(names)} hidden units let a gradient through for this sample."
    return signed_bars([v for values in layers for v in values], names, ("hidden layer . unit", "∂L/∂z"), alt, height)
