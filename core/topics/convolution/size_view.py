"""The view of sizes: the rule with its numbers, and a drawing of the windows along one axis."""

from collections.abc import Sequence

import numpy as np

from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.topics.convolution.sizes import (
    CONVOLUTION,
    KINDS,
    TRANSPOSED,
    Settings,
    Sized,
    layer,
    program_of_size,
    sized,
)
from core.wording import counted

LONGEST = 512
ROOM, ROWS = 40, 14  # pixels and windows that a drawing has room for
AT_MOST = "Less than the stride or the dilation, whichever is larger; more than that is taken as the most."
UP = 14  # what 7 pixels are to become in the challenge


def measure(
    kind: str, height: int, width: int, kernel_side: int, stride: int, padding: int, dilation: int, output_padding: int,
    seed: int,
) -> Sized:  # fmt: skip
    """The sizes of an answer."""
    return sized(height, width, Settings(kind, kernel_side, stride, padding, dilation, output_padding))


def dots(x: Sequence[int], y: Sequence[float], name: str, symbol: str, color: str, size: int = 11) -> dict:
    """Pixels as marks; those without a name are not in the legend."""
    marker = {"symbol": symbol, "size": size, "color": color, "line": {"width": 1.6, "color": color}}
    return {"type": "scatter", "mode": "markers", "x": x, "y": y, "name": name, "marker": marker,
            "showlegend": bool(name), "hoverinfo": "skip"}  # fmt: skip


def windows(starts: list[int], settings: Settings, first: int) -> list[dict]:
    """The taps of each window below one another, and a line that holds them together."""
    taps = [[start + settings.dilation * tap for tap in range(settings.kernel)] for start in starts]
    rows = [first + place for place in range(len(starts))]
    bars = {
        "type": "scatter", "mode": "lines", "hoverinfo": "skip", "showlegend": False,
        "line": {"color": BLUE, "width": 1.5},
        "x": [each for row in taps for each in (row[0], row[-1], None)],
        "y": [each for row in rows for each in (row, row, None)],
    }  # fmt: skip
    x, y = [tap for row in taps for tap in row], [row for row in rows for _ in range(settings.kernel)]
    return [bars, dots(x, y, "window", "square", BLUE, 9)]


