"""Computation graphs drawn: values in blue above the vertices, gradients in orange below them, step by step."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from core.figures.marks import SILENT, UNSEEN, heading, hover, marker, stroke, trace
from core.figures.picture import (
    BLUE,
    BLUE_TEXT,
    GREY,
    INK,
    ORANGE,
    ORANGE_TEXT,
    PAPER,
    Picture,
    encoded,
    layout,
    transparent,
)
from core.formulas.graphs import Graph, Moment, shown

Places = dict[int, tuple[float, float]]  # where each vertex stands: columns to the right, rows upwards
Route = list[tuple[float, float]]
SWEEPS = 6  # passes of the crossing reduction
DIGITS = 3  # in the drawing; captions and tables have more
ROOM = 62  # in a vertex, in letters times the size of the type
EDGE, CLEAR = 0.48, 25  # room above and below the outer rows, in rows; from a vertex's middle to its numbers, in pixels
COLORS = {"forward": BLUE, "loss": BLUE, "backward": ORANGE, "update": ORANGE}


def columns(inputs: Sequence[tuple[int, ...]]) -> list[int]:
    """The column of each vertex: one right of its last input, and leaves one left of their first user."""
    found = []
    for sources in inputs:
        found.append(1 + max((found[source] for source in sources), default=-1))
    for place, sources in enumerate(inputs):
        if not sources and (uses := [user for user, each in enumerate(inputs) if place in each]):
            found[place] = min(found[user] for user in uses) - 1
    return found


def layered(inputs: Sequence[tuple[int, ...]]) -> tuple[Places, dict[tuple[int, int], Route]]:
    """Places of the vertices and routes of the edges (input, user) with few crossings (Sugiyama and others 1981): an
    edge over several columns gets a bend of its own in each. ``inputs`` are the places of each vertex's inputs, all of
    them before it."""
    column, chains = columns(inputs), {}
    layers: list[list] = [[] for _ in range(max(column, default=0) + 1)]
    for place, at in enumerate(column):
        layers[at].append(place)
    for user, sources in enumerate(inputs):
        for source in sources:
            bends = [(source, user, at) for at in range(column[source] + 1, column[user])]
            for bend in bends if (source, user) not in chains else ():
                layers[bend[2]].append(bend)
            chains[source, user] = [source, *bends, user]
    order_layers(layers, [pair for chain in chains.values() for pair in pairwise(chain)])
    height = max(len(layer) for layer in layers)
    spots = {
        one: (float(at), (len(layer) - 1) / 2 * height / len(layer) - row * height / len(layer))
        for at, layer in enumerate(layers)
        for row, one in enumerate(layer)
    }
    routes = {edge: [spots[one] for one in chain] for edge, chain in chains.items()}
    return {place: spots[place] for place in range(len(inputs))}, routes


def order_layers(layers: list[list], links: list[tuple]) -> None:
    """Sort every layer by the middle of its neighbours' rows, there and back, in place."""
    near: dict = {}
    for left, right in links:
        near.setdefault(left, []).append(right)
        near.setdefault(right, []).append(left)
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 else layers[::-1]:
            rows = {one: (row + 0.5) / len(each) for each in layers for row, one in enumerate(each)}
            layer.sort(key=lambda one: np.mean([rows[each] for each in near.get(one, [one])]))


def computation(
    moments: Sequence[Moment], places: Places | None = None, heads: Sequence[tuple[float, str]] = (), height: int = 0
) -> Picture:
    """The work on a graph, moment by moment, ready to be stepped through; ``places`` overrides the layout, ``heads``
    (column, text) are written above. A gradient that is to be worked out is a question mark."""
    graph = moments[-1].graph
    spots, routes = layered([vertex.inputs for vertex in graph.vertices])
    if places:
        spots = places
        routes = {edge: [places[edge[0]], places[edge[1]]] for edge in routes}
    places = spots
    drawn = {edge: route for edge, route in routes.items() if graph.vertices[edge[0]].kind != "parameter"}
    width, tall = max(at for at, _ in places.values()), max(abs(row) for _, row in places.values())
    height = height or int(180 + 200 * min(tall, 2.2))
    clear = CLEAR * 2 * (tall + EDGE) / height
    low, high = (bound(row for _, row in places.values()) for bound in (min, max))
    height = round(height * (high - low + 2 * EDGE) / (2 * (tall + EDGE)))  # no room where nothing stands
    frames = [frame(moment, places, drawn, clear) for moment in moments]
    base = traces(graph, places, drawn)
    last = [{**trace, **(change or {})} for trace, change in zip(base, frames[-1], strict=True)]
    notes = [heading(at, text) for at, text in heads]
    plan = layout(
        height=height,
        meta={"dense": True},
        xaxis={**UNSEEN, "range": [-0.45, width + 0.45]},
        yaxis={**UNSEEN, "range": [low - EDGE, high + EDGE]},
        showlegend=False,
        annotations=notes,
    )
    plan["margin"] = {"l": 4, "r": 4, "t": 26 if heads else 6, "b": 6}
    return Picture(last, plan, sentence(moments[-1]), frames, [m.label for m in moments], [m.caption for m in moments])


def sentence(moment: Moment) -> str:
    """All values and known gradients of a graph in one sentence."""
    parts = [
        f"{vertex.name} = {shown(vertex.value)}"
        + (f" with gradient {shown(vertex.gradient)}" if place in moment.gradients else "")
        for place, vertex in enumerate(moment.graph.vertices)
        if vertex.kind != "constant"
    ]
    return f"A computation graph that ends in {moment.graph.answer.name}: {', '.join(parts)}."


