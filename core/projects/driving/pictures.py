"""Pictures of driving: a track with the expert's speed, errors that add up, rounds of teaching."""

from collections.abc import Sequence

import numpy as np

from core.figures.curves import bands
from core.figures.picture import FAINT, GREEN, INK, ORANGE, Picture, encoded, layout


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
    return bands(
        seconds, curves, ("Seconds since the start", "Error of steering (radians)"), yaxis={"rangemode": "nonnegative"}
    )


def far_from_home(drift) -> Picture:
    """The clone's error against how far a frame is from those it was taught."""
    axes = "Distance from the training frames", "Error of steering (radians)"
    return bands(drift.distance, {"all frames": drift.error}, axes, showlegend=False)


def laps_driven(done: Sequence) -> Picture:
    """What each round of teaching brought: share of a lap of the examination track; finished laps are green."""
    trace = {
        "type": "bar", "x": [f"round {one.number}<br>{one.frames:,} frames" for one in done],
        "y": [100 * one.tiles for one in done], "text": [f"{one.tiles:.0%}" for one in done], "textposition": "auto",
        "marker": {"color": [GREEN if one.finished else ORANGE for one in done]}, "hoverinfo": "skip",
    }  # fmt: skip
    drawn = layout("", "Lap driven, unseen track (%)", 340, yaxis={"range": [0, 108]}, xaxis={"type": "category"})
    words = "; ".join(
        f"round {one.number} with {one.frames} frames {one.tiles:.0%}{', finished' if one.finished else ''}"
        for one in done
    )
    return Picture([trace], drawn, f"Share of a lap driven on an unseen track: {words}.")


def errors_by_round(done: Sequence) -> Picture:
    """The student's error of steering, on the lessons and where it drives itself, round by round."""
    curves = {
        "where it drives": np.array([one.alone for one in done]),
        "on the lessons": np.array([one.copied for one in done]),
    }
    axes = "Round", "Error of steering (radians)"
    return bands([one.number for one in done], curves, axes, 340, xaxis={"dtick": 1})
