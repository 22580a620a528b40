"""Pictures of ONNX files: the graph as a list with lines, an operator's answer, times, differences."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.deployment.onnx_files import OnnxFile, Operator
from core.figures.curves import number
from core.figures.galleries import mosaic
from core.figures.marks import SILENT, UNSEEN, hover, marker, note, stroke, trace
from core.figures.picture import BLUE, COLORS, GREY, INK, ORANGE, PAPER, SYMBOLS, Picture, encoded, layout
from core.figures.rasters import SIGNED, raster, shades, signed
from core.wording import counted

ROWS, CELLS = 32, 12  # operators drawn at once; units of a strip
LANE, TEXT, STRIP = 0.55, 0.5, 9.2  # steps of the lines to the left; where words and strips begin
MAPS = 32  # feature maps shown
FAMILIES = {  # operators by what they do → their colour and symbol
    "layers with weights": ("Gemm", "Conv", "MatMul", "ConvTranspose", "FusedGemm", "FusedConv", "LSTM", "GRU"),
    "activations": ("Relu", "Tanh", "Sigmoid", "Gelu", "LeakyRelu", "Softmax", "Clip", "Elu", "HardSwish"),
    "pooling and sums": ("MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum"),
    "branches and loops": ("If", "Loop", "Scan"),
}  # fmt: skip
Edge = tuple[int, int]


def family(kind: str) -> int:
    """Which family an operator belongs to; the last place is for all others."""
    places = [place for place, kinds in enumerate(FAMILIES.values()) if kind in kinds]
    return places[0] if places else len(FAMILIES)


def graph(file: OnnxFile, values: Mapping[str, np.ndarray], chosen: int, first: int = 0) -> Picture:
    """The operators of a file from ``first`` on, one below the other: what feeds what as lines, the shape that each
    writes, and the first units of what it answered to the learner's input (``values`` by tensor)."""
    shown = file.operators[first : first + ROWS]
    rows = len(shown) + 2
    ends = [(0, "input", file.inputs[:1]), (rows - 1, "output", file.outputs[:1])]
    edges = edges_of(file, shown)
    lanes = lanes_of(edges)
    deepest = max(lanes.values(), default=0)
    groups = [[row for row, each in enumerate(shown, 1) if family(each.kind) == place] for place in range(5)]
    names = [*FAMILIES, "other operators"]
    marks = [
        trace("markers", [0] * len(group), group, name=name, showlegend=True,
              marker=marker(COLORS[place], 13, SYMBOLS[place], PAPER, 1),
              text=[about(file, shown[row - 1]) for row in group], **hover("%{text}"))
        for place, (name, group) in enumerate(zip(names, groups, strict=True)) if group
    ]  # fmt: skip
    stops = trace("markers", [0, 0], [0, rows - 1], marker=marker(PAPER, 11, "circle", INK, 2), **SILENT)
    ring = trace("markers", [0], [chosen - first + 1], marker=marker(INK, 21, "circle-open"), **SILENT)
    words = [note(TEXT, row, f"{name} <b>{each[0]}</b> {file.shape(each[0])}", xanchor="left")
             for row, name, each in ends if each]  # fmt: skip
    words += [
        note(TEXT, row, f"<b>{each.kind}</b>  {file.shape(each.outputs[0])}", xanchor="left")
        for row, each in enumerate(shown, 1) if each.outputs
    ]  # fmt: skip
    strips = [strip(shown, values)] if values else []
    axis = {
        **UNSEEN,
        "automargin": False,
        "range": [-LANE * deepest - 0.7, STRIP + CELLS * 0.4 if values else STRIP + 2],
    }
    plan = layout(
        height=90 + 27 * rows, meta={"dense": True}, annotations=words, xaxis=axis,
        yaxis={**UNSEEN, "automargin": False, "range": [rows - 0.4, -0.6]}, showlegend=True,
    )  # fmt: skip
    plan["margin"] = {"l": 2, "r": 2, "t": 58, "b": 2}
    return Picture([lines(edges, lanes), *strips, stops, *marks, ring], plan, told(file, shown, first))


def about(file: OnnxFile, operator: Operator) -> str:
    """What is said of an operator under the mouse."""
    weights = {weight.name: weight for weight in file.weights}
    parts = [f"{operator.kind} {operator.name}"]
    parts += [f"{name}: {value}" for name, value in operator.attributes]
    parts += [f"weight {name}: {file.shape(name)}" for name in operator.inputs if name in weights]
    return "<br>".join(escaped(part) for part in parts)