def traces(graph: Graph, places: Places, routes: dict[tuple[int, int], Route]) -> list[dict]:
    """What is drawn, lowest first: edges, the edges at work, vertices, those at work, signs, and three kinds of
    numbers: values, gradients, and what an edge multiplies by."""
    kept = [place for place, vertex in enumerate(graph.vertices) if vertex.kind != "parameter"]
    spots = coordinates([places[place] for place in kept])
    symbols = ["square" if graph.vertices[place].inputs else "circle" for place in kept]
    edges = [GREY if graph.vertices[place].kind == "constant" else INK for place in kept]
    box = marker(PAPER, 36, symbols, edges, 1.5)
    signs = [graph.vertices[place].sign for place in kept]
    sizes = [min(13, ROOM / max(1, len(sign))) for sign in signs]  # a long name stays in its box
    words = [hovered(graph, place) for place in kept]
    numbers = (("top center", BLUE_TEXT), ("bottom center", ORANGE_TEXT), ("middle center", INK))
    return [
        trace("lines", **path(routes.values()), line=stroke(GREY, 1.2), **SILENT),
        trace("lines", [], [], line={"width": 3}, **SILENT),
        trace("markers", **spots, marker=box, text=words, showlegend=False, **hover("%{text}")),
        trace("markers", [], [], marker={"size": 42}, **SILENT),
        trace("text", **spots, text=signs, textfont={"color": INK, "size": sizes}, **SILENT),
        *(
            trace("text", [], [], text=[], textposition=where, textfont={"color": color}, **SILENT)
            for where, color in numbers
        ),
    ]


def coordinates(spots: Sequence[tuple[float, float]]) -> dict:
    """Places as the x and y of a trace."""
    return {"x": [spot[0] for spot in spots], "y": [spot[1] for spot in spots]}


def path(routes: Iterable[Route]) -> dict:
    """Polylines with gaps between them, as the x and y of one trace."""
    points = np.array([spot for route in routes for spot in [*route, (np.nan, np.nan)]], float).reshape(-1, 2)
    return {"x": encoded(points[:, 0]), "y": encoded(points[:, 1])}


def hovered(graph: Graph, place: int) -> str:
    """What a vertex computes, in words."""
    vertex = graph.vertices[place]
    return f"{vertex.name} = {vertex.symbols}<br>= {vertex.numbers}" if vertex.symbols else vertex.name


def frame(
    moment: Moment, places: Places, routes: dict[tuple[int, int], Route], clear: float
) -> tuple[dict | None, ...]:
    """What one moment changes; ``clear`` is how far numbers stand from the middle of their vertex, in rows."""
    graph, color = moment.graph, COLORS[moment.beat]
    weights = [place for place in moment.active if graph.vertices[place].kind == "parameter"]
    fed = [user for place in weights for user, _ in graph.users(place)] if moment.beat != "forward" else []
    at_work = [place for place in moment.active if place not in weights]
    end = 1 if moment.beat in ("forward", "loss") else 0
    edges = {edge: route for edge, route in routes.items() if edge[end] in at_work or edge[1] in fed}
    tint = {"size": 42, "color": transparent(color, 0.35), "symbol": "square"}
    return (
        None,
        {**path(edges.values()), "line": {"width": 3, "color": color, "dash": "solid" if end else "dot"}},
        None,
        {**coordinates([places[place] for place in (*at_work, *fed)]), "marker": tint},
        None,
        values(moment, places, clear),
        gradients(moment, places, clear),
        slopes(moment, edges if not end else {}),
    )


def values(moment: Moment, places: Places, clear: float) -> dict:
    """The values known by then, above their vertices."""
    vertices = moment.graph.vertices
    kept = [place for place in sorted(moment.values) if vertices[place].name != shown(vertices[place].value)]
    words = [f"{vertices[place].name} = {shown(vertices[place].value, DIGITS)}" for place in kept]
    low = [vertices[place].kind == "constant" and places[place][1] < 0 for place in kept]
    heights = [-clear * 1.3 if below else clear for below in low]
    spots = [raised(vertices[at].kind, places[at], height) for at, height in zip(kept, heights, strict=True)]
    return {**coordinates(spots), "text": words}


def gradients(moment: Moment, places: Places, clear: float) -> dict:
    """The gradients known by then, below their vertices; a question mark where one is to be worked out."""
    vertices = moment.graph.vertices
    unknown = [place for place in moment.active if place not in moment.gradients] if moment.beat == "backward" else []
    kept = [*sorted(moment.gradients), *unknown]
    words = ["∂ ?" if place in unknown else f"∂ {shown(vertices[place].gradient, DIGITS)}" for place in kept]
    spots = [raised(vertices[place].kind, places[place], -clear) for place in kept]
    return {**coordinates(spots), "text": words}


def raised(kind: str, spot: tuple[float, float], by: float) -> tuple[float, float]:
    """Where a number stands: clear of its vertex's sign, close together where there is none."""
    return spot[0], spot[1] + (0.0 if kind == "parameter" else by)


def slopes(moment: Moment, edges: dict[tuple[int, int], Route]) -> dict:
    """What the edges at work multiply a gradient by on its way back."""
    vertices, spots, words = moment.graph.vertices, [], []
    for (source, user), route in edges.items():
        if source in moment.gradients:
            node = sum(slope for one, slope in moment.graph.users(source) if one == user)
            (x, y), (right, up) = route[0], route[1]
            spots.append(((x + right) / 2, (y + up) / 2 + 0.1))
            words.append(f"· {shown(node, DIGITS)}" if vertices[user].kind != "parameter" else "")
    return {**coordinates(spots), "text": words}
