"""Pictures of a reply: how sure each token was, what else could have stood there, and what it was read from."""

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from core.figures.marks import heatmap, hover, marker, note, staggered, stroke, trace, upright, vertical
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.projects.chatbot.course import Answer
from core.projects.chatbot.decoding import Step
from core.projects.chatbot.sampling import Sampling
from core.wording import counted

SHOWN = 8  # tokens that a picture of alternatives names
BACK = 24  # earlier tokens that a picture of attention names
SCALE = [[0.0, "rgba(47,111,183,0)"], [1.0, BLUE]]


def visible(piece: str) -> str:
    """A token as it is written in a picture: spaces and line ends can be seen."""
    return piece.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "·").replace("<", "‹").replace(">", "›") or "∅"


def alternatives(step: Step, sampling: Sampling, spell: Callable[[int], str]) -> Picture:
    """The likeliest tokens of one place: what the network gave them, and their chance at these settings."""
    settled, own = step.settled(sampling), dict(zip(step.places, step.probabilities, strict=True))
    tokens = list(dict.fromkeys([*step.places[:SHOWN], step.token]))
    names = [f"{visible(spell(token))}{' ◂' if token == step.token else ''}" for token in tokens]
    network = [own.get(token, step.probability) for token in tokens]
    chance = [settled.get(token, 0.0) for token in tokens]
    places = list(range(len(tokens)))
    traces = [
        upright(places, network, GREY, name="the network", **hover("%{y:.1%}", "the network")),
        upright(
            places, chance, BLUE, name="at your settings", **hover("%{y:.1%}", "at your settings"),
        ),
    ]  # fmt: skip
    traces[1]["marker"]["pattern"] = {
        "shape": "/",
        "fillmode": "overlay",
        "fgcolor": "#ffffff",
        "fgopacity": 0.6,
        "size": 6,
    }
    best = " and ".join(f"{name} {share:.0%}" for name, share in list(zip(names, network, strict=True))[:2])
    words = (
        f"What could stand here. The network's likeliest: {best}. {counted(len(settled), 'token')} can be drawn at "
        "your settings."
    )
    axis = {"tickmode": "array", "tickvals": places, "ticktext": staggered(names), "tickangle": 0, "showgrid": False}
    shape = layout("Token (· is a space, ◂ what was said)", "Probability", 300, xaxis=axis, barmode="group")
    shape["yaxis"] |= {"tickformat": ".0%", "rangemode": "tozero"}
    return Picture(traces, shape, words)


