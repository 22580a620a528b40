"""What the page on loss functions shows: a lab per view."""

import numpy as np

from core.controls import Control
from core.experiments import losses as lab
from core.experiments.losses import CLASSES, NUMBERS, Fits, Flips, Shapes
from core.figures.best_constants import KIND, STYLES, WISH
from core.figures.curves import bars, line, number
from core.figures.descents import spot
from core.figures.labs import Lab
from core.figures.picture import GREY, INK, PAPER, Picture, encoded, layout
from core.figures.planes import boundary
from core.figures.playground import Shown
from core.script import Experiment

MODELS = ("line", "network")


# One outlier ---------------------------------------------------------------------------------------------------------


def measure_outlier(outlier: float, outlier_at: float, model: str, seed: int) -> Fits:
    """All fits for one outlier."""
    return lab.fit(outlier, outlier_at, model == "network", seed)


def clicked(at: dict) -> tuple[str, float]:
    """The height the learner clicked, on the slider's grid."""
    return "Outlier", round(min(max(at["y"], -8.0), 10.0) * 2) / 2


def samples(found: Fits) -> list[dict]:
    """The training points; the outlier stands out."""
    data = next(iter(found.runs.values())).data
    x, y = data.x[:-1, 0].numpy(), data.y[:-1, 0].numpy()
    marker = {"size": 8, "color": GREY, "line": {"width": 1, "color": PAPER}}
    hover = "(%{x:.2f}, %{y:.2f})<extra></extra>"
    star = {"symbol": "star", "size": 18, "color": INK, "line": {"width": 1, "color": PAPER}}
    sound = {
        "type": "scatter", "mode": "markers", "x": encoded(x), "y": encoded(y), "marker": marker, "name": "samples",
        "hovertemplate": hover,
    }  # fmt: skip
    return [sound, spot((found.place, found.height), "outlier", star)]


def plan() -> dict:
    """The plane of the samples: always the same, so that a click means the same."""
    return layout("Input", "Number to predict", 400, yaxis={"range": [-9, 11]}, xaxis={"range": [-2.2, 2.2]})


def dots(found: Fits) -> Shown:
    """The samples alone."""
    alt = f"20 points along a line and an outlier at x = {found.place:g}, at height {found.height:g}."
    note = "Twenty points along a line and one outlier (the star). Click where it should be, or use the slider."
    return Shown(((Picture(samples(found), plan(), alt),),), note, (), clicked)


def fitted(found: Fits) -> Shown:
    """The fits over the epochs, and how far each was moved, for every height of the outlier."""
    x = np.linspace(-lab.REACH, lab.REACH, 61)
    epochs = [epoch.number for epoch in found.runs["MSE"].history]
    curves = {name: [lab.curve(run, epoch) for epoch in epochs] for name, run in found.runs.items()}
    points = samples(found)
    traces = [*points, *(line(x, rows[-1], name, *STYLES[name]) for name, rows in curves.items())]
    frames = [
        (*[None] * len(points), *({"y": encoded(rows[at])} for rows in curves.values())) for at in range(len(epochs))
    ]
    moved = ", ".join(f"{name} {number(value)}" for name, value in found.moved.items())
    alt = f"Fits to 20 points and an outlier at height {found.height:g}; how far the outlier moved each: {moved}."
    picture = Picture(traces, plan(), alt, frames, [f"epoch {epoch}" for epoch in epochs])
    return Shown(((picture,), (moves(found),)), f"How far the outlier moved each fit: **{moved}**.", (), clicked)


def moves(found: Fits) -> Picture:
    """How far fits move with the outlier's height."""
    heights = np.array(lab.HEIGHTS)
    style = {"mode": "lines+markers"}
    traces = [line(heights, rows, name, *STYLES[name], **style) for name, rows in found.swept.items()]
    traces += [
        spot(
            (found.height, found.moved[name]),
            f"{name}, now",
            {"size": 11, "color": STYLES[name][0], "symbol": "diamond"},
        )
        for name in found.moved
    ]
    for trace in traces[len(found.swept) :]:
        trace["showlegend"] = False
    words = ", ".join(f"{name} at most {number(float(rows.max()))}" for name, rows in found.swept.items())
    return Picture(
        traces, layout("Height of the outlier", "How far the fit moved", 320), f"Fits moved by an outlier: {words}."
    )


def most_moved(found: Fits) -> tuple:
    """Which fit moves most?"""
    truth = max(found.moved, key=found.moved.get)
    because = "Squaring lets one large error outweigh many small ones; the absolute error and Huber's count it once."
    return "Which fit does the outlier pull furthest?", list(NUMBERS), truth, because


def robust(found: Fits) -> tuple:
    """Find an outlier that hurts MSE and hardly Huber."""
    ratio = found.moved["MSE"] / max(found.moved["Huber"], 1e-6)
    goal = "**Tell them apart**: find an outlier that moves the MSE fit at least eight times as far as the Huber fit."
    return goal, ratio >= 8, f"Now: {ratio:.1f} times as far."


