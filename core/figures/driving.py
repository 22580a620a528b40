"""Pictures of driving: a track with the expert's speed, errors that add up, rounds of teaching."""

from collections.abc import Sequence

import numpy as np

from core.figures.curves import bands, number
from core.figures.picture import BLUE, FAINT, GREEN, INK, ORANGE, Picture, encoded, layout


def track(lap) -> Picture:
    """A track from above with the expert's lap (``screen.Lap``) on it, coloured by speed."""
    centre, places, speeds = np.array(lap.track), np.array(lap.places)[::2], np.array(lap.speeds)[::2]
    around = np.vstack([centre, centre[:1]])
    road = {
        "type": "scatter", "mode": "lines", "x": encoded(around[:, 0]), "y": encoded(around[:, 1]), "name": "road",
        "line": {"color": FAINT, "width": 16}, "hoverinfo": "skip",
    }  # fmt: skip
    bar = {"title": {"text": "speed"}, "thickness": 12, "outlinewidth": 0}
    line = {
        "type": "scatter", "mode": "markers", "x": encoded(places[:, 0]), "y": encoded(places[:, 1]),
        "marker": {"size": 6, "color": encoded(speeds), "colorscale": "Viridis", "colorbar": bar, "showscale": True},
        "customdata": encoded(speeds), "hovertemplate": "speed %{customdata:.0f}<extra></extra>", "name": "expert",
    }  # fmt: skip
    start = {
        "type": "scatter", "mode": "markers+text", "x": [float(centre[0, 0])], "y": [float(centre[0, 1])],
        "marker": {"symbol": "diamond", "size": 12, "color": ORANGE, "line": {"color": INK, "width": 1}},
        "text": ["start"], "textposition": "top center", "hoverinfo": "skip",
    }  # fmt: skip
    plane = {"showgrid": False, "showline": False, "showticklabels": False, "fixedrange": True, "constrain": "domain"}
    alt = (
        f"Track {lap.seed} from above with the expert's lap: {len(lap.scores)} steps, {lap.scores[-1]:.0f} points, "
        f"speed from {speeds.min():.0f} to {speeds.max():.0f}."
    )
    drawn = layout(height=380, showlegend=False, xaxis=plane, yaxis={**plane, "scaleanchor": "x"})
    return Picture([road, line, start], drawn, alt)


def drifting(drift) -> Picture:
    """The clone's error second by second: beside the expert, and driving alone; bands over tracks."""
    seconds = np.arange(1, drift.alone.shape[1] + 1)
    curves = {"the clone drives": drift.alone, "the expert drives": drift.beside}
    return bands(seconds, curves, ("Seconds since the start", "Error of steering (radians)"))


def far_from_home(drift) -> Picture:
    """The clone's error against how far a frame is from those it was taught."""
    axes = "Distance from the training frames", "Error of steering (radians)"
    return bands(drift.distance, {"all frames": drift.error}, axes, showlegend=False)


def rounds(done: Sequence) -> Picture:
    """What each round of teaching brought: share of the exam track driven, and errors."""
    x = np.array([one.number for one in done])
    traces = [
        {
            "type": "bar", "x": x.tolist(), "y": [100 * one.tiles for one in done], "name": "lap driven (%)",
            "marker": {"color": [GREEN if one.finished else FAINT for one in done], "line": {"color": INK, "width": 1}},
            "text": [f"{one.tiles:.0%}<br>{one.frames:,} frames" for one in done], "textposition": "auto",
            "hoverinfo": "skip",
        },
        *(
            {
                "type": "scatter", "mode": "lines+markers", "x": x.tolist(), "y": [getattr(one, key) for one in done],
                "name": name, "yaxis": "y2", "line": {"color": color, "width": 2.5, "dash": dash},
                "marker": {"size": 9, "symbol": symbol},
            }
            for key, name, color, dash, symbol in (
                ("alone", "error when it drives", BLUE, "solid", "diamond"),
                ("copied", "error on the lessons", ORANGE, "dash", "circle"),
            )
        ),
    ]  # fmt: skip
    words = "; ".join(
        f"round {one.number}: {one.tiles:.0%} of the lap, error {number(one.alone)} alone and {number(one.copied)} on "
        f"{one.frames} lessons"
        for one in done
    )
    second = {
        "overlaying": "y", "side": "right", "rangemode": "tozero", "showgrid": False, "title": {"text": "Error (rad)"},
        "automargin": True,
    }  # fmt: skip
    drawn = layout(
        "Round", "Lap driven on an unseen track (%)", 360, yaxis={"range": [0, 105]}, yaxis2=second,
        xaxis={"dtick": 1},
    )  # fmt: skip
    return Picture(traces, drawn, f"Rounds of teaching: {words}.")
