"""Pictures of tokens: who looks at whom, what is likely, and how it changes."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.figures.curves import number
from core.figures.marks import hover, marker, note, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, PAPER, SYMBOLS, Picture, encoded, layout, sampled, transparent
from core.figures.rasters import DEEP
from core.topics.transformers.readers import tagless

SIGNED = [[0, ORANGE], [0.5, PAPER], [1, BLUE]]
WIDE = 26  # tokens beyond which their words are small
PHONE = 45  # of their letters below a picture on a phone


def ticks(labels: Sequence[str], **more) -> dict:
    """An axis whose ticks are tokens."""
    size = 12 if len(labels) <= WIDE else max(6, 12 - len(labels) // 12)
    words = [tagless(label) for label in labels]
    return {"tickvals": list(range(len(labels))), "ticktext": words, "showgrid": False, "tickfont": {"size": size},
            "range": [-0.5, len(labels) - 0.5], **more}  # fmt: skip


def looks(weights: np.ndarray, labels: Sequence[str], title: str, height: int = 430) -> Picture:
    """How much each token (a row) looks at each (a column), (tokens, tokens)."""
    high = float(weights.max())
    cells = {
        "type": "heatmap", "z": encoded(sampled(weights, 0, high)), "zmin": 0, "zmax": 255, "colorscale": DEEP,
        "customdata": encoded(weights.astype(np.float32)), "hovertemplate": "%{customdata:.1%}<extra></extra>",
        "colorbar": {"thickness": 10, "tickvals": [0, 255], "ticktext": ["0%", f"{high:.0%}"]},
    }  # fmt: skip
    rows = ticks(labels) | {"range": [len(labels) - 0.5, -0.5]}
    plan = layout("looked at", "token that looks", height, xaxis=ticks(labels, tickangle=-90), yaxis=rows)
    for axis in ("xaxis", "yaxis"):
        plan[axis]["tickfont"] = {"size": 10 if len(labels) <= WIDE else 7}
    plan["annotations"] = [note(0.5, 1.0, title, xref="paper", yref="paper", yanchor="bottom")]
    row, column = divmod(int(weights.argmax()), len(labels))
    alt = (
        f"{title}: how much each of {len(labels)} tokens looks at each. Most: “{labels[row]}” gives “{labels[column]}” "
        f"{high:.0%}. The last token “{labels[-1]}” gives most, {weights[-1].max():.0%}, to "
        f"“{labels[int(weights[-1].argmax())]}”."
    )
    return Picture([cells], plan, alt)


def grid(
    values: np.ndarray, names: tuple[Sequence[str], Sequence[str]], axes: tuple[str, str], told: str,
    chosen: Sequence[tuple[int, int]] = (), percent: bool = False, both_signs: bool = True, height: int = 300,
) -> Picture:  # fmt: skip
    """Numbers (rows, columns) in their cells, coloured; some cells ringed."""
    most = float(np.abs(values).max()) or 1.0
    shades = sampled(values, -most if both_signs else 0.0, most)
    words = [[f"{value:.0%}" if percent else f"{value:+.2f}".replace("-", "−") for value in row] for row in values]
    few = values.size <= 120
    font = {"size": 11} if both_signs else {"size": 11, "color": INK}
    cells = {
        "type": "heatmap", "z": encoded(shades), "zmin": 0, "zmax": 255, "colorscale": SIGNED if both_signs else DEEP,
        "showscale": False, "xgap": 1, "ygap": 1, "text": words, "hovertemplate": "%{text}<extra></extra>",
        **({"texttemplate": "%{text}", "textfont": font} if few else {}),
    }  # fmt: skip
    rows, columns = names
    rings = [
        {"type": "rect", "x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5, "line": stroke(INK, 2.5)}
        for y, x in chosen
    ]
    plan = layout(
        *axes, height, shapes=rings,
        xaxis=ticks(columns, tickangle=0), yaxis=ticks(rows) | {"range": [len(rows) - 0.5, -0.5]},
    )  # fmt: skip
    return Picture([cells], plan, told)


def slope(labels: Sequence[str]) -> int:
    """The angle of labels below a picture: level where they fit beside each other on a phone, else on end."""
    return 0 if (max(map(len, labels)) + 0.5) * len(labels) <= PHONE else -90


def likely(
    groups: Mapping[str, Sequence[float]], labels: Sequence[str], axis: str = "probability", height: int = 380
) -> Picture:
    """How likely tokens are, one row each, one bar for each group (two at most: blue, and orange with stripes)."""
    traces = []
    for (name, values), color, pattern in zip(groups.items(), (BLUE, ORANGE), ("", "/"), strict=False):
        traces.append({
            "type": "bar", "orientation": "h", "name": name, "x": [float(value) for value in values],
            "y": list(range(len(labels))), "marker": {"color": color, "pattern": {"shape": pattern}},
            "text": [f"{value:.1%}" for value in values], "textposition": "outside", "cliponaxis": False,
            "constraintext": "none", "textfont": {"size": 11},
            **hover("%{x:.2%}", name),
        })  # fmt: skip
    top = max(max(values) for values in groups.values())
    rows = ticks(labels) | {"range": [len(labels) - 0.5, -0.5]}
    tall = height if len(groups) == 1 else max(height, 28 * len(labels) + 110)
    plan = layout(axis, "", tall, showlegend=len(groups) > 1, bargap=0.3, yaxis=rows,
                  xaxis={"range": [0, 1.22 * max(top, 0.05)], "tickformat": ".0%", "nticks": 5})  # fmt: skip
    words = (
        f"{name}: " + ", ".join(f"“{label}” {value:.1%}" for label, value in list(zip(labels, values, strict=True))[:4])
        for name, values in groups.items()
    )
    return Picture(traces, plan, f"{axis.capitalize()} of {len(labels)} tokens. {'; '.join(words)}.")


def along(
    groups: Mapping[str, np.ndarray], labels: Sequence[str], axis: str, height: int = 260, percent: bool = False
) -> Picture:
    """A number for each token, in the order of the text."""
    traces = []
    for place, ((name, values), color) in enumerate(zip(groups.items(), (BLUE, ORANGE, GREY), strict=False)):
        style = marker(color, 8, SYMBOLS[place])
        traces.append(
            trace("lines+markers", list(range(len(labels))), np.asarray(values, float), name=name, marker=style,
                  line=stroke(color, 2, ("solid", "dash", "dot")[place]), **hover("%{y:.3g}", name))
        )  # fmt: skip
    plan = layout("", axis, height, showlegend=len(groups) > 1, xaxis=ticks(labels, tickangle=slope(labels)),
                  yaxis={"tickformat": ".0%"} if percent else {})  # fmt: skip
    words = "; ".join(
        f"{name} {number(float(values.mean()))} on average, most {number(float(values.max()))} at "
        f"“{labels[int(values.argmax())]}”"
        for name, values in groups.items()
    )
    return Picture(traces, plan, f"{axis.capitalize()} of each of {len(labels)} tokens: {words}.")


def chips(rows: Sequence[Sequence[str]], told: str, height: int = 120, names: Sequence[str] = ()) -> Picture:
    """Pieces of text side by side, each as wide as it is long, in two tints by turns; one line for each row."""
    widths = [[max(len(piece), 1) + 0.7 for piece in row] for row in rows]
    reach = max(sum(row) for row in widths)
    shapes, notes = [], []
    for line, (row, wide) in enumerate(zip(rows, widths, strict=True)):
        left = 0.0
        for place, (piece, width) in enumerate(zip(row, wide, strict=True)):
            fill = transparent((BLUE, ORANGE)[place % 2], 0.18)
            shapes.append({"type": "rect", "x0": left, "x1": left + width - 0.15, "y0": line - 0.4, "y1": line + 0.4,
                           "line": stroke((BLUE, ORANGE)[place % 2], 1), "fillcolor": fill})  # fmt: skip
            notes.append(note(left + (width - 0.15) / 2, line, tagless(piece), font={"size": 13, "color": INK}))
            left += width
    axis = {"visible": False, "fixedrange": True}
    lines = {"range": [len(rows) - 0.4, -0.6], "showgrid": False, "fixedrange": True, "ticktext": list(names),
             "tickvals": list(range(len(names)))}  # fmt: skip
    plan = layout("", "", height, shapes=shapes, annotations=notes, showlegend=False,
                  xaxis={**axis, "range": [-0.3, reach + 0.3]}, yaxis=lines)  # fmt: skip
    unseen = trace("markers", [0, reach], [0, len(rows) - 1], marker=marker(INK, 0.1), hoverinfo="skip")
    return Picture([unseen], plan, told)
