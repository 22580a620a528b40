"""Pictures of a spiking neuron beside the artificial unit fitted to it."""

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import marker
from core.figures.picture import BLUE, INK, ORANGE, PAPER, Picture, encoded, layout
from core.topics.biological_vs_artificial.numbers import LARGEST, RateCurve, Trace, Unit, closed_form

PEAK = 20.0  # mV, how high a spike is drawn; the model only knows when it happens
MOMENTS = 50  # frames of the replay


def membrane(trace: Trace, unit: Unit, height: int = 450) -> Picture:
    """The same input through both neurons, replayed in time: above the membrane voltage with its spikes, below what
    each of them reports: the spiking neuron by its intervals, the artificial one by a number at every moment."""
    neuron, answer = trace.neuron, unit(trace.current)
    spikes, rates = trace.spikes, 1000 / trace.intervals
    bottom = min(neuron.rest, float(trace.voltage.min())) - 2
    drawn = [with_spikes(trace), (spikes[1:], rates), (trace.time, answer)]
    voltage = line(*drawn[0], "membrane voltage", ORANGE)
    ends = {"x": [0, float(trace.time[-1])], "y": [neuron.threshold] * 2}
    threshold = {**line([0], [0], "threshold", INK, "dot", hoverinfo="skip"), **ends}
    style = {"mode": "markers", "marker": marker(ORANGE, 8, rim=PAPER, width=1)}
    dots = {**line(spikes[1:], rates, "1 / interval between spikes", ORANGE), **style, "yaxis": "y2"}
    unit_line = line(trace.time, answer, f"artificial neuron ({unit.activation})", BLUE, "dash", yaxis="y2")
    top = 1.15 * max([1.0, float(answer.max()), *rates])
    below = {"text": "Spikes per second", "standoff": 8}
    fixed = {"fixedrange": True}
    plan = layout(
        "Time (ms)",
        "Voltage (mV)",
        height,
        xaxis={"range": [0, float(trace.time[-1])], "anchor": "y2", **fixed},
        yaxis={"domain": [0.54, 1], "range": [bottom, PEAK + 3], **fixed},
        yaxis2={"domain": [0, 0.42], "range": [0, top], "title": below, "zeroline": False, "automargin": True, **fixed},
    )
    moments = np.linspace(0, trace.time[-1], MOMENTS + 1)[1:]
    frames = [(*(known_at(moment, *curve) for curve in drawn), None) for moment in moments]
    alt = (
        f"The neuron's membrane voltage over {trace.time[-1]:.0f} ms with {len(spikes)} spikes; below it the answer of "
        f"the artificial neuron, {number(float(answer.min()))} to {number(float(answer.max()))} spikes per second."
    )
    labels = [f"{moment:.0f} ms" for moment in moments]
    return Picture([voltage, dots, unit_line, threshold], plan, alt, frames, labels)


def known_at(moment: float, times: np.ndarray, values: np.ndarray) -> dict:
    """A curve up to a moment: it ends where its values end."""
    return {"y": encoded(values[: int((times <= moment).sum())])}


def with_spikes(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """Times and voltages with every spike drawn up to its peak and down to rest."""
    places, neuron = np.repeat(np.searchsorted(trace.time, trace.spikes), 3), trace.neuron
    shape = np.tile([neuron.threshold, PEAK, neuron.rest], len(trace.spikes))
    return np.insert(trace.time, places, np.repeat(trace.spikes, 3)), np.insert(trace.voltage, places, shape)


def rate_against_current(curve: RateCurve, unit: Unit, current: float, height: int = 400) -> Picture:
    """Measured firing rates over the input current, the closed form where there is one, and the fitted unit."""
    fine = np.linspace(0, LARGEST, 51 if curve.neuron.noise else 401)
    theory = np.array([closed_form(curve.neuron, one) for one in fine])
    known = [line(fine, theory, "closed form", INK, "dot")] if np.isfinite(theory).all() else []
    marker = {"color": ORANGE, "size": 8, "line": {"width": 1, "color": PAPER}}
    measured = {**line(curve.currents, curve.measured, "measured", ORANGE), "mode": "markers", "marker": marker}
    answer = line(fine, unit(fine), f"fitted {unit.activation}", BLUE, "dash")
    top = 1.1 * max(float(curve.measured.max()), float(unit(fine).max()), 1.0)
    here = {**line([0], [0], "your current", INK, hoverinfo="skip"), "x": [current] * 2, "y": [0, top], "opacity": 0.35}
    alt = (
        f"Firing rate against input current: measured up to {number(float(curve.measured.max()))} spikes per second; "
        f"the fitted {unit.activation} explains {100 * unit.explained:.2f}% of the curve."
    )
    ranges = {"xaxis": {"range": [0, LARGEST]}, "yaxis": {"range": [0, top]}}
    plan = layout("Input current (nA)", "Spikes per second", height, **ranges)
    return Picture([here, *known, answer, measured], plan, alt)


def spelled(unit: Unit) -> str:
    """A unit as LaTeX with its numbers, for a current x in nanoamperes."""
    height = "" if unit.height == 1 else rf"{unit.height:.3g}\cdot "
    return rf"{height}\mathrm{{{unit.activation}}}({unit.weight:.3g}\,x {unit.bias:+.3g})"