def plan_of(low: int, high: int, rows: int, title: str) -> dict:
    """The layout of a drawing of pixels from low to high."""
    quiet = {"showgrid": False, "fixedrange": True}
    plan = layout(title, "", 120 + 22 * max(rows, 4))
    plan["margin"] |= {"t": 56}
    plan["legend"] |= {"y": 1.02, "font": {"size": 12}}
    plan["xaxis"] |= {**quiet, "range": [low - 1, high + 1], "dtick": max(1, (high - low + 2) // 7)}
    plan["yaxis"] |= {**quiet, "range": [rows + 0.7, -0.9], "showticklabels": False}
    return plan


def sliding(length: int, settings: Settings, axis: str) -> Picture:
    """A convolution along one axis: the padded input on top, its windows below, and what none of them reaches."""
    count, padding = max(settings.size(length), 0), settings.padding
    starts = [-padding + place * settings.stride for place in range(count)]
    end = length + padding
    dropped = list(range(end - settings.left_over(length), end)) if count else []
    low = max(-padding, end - ROOM)
    seen = [start for start in starts if start >= low][-ROWS:]
    edge = [pixel for pixel in (*range(-padding, 0), *range(length, end)) if pixel >= low and pixel not in dropped]
    inside = [pixel for pixel in range(max(low, 0), length) if pixel not in dropped]
    traces = [
        dots(inside, [0.0] * len(inside), "input", "square", INK),
        dots(edge, [0.0] * len(edge), "padding", "square-open", GREY),
        dots(dropped, [0.0] * len(dropped), "never reached", "x", ORANGE),
        *windows(seen, settings, 1),
    ]
    hidden = count - len(seen)
    more = f", the last {len(seen)} of {count} windows" if hidden else f", {count} windows"
    alt = (
        f"{axis.capitalize()}: {length} pixels and {padding} of padding on either side{more}, each {settings.reach} "
        f"wide, {settings.stride} apart; {len(dropped)} pixels at the end are never reached."
    )
    title = f"{axis}: {length} → {count}" + (" (the end of it)" if hidden or low > -padding else "")
    return Picture([trace for trace in traces if trace["x"]], plan_of(low, end - 1, len(seen), title), alt)


def writing(length: int, settings: Settings, axis: str) -> Picture:
    """A transposed convolution along one axis: where every input writes, what the padding cuts away, and how many
    windows write each pixel of the answer."""
    size, cut = max(settings.size(length), 0), settings.padding
    starts = [place * settings.stride - cut for place in range(length)]
    high = min(max(size, starts[-1] + settings.reach), ROOM - cut) - 1
    seen = [start for start in starts if start + settings.reach - 1 <= high][:ROWS]
    written = np.zeros(max(size, 1), int)
    for start in starts:
        for tap in range(settings.kernel):
            place = start + settings.dilation * tap
            if 0 <= place < size:
                written[place] += 1
    answer = [pixel for pixel in range(size) if pixel <= high]
    outside = [*range(-cut, 0), *range(size, high + 1)]
    row = len(seen) + 1
    counts = {
        "type": "scatter", "mode": "text", "x": answer, "y": [row + 0.75] * len(answer), "hoverinfo": "skip",
        "text": [str(written[pixel]) for pixel in answer], "showlegend": False, "textfont": {"size": 11},
    }  # fmt: skip
    empty = [pixel for pixel in answer if not written[pixel]]
    full = [pixel for pixel in answer if written[pixel]]
    traces = [
        *windows(seen, settings, 0),
        dots(full, [float(row)] * len(full), "answer", "square", GREEN),
        dots(empty, [float(row)] * len(empty), "written by none", "x", ORANGE),
        dots(outside, [float(row)] * len(outside), "cut away by padding", "square-open", GREY),
        counts,
    ]
    inner = written[settings.reach : max(size - settings.reach, settings.reach + 1)]
    uneven = len(set(inner.tolist())) > 1
    alt = (
        f"{axis.capitalize()}: {length} inputs write {settings.kernel} pixels each, {settings.stride} apart; the "
        f"answer has {size} pixels, {int((written == 0).sum())} of them written by none"
        + (", inside it some are written more often than others." if uneven else ".")
    )
    title = f"{axis}: {length} → {size}" + (" (its beginning)" if len(seen) < length else "")
    return Picture([trace for trace in traces if trace["x"]], plan_of(-cut, high, row + 1, title), alt)


def draw(result: Sized) -> Shown:
    """The rule and the drawings."""
    settings, picture = result.settings, writing if result.settings.kind == TRANSPOSED else sliding
    axes = {"height": result.height, "width": result.width}
    rules = "\n\n".join(f"$$\\text{{{axis}}}: {settings.formula(length)}$$" for axis, length in axes.items())
    note = f"`{layer(settings)}` makes **{result.size[0]} × {result.size[1]}** of {result.height} × {result.width}.\n\n"
    if result.height == result.width:
        axes = {"height and width": result.height}
    return Shown(
        (tuple(picture(length, settings, axis) for axis, length in axes.items()),), note + rules + "\n\n" + why(result)
    )


def why(result: Sized) -> str:
    """What the floor, or the transposed rule, means here."""
    settings = result.settings
    if result.size == (0, 0):
        return (
            f"**Nothing is left**: the window spans {settings.reach} pixels, more than the padded input has. Add "
            "padding, or take a smaller kernel or dilation."
            if settings.kind == CONVOLUTION
            else "**Nothing is left**: the padding cuts away all that the windows write."
        )
    if settings.kind == TRANSPOSED:
        steps = f"{settings.stride} sizes" if settings.stride > 1 else "one size"
        return (
            f"Backwards, each input pixel writes a whole window. A stride of {settings.stride} shrinks {steps} to the "
            "same one, so the way back is not unique: the output padding chooses. The numbers count the windows that "
            "write a pixel; where they alternate, the answer comes out as a checkerboard."
        )
    left = [settings.left_over(length) for length in (result.height, result.width)]
    if not any(left):
        return "The last window ends exactly at the last pixel: nothing is lost, the floor has nothing to do."
    return (
        f"After the last window {left[0]} (height) and {left[1]} (width) pixels are left, fewer than a stride of "
        f"{settings.stride}: one more step would leave the picture. The floor is that dropped step; the orange pixels "
        "are never looked at."
    )


def question(result: Sized) -> Question:
    """How wide is the answer?"""
    settings = result.settings
    text = f"`{layer(settings)}` gets a picture {counted(result.width, 'pixel')} wide. How wide is its answer?"
    because = f"$${settings.formula(result.width)}$$"
    widest = result.width + 2 * settings.padding if settings.kind == CONVOLUTION else 2 * result.size[1]
    width = max(settings.size(result.width), 0)
    return Question(text, Scale(0, max(widest, 2), 1, "pixels", 0), width, because)


def before(result: Sized) -> Shown:
    """The drawing's first row: how long the padded input and a window are."""
    length, settings = result.width, result.settings
    shown = min(length, ROOM)
    traces = [
        dots(list(range(shown)), [0.0] * shown, "input", "square", INK),
        *windows([-settings.padding if settings.kind == CONVOLUTION else 0], settings, 1),
    ]
    alt = (
        f"{counted(length, 'pixel')} and one window of {counted(settings.kernel, 'pixel')} that spans {settings.reach}."
    )
    title = f"width: {length} → ?" + (" (its beginning)" if shown < length else "")
    high = max(shown, settings.reach)
    return Shown(((Picture(traces, plan_of(-settings.padding, high, 1, title), alt),),))


def goal(result: Sized) -> Goal:
    """Undo a stride."""
    settings = result.settings
    asked = settings.kind == TRANSPOSED and settings.kernel == 3 and settings.stride == 2
    text = f"**Undo a stride**: a transposed 3 × 3 convolution of stride 2 that makes {UP} × {UP} of 7 × 7."
    passed = asked and (result.height, result.width) == (7, 7) and result.size == (UP, UP)
    now = f"Now: {settings.kind}, {result.height} × {result.width} → {result.size[0]} × {result.size[1]}."
    return Goal(text, passed, now)


SIZES = View(
    (
        pick("Kind", KINDS),
        slider("Height", 1, LONGEST, 10),
        slider("Width", 1, LONGEST, 11),
        slider("Kernel side", 1, 11, 3),
        slider("Stride", 1, 8, 2),
        slider("Padding", 0, 10, 1),
        slider("Dilation", 1, 6, 1),
        slider("Output padding", 0, 7, 0, when=lambda values: values["kind"] == TRANSPOSED, help=AT_MOST),
    ),
    measure,
    draw,
    before=before,
    question=question,
    goal=goal,
    program=program_of_size,
)
