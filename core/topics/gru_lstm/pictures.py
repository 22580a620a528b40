"""Pictures of a network that counts: its gates over a text, its count beside the truth, and its units one by one."""

from collections.abc import Mapping

import numpy as np

from core.figures.curves import line, number
from core.figures.dots import dots
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, PAPER, Picture, encoded, layout, sampled
from core.topics.gru_lstm.numbers import Counter, Race, Reading

OPEN = [[0, PAPER], [1, BLUE]]  # readable without colour
SIGNED = [[0, ORANGE], [0.5, PAPER], [1, BLUE]]


def letters(text: str) -> dict:
    """An axis whose ticks are the characters of a text."""
    names = {"<": "&lt;", ">": "&gt;", "&": "&amp;", " ": "␣"}
    ticks = [names.get(character, character) for character in text]
    return {"tickvals": list(range(len(text))), "ticktext": ticks, "tickangle": 0, "range": [-0.6, len(text) - 0.4],
            "showgrid": False, "tickfont": {"size": 14 if len(text) <= 40 else 9}}  # fmt: skip


def depth(readings: Mapping[str, Reading], height: int = 270) -> Picture:
    """How many brackets stand open after each character, and what the network says."""
    first = next(iter(readings.values()))
    steps = np.arange(len(first.text))
    rows = {"brackets open": first.truth, **{name: reading.counted for name, reading in readings.items()}}
    styles = ((GREY, "solid", 7), (BLUE, "dot", 2.5), (ORANGE, "dash", 2.5))
    traces = [
        line(steps, values.astype(float), name, color, dash) | {"line": {"color": color, "dash": dash, "width": width,
                                                                      "shape": "hvh"}}
        for (name, values), (color, dash, width) in zip(rows.items(), styles, strict=False)
    ]  # fmt: skip
    words = (
        f"{name} is right at {reading.right} of {len(reading.text)} characters" for name, reading in readings.items()
    )
    axis = {"dtick": 1, "range": [-0.3, 5.4]}
    plan = layout("", "brackets open", height, xaxis=letters(first.text), yaxis=axis)
    return Picture(traces, plan, f"Open brackets after each character of the text; {'; '.join(words)}.")


def gate_heat(reading: Reading, name: str, height: int = 280) -> Picture:
    """How far a gate is open, unit by unit and character by character."""
    values = reading.gates[name]
    most, least = (divmod(int(place), values.shape[1]) for place in (values.argmax(), values.argmin()))
    alt = (
        f"The {name} gate of {values.shape[1]} units over the text: open by {number(float(values.mean()))} on average, "
        f"most ({number(float(values.max()))}) in unit {most[1] + 1} at “{reading.text[most[0]]}”, least "
        f"({number(float(values.min()))}) in unit {least[1] + 1} at “{reading.text[least[0]]}”."
    )
    bar = {"title": {"text": "open"}, "thickness": 10, "tickvals": [0, 127.5, 255], "ticktext": ["0", "½", "1"]}
    return units(sampled(values.T, 0, 1), reading.text, OPEN, bar, f"{name} gate of unit", alt, height)


def states(reading: Reading, height: int = 280) -> Picture:
    """What each unit keeps, character by character."""
    values = reading.states
    reach = max(float(np.abs(values).max()), 1e-6)
    alt = (
        f"What {values.shape[1]} units keep from character to character, between {number(-reach)} and {number(reach)}."
    )
    ticks = {"tickvals": [0, 127.5, 255], "ticktext": [number(-reach), "0", number(reach)]}
    bar = {"title": {"text": "kept"}, "thickness": 10, **ticks}
    return units(sampled(values.T, -reach, reach), reading.text, SIGNED, bar, "kept by unit", alt, height)


def units(values: np.ndarray, text: str, scale: list, bar: dict, axis: str, alt: str, height: int) -> Picture:
    """A heat map of units (upwards) over the characters of a text."""
    count = len(values)
    heat = {
        "type": "heatmap", "z": encoded(values), "x": encoded(np.arange(len(text))), "y": encoded(np.arange(count) + 1),
        "zmin": 0, "zmax": 255, "colorscale": scale, "colorbar": bar, "hoverinfo": "skip",
    }  # fmt: skip
    plan = layout("", axis, height, xaxis=letters(text), yaxis={"dtick": 1 if count <= 10 else 4, "showgrid": False})
    return Picture([heat], plan, alt)