def sureness(steps: Sequence[Step], spell: Callable[[int], str], marked: int = -1) -> Picture:
    """The probability that the network gave each token of a reply; ``marked`` is the place that is looked at."""
    shares, places = [step.probability for step in steps], list(range(1, len(steps) + 1))
    names = [visible(spell(step.token)) for step in steps]
    colors = [ORANGE if place == marked else BLUE for place in range(len(steps))]
    symbols = ["diamond" if place == marked else "circle" for place in range(len(steps))]
    dots = trace(
        "lines+markers", places, shares, text=names, line=stroke(GREY, 1), marker=marker(colors, 8, symbols),
        showlegend=False, **hover("%{text}<br>%{y:.0%}"),
    )  # fmt: skip
    low = int(np.argmin(shares))
    words = f"{counted(len(steps), 'token')}. {sum(share >= 0.9 for share in shares)} of them had 90% or more; "
    words += f"the least sure was number {low + 1}, {names[low]}, with {shares[low]:.0%}."
    shape = layout("Token of the reply", "Probability given by the network", 260)
    shape["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.05]}
    return Picture([dots], shape, words)


def attention(weights: Tensor, names: Sequence[str]) -> Picture:
    """What a token was read from: ``weights`` (layers, heads, T) of the place before it, the mean of the heads.

    The first token, on which the heads rest that look for nothing, is left out, and so is what lies far back.
    """
    mean = weights.mean(dim=1)
    first = float(mean[:, 0].mean())
    start = max(1, mean.shape[1] - BACK)
    field = mean[:, start:].numpy()
    top = max(float(field.max()), 1e-6)
    places, layers = np.arange(field.shape[1]), np.arange(1, len(field) + 1)
    bar = {"thickness": 10, "tickvals": [0, 255], "ticktext": ["0%", f"{top:.0%}"]}
    shade = heatmap(places, layers, np.round(255 * field / top).astype(np.uint8), SCALE, colorbar=bar)
    seen = [visible(name) for name in names[start:]]
    strongest = int(field.mean(axis=0).argmax())
    words = f"Attention of the place before this token to the {len(seen)} tokens before it, by layer. Most goes to "
    words += f"{seen[strongest]} (not counting the first token, where {first:.0%} of all attention rests)."
    axis = {"tickmode": "array", "tickvals": places.tolist(), "ticktext": seen, "tickangle": -90, "showgrid": False}
    shape = layout("Earlier token", "Layer", 420, xaxis=axis)
    return Picture([shade], shape, words)


def two_settings(steps: Sequence[Step], first: Sampling, second: Sampling, spell: Callable[[int], str]) -> Picture:
    """The chance of each token of a reply at two settings, and the first place where the second draws another."""
    places = list(range(1, len(steps) + 1))
    apart = parted(steps, second)
    names = [visible(spell(step.token)) for step in steps]
    traces = []
    for settings, color, dash, symbol, name in (
        (first, ORANGE, "solid", "circle", "A"), (second, BLUE, "dash", "diamond", "B"),
    ):  # fmt: skip
        shares = [step.settled(settings).get(step.token, 0.0) for step in steps]
        traces.append(trace(
            "lines+markers", places, shares, name=f"Settings {name}", text=names, line=stroke(color, 2, dash),
            marker=marker(color, 7, symbol), **hover("%{text}<br>%{y:.0%}", name),
        ))  # fmt: skip
    shape = layout("Token of the reply", "Chance of being drawn", 320)
    shape["yaxis"] |= {"tickformat": ".0%", "range": [0, 1.12]}
    if apart is None:
        words = f"At both settings all {len(steps)} tokens of the reply are drawn, by the same numbers."
    else:
        other = visible(spell(steps[apart].at(second)))
        words = f"The two agree for {apart} tokens; at number {apart + 1}, where A said {names[apart]}, B says {other}."
        shape["shapes"] = [vertical(apart + 1, INK, 1, "dot")]  # fmt: skip
        side = "right" if apart > len(steps) / 2 else "left"
        shape["annotations"] = [note(apart + 1, 1.08, f" B says {other} ", xanchor=side)]
    return Picture(traces, shape, words)


def parted(steps: Sequence[Step], sampling: Sampling) -> int | None:
    """The first place of a reply where other settings draw another token by the same number; None if there is none."""
    return next((place for place, step in enumerate(steps) if step.at(sampling) != step.token), None)


def nearness(answer: Answer) -> Picture:
    """How near the nearest pages are to a question, beside what is near enough."""
    names = [f"{hit.title}" for hit in answer.pages]
    scores = [hit.score for hit in answer.pages]
    colors = [BLUE if score >= answer.least else GREY for score in scores]
    places = list(range(len(names)))
    bars: dict = {"type": "bar", "orientation": "h", "x": scores, "y": places, "marker": {"color": colors}}
    bars = {
        **bars,
        "text": [f"{score:.2f}" for score in scores],
        "insidetextanchor": "start",
        "showlegend": False,
        **hover("%{x:.2f}"),
    }
    top = max([*scores, answer.least]) * 1.1
    axis = {"tickmode": "array", "tickvals": places, "ticktext": names, "autorange": "reversed", "showgrid": False}
    shape = layout("Nearness", "", 60 + 44 * len(names), yaxis=axis)
    shape["xaxis"] |= {"range": [0, top]}
    shape["shapes"] = [vertical(answer.least, INK, 1.5, "dash")]  # fmt: skip
    shape["annotations"] = [note(answer.least, 1.0, "near enough from here", yref="paper", yanchor="bottom")]
    verdict = "is near enough to cite" if answer.covered else "is not near enough: not covered"
    words = f"The nearest page is {names[0]} with {scores[0]:.2f}, which {verdict} ({answer.least:.2f} is needed)."
    return Picture([bars], shape, words)


def shared(asked: Sequence[str], titles: Sequence[str], rows: Sequence[Sequence[float]]) -> Picture:
    """Which of some pages has which word of a question: a dot where it does."""
    spots = [(x, y) for y, row in enumerate(rows) for x, has in enumerate(row) if has]
    dots = trace(
        "markers", [x for x, _ in spots], [y for _, y in spots], marker=marker(BLUE, 12, "circle"), showlegend=False,
        **hover("both"),
    )  # fmt: skip
    columns = {"tickmode": "array", "tickvals": list(range(len(asked))), "ticktext": list(asked)}
    lines = {
        "tickmode": "array",
        "tickvals": list(range(len(titles))),
        "ticktext": list(titles),
        "autorange": "reversed",
    }
    shape = layout("Word of the question, without its ending", "", 90 + 36 * len(titles), xaxis=columns, yaxis=lines)
    shape["xaxis"]["range"], shape["yaxis"]["range"] = [-0.5, max(1, len(asked)) - 0.5], [len(titles) - 0.5, -0.5]
    shape["yaxis"].pop("autorange")
    words = f"Of the question's words {', '.join(asked) or '(none)'}, the page {titles[0] if titles else '(none)'} "
    return Picture([dots], shape, words + f"has {sum(y == 0 for _, y in spots)}.")
