"""Charts of a classifier: how good it is beside its rivals, what it takes for what, how sure, how familiar."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.figures.marks import SILENT, hover, note, staggered, stroke, trace
from core.figures.picture import BLUE, DASHES, GREY, INK, ORANGE, SYMBOLS, Picture, encoded, layout
from core.figures.rasters import shades
from core.projects.classifier.figures import plain
from core.projects.classifier.strangers import Refusals
from core.wording import counted

DOTS = {"mode": "markers", "type": "scatter"}


def intervals(rows: Mapping[str, tuple[float, float, float]], title: str, height: int = 220) -> Picture:
    """Accuracies with their 95% intervals: share, low, high by name; first row on top."""
    names = list(rows)
    shares = [rows[name][0] for name in names]
    error = {
        "type": "data", "symmetric": False, "color": INK, "thickness": 2,
        "array": [max(0.0, rows[name][2] - rows[name][0]) for name in names],
        "arrayminus": [max(0.0, rows[name][0] - rows[name][1]) for name in names],
    }  # fmt: skip
    dots = {
        **DOTS, "x": shares, "y": names, "error_x": error,
        "marker": {"color": [BLUE, ORANGE, GREY][: len(names)], "size": 13, "symbol": list(SYMBOLS[: len(names)])},
        "hovertemplate": "%{y}: %{x:.0%}<extra></extra>",
    }  # fmt: skip
    plan = layout(
        title, "", height, showlegend=False,
        xaxis={"range": [0, 1.03], "tickformat": ".0%", "fixedrange": True},
        yaxis={"type": "category", "autorange": "reversed", "fixedrange": True, "showgrid": False},
    )  # fmt: skip
    told = "; ".join(f"{name} {share:.0%} ({low:.0%} to {high:.0%})" for name, (share, low, high) in rows.items())
    return Picture([dots], plan, f"{title}, with 95% intervals: {told}.")


def confusion(table: np.ndarray, names: Sequence[str], height: int = 380) -> Picture:
    """Pictures by class (rows) and answer (columns): blue where right, orange where wrong."""
    count = len(names)
    right = np.eye(count) > 0
    signed = np.where(
        right, table / max(int(table[right].max()), 1), -np.sqrt(table / max(int(table[~right].max(initial=0)), 1))
    )
    words = [[str(value) if value else "" for value in row] for row in table.tolist()]
    field = shades(
        0.75 * signed, -1, 1, [[0, ORANGE], [0.5, "rgba(123,132,148,0.06)"], [1, BLUE]],
        text=words, texttemplate="%{text}", xgap=2, ygap=2,
    )  # fmt: skip
    axis = {"tickvals": list(range(count)), "ticktext": [short(name) for name in names], "showgrid": False,
            "fixedrange": True, "constrain": "domain"}  # fmt: skip
    plan = layout(
        "Answer", "Class", height, showlegend=False,
        xaxis={**axis, "range": [-0.5, count - 0.5], **below([short(name) for name in names])},
        yaxis={**axis, "range": [count - 0.5, -0.5], "scaleanchor": "x"},
    )  # fmt: skip
    wrong = [
        (int(table[a, b]), f"{names[a]} answered {names[b]}")
        for a in range(count)
        for b in range(count)
        if a != b and table[a, b]
    ]
    worst = ", ".join(f"{text} {counted(number, 'time')}" for number, text in sorted(wrong, reverse=True)[:3])
    alt = f"Pictures by class and answer: {int(table[right].sum())} of {int(table.sum())} are right. "
    return Picture([field], plan, alt + (f"Most often wrong: {worst}." if worst else "None is wrong."))


def below(names: Sequence[str]) -> dict:
    """Names below the columns of a table: level, every other one lower; upright if there are many."""
    return {"ticktext": staggered(names), "tickangle": 0} if len(names) <= 8 else {"tickangle": -90}


def short(name: str) -> str:
    """A class's name on an axis."""
    return plain(name if len(name) <= 14 else name[:13] + "…")


def reliability(before: Sequence, after: Sequence, errors: tuple[float, float], height: int = 330) -> Picture:
    """How often answers are right, by how sure they are, before and after the temperature; bins as (sure, right,
    pictures)."""
    ideal = trace("lines", [0, 1], [0, 1], line=stroke(GREY, 1.5, "dot"), **SILENT)
    traces = [ideal]
    for place, (name, bins) in enumerate({"as trained": before, "calibrated": after}.items()):
        sure, right, counts = (list(column) for column in zip(*bins, strict=True)) if bins else ([], [], [])
        color = (ORANGE, BLUE)[place]
        traces.append(trace(
            "lines+markers", sure, right, name=name, line=stroke(color, 2, DASHES[place]),
            marker={"color": color, "symbol": SYMBOLS[place], "size": [7 + 2.2 * count**0.5 for count in counts]},
            text=[f"{count} pictures" for count in counts],
            **hover("sure %{x:.0%}, right %{y:.0%}, %{text}", name),
        ))  # fmt: skip
    percent = {"range": [-0.03, 1.05], "tickformat": ".0%", "fixedrange": True}
    plan = layout("How sure", "How often right", height, xaxis=percent, yaxis=percent)
    alt = (
        f"Share of right answers by certainty, on held-out pictures: the mean gap is {errors[0]:.0%} as trained and "
        f"{errors[1]:.0%} once calibrated."
    )
    return Picture(traces, plan, alt)


def likeness(found: Refusals, height: int = 330) -> Picture:
    """How familiar real pictures and strangers are, as dots in rows, and the threshold between them."""
    rows = {"held-out pictures": found.own, "classes not learned": found.others, "shipped strangers": found.strangers}
    traces = []
    for place, (name, values) in enumerate(rows.items()):
        spread = np.random.default_rng(place).uniform(-0.28, 0.28, len(values))
        traces.append({
            **DOTS, "x": encoded(values), "y": encoded(place + spread), "name": name,
            "marker": {"color": (BLUE, ORANGE, GREY)[place], "symbol": SYMBOLS[place], "size": 7, "opacity": 0.8},
            **hover("likeness %{x:.2f}", name),
        })  # fmt: skip
    line = {"type": "line", "x0": found.threshold, "x1": found.threshold, "y0": -0.5, "y1": 2.5, "line": stroke(INK, 2)}
    plan = layout(
        "Likeness to training pictures", "", height, showlegend=False, shapes=[line],
        annotations=[note(found.threshold, 1.0, "← none of these", yref="paper", xanchor="right", yanchor="bottom")],
        yaxis={"tickvals": [0, 1, 2], "ticktext": [name.replace(" ", "<br>", 1) for name in rows], "range": [2.5, -0.5],
               "showgrid": False, "fixedrange": True},
    )  # fmt: skip
    told = ", ".join(f"{name} {found.share(values):.0%}" for name, values in rows.items())
    return Picture(traces, plan, f"Likeness to the training pictures; refused below {found.threshold:.2f}: {told}.")
