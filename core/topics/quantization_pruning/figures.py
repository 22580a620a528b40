"""Pictures that several views of the page share: accuracies with their intervals, and times of single calls."""

from collections.abc import Mapping

import numpy as np

from core.deployment.clock import Latency, shortly
from core.figures.marks import hover, marker, note, trace, upright, vertical, wrapped
from core.figures.picture import BLUE, COLORS, GREY, INK, SYMBOLS, Picture, layout
from core.topics.quantization_pruning.candidates import Accuracy


def accuracies(values: Mapping[str, Accuracy], height: int = 240) -> Picture:
    """One row per network: its accuracy with the 95% interval; the first is what the others are held against."""
    names, rows = list(values), list(range(len(values)))
    shares = np.array([100 * each.share for each in values.values()])
    low, high = (np.array([100 * each.interval[end] for each in values.values()]) for end in (0, 1))
    bars = {"type": "data", "symmetric": False, "array": (high - shares).tolist(),
            "arrayminus": (shares - low).tolist(), "color": INK, "thickness": 1.5}  # fmt: skip
    colors = [GREY, *COLORS[: len(rows)]][: len(rows)]
    dots = trace("markers", shares.tolist(), rows, error_x=bars, showlegend=False, text=names,
                 marker=marker(colors, 13, list(SYMBOLS[: len(rows)])), **hover("%{text}: %{x:.1f}%"))  # fmt: skip
    axis = {"tickvals": rows, "ticktext": names, "range": [len(rows) - 0.5, -0.5], "showgrid": False}
    least = max(0.0, float(low.min()) - 3)
    line = vertical(shares[0], GREY, 1, "dot")  # fmt: skip
    plan = layout("Accuracy on held-out samples, %", "", height, yaxis=axis, xaxis={"range": [least, 100.5]},
                  shapes=[line])  # fmt: skip
    told = "; ".join(f"{name} {each.words}" for name, each in values.items())
    return Picture([dots], plan, f"Accuracy on held-out samples with 95% intervals: {told}.")


def clocked(values: Mapping[str, Latency], batch: int, height: int = 0) -> Picture:
    """One row per way: its median as a bar, every call as a dot, the 95th percentile as a tick."""
    names, rows = list(values), list(range(len(values)))
    medians = [each.median for each in values.values()]
    bars = upright(medians, rows, COLORS[0], orientation="h", name="median", opacity=0.75, hovertext=names,
                   **hover("%{hovertext}: median %{x:.3g} ms"))  # fmt: skip
    every = np.concatenate([each.milliseconds for each in values.values()])
    places = np.repeat(np.array(rows, float), [len(each.milliseconds) for each in values.values()])
    spread = places + 0.5 * (np.modf(np.arange(len(places)) * 0.618)[0] - 0.5)
    calls = trace("markers", every, spread, name="a call", marker=marker(GREY, 3), hoverinfo="skip", opacity=0.6)
    tails = [each.p95 for each in values.values()]
    tail = trace("markers", tails, rows, name="95th percentile", marker=marker(BLUE, 18, "line-ns", BLUE, 3),
                 text=names, **hover("%{text}: 95% of calls within %{x:.3g} ms"))  # fmt: skip
    axis = {"tickvals": rows, "ticktext": [wrapped(name, 18) for name in names], "range": [len(rows) - 0.5, -0.5],
            "showgrid": False}  # fmt: skip
    words = "one sample" if batch == 1 else f"{batch} samples"
    plan = layout(f"Milliseconds for {words}", "", height or 120 + 46 * len(rows), yaxis=axis,
                  xaxis={"range": [0, 1.15 * max(tails)]})  # fmt: skip
    plan["annotations"] = [note(each, row, f" {shortly(each)}", xanchor="left", yshift=-14, font={"size": 11})
                           for row, each in zip(rows, medians, strict=True)]  # fmt: skip
    told = "; ".join(f"{name} {each.words}" for name, each in values.items())
    return Picture([bars, calls, tail], plan, f"Milliseconds for {words}, median and 95th percentile: {told}.")


def kilobytes(size: float) -> str:
    """Bytes as a table shows them: ``24.1 kB``, ``132 bytes``."""
    return f"{size / 1000:,.1f} kB" if size >= 1000 else f"{size:.0f} bytes"
