"""Pictures that the views share: a block's graph, and costs beside times."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.deployment.clock import Latency, shortly
from core.figures.graphs import layered
from core.figures.marks import SILENT, UNSEEN, hover, marker, note, stroke, trace
from core.figures.picture import BLUE, COLORS, GREEN, GREY, INK, ORANGE, PAPER, PINK, SYMBOLS, Picture, layout
from core.topics.efficient_cnns.costs import KINDS, band
from core.topics.efficient_cnns.graph import CONVOLUTION, DEPTHWISE, JOINS, OTHER, POINTWISE, Vertex

TINTS = {CONVOLUTION: ORANGE, DEPTHWISE: BLUE, POINTWISE: GREEN, JOINS: PINK, OTHER: GREY}
STEP, WIDEST = 84, 13  # pixels from a row to the next; of the widest edge
LOOKS = dict(zip(KINDS, zip((*COLORS, INK), (*SYMBOLS, "star"), strict=True), strict=True))  # colour and symbol


def times(shape: Sequence[int]) -> str:
    """A shape as edges show it."""
    return " × ".join(map(str, shape))


def millions(count: float) -> str:
    """How many, with three digits: 231 million, 57.8 million, 12.5 thousand."""
    for unit, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if count >= unit:
            return f"{count / unit:.3g} {word}"
    return f"{count:.3g}"


def diagram(vertices: Sequence[Vertex], name: str, costs: bool = True) -> Picture:
    """A block from top to bottom: boxes are operations, an edge is as wide as the maps that it carries are large."""
    spots, routes = layered([vertex.inputs for vertex in vertices])
    places = {place: (row, -column) for place, (column, row) in spots.items()}
    most, total = max(vertex.size for vertex in vertices), max(sum(vertex.flops for vertex in vertices), 1)
    lines = [
        trace("lines", [row for _, row in route], [-column for column, _ in route],
              line=stroke(GREY, 1 + (WIDEST - 1) * (vertices[source].size / most) ** 0.5), opacity=0.55, **SILENT)
        for (source, _), route in routes.items()
    ]  # fmt: skip
    dots = trace("markers", [at[0] for at in places.values()], [at[1] for at in places.values()],
                 marker=marker([TINTS[each.kind] for each in vertices], 26, "square"), showlegend=False,
                 text=[told(each) for each in vertices], **hover("%{text}"))  # fmt: skip
    boxes = [box(vertex, *places[place], total if costs else 0) for place, vertex in enumerate(vertices)]
    depth, wide = max(-y for _, y in places.values()), max(abs(x) for x, _ in places.values())
    plan = layout(
        height=int(60 + STEP * (depth + 1)), annotations=[*carried(vertices, routes), *boxes], showlegend=False,
        xaxis={**UNSEEN, "range": [-wide - 0.75, wide + 0.75]}, yaxis={**UNSEEN, "range": [-depth - 0.6, 0.5]},
    )  # fmt: skip
    plan["margin"] = {"l": 4, "r": 4, "t": 6, "b": 6}
    said = "; ".join(f"{each.words} gives {times(each.shape)}" for each in vertices)
    return Picture([*lines, dots], plan, f"The graph of the block {name}, traced from its module: {said}.")


def box(vertex: Vertex, x: float, y: float, total: int) -> dict:
    """An operation's box: what it is, what follows it, its share of the FLOPs."""
    share = f"{100 * vertex.flops / total:.0f}% FLOPs" if total and vertex.flops else ""
    lines = filter(None, [f"<b>{vertex.words}</b>", ", ".join(vertex.followers), share])
    return note(x, y, "<br>".join(lines), bgcolor=PAPER, bordercolor=TINTS[vertex.kind], borderwidth=2,
                borderpad=4, font={"size": 11, "color": INK})  # fmt: skip


def carried(vertices: Sequence[Vertex], routes: Mapping[tuple[int, int], list[tuple[float, float]]]) -> list[dict]:
    """The shape on each edge, in its middle or at the middle one of its bends; edges side by side that carry the same
    share a label."""
    words: list[dict] = []
    for (source, _), route in routes.items():
        down, across = np.mean(route, axis=0) if len(route) == 2 else route[len(route) // 2]
        text, x, y = times(vertices[source].shape), float(across), -float(down)
        if not any(each["text"] == text and each["y"] == y and abs(each["x"] - x) < 0.9 for each in words):
            words.append(note(x, y, text, bgcolor=PAPER, font={"size": 10, "color": INK}, borderpad=1))
    return words


def told(vertex: Vertex) -> str:
    """An operation under the mouse."""
    return (
        f"{' + '.join([vertex.words, *vertex.followers])}<br>{times(vertex.shape)}<br>{vertex.parameters:,} parameters"
        f"<br>{millions(vertex.flops)} FLOPs<br>{1000 * vertex.seconds:.3g} ms"
    )


def clock_against_counts(
    counts: Mapping[str, float], latencies: Mapping[str, Latency], chosen: str, axis: str = "FLOPs", height: int = 380
) -> Picture:
    """One symbol per block: what is counted to the right, milliseconds with the median's 95% interval upwards; the
    line holds the plain convolution's time for each FLOP."""
    traces = []
    for name, latency in latencies.items():
        low, middle, high = band(latency)
        color, symbol = LOOKS[name]
        spread = {"type": "data", "symmetric": False, "array": [high - middle], "arrayminus": [middle - low],
                  "color": color, "thickness": 1.5}  # fmt: skip
        style = marker(color, 17 if name == chosen else 12, symbol, INK if name == chosen else PAPER)
        traces.append(trace("markers", [counts[name]], [middle], error_y=spread, name=name, marker=style,
                            **hover(f"{millions(counts[name])}, %{{y:.3g}} ms", name)))  # fmt: skip
    first = next(iter(latencies))
    ends = np.array([min(counts.values()) / 1.5, max(counts.values()) * 1.5])
    rate = latencies[first].median / counts[first]
    guide = trace("lines", ends, ends * rate, line=stroke(GREY, 1, "dot"), name=f"as fast as the {first}",
                  hoverinfo="skip")  # fmt: skip
    plan = layout(f"{axis} (logarithmic)", "Milliseconds (logarithmic)", height, xaxis={"type": "log"} | ticks(ends),
                  yaxis={"type": "log"} | ticks(np.array([each.median for each in latencies.values()])))  # fmt: skip
    said = "; ".join(f"{name} {millions(counts[name])} in {shortly(each.median)} ms" for name, each in
                     latencies.items())  # fmt: skip
    return Picture([*traces, guide], plan, f"{axis} and measured milliseconds of each block: {said}.")


def ticks(values: np.ndarray) -> dict:
    """Round ticks (1, 2 and 5 times a power of ten) on a logarithmic axis around some values."""
    low, high = values.min() / 1.6, values.max() * 1.6
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    places = [digit * 10.0**power for power in powers for digit in (1, 2, 5) if low <= digit * 10.0**power <= high]
    if len(places) > 7:
        places = [place for place in places if f"{place:e}".startswith("1")]
    return {"tickvals": places, "ticktext": [compact(place) for place in places],
            "range": [float(np.log10(low)), float(np.log10(high))]}  # fmt: skip


def compact(value: float) -> str:
    """A tick: 20k, 5M, 0.2."""
    for unit, word in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{word}"
    return f"{value:g}"
