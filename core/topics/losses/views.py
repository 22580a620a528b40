"""What the page on loss functions shows: a lab per view."""

import numpy as np

from core.figures.curves import bars, line, number
from core.figures.descents import spot
from core.figures.marks import hover, marker, trace
from core.figures.picture import GREY, INK, PAPER, Picture, encoded, layout
from core.figures.planes import boundary
from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, scale, slider
from core.lessons.view import Shown, View
from core.probes import luck
from core.programs import Program
from core.topics.losses import numbers as lab
from core.topics.losses import programs
from core.topics.losses.best_constants import KIND, STYLES, WISH
from core.topics.losses.numbers import CLASSES, NUMBERS, Fits, Flips, Shapes

MODELS = ("line", "network")


# One outlier ---------------------------------------------------------------------------------------------------------


def measure_outlier(outlier: float, outlier_at: float, model: str, seed: int) -> Fits:
    """All fits for one outlier."""
    return lab.fit(outlier, outlier_at, model == "network", seed)


OUTLIER_HEIGHT = slider("Outlier", -8.0, 10.0, 8.0, 0.5, help="Its height; or click in the picture.")


def clicked(at: dict) -> tuple[tuple[Control, float]]:
    """The height the learner clicked, on the slider's grid."""
    return ((OUTLIER_HEIGHT, round(at["y"] * 2) / 2),)


def samples(fits: Fits) -> list[dict]:
    """The training points; the outlier stands out."""
    data = next(iter(fits.runs.values())).data
    x, y = data.x[:-1, 0].numpy(), data.y[:-1, 0].numpy()
    said = hover("(%{x:.2f}, %{y:.2f})")
    star = marker(INK, 18, "star", rim=PAPER, width=1)
    sound = trace("markers", x, y, marker=marker(GREY, 8, rim=PAPER, width=1), name="samples", **said)
    return [sound, spot((fits.place, fits.height), "outlier", star)]


def plan() -> dict:
    """The plane of the samples: always the same, so that a click means the same."""
    return layout("Input", "Number to predict", 400, yaxis={"range": [-9, 11]}, xaxis={"range": [-2.2, 2.2]})


def dots(fits: Fits) -> Shown:
    """The samples alone."""
    alt = f"20 points along a line and an outlier at x = {fits.place:g}, at height {fits.height:g}."
    note = "Twenty points along a line and one outlier (the star). Click where it should be, or use the slider."
    return Shown(((Picture(samples(fits), plan(), alt),),), note, (), clicked)


def fitted(fits: Fits) -> Shown:
    """The fits over the epochs, and how far each was moved, for every height of the outlier."""
    x = np.linspace(-lab.REACH, lab.REACH, 61)
    epochs = [epoch.number for epoch in fits.runs["MSE"].history]
    curves = {name: [lab.curve(run, epoch) for epoch in epochs] for name, run in fits.runs.items()}
    points = samples(fits)
    traces = [*points, *(line(x, rows[-1], name, *STYLES[name]) for name, rows in curves.items())]
    frames = [
        (*[None] * len(points), *({"y": encoded(rows[at])} for rows in curves.values())) for at in range(len(epochs))
    ]
    moved = ", ".join(f"{name} {number(value)}" for name, value in fits.moved.items())
    alt = f"Fits to 20 points and an outlier at height {fits.height:g}; how far the outlier moved each: {moved}."
    picture = Picture(traces, plan(), alt, frames, [f"epoch {epoch}" for epoch in epochs])
    return Shown(((picture,), (moves(fits),)), f"How far the outlier moved each fit: **{moved}**.", (), clicked)


