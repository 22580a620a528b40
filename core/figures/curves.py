"""Curves over epochs or any other axis, with bands over seeds."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.figures.marks import HALF, SILENT, hover, powers, staggered, stroke, trace, upright, wrapped
from core.figures.picture import BLUE, COLORS, DASHES, INK, ORANGE, Picture, encoded, layout, transparent
from core.training.run import Run
from core.wording import counted

NAMES = {
    "train_loss": "Training loss",
    "test_loss": "Held-out loss",
    "train_score": "Training score",
    "test_score": "Held-out score",
    "gradient_norm": "Gradient norm",
    "learning_rate": "Learning rate",
}
PHONE = 36  # letters across a picture on a phone


def number(value: float) -> str:
    """A number in a sentence: three significant digits, from a thousand to a million all of them, a true minus sign."""
    if math.isnan(value):
        return "not a number"
    said = f"{value:,.0f}" if 999.5 <= abs(value) < 1e6 else f"{value:.3g}"
    return said.replace("-", "−")


def line(x, y, name: str, color: str, dash: str = "solid", **more) -> dict:
    """One curve."""
    style = {"color": color, "width": 2.5, "dash": dash}
    hover = "%{y:.4g}<extra>" + name + "</extra>"
    named = {"name": name, "line": style, "hovertemplate": hover}
    return {"type": "scatter", "mode": "lines", "x": encoded(x), "y": encoded(y), **named, **more}


def losses(run: Run, fork: Run | None = None, quantity: str = "loss", height: int = 380) -> Picture:
    """Training and held-out curves of a run (``quantity`` "loss" or "score") with a cursor that follows the replay;
    a fork's future is drawn beside it."""
    both = [(run, "", 1.0), *([(fork, " (fork)", 1.0)] if fork else [])]
    traces = []
    for one, suffix, _ in both:
        for side, color in (("train", ORANGE), ("test", BLUE)):
            name = f"{side}_{quantity}"
            numbers, values = one.curve(name)
            dash = ("solid" if side == "train" else "dash") if not suffix else "dot"
            traces.append(line(np.array(numbers), np.array(values), NAMES[name] + suffix, color, dash))
    cursor = trace("lines", [0, 0], [0, 1], yaxis="y2", line=stroke(INK, 1.5), **SILENT)
    numbers = run.curve("train_loss")[0]
    frames = [(*([None] * len(traces)), {"x": [at, at]}) for at in numbers]
    second = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
    picture_layout = layout("Epoch", quantity.capitalize(), height, yaxis2=second, hovermode="x unified")
    return Picture(
        [*traces, cursor], picture_layout, sentence(run, quantity), frames, [f"epoch {at}" for at in numbers]
    )


def sentence(run: Run, quantity: str) -> str:
    """What the curves of a run show, in one sentence."""
    first, last = run.history[0], run.last
    parts = [
        f"{NAMES[f'{side}_{quantity}']} from {number(getattr(first, f'{side}_{quantity}'))} "
        f"to {number(getattr(last, f'{side}_{quantity}'))}"
        for side in ("train", "test")
    ]
    return f"Curves over {counted(last.number, 'epoch')}: {parts[0]}; {parts[1]}."


def bands(
    x: Sequence[float] | np.ndarray,
    curves: Mapping[str, np.ndarray],
    axes: tuple[str, str],
    height: int = 380,
    log: str = "",
    **more,
) -> Picture:
    """Several methods over the same x, each with its seeds: the line is the mean, the band one standard deviation.

    ``curves`` maps a name to an array (seeds, len(x)) or (len(x),). ``log`` names the logarithmic axes ("x", "xy").
    """
    places, traces, words = np.asarray(x, dtype=float), [], []
    for index, (name, values) in enumerate(curves.items()):
        values = np.atleast_2d(np.asarray(values, dtype=float))
        dash = index + index // len(COLORS)  # colours that come again have another dash
        color, mean, spread = COLORS[index % len(COLORS)], values.mean(axis=0), values.std(axis=0)
        if len(values) > 1:
            round_trip = np.r_[places, places[::-1]]
            edge = {
                "x": encoded(round_trip),
                "y": encoded(np.r_[mean + spread, (mean - spread)[::-1]]),
            }
            fill = {"mode": "lines", "fill": "toself", "fillcolor": transparent(color, 0.18), "line": {"width": 0}}
            traces.append({"type": "scatter", **edge, **fill, "hoverinfo": "skip", "showlegend": False})
        markers = {"symbol": dash % 6, "size": 7, "color": color}
        mode = "lines+markers" if len(places) <= 25 else "lines"
        traces.append(line(places, mean, name, color, DASHES[dash % len(DASHES)], mode=mode, marker=markers))
        words.append(f"{name} from {number(mean[0])} to {number(mean[-1])}")
    small = {"exponentformat": "power"} if "x" in log and places.min() < 1e-3 else {}  # else 0.0001 were 100µ
    sizes = {f"{axis}axis": powers(*curves.values()) if axis == "y" else {"type": "log", **small} for axis in log}
    seeds = max(len(np.atleast_2d(values)) for values in curves.values())
    alt = f"{axes[1]} against {axes[0]}: {'; '.join(words)}" + (f"; bands over {seeds} seeds." if seeds > 1 else ".")
    return Picture(traces, layout(*axes, height, **{**sizes, **more}), alt)


