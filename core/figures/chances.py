"""How probable each answer is."""

from collections.abc import Sequence

from core.figures.picture import BLUE, GREY, Picture, layout


def chances(probabilities: Sequence[float], names: Sequence[str], height: int = 330) -> Picture:
    """How probable each answer is, one bar each; the largest is blue."""
    trace = {"type": "bar", "orientation": "h", "y": list(names), "hoverinfo": "skip", "cliponaxis": False,
             "textposition": "outside", **lengths(probabilities)}  # fmt: skip
    plan = layout(
        "Probability", "", height, showlegend=False, bargap=0.25,
        xaxis={"range": [0, 1.22], "tickformat": ".0%", "fixedrange": True, "tickvals": [0, 0.5, 1]},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "fixedrange": True, "dtick": 1},
    )  # fmt: skip
    order = sorted(range(len(names)), key=lambda place: -probabilities[place])[:3]
    first = ", ".join(f"{names[place]} {probabilities[place]:.1%}" for place in order)
    return Picture([trace], plan, f"Probability of each of {len(names)} answers; the most probable are {first}.")


def lengths(probabilities: Sequence[float]) -> dict:
    """The bars of one moment."""
    best = max(range(len(probabilities)), key=lambda place: probabilities[place])
    colors = [BLUE if place == best else GREY for place in range(len(probabilities))]
    text = [f"{100 * value:.0f}%" if value >= 0.005 else "" for value in probabilities]
    return {"x": [float(value) for value in probabilities], "marker": {"color": colors}, "text": text}


def chances_film(moments: Sequence[Sequence[float]], names: Sequence[str], labels: list[str], height: int) -> Picture:
    """The same at every recorded moment of a training."""
    last = chances(moments[-1], names, height)
    frames = [(lengths(probabilities),) for probabilities in moments]
    return Picture(last.traces, last.layout, f"At the end of the training. {last.alt}", frames, labels)