def moves(fits: Fits) -> Picture:
    """How far fits move with the outlier's height."""
    heights = np.array(lab.HEIGHTS)
    style = {"mode": "lines+markers"}
    traces = [line(heights, rows, name, *STYLES[name], **style) for name, rows in fits.swept.items()]
    traces += [
        spot(
            (fits.height, fits.moved[name]),
            f"{name}, now",
            {"size": 11, "color": STYLES[name][0], "symbol": "diamond"},
        )
        for name in fits.moved
    ]
    for point in traces[len(fits.swept) :]:
        point["showlegend"] = False
    words = ", ".join(f"{name} at most {number(float(rows.max()))}" for name, rows in fits.swept.items())
    return Picture(
        traces, layout("Height of the outlier", "How far the fit moved", 320), f"Fits moved by an outlier: {words}."
    )


def most_moved(fits: Fits) -> Question:
    """Which fit moves most?"""
    truth = max(fits.moved, key=lambda name: fits.moved[name])
    because = "Squaring lets one large error outweigh many small ones; the absolute error and Huber's count it once."
    return Question("Which fit does the outlier pull furthest?", list(NUMBERS), truth, because)


def robust(fits: Fits) -> Goal:
    """Find an outlier that hurts MSE and hardly Huber."""
    ratio = fits.moved["MSE"] / max(fits.moved["Huber"], 1e-6)
    goal = "**Tell them apart**: find an outlier that moves the MSE fit at least eight times as far as the Huber fit."
    return Goal(goal, ratio >= 8, f"Now: {ratio:.1f} times as far.")


OUTLIER = View(
    (
        OUTLIER_HEIGHT,
        slider("Outlier at", -2.0, 2.0, 1.5, 0.1, help="Where it stands along x."),
        pick("Model", MODELS, "line"),
    ),
    measure_outlier,
    fitted,
    before=dots,
    question=most_moved,
    goal=robust,
    program=lambda found: found.runs["Huber"],
)


# Slopes --------------------------------------------------------------------------------------------------------------


def measure_slopes(answer: str, at: float, seed: int) -> "Sloped":
    """The curves; nothing in them is random."""
    return Sloped(lab.shapes(answer), answer, at)


class Sloped:
    """Curves of a kind of losses and the place where their numbers are read."""

    def __init__(self, shapes: Shapes, kind: str, at: float) -> None:
        self.shapes, self.kind, self.at = shapes, kind, at
        self.provenance = shapes.provenance


def sloped(found: Sloped) -> Shown:
    """Losses and their slopes, and the numbers at one place."""
    across = "Error (answer − truth)" if found.kind == "numbers" else "Lead of the right class"
    pictures, place = [], int(np.abs(found.shapes.x - found.at).argmin())
    for title, curves in (("Loss", found.shapes.values), ("Slope of the loss", found.shapes.slopes)):
        traces = [line(found.shapes.x, rows, name, *STYLES[name]) for name, rows in curves.items()]
        low, high = (-4, 4) if title != "Loss" else (0, 8)
        traces.append(line(np.array([found.at] * 2), np.array([low, high]), "here", INK, "dot", showlegend=False))
        words = ", ".join(f"{name} {number(float(rows[place]))}" for name, rows in curves.items())
        alt = f"{title} over the {across.lower()}; at {found.at:g}: {words}."
        pictures.append(
            Picture(traces, layout(across, title, 380, yaxis={"range": [low * 1.05 - 0.2, high * 1.05]}), alt)
        )
    rows = [
        {
            "Loss": name,
            f"Value at {number(found.at)}": f"{found.shapes.values[name][place]:.4f}",
            f"Slope at {number(found.at)}": f"{found.shapes.slopes[name][place]:.4f}",
        }
        for name in found.shapes.values
    ]
    note = (
        "The slope is the push a sample gives to the fit. MSE pushes in proportion to the error, without limit; MAE "
        "always pushes equally; Huber is MSE near zero and MAE beyond 1."
        if found.kind == "numbers"
        else "The slope is the push a sample gives. Hinge stops once the right class leads by 1. Cross-entropy never "
        "quite stops. Focal loss lets go early of what is already right. None pushes a wrong sample without limit."
    )
    return Shown((tuple(pictures),), note, (rows,))


