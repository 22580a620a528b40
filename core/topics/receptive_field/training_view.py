"""The view of a field before, while and after a network learns, beside that of a learner's own."""

import numpy as np

from core.figures.curves import line
from core.figures.picture import BLUE, GREY, ORANGE, Picture, Replay, encoded, layout, sampled
from core.figures.rasters import outline, raster, shades
from core.lessons import Goal, Question
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.topics.receptive_field.field_view import DEPTHS
from core.topics.receptive_field.training import (
    CHANGES,
    CHANNELS,
    MIDDLE,
    SIDE,
    Trained,
    distance,
    program_of_training,
    trained,
)

ENOUGH, NEAR = 0.95, 1.5  # held-out accuracy and pixels of the challenge


def measure(file: bytes, convolutions: int, training_images: int, epochs: int, seed: int) -> Trained:
    """One training on digits."""
    return trained(file, convolutions, training_images, epochs, seed)


def box_of(layers: int) -> dict:
    """The frame of the box of the middle place, cut off where the picture ends."""
    top = max(MIDDLE - layers, 0)
    side = min(MIDDLE + layers, SIDE - 1) - top + 1
    return outline(top, top, side, side, ORANGE)


def field_picture(fields: np.ndarray, layers: int, title: str, labels: list[str]) -> Picture:
    """A field (8, 8), replayed where there are several moments of it."""
    roots = np.sqrt(fields / np.maximum(fields.max(axis=(1, 2), keepdims=True), 1e-12))
    alt = (
        f"{title}: the middle answer looks {distance(fields[-1]):.2f} pixels far on average, at most {layers} away; "
        f"outside of its box the gradient is {outside(fields[-1], layers):g}."
    )
    film = Replay(len(roots), lambda: [({"z": encoded(sampled(each, 0, 1))},) for each in roots])
    replayed = {"frames": film, "labels": labels} if labels else {}
    trace = shades(roots[-1], 0, 1, DEPTHS)
    return raster([trace], (SIDE, SIDE), title, alt, 300, shapes=[box_of(layers)], **replayed)


def outside(looks: np.ndarray, layers: int) -> float:
    """The largest look outside the box."""
    line = np.abs(np.arange(SIDE) - MIDDLE)
    return float(looks[np.maximum(line[:, None], line[None, :]) > layers].max(initial=0.0))


def curve(trial: Trained) -> Picture:
    """How far it looks and how right it is, over the training."""
    epochs = np.array([epoch.number for epoch in trial.run.history])
    scores = np.array([epoch.test_score for epoch in trial.run.history])
    far = line(epochs, np.array(trial.distances), "looks this far (pixels)", BLUE)
    right = line(epochs, scores, "held-out accuracy (right axis)", GREY, "dash", yaxis="y2")
    axis = {
        "overlaying": "y",
        "side": "right",
        "range": [0, 1.02],
        "tickformat": ".0%",
        "dtick": 0.25,
        "showgrid": False,
    }
    plan = layout("epoch", "pixels from the middle", 300, yaxis2=axis, yaxis={"range": [0, SIDE / 2]})
    plan["margin"] |= {"r": 52}
    alt = (
        f"It looks {trial.distances[0]:.2f} pixels far before and {trial.distances[-1]:.2f} after {epochs[-1]} epochs; "
        f"held-out accuracy {scores[-1]:.1%}."
    )
    return Picture([far, right], plan, alt)


def draw(trial: Trained) -> Shown:
    """The field, replayed; a learner's own beside it."""
    labels = [f"epoch {epoch.number}" for epoch in trial.run.history]
    pictures = [field_picture(trial.fields, trial.layers, "where the middle looks, trained here", labels)]
    if trial.own is not None:
        pictures.append(field_picture(trial.own[None], trial.layers, "your own network", []))
    before, after = trial.distances[0], trial.distances[-1]
    note = (
        f"After {trial.layers} convolutions the middle can see {2 * trial.layers + 1} × {2 * trial.layers + 1} pixels "
        f"(the box); outside, the gradient is exactly {outside(trial.fields[-1], trial.layers):g}. Untrained it looked "
        f"**{before:.2f}** pixels far on average, trained **{after:.2f}**. Other tasks may ask for the opposite: Luo "
        "and others (2016) saw fields widen on photographs."
    )
    if trial.refusal:
        note += f"\n\n**Your file was not read.** {trial.refusal}"
    if trial.own is not None:
        note += f" Your network looks **{distance(trial.own):.2f}** pixels far."
    return Shown((tuple(pictures), (curve(trial),)), note)


def before(trial: Trained) -> Shown:
    """The field of the untrained network."""
    shown = field_picture(trial.fields[:1], trial.layers, "where the middle looks, untrained", [])
    note = f"**Your file was not read.** {trial.refusal}" if trial.refusal else ""
    return Shown(((shown,),), note)


def question(trial: Trained) -> Question:
    """What does training do to the field?"""
    because = (
        f"From {trial.distances[0]:.2f} to {trial.distances[-1]:.2f} pixels on average. The last layer reads every "
        "place of the maps by itself, so that no place has to look far."
    )
    text = "The network learns to read digits. What becomes of the field of its middle?"
    return Question(text, CHANGES, trial.answer(), because)


def goal(trial: Trained) -> Goal:
    """Read well from near."""
    text = (
        f"**Read well from near**: at least {ENOUGH:.0%} of held-out digits with a middle that looks less than {NEAR} "
        "pixels far on average."
    )
    score, far = trial.run.last.test_score, trial.distances[-1]
    return Goal(text, score >= ENOUGH and far < NEAR, f"Now: {score:.1%}, {far:.2f} pixels.")


def files(trial: Trained) -> tuple[tuple[str, str, bytes], ...]:
    """The trained weights, to take away or to bring back."""
    return (("Trained weights (safetensors)", "weights.safetensors", trial.file),)


TRAINING = View(
    (
        slider("Convolutions", 1, 3, 3, help=f"Of 3 × 3 kernels and {CHANNELS} maps each."),
        scale("Training images", (200, 500, 1000), 500),
        slider("Epochs", 2, 20, 10),
    ),
    measure,
    draw,
    before=before,
    question=question,
    goal=goal,
    program=program_of_training,
    files=files,
)