OUTLIER = Lab(
    measure_outlier, fitted,
    (Control("Outlier", "slider", 8.0, (-8.0, 10.0, 0.5), "Its height; or click in the picture."),
     Control("Outlier at", "slider", 1.5, (-2.0, 2.0, 0.1), "Where it stands along x."),
     Control("Model", "pick", "line", MODELS)),
    (), dots, most_moved, robust, lambda found: found.runs["Huber"],
)  # fmt: skip


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
        {"Loss": name, f"Value at {found.at:g}": f"{found.shapes.values[name][place]:.4f}",
         f"Slope at {found.at:g}": f"{found.shapes.slopes[name][place]:.4f}"}
        for name in found.shapes.values
    ]  # fmt: skip
    note = (
        "The slope is the push a sample gives to the fit. MSE pushes in proportion to the error, without limit; MAE "
        "always pushes equally; Huber is MSE near zero and MAE beyond 1."
        if found.kind == "numbers"
        else "The slope is the push a sample gives. Hinge stops once the right class leads by 1. Cross-entropy never "
        "quite stops. Focal loss lets go early of what is already right. None pushes a wrong sample without limit."
    )
    return Shown((tuple(pictures),), note, (rows,))


def slopes_program(found: Sloped) -> Experiment:
    """The curves as numbers."""
    main = (
        f"found = shapes({found.kind!r}, points=11)\nfor name in found.values:\n"
        "    print(name, found.values[name], found.slopes[name])"
    )
    return Experiment((lab.shapes,), main, "Losses and their slopes")


SLOPES = Lab(
    measure_slopes, sloped, (KIND, Control("At", "slider", 2.0, (-5.0, 5.0, 0.1), "Where the numbers are read.")),
    program=slopes_program,
)  # fmt: skip


# Wrong labels --------------------------------------------------------------------------------------------------------


def measure_flips(data: str, wrong_labels: float, hidden_layers: int, epochs: int, seed: int) -> Flips:
    """Three losses, five seeds each."""
    return lab.flip(data, wrong_labels, hidden_layers, epochs, seed)


def flipped(found: Flips, sure: bool = True) -> Shown:
    """What each network answers, how right and how sure it is."""
    pictures = []
    for name, runs in found.runs.items():
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
    measures = {"Held-out accuracy, right labels": found.accuracies} | (
        {"Mean probability of the choice": found.confidence} if sure else {}
    )
    charts = [bars(values, ("", title), 300, yaxis={"range": [0, 1.05]}) for title, values in measures.items()]
    for chart in charts:
        chart.traces[0]["marker"] = {"color": [STYLES[name][0] for name in CLASSES]}
    return Shown((tuple(pictures), tuple(charts)), verdict(found))


def verdict(found: Flips) -> str:
    """Who is right most often, beyond luck."""
    means = {name: values.mean() for name, values in found.accuracies.items()}
    best = max(means, key=means.get)
    equals = [name for name in means if name != best and not tells(found.accuracies[best], found.accuracies[name])]
    luck = f" Inside seed noise of it: {', '.join(equals)}." if equals else " The others are worse by more than luck."
    return f"Most often right on samples with sound labels: **{best}**, {means[best]:.1%} over {lab.SEEDS} seeds.{luck}"


def tells(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two sets of five accuracies differ by more than luck: paired t-test at 5 %, shared by two comparisons."""
    gap = first - second
    spread = gap.std(ddof=1)
    return bool(abs(gap.mean()) > 3.495 * spread / len(gap) ** 0.5) if spread > 1e-12 else bool(gap.mean() != 0)


def surest(found: Flips) -> tuple:
    """Which loss makes the network least sure?"""
    means = {name: values.mean() for name, values in found.confidence.items()}
    because = "Focal loss stops asking for more as soon as a sample is fairly right, so its probabilities stay modest."
    return "Which loss leaves the network least sure of its answers?", list(CLASSES), min(means, key=means.get), because


def sound_after_all(found: Flips) -> tuple:
    """Stay right although many labels are wrong."""
    run = found.runs["cross-entropy"][0]
    share = float(run.data.source.rsplit(", ", 2)[1])
    mean = found.accuracies["cross-entropy"].mean()
    goal = "**See through the lies**: with at least 30 % wrong labels, cross-entropy still reaches 90 % on sound ones."
    return goal, bool(share >= 0.3 and mean >= 0.9), f"Now: {share:.0%} wrong labels, {mean:.1%}."


FLIPS = Lab(
    measure_flips, flipped,
    (Control("Data", "pick", "moons", ("moons", "gaussians", "circle")),
     Control("Wrong labels", "slider", 0.2, (0.0, 0.45, 0.05), "The share of training labels that are flipped."),
     Control("Hidden layers", "slider", 1, (0, 2)), Control("Epochs", "scale", 60, (5, 15, 30, 60, 120))),
    (), lambda found: flipped(found, False), surest, sound_after_all, lambda found: found.runs["focal"][0],
)  # fmt: skip


LABS: dict[str, Lab] = {
    "One outlier": OUTLIER, "Slopes": SLOPES, "Wrong labels": FLIPS, "What it asks for": WISH,
}  # fmt: skip
