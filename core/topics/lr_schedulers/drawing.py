"""The schedule that a learner draws: breakpoints in percent, as text, set by clicks."""

import re

from core.training.schedules import Breakpoints

FIRST = "0: 10, 100: 100"
MOST = 12  # breakpoints
NEAR, HIT = 4.0, 6.0  # percent: a click that moves the breakpoint beside it; one that takes away what it hits
PAIR = re.compile(r"\s*(\d{1,3}(?:\.\d{1,4})?)\s*:\s*(\d{1,3}(?:\.\d{1,4})?)\s*", re.ASCII)
SAID = "Write breakpoints as percent of the training: percent of the peak, such as 0: 10, 30: 100, 100: 0."


def percents(text: str) -> list[tuple[float, float]]:
    """Breakpoints (percent of the training, percent of the peak) in order, the two ends among them.

    Raises ``ValueError``, one sentence, for a text that says none.
    """
    matches = [PAIR.fullmatch(part) for part in text.split(",")]
    points = [(float(match[1]), float(match[2])) for match in matches if match]
    if len(points) < len(matches) or max(max(pair) for pair in points) > 100:
        raise ValueError(SAID)
    points.sort(key=lambda pair: pair[0])
    before = [(0.0, points[0][1])] if points[0][0] > 0 else []
    behind = [(100.0, points[-1][1])] if points[-1][0] < 100 else []
    if len(whole := [*before, *points, *behind]) > MOST:
        raise ValueError(f"Draw with at most {MOST} breakpoints, the two ends among them; these are {len(whole)}.")
    return whole


def breakpoints(text: str) -> Breakpoints:
    """The drawn schedule as shares."""
    return tuple((place / 100, height / 100) for place, height in percents(text))


def as_text(points: list[tuple[float, float]]) -> str:
    """Breakpoints as they are typed."""
    return ", ".join(f"{place:g}: {height:g}" for place, height in points)


def with_click(text: str, x: float, y: float) -> str:
    """The text after a click at percents (x, y): it moves the breakpoint above or below it, takes away one that it
    hits (never an end), or sets a new one while there is room."""
    points = percents(text)
    x, y = (float(round(min(max(value, 0.0), 100.0))) for value in (x, y))
    near = min(range(len(points)), key=lambda k: abs(points[k][0] - x))
    inner = 0 < near < len(points) - 1
    if abs(points[near][0] - x) > NEAR:
        points += [(x, y)] if len(points) < MOST else []
    elif inner and abs(points[near][1] - y) <= HIT:
        del points[near]
    else:
        points[near] = (points[near][0], y)
    return as_text(sorted(points, key=lambda pair: pair[0]))
