"""Pictures of gradients on their way back through time, and of what a network reads in a text."""

import math

import numpy as np

from core.figures.curves import bands, line, losses, number
from core.figures.dots import dots
from core.figures.picture import BLUE, COLORS, DASHES, GREY, INK, PAPER, Picture, Replay, encoded, layout, sampled
from core.topics.vanishing_gradient.numbers import FLOOR, NAMES, RADII, Clipped, Race, Reading, Trio, Untrained
from core.training.run import Run

LOW, HIGH = -8.0, 1.0  # powers of ten that the strip tells apart
FADE = [[0, PAPER], [1, BLUE]]  # readable without colour
WRAP = 22  # characters in a row


def logs(lengths: np.ndarray) -> np.ndarray:
    """Powers of ten, not below that of ``FLOOR``."""
    return np.log10(np.maximum(lengths, FLOOR))


def through_time(found: Trio, height: int = 470) -> Picture:
    """How long the gradient is after each step, cell by cell: as a strip and as curves, replayed over the training."""
    rows = {name: logs(lengths) for name, lengths in found.gradients.items()}
    count, steps = max(len(values) for values in rows.values()), np.arange(found.gap + 1)

    def moment(place: int) -> tuple[dict, ...]:
        """The strip and the curves at one recorded moment."""
        now = [values[min(place, len(values) - 1)] for values in rows.values()]
        strip = {"z": encoded(sampled(np.stack(now[::-1]), LOW, HIGH))}
        return (strip, *({"y": encoded(values)} for values in now))

    def film() -> list[tuple[dict | None, ...]]:
        return [(*moment(place), *[None] * len(NAMES)) for place in range(count)]

    last = moment(count - 1)
    strip = {
        "type": "heatmap", "x": encoded(steps), "y": list(NAMES)[::-1], **last[0], "zmin": 0, "zmax": 255,
        "colorscale": FADE, "showscale": False, "yaxis": "y2", "hoverinfo": "skip",
    }  # fmt: skip
    curves = [
        line(steps, np.zeros(1), name, COLORS[place], DASHES[place]) | last[place + 1]
        for place, name in enumerate(NAMES)
    ]
    untrained = [
        line(steps, values[0], f"{name}, before", COLORS[place], DASHES[place], showlegend=False, opacity=0.6)
        for place, (name, values) in enumerate(rows.items())
    ]
    for trace in untrained:
        trace["line"] = trace["line"] | {"width": 1.2}
    ticks = list(range(-18, 5, 3))
    axis = {"tickvals": ticks, "ticktext": [f"10<sup>{tick}</sup>" for tick in ticks], "domain": [0, 0.72],
            "range": [-18.5, 2.5]}  # fmt: skip
    second = {"domain": [0.78, 1], "showgrid": False, "fixedrange": True, "automargin": True}
    axes = ("step (the letter stands at 0)", "gradient by the state, last step = 1")
    plan = layout(*axes, height, yaxis=axis, yaxis2=second)
    run = max((found.runs[name] for name in NAMES), key=lambda run: len(run.history))
    labels = [f"epoch {epoch.number}" for epoch in run.history[:count]]
    return Picture(
        [strip, *curves, *untrained],
        plan,
        told(found),
        Replay(count, film),
        labels,
    )


def futures(run: Run, fork: Run) -> tuple[Picture]:
    """A run and what becomes of it when something is changed on the way."""
    return (losses(run, fork),)


def told(found: Trio) -> str:
    """What is left of the gradients, in words."""
    ends = (f"{name} {number(rows[0][0])}, then {number(rows[-1][0])}" for name, rows in found.gradients.items())
    return (
        "How long the loss's gradient by the state is after the first step, as a share of that after the last, before "
        f"and after training: {'; '.join(ends)}."
    )


def recalled(found: Trio, height: int = 280) -> Picture:
    """The share of held-out letters that each cell recalls, over the training."""
    numbers = max((run.curve("test_score")[0] for run in found.runs.values()), key=len)
    scores = {name: np.array(run.curve("test_score")[1]) for name, run in found.runs.items()}
    curves = {name: np.pad(row, (0, len(numbers) - len(row)), "edge") for name, row in scores.items()}
    picture = bands(numbers, curves, ("epoch", "recalled, held out"), height)
    picture.layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.05]}
    return picture