def escaped(words: str) -> str:
    """Text of a file as Plotly may show it, without markup of its own."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def edges_of(file: OnnxFile, shown: Sequence[Operator]) -> list[Edge]:
    """From which row to which row tensors go; row 0 is the input, the last one the output."""
    writer = dict.fromkeys(file.inputs, 0)
    found: list[Edge] = []
    for row, operator in enumerate(shown, 1):
        found += [(writer[name], row) for name in dict.fromkeys(operator.inputs) if name in writer]
        writer |= dict.fromkeys(operator.outputs, row)
    return found + [(writer[name], len(shown) + 1) for name in file.outputs if writer.get(name)]


def lanes_of(edges: Sequence[Edge]) -> dict[Edge, int]:
    """In which lane each line runs: 0 between neighbours, others so far to the left that no two lines overlap."""
    lanes: dict[Edge, int] = {}
    for start, end in sorted(set(edges), key=lambda edge: edge[1] - edge[0]):
        taken = {lane for (other, stop), lane in lanes.items() if other < end and start < stop and lane}
        lanes[start, end] = 0 if end - start == 1 else min(set(range(1, len(edges) + 2)) - taken)
    return lanes


def lines(edges: Sequence[Edge], lanes: Mapping[Edge, int]) -> dict:
    """All lines as one trace with gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    for start, end in edges:
        at = -LANE * lanes[start, end]
        x += [0, at, at, 0, None] if at else [0, 0, None]
        y += [start, start + 0.35, end - 0.35, end, None] if at else [start, end, None]
    return trace("lines", x, y, line=stroke(GREY, 2), **SILENT)


def strip(shown: Sequence[Operator], values: Mapping[str, np.ndarray]) -> dict:
    """The first units of every answer, each row by its own largest value: blue above 0, orange below."""
    field = np.zeros((len(shown) + 1, CELLS))
    for row, operator in enumerate(shown, 1):
        units = units_of(values.get(operator.outputs[0]) if operator.outputs else None)[:CELLS]
        field[row, : len(units)] = units / max(float(np.abs(units).max(initial=0)), 1e-9)
    places = STRIP + 0.4 * np.arange(CELLS)
    return shades(field, -1, 1, SIGNED, x=encoded(places), y=encoded(np.arange(len(field))), xgap=1, ygap=6)


def units_of(value: np.ndarray | None) -> np.ndarray:
    """The answer to the first input as one number per unit; of a feature map its mean."""
    if value is None or value.dtype.kind not in "fiu" or not value.size:
        return np.zeros(0)
    first = value[0] if value.ndim > 1 else value
    return np.nan_to_num(first.reshape(len(first), -1).mean(axis=1)) if first.ndim else np.zeros(0)


def told(file: OnnxFile, shown: Sequence[Operator], first: int) -> str:
    """The graph in a sentence."""
    names = ", ".join(f"{each.kind} ({file.shape(each.outputs[0])})" for each in shown[:20] if each.outputs)
    more = f" Shown are {first + 1} to {first + len(shown)}." if len(shown) < len(file.operators) else ""
    end = " …" if len(shown) > 20 else ""
    return f"A graph of {counted(len(file.operators), 'operator')}, in order: {names}{end}.{more}"


def answer(operator: Operator, value: np.ndarray, names: Sequence[str] = ()) -> Picture:
    """All that one operator answered to the learner's input: feature maps, or a bar for each unit."""
    title = f"What {operator.kind} answered"
    if value.ndim == 4:
        whole = mosaic(value[0, :MAPS], 8, 0.0)
        most, full = float(np.abs(value[0]).max()), float(np.quantile(np.abs(value[0]), 0.99))
        alt = (
            f"{min(MAPS, value.shape[1])} of {value.shape[1]} feature maps of {value.shape[2]} × {value.shape[3]} that "
            f"{operator.kind} answered; blue is above 0, orange below, the largest in size {number(most)}."
        )
        return raster([signed(whole, full)], whole.shape, title, alt, 380)
    units = value.reshape(-1)[:128]
    words = list(names) if len(names) == len(units) else [f"unit {place}" for place in range(len(units))]
    colors = [BLUE if each > 0 else ORANGE for each in units]
    bar = {"type": "bar", "x": words, "y": encoded(units.astype(np.float32)), "marker": {"color": colors},
           **hover("%{x}: %{y:.4g}")}  # fmt: skip
    alt = f"{title}: " + ", ".join(
        f"{word} {number(float(each))}" for word, each in zip(words[:16], units, strict=False)
    )
    plan = layout("", title, 380, showlegend=False, xaxis={"type": "category", "nticks": 8})
    return Picture([bar], plan, alt + ".")