def log_ticks(title: str, *logs: Any) -> dict:
    """A vertical axis for decimal logarithms, with the marks that the values themselves would have (``powers``)."""
    marks = powers(*(10.0 ** np.asarray(each, dtype=float) for each in logs))
    return {"title": {"text": title}, "tickvals": np.log10(marks["tickvals"]).tolist(), "ticktext": marks["ticktext"]}


def bars(
    values: Mapping[str, float | Sequence[float] | np.ndarray],
    axes: tuple[str, str],
    height: int = 320,
    text: Sequence[str] = (),
    **more: Any,
) -> Picture:
    """One bar per name; several values (seeds) give a bar of the mean with its standard deviation. ``text`` stands at
    the bars, else their numbers: shares as their axis is, in percent."""
    rows = {name: np.atleast_1d(np.asarray(value, dtype=float)) for name, value in values.items()}
    means, spreads = [float(row.mean()) for row in rows.values()], [float(row.std()) for row in rows.values()]
    several = bool(max(spreads, default=0) > 0)
    error = {"type": "data", "array": spreads, "color": INK, "thickness": 1.5, "visible": several}
    colors = [COLORS[index % len(COLORS)] for index in range(len(rows))]
    shares = more.get("yaxis", {}).get("tickformat") == ".0%"
    text = list(text) or [f"{mean:.1%}" if shares else number(mean) for mean in means]
    upon = {"text": text, "textposition": "none" if several else "auto", "insidetextanchor": "middle"}
    if len(rows) * max(map(len, text), default=0) <= PHONE:
        upon["textangle"] = 0  # it is not turned to fit into a low bar, but stands above it
    words = staggered([wrapped(name, HALF // len(rows)) for name in rows])
    bar = upright(words, means, colors, error_y=error, hovertext=list(rows), cliponaxis=False, **upon,
                  **hover("%{hovertext}: %{text}"))  # fmt: skip
    bar["marker"] |= {"line": {"color": colors, "width": 1}}  # Plotly leaves out a bar of 0 without a rim
    tops = [mean + spread for mean, spread in zip(means, spreads, strict=True)]
    small = {"textfont": {"size": 11}} if len(rows) > 5 else {}  # beside each other they would touch
    above = trace("text", words, tops, text=text, textposition="top center", cliponaxis=False, **small, **SILENT)
    alt = f"{axes[1]}: " + ", ".join(f"{name} {value}" for name, value in zip(rows, text, strict=True)) + "."
    names = {"showgrid": False, "tickangle": 0, "type": "category"}
    more = {"bargap": 0.2 if len(rows) < 5 else 0.1, **more}
    traces = [bar, above] if several else [bar]  # a whisker would run through what stands at the bar itself
    return Picture(traces, layout(*axes, height, showlegend=False, xaxis=names, **more), alt)


def across(names: Sequence[str], values: Mapping[str, Sequence[float]], axis: str, height: int = 0) -> Picture:
    """One horizontal bar per name; several series stand beside each other, told apart by colour and pattern, their
    numbers beside the bars: on a pattern nobody can read them."""
    spot = "outside" if len(values) > 1 else "auto"
    traces = [
        {"type": "bar", "orientation": "h", "y": list(range(len(names))), "x": list(row), "name": name,
         "marker": {"color": COLORS[1 - place], "pattern": {"shape": ("", "/")[place]}},
         "text": [number(value) for value in row], "textposition": spot, "textangle": 0, "cliponaxis": False,
         **hover("%{x:.4g}", name)}
        for place, (name, row) in enumerate(values.items())
    ]  # fmt: skip
    ticks = {"tickvals": list(range(len(names))), "ticktext": list(names), "range": [len(names) - 0.4, -0.6]}
    alt = f"{axis}: " + "; ".join(
        ", ".join(f"{name} {number(value)}" for name, value in zip(names, row, strict=True)) for row in values.values()
    )
    plan = layout(
        axis, "", height or 110 + 30 * len(names), yaxis={**ticks, "showgrid": False}, showlegend=len(values) > 1
    )
    if len(values) > 1:
        plan["margin"] = {**plan.get("margin", {}), "r": 44}
    return Picture(traces, plan, alt + ".")
