"""Sizes by name, as bars that lie: file names need room."""

from collections.abc import Mapping

from core.figures.marks import hover
from core.figures.picture import BLUE, Picture, layout


def lying(sizes: Mapping[str, float], unit: str) -> Picture:
    """One bar per name on a logarithmic axis, with its number."""
    names, values = list(sizes)[::-1], [max(float(each), 1.0) for each in sizes.values()][::-1]
    bar = {
        "type": "bar", "orientation": "h", "x": values, "y": names, "marker": {"color": BLUE}, "cliponaxis": False,
        "text": [f"{each:,.0f}" for each in values], "textposition": "outside", **hover("%{y}: %{x:,}"),
    }  # fmt: skip
    top = max(values, default=1.0)
    axes = {"xaxis": {"type": "log", "range": [0, len(f"{top:.0f}") + 0.6]}, "yaxis": {"type": "category"}}
    alt = f"{unit}: " + ", ".join(f"{name} {value:,.0f}" for name, value in sizes.items()) + "."
    return Picture([bar], layout(unit, "", 110 + 28 * len(names), showlegend=False, **axes), alt)
