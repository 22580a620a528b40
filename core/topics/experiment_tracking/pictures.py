"""Pictures of a table of runs: parallel coordinates, curves with the bands of their seeds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import note
from core.figures.parallel import Axis, Lines, parallel_coordinates
from core.figures.picture import COLORS, DASHES, GREY, INK, ORANGE, Picture, encoded, layout, transparent
from core.topics.experiment_tracking.columns import Condition, Table
from core.topics.experiment_tracking.selecting import Selected
from core.topics.experiment_tracking.sweep import HELD_OUT, short
from core.training.logbook import SEED, Entry
from core.wording import counted

MOST_AXES = 8
LEFT_OUT = "filtered out"


def axes_of(table: Table, result: str = HELD_OUT) -> list[str]:
    """The columns that have an axis: settings that differ, the seed last of them, and a result."""
    varied = sorted(table.varied, key=lambda name: name == SEED)
    return [*varied[: MOST_AXES - 1], *([result] if result else [])]


def all_runs(
    table: Table, keep: Sequence[int], colour: str = "", wanted: Sequence[Condition] = (), result: str = HELD_OUT
) -> Picture:
    """Every run as a line over the settings in which they differ; coloured by a column, what the filter leaves out in
    grey, the filter itself as bars on its axes."""
    names = axes_of(table, result)
    axes = [Axis(name, table.columns[name].heights, table.columns[name].ticks) for name in names]
    inside = set(keep)
    grey = [place for place in range(len(table.entries)) if place not in inside]
    groups = [Lines(LEFT_OUT, grey, transparent(GREY, 0.35), 1, "dot")] if grey else []
    coloured = table.columns[colour].groups() if colour in table.columns else {"": list(range(len(table.entries)))}
    for place, (value, rows) in enumerate(coloured.items()):
        shown = [row for row in rows if row in inside]
        name = f"{colour} {value}" if colour in table.columns else "runs"
        groups.append(Lines(name, shown, COLORS[place % 6], 1.8, DASHES[place % 6]))
    picture = parallel_coordinates(axes, groups, sentence(table, keep, names, result), 400)
    bars = [brush(names.index(each.column), each, table) for each in wanted if each.column in names]
    plan = picture.layout | {"shapes": [*picture.layout["shapes"], *bars], "meta": {"brush": True}, "dragmode": False}
    return Picture(picture.traces, plan, picture.alt)


def brush(place: int, wanted: Condition, table: Table) -> dict:
    """What a condition keeps of an axis, as a broad bar."""
    column = table.columns[wanted.column]
    heights = column.heights[wanted.holds(column)]
    low, high = (float(heights.min()), float(heights.max())) if len(heights) else (0.0, 0.0)
    if column.numbers is not None and not wanted.words:
        ends = (column.scaled(each) if np.isfinite(each) else k for k, each in enumerate((wanted.low, wanted.high)))
        low, high = (min(max(each, -0.05), 1.05) for each in ends)
    return {"type": "rect", "x0": place - 0.04, "x1": place + 0.04, "y0": low - 0.02, "y1": high + 0.02,
            "fillcolor": transparent(ORANGE, 0.35), "line": {"color": ORANGE, "width": 1}}  # fmt: skip


def sentence(table: Table, keep: Sequence[int], names: Sequence[str], result: str) -> str:
    """All runs in words."""
    said = f"Parallel coordinates of {len(table.entries)} runs over {', '.join(names)}; {len(keep)} pass the filter"
    if not result or not keep:
        return f"{said}."
    best = table.ordered(keep, result)[0]
    end = table.entries[best].results.get(result, float("nan"))
    return f"{said}, of which {table.entries[best].name} has the lowest {result.lower()}, {number(end)}."


def rows_of(entries: Sequence[Entry], curve: str) -> tuple[np.ndarray, np.ndarray]:
    """The epochs (moments,) and the curves (runs, moments) of runs that repeat each other; a loss that is no finite
    number stays where it was before."""
    epochs = np.array(entries[0].curves[curve][0], dtype=float)
    rows = np.array([each.curves[curve][1] for each in entries], dtype=float)
    for row in rows:
        for place in np.flatnonzero(~np.isfinite(row)):
            row[place] = row[place - 1] if place else 0.0
    return epochs, np.clip(rows, -1e6, 1e6)


def overlaid(
    groups: Mapping[str, Sequence[Entry]], curve: str = HELD_OUT, until: float = 1.0, height: int = 400
) -> Picture:
    """Curves of several settings: the mean of their seeds, and one standard deviation as a band; the run itself dotted.
    ``until`` cuts them after a share of the training."""
    traces, words = [], []
    for place, (name, entries) in enumerate(groups.items()):
        epochs, rows = rows_of(entries, curve)
        last = max(2, int(np.ceil(until * len(epochs))))
        epochs, rows = epochs[:last], rows[:, :last]
        color, mean, spread = COLORS[place % 6], rows.mean(axis=0), rows.std(axis=0)
        if len(rows) > 1:
            edge = {"x": encoded(np.r_[epochs, epochs[::-1]]),
                    "y": encoded(np.r_[mean + spread, (mean - spread)[::-1]])}  # fmt: skip
            fill = {"mode": "lines", "fill": "toself", "fillcolor": transparent(color, 0.18), "line": {"width": 0}}
            traces.append({"type": "scatter", **edge, **fill, "hoverinfo": "skip", "showlegend": False})
        seeds = counted(len(rows), "seed")
        traces.append(line(epochs, mean, f"{short(name)}, {seeds}", color, DASHES[place % 6]))
        words.append(f"the settings of {name} from {number(mean[0])} to {number(mean[-1])} ({seeds})")
    return Picture(traces, layout("Epoch", curve, height), f"{curve} against epochs: {'; '.join(words)}.")


def against_record(recorded: float, again: Sequence[float], same: Sequence[bool], height: int = 260) -> Picture:
    """Final losses of reruns beside the recorded one."""
    places = np.arange(1, len(again) + 1)
    alike = np.array(same)
    values = np.clip(np.nan_to_num(np.array(again), nan=1e3), -1e3, 1e3)
    traces = [line(np.array([0.5, len(again) + 0.5]), np.array([recorded] * 2), "recorded", INK, "dash")]
    for name, keep, color, symbol in (
        ("the same to the last bit", alike, COLORS[1], "circle"), ("another number", ~alike, ORANGE, "x"),
    ):  # fmt: skip
        dots = line(places[keep].astype(float), values[keep], name, color)
        traces.append(dots | {"mode": "markers", "marker": {"size": 12, "color": color, "symbol": symbol}})
    axis = {"tickvals": places.tolist(), "range": [0.4, len(again) + 0.6]}
    alt = (
        f"Held-out losses of {counted(len(again), 'rerun')} beside the recorded {number(recorded)}: "
        f"{int(alike.sum())} are the same to the last bit, the others lie between {number(values.min())} and "
        f"{number(values.max())}."
    )
    return Picture(traces, layout("Rerun", HELD_OUT, height, xaxis=axis), alt)


def best_of_many(found: Selected, height: int = 400) -> Picture:
    """How far the best of k runs leads the average run where it was chosen and on fresh samples, over k, with bands."""
    x = np.array(found.counts, dtype=float)
    traces, words = [], []
    for name, three, color, dash in (
        ("on the samples that chose it", found.chosen, ORANGE, "solid"),
        ("the same runs on fresh samples", found.fresh, COLORS[1], "dash"),
    ):
        low, mean, high = (100 * row for row in three)
        edge = {"x": encoded(np.r_[x, x[::-1]]), "y": encoded(np.r_[high, low[::-1]])}
        fill = {"mode": "lines", "fill": "toself", "fillcolor": transparent(color, 0.18), "line": {"width": 0}}
        traces.append({"type": "scatter", **edge, **fill, "hoverinfo": "skip", "showlegend": False})
        mark = {"symbol": "circle" if dash == "solid" else "diamond", "size": 7}
        dots: dict[str, Any] = {"mode": "lines+markers", "marker": mark}
        traces.append(line(x, mean, name, color, dash, **dots))
        words.append(f"{name} from {mean[0]:z.1f} to {mean[-1]:z.1f} points")
    axis = {"type": "log", "tickvals": list(found.counts), "ticktext": [str(k) for k in found.counts]}
    said = "; ".join(words)
    alt = f"Lead of the best of k runs over the average run, k up to {found.counts[-1]}: {said}; bands: 10 to 90%."
    plan = layout("Runs to choose from", "Lead over the average run (points)", height, xaxis=axis)
    plan["annotations"] = [note(1, 0, "bands: 10 to 90% of all choices", xref="paper", yref="paper", xanchor="right",
                                yanchor="bottom", font={"size": 11})]  # fmt: skip
    return Picture(traces, plan, alt)


def all_scores(found: Selected, height: int = 300) -> Picture:
    """What every run scores on the validation samples, sorted as a table is."""
    rows = 100 * np.sort(found.validation)[::-1]
    places = np.arange(1, len(rows) + 1).astype(float)
    dots: dict[str, Any] = {"mode": "markers", "marker": {"size": 8, "color": ORANGE, "symbol": "circle"}}
    traces = [
        line(places, rows, "each run", ORANGE, **dots),
        line(places[[0, -1]], np.array([rows.mean()] * 2), "their average", INK, "dash"),
    ]
    ends = f"from {rows[0]:.1f}% down to {rows[-1]:.1f}%"
    alt = f"Validation scores of {len(rows)} runs, sorted, {ends}; their average is {rows.mean():.1f}%."
    return Picture(traces, layout("Place in the table", "Score (%)", height), alt)