def curves(reading: Reading, since: int, height: int = 280) -> Picture:
    """What each unit keeps, as curves; from ``since`` on a gate is held."""
    steps = np.arange(len(reading.text))
    dashes = ("solid", "dash", "dot", "dashdot")
    traces = [
        line(steps, values, f"unit {unit + 1}", (BLUE, ORANGE, GREEN, GREY)[unit % 4], dashes[unit // 4 % 4],
             showlegend=False)
        for unit, values in enumerate(reading.states.T)
    ]  # fmt: skip
    mark = {"type": "line", "x0": since - 0.5, "x1": since - 0.5, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": INK, "width": 1.5, "dash": "dot"}}  # fmt: skip
    alt = (
        f"What each of {reading.states.shape[1]} units keeps over the text; from character {since + 1} on the gate is "
        f"held, and the largest change of any unit from one character to the next is {number(reading.change(since))}."
    )
    return Picture(traces, layout("", "what a unit keeps", height, xaxis=letters(reading.text), shapes=[mark]), alt)


def one_by_one(found: Counter, silent: int, height: int = 300) -> tuple[Picture, Picture]:
    """How closely each unit follows the depth, and what is still right without it."""
    follows, without = np.abs(found.correlations), found.silenced
    first = columns(follows, "follows the depth (correlation)", {found.counting: BLUE}, silent, height)
    second = columns(without, "right without it", {int(without.argmin()): ORANGE}, silent, height)
    second.layout["yaxis"] |= {"tickformat": ".0%"}
    whole = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": found.score(), "y1": found.score(),
             "line": {"color": INK, "width": 1.5, "dash": "dot"}}  # fmt: skip
    second.layout["shapes"] = [whole]
    return first, second


def columns(values: np.ndarray, axis: str, marked: dict[int, str], silent: int, height: int) -> Picture:
    """A column per unit, grey where no colour is given; the silent one has a pattern."""
    names = np.arange(len(values)) + 1
    colors = [marked.get(unit, GREY) for unit in range(len(values))]
    shapes = ["/" if unit == silent else "" for unit in range(len(values))]
    bar = {
        "type": "bar", "x": encoded(names), "y": encoded(values), "hovertemplate": "unit %{x}: %{y:.3g}<extra></extra>",
        "marker": {"color": colors, "pattern": {"shape": shapes}},
    }  # fmt: skip
    words = ", ".join(f"unit {name} {number(value)}" for name, value in zip(names, values, strict=True))
    units = {"tick0": 1, "dtick": 1 + len(values) // 10, "tickangle": 0}  # all, or every other one of many
    plan = layout("unit", axis, height, showlegend=False, xaxis=units, yaxis={"range": [0, 1.05]})
    return Picture([bar], plan, f"{axis.capitalize()}: {words}.")


def followed(reading: Reading, unit: int, height: int = 270) -> Picture:
    """One unit's state over a text, beside the depth."""
    steps = np.arange(len(reading.text))
    kept = reading.states[:, unit]
    traces = [
        line(steps, reading.truth.astype(float), "brackets open", GREY) | {"line": {"color": GREY, "width": 6,
                                                                                 "shape": "hvh"}},
        line(steps, kept, f"unit {unit + 1}", BLUE, "dot") | {"yaxis": "y2"},
    ]  # fmt: skip
    second = {"overlaying": "y", "side": "right", "showgrid": False, "zeroline": False, "automargin": True,
              "title": {"text": f"unit {unit + 1}"}, "tickformat": ".2g", "nticks": 5}  # fmt: skip
    plan = layout("", "brackets open", height, xaxis=letters(reading.text), yaxis={"dtick": 1}, yaxis2=second)
    alt = (
        f"Unit {unit + 1} over the text, from {number(float(kept.min()))} to {number(float(kept.max()))}, beside the "
        f"number of open brackets, from 0 to {int(reading.truth.max())}."
    )
    return Picture(traces, plan, alt)


def raced(found: Race) -> tuple[Picture, Picture]:
    """Every seed's share right, on sequences of the usual length and on longer ones."""
    pair = dots(found.usual, "right, 24 characters"), dots(found.longer, "right, 80 characters")
    low = min(float(row.min()) for rows in (found.usual, found.longer) for row in rows.values())
    for picture in pair:
        picture.layout["yaxis"] |= {"tickformat": ".0%", "range": [low - 0.03, 1.02]}
    return pair
