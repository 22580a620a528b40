"""Pictures of networks that learn a rule, or the noise on top of it."""

from collections.abc import Sequence

import numpy as np
import torch

from core.data.rules import REACH, truth
from core.figures.curves import bands, line, number
from core.figures.marks import hover, marker, note, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, PAPER, Picture, Replay, encoded, layout, transparent
from core.probes.stacked import answers, moments
from core.topics.overfitting.numbers import Descent, Ensemble, Sweep, turns
from core.training.run import Epoch, Run

POINTS = 161
HEIGHT = {"yaxis": {"range": [-2.3, 2.3]}}


def rule() -> dict:
    """The rule behind the samples as a dotted line."""
    x = torch.linspace(-REACH, REACH, POINTS)[:, None]
    return line(x[:, 0].numpy(), truth(x)[:, 0].numpy(), "the rule", INK, "dot")


def samples(x: torch.Tensor, y: torch.Tensor, name: str, color: str, symbol: str) -> dict:
    """Samples (count, 1) as points."""
    style = marker(color, 8, symbol, rim=PAPER, width=1)
    said = hover("(%{x:.2f}, %{y:.2f})", name)
    return trace("markers", x[:, 0].numpy(), y[:, 0].numpy(), marker=style, name=name, **said)


def fitted(run: Run, height: int = 400) -> Picture:
    """A network of one input at every recorded moment, with the samples it learns from and the rule behind them."""
    x = torch.linspace(-REACH, REACH, POINTS)[:, None]

    def curves(epochs: Sequence[Epoch]) -> np.ndarray:
        return answers(run.model, moments(epochs)[0], x)[..., 0].numpy()

    network = line(x[:, 0].numpy(), curves(run.history[-1:])[0], "the network", BLUE)
    learned = samples(run.data.x, run.data.y, "training samples", ORANGE, "circle")
    frames = Replay(len(run.history), lambda: [(None, None, {"y": encoded(curve)}) for curve in curves(run.history)])
    alt = (
        f"A network's answer over one input with the {len(run.data.x)} samples it learned from and the rule behind "
        f"them; mean squared error {number(run.last.train_loss)} on the samples, {number(run.last.test_loss)} on "
        "held-out ones."
    )
    labels = [f"epoch {epoch.number}" for epoch in run.history]
    return Picture([rule(), learned, network], layout("input", "answer", height, **HEIGHT), alt, frames, labels)


def fan(ensemble: Ensemble, height: int = 400) -> Picture:
    """All networks of an ensemble with their mean and the rule: the spread is variance, the mean's error is bias."""
    gap = np.full((len(ensemble.answers), 1), np.nan)
    together = np.concatenate([ensemble.answers, gap], axis=1).ravel()
    along = np.concatenate([np.tile(ensemble.x, (len(ensemble.answers), 1)), gap], axis=1).ravel()
    faint = {"line": {"color": transparent(BLUE, 0.5), "width": 1}, "hoverinfo": "skip"}
    every = line(along, together, f"{len(ensemble.answers)} networks", BLUE) | faint
    mean = line(ensemble.x, ensemble.answers.mean(axis=0), "their mean", BLUE)
    alt = (
        f"{len(ensemble.answers)} networks of {ensemble.units} units per layer, each trained on a sample of "
        "its own, with their "
        f"mean and the rule: bias² {number(ensemble.bias)}, variance {number(ensemble.variance)}."
    )
    return Picture([every, mean, rule()], layout("input", "answer", height, **HEIGHT), alt)


def decomposed(sweep: Sweep, units: int, height: int = 400) -> Picture:
    """Squared errors over the width of the networks, the chosen width marked."""
    widths = [ensemble.units for ensemble in sweep.ensembles]
    axes = ("units per layer", "mean squared error")
    picture = bands(widths, sweep.curves(), axes, height, log="x", yaxis={"rangemode": "tozero"})
    picture.layout["xaxis"] |= {"tickvals": widths, "ticktext": [str(width) for width in widths]}
    picture.layout["shapes"] = [upright(units)]
    measured = next(trace for trace in picture.traces if trace.get("name") == "measured test error")
    marker = {"symbol": "diamond-open", "size": 11, "color": INK, "line": {"width": 2}}
    measured |= {"mode": "markers", "marker": marker}  # no line: it would hide the sum that it should equal
    return picture


def upright(x: float) -> dict:
    """A vertical mark."""
    ink = {"color": GREY, "width": 1.5, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": ink}


def descents(descent: Descent, height: int = 400) -> Picture:
    """Training and held-out error over a very long training; valley, peak and valley marked where there are such."""
    axes = ("epoch", "mean squared error")
    axis = {"exponentformat": "power", "dtick": 1}
    picture = bands(
        descent.epochs, descent.errors, axes, height, yaxis={"rangemode": "tozero"}, xaxis={"type": "log", **axis}
    )
    mean = descent.held_out.mean(axis=0)
    places = turns(mean)
    first, peak, last = mean[list(places)]
    if not (peak > 1.1 * first and last < first):
        return picture.described(f"{picture.alt} {descent.sentence().replace('**', '')}")
    notes = [
        {
            **note(float(np.log10(descent.epochs[place])), float(mean[place]), f"{word}<br>{mean[place]:.2f}"),
            "showarrow": True,
            "arrowcolor": GREY,
            "ax": 0,
            "ay": -64 if word == "second valley" else -32,
        }
        for word, place in zip(("first valley", "peak", "second valley"), places, strict=True)
    ]
    picture.layout["annotations"] = notes
    return picture.described(f"{picture.alt} {descent.sentence().replace('**', '')}")