def slopes_program(sloped: Sloped) -> Program:
    """The losses and slopes at the place where they are read."""
    return programs.program_of_slopes(sloped.shapes, sloped.kind, sloped.at)


SLOPES = View(
    (KIND, slider("At", -5.0, 5.0, 2.0, 0.1, help="Where the numbers are read.")),
    measure_slopes,
    sloped,
    program=slopes_program,
)


# Wrong labels --------------------------------------------------------------------------------------------------------


def measure_flips(data: str, wrong_labels: float, hidden_layers: int, epochs: int, seed: int) -> Flips:
    """Three losses, five seeds each."""
    return lab.flip(data, wrong_labels, hidden_layers, epochs, seed)


def flipped(flips: Flips, sure: bool = True) -> Shown:
    """What each network answers, how right and how sure it is."""
    pictures = []
    for name, runs in flips.runs.items():
        whole = boundary(runs[0], 300)
        title = {
            "text": name,
            "x": 0.5,
            "y": 1.01,
            "xref": "paper",
            "yref": "paper",
            "showarrow": False,
            "yanchor": "bottom",
        }
        plane = {**whole.layout, "showlegend": False, "annotations": [title]}
        pictures.append(Picture(whole.traces, plane, f"{name}: {whole.alt}"))
    measures = {"Held-out accuracy, right labels": flips.accuracies} | (
        {"Mean probability of the choice": flips.confidence} if sure else {}
    )
    share = {"range": [0, 1.05], "tickformat": ".0%"}
    charts = [bars(values, ("", title), 300, yaxis={**share}) for title, values in measures.items()]
    for chart in charts:
        chart.traces[0]["marker"] = {"color": [STYLES[name][0] for name in CLASSES]}
    return Shown((tuple(pictures), tuple(charts)), verdict(flips))


def verdict(flips: Flips) -> str:
    """Who is right most often, beyond luck."""
    means = {name: values.mean() for name, values in flips.accuracies.items()}
    best = max(means, key=lambda name: means[name])
    others = luck.sentence(flips.accuracies, best, "The others are worse by more than seed noise.")
    return (
        f"Most often right on samples with sound labels: **{best}**, {means[best]:.1%} over {lab.SEEDS} seeds. {others}"
    )


def surest(flips: Flips) -> Question:
    """Which loss makes the network least sure?"""
    means = {name: values.mean() for name, values in flips.confidence.items()}
    because = "Focal loss stops asking for more as soon as a sample is fairly right, so its probabilities stay modest."
    return Question(
        "Which loss leaves the network least sure of its answers?",
        list(CLASSES),
        min(means, key=lambda name: means[name]),
        because,
    )


def sound_after_all(flips: Flips) -> Goal:
    """Stay right although many labels are wrong."""
    run = flips.runs["cross-entropy"][0]
    share = run.data.made.share
    mean = flips.accuracies["cross-entropy"].mean()
    goal = "**See through the lies**: with at least 30% wrong labels, cross-entropy still reaches 90% on sound ones."
    return Goal(goal, bool(share >= 0.3 and mean >= 0.9), f"Now: {share:.0%} wrong labels, {mean:.1%}.")


FLIPS = View(
    (
        pick("Data", ("moons", "gaussians", "circle")),
        slider("Wrong labels", 0.0, 0.45, 0.2, 0.05, help="The share of training labels that are flipped."),
        slider("Hidden layers", 0, 2, 1),
        scale("Epochs", (5, 15, 30, 60, 120), 60),
    ),
    measure_flips,
    flipped,
    before=lambda found: flipped(found, False),
    question=surest,
    goal=sound_after_all,
    program=lambda found: found.runs["focal"][0],
)


VIEWS: dict[str, View] = {
    "One outlier": OUTLIER,
    "Slopes": SLOPES,
    "Wrong labels": FLIPS,
    "What it asks for": WISH,
}
