"""Sizes by name, as bars that lie: file names need room."""

from collections.abc import Mapping

from core.figures.marks import hover
from core.figures.picture import BLUE, Picture, layout

LONGEST = 24  # letters of a name


def lying(sizes: Mapping[str, float], unit: str) -> Picture:
    """One bar per name on a logarithmic axis, with its number."""
    names, values = list(sizes)[::-1], [max(float(each), 1.0) for each in sizes.values()][::-1]
    rows = list(range(len(names)))
    bar = {
        "type": "bar", "orientation": "h", "x": values, "y": rows, "customdata": names,
        "marker": {"color": BLUE}, "cliponaxis": False,
        "text": [f"{each:,.0f}" for each in values], "textposition": "outside", **hover("%{customdata}: %{x:,}"),
    }  # fmt: skip
    top = max(values, default=1.0)
    axes = {"xaxis": {"type": "log", "range": [0, len(f"{top:.0f}") + 0.6]},
            "yaxis": {"tickvals": rows, "ticktext": [ended(name) for name in names], "showgrid": False}}  # fmt: skip
    alt = f"{unit}: " + ", ".join(f"{name} {value:,.0f}" for name, value in sizes.items()) + "."
    return Picture([bar], layout(unit, "", 110 + 28 * len(names), showlegend=False, **axes), alt)


def ended(name: str) -> str:
    """A name as a phone has room for it: the end of a long one."""
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"