def raced(found: Race, height: int = 320) -> tuple[Picture, Picture]:
    """Every seed's share recalled, and how far the gradient fell before training."""
    scores = dots(found.scores, "recalled, held out")
    scores.layout["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.08]}
    return scores, dots(found.falls, "powers of ten lost", height)


def along(found: Untrained, radius: float, height: int = 360) -> Picture:
    """How the gradient shrinks or grows on its way back at one radius, beside what the radius alone would do."""
    place, steps = found.place(radius), found.lengths.shape[2] - 1
    back = np.arange(steps + 1)
    ratios = logs(found.lengths[place][:, ::-1] / np.maximum(found.lengths[place][:, -1:], FLOOR))
    curves = {"measured": ratios, "radius to the power of the steps": back * math.log10(RADII[place])}
    axes = ("steps back from the answer", "times as long as at the end")
    picture = bands(back, curves, axes, height)
    ticks = range(-14, 15, 2)
    picture.layout["yaxis"] |= {"tickvals": list(ticks), "ticktext": [f"10<sup>{tick}</sup>" for tick in ticks]}
    alt = (
        f"At radius {RADII[place]:g} the gradient {steps} steps back is {number(10 ** ratios[:, -1].mean())} times as "
        f"long as at the end; the radius alone would make {number(RADII[place] ** steps)}. Ten untrained networks."
    )
    return picture.described(alt)


def over_radii(found: Untrained, radius: float, height: int = 360) -> Picture:
    """The factor of one step back at every radius, beside the radius itself."""
    curves = {"measured": found.factors.T, "the radius itself": np.array(RADII)}
    picture = bands(RADII, curves, ("spectral radius", "factor of a step back"), height)
    here = {"type": "line", "x0": radius, "x1": radius, "y0": 0, "y1": 1, "yref": "paper",
            "line": {"color": GREY, "width": 1.5, "dash": "dot"}}  # fmt: skip
    one = {**here, "x0": 0, "x1": 1, "xref": "paper", "yref": "y", "y0": 1, "y1": 1}
    picture.layout["shapes"] = [here, one]
    return picture


def norms(found: Clipped, height: int = 340) -> Picture:
    """The gradient's length at every update, without and with clipping."""
    curves = {"without clipping": found.free, "clipped": found.bounded}
    picture = histories(curves, "gradient_norm", "length of the gradient", height)
    picture.layout["yaxis"] |= {"type": "log", "dtick": 1, "exponentformat": "power"}
    return picture


def clipped_losses(found: Clipped, height: int = 340) -> Picture:
    """The loss after every update, without and with clipping."""
    return histories({"without clipping": found.free, "clipped": found.bounded}, "train_loss", "training loss", height)


def histories(runs: dict, name: str, axis: str, height: int) -> Picture:
    """One recorded quantity of several runs, as far as it is a number."""
    traces, words = [], []
    for place, (label, run) in enumerate(runs.items()):
        pairs = [(at, value) for at, value in zip(*run.curve(name), strict=True) if math.isfinite(value) and at]
        numbers, values = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
        values = np.maximum(values, FLOOR)
        traces.append(line(numbers, values, label, COLORS[place], DASHES[place]))
        words.append(f"{label} at most {number(values.max())}, at the end {number(values[-1])}")
    return Picture(traces, layout("update", axis, height), f"{axis.capitalize()} over the updates: {'; '.join(words)}.")


def coloured(reading: Reading) -> Picture:
    """The text, each character on a ground that is darker the more it counts; the most telling ones are framed."""
    rows = -(-len(reading.text) // WRAP)
    shares = np.zeros(rows * WRAP)
    shares[: len(reading.text)] = reading.shares / max(float(reading.shares.max()), 1e-12)
    heat = {
        "type": "heatmap", "z": encoded(sampled(shares.reshape(rows, WRAP)[::-1], 0, 1)), "zmin": 0, "zmax": 255,
        "colorscale": [[0, "rgba(47,111,183,0)"], [1, BLUE]], "showscale": False, "xgap": 2, "ygap": 4,
        "hoverinfo": "skip",
    }  # fmt: skip
    letters = [
        {"x": place % WRAP, "y": rows - 1 - place // WRAP, "text": escaped(letter), "showarrow": False,
         "font": {"size": 17, "color": "#ffffff" if shares[place] > 0.55 else INK}}
        for place, letter in enumerate(reading.text)
    ]  # fmt: skip
    frames = [frame(place, rows) for place in np.argsort(-reading.shares)[:3]]
    axis = {"showticklabels": False, "showgrid": False, "fixedrange": True, "visible": False}
    plan = layout("", "", 60 + 44 * rows, annotations=letters, shapes=frames, showlegend=False,
                  xaxis={**axis, "range": [-0.6, WRAP - 0.4]}, yaxis={**axis, "range": [-0.6, rows - 0.4]})  # fmt: skip
    return Picture([heat], plan, counted(reading))


def frame(place: int, rows: int) -> dict:
    """A line around one character."""
    column, row = int(place) % WRAP, rows - 1 - int(place) // WRAP
    return {"type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5,
            "line": {"color": INK, "width": 2}}  # fmt: skip


def escaped(character: str) -> str:
    """A character that Plotly shows as it is."""
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;", " ": "␣"}.get(character, character)


def counted(reading: Reading) -> str:
    """Which characters count most, in words."""
    order = np.argsort(-reading.shares)[:3]
    parts = [f"“{reading.text[place]}” at place {place + 1} with {reading.shares[place]:.0%}" for place in order]
    return (
        f"The network answers {reading.answer} with {reading.chances[reading.answer]:.0%}. Of all influence on that, "
        f"most comes from {', '.join(parts)}; the last five characters have {reading.tail:.0%}."
    )
