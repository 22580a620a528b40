"""Early stopping: where patience ends a training, what it keeps, and what that is worth on fresh samples."""

import numpy as np

from core.figures.curves import bars, line, number
from core.figures.marks import vertical
from core.figures.picture import BLUE, GREEN, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.checkpoints.programs import program_of_stopping
from core.topics.checkpoints.stopping import EPOCHS, SEEDS, Trainings, trainings

NOISE = slider("Noise", 0.1, 0.5, 0.3, 0.05)
SAMPLES = scale("Samples", (80, 120, 200, 400, 800), 200, help="Half of them are trained on, half are for validation.")
RATE = scale("Learning rate", (0.003, 0.01, 0.03, 0.1), 0.03)
PATIENCE = slider(
    "Patience", 1, 60, 1, help="Epochs without a new lowest validation loss until the training is stopped."
)
LEAST = scale("Least improvement", (0.0, 0.001, 0.01, 0.05), 0.0, help="A smaller one does not count.")
NEARLY = 1.1  # times the lowest loss: not worth a reason
STOP, KEEP, END, FLOOR = "where it stops", "the best so far", "the end", "lowest there is"


def measure(noise: float, samples: int, learning_rate: float, seed: int) -> Trainings:
    """All trainings to the end."""
    found = trainings(samples, noise, "Adam", learning_rate, 10, seed)
    _ = found.test  # judged here, where there is time
    return found


def curves(found: Trainings, marks: tuple[int, int] | None, height: int = 360) -> Picture:
    """The first seed's three losses, with marks where it stops and what it keeps."""
    epochs = np.arange(found.train.shape[1])
    rows = (("Training", found.train[0], ORANGE, "solid"), ("Validation", found.validation[0], BLUE, "dash"))
    rows += (("Fresh samples", found.test[0], GREEN, "dot"),) if marks else ()
    traces = [line(epochs, values, name, color, dash) for name, values, color, dash in rows]
    plan = layout("Epoch", "Loss", height, hovermode="x unified")
    ends = ", ".join(f"{name.lower()} ends at {number(values[-1])}" for name, values, *_ in rows)
    alt = f"Losses of the first seed: {ends}."
    if marks:
        stop, kept = marks
        plan["shapes"] = [vertical(kept, INK, 2, "dot"), vertical(stop, INK, 2)]
        plan["annotations"] = [
            {
                "x": kept,
                "y": 1.0,
                "yref": "paper",
                "text": "kept",
                "showarrow": False,
                "xanchor": "right",
                "xshift": -4,
            },
            {
                "x": stop,
                "y": 0.93,
                "yref": "paper",
                "text": "stopped",
                "showarrow": False,
                "xanchor": "left",
                "xshift": 4,
            },
        ]
        alt += f" It is stopped after epoch {stop} and keeps the weights of epoch {kept}."
    return Picture(traces, plan, alt)


def outcomes(found: Trainings, patience: int, least_improvement: float) -> dict[str, np.ndarray]:
    """Loss on fresh samples (seeds,) of four choices of an epoch."""
    stops = found.stops(patience, least_improvement)
    return {
        STOP: found.kept(stops[:, 0]), KEEP: found.kept(stops[:, 1]),
        END: found.test[:, -1], FLOOR: found.test.min(axis=1),
    }  # fmt: skip


def shown(found: Trainings, patience: int, least_improvement: float) -> Shown:
    """Curves, and what each choice is worth."""
    stops = found.stops(patience, least_improvement)
    values = outcomes(found, patience, least_improvement)
    spent = stops[:, 0].mean() / EPOCHS
    same = not luck.differs(values[KEEP], values[FLOOR])
    note = (
        f"Mean of {SEEDS} seeds: stopped after **{stops[:, 0].mean():.0f}** of {EPOCHS} epochs ({spent:.0%} of the "
        f"work), the kept weights are from epoch **{stops[:, 1].mean():.0f}**. On fresh samples they lose "
        f"**{number(values[KEEP].mean())}**, {'inside seed noise of' if same else 'above'} the lowest there is "
        f"({number(values[FLOOR].mean())}); the weights of the last epoch lose {number(values[END].mean())}."
    )
    note += f" {luck.MEANING}" if same else ""
    pictures = (
        (curves(found, (int(stops[0, 0]), int(stops[0, 1]))),),
        (bars(values, ("", "Loss on fresh samples"), 300),),
    )
    return Shown(pictures, note)


def before(found: Trainings, patience: int, least_improvement: float) -> Shown:
    """What one sees while it trains."""
    text = "What is seen while a network trains: the loss on the samples it learns from, and on validation samples."
    return Shown(((curves(found, None),),), text)


def price(found: Trainings, patience: int, least_improvement: float) -> Question:
    """What does going on cost?"""
    lowest, end = found.test.min(axis=1).mean(), found.test[:, -1].mean()
    text = (
        f"On samples that were used for nothing, the lowest loss of these trainings is {number(lowest)} on average. "
        f"How many times as high is it after all {EPOCHS} epochs?"
    )
    truth = round(end / lowest, 2)
    because = "The training loss goes on falling: what is learned by then is the noise of these samples."
    if truth <= NEARLY:
        because = "By the end these trainings have not yet begun to learn the noise of their samples, or hardly."
    return Question(text, Scale(1.0, 6.0, 0.25, "times", 0.5), truth, because)


def thrift(found: Trainings, patience: int, least_improvement: float) -> Goal:
    """Stop soon, and lose nothing."""
    stops, values = found.stops(patience, least_improvement), outcomes(found, patience, least_improvement)
    spent, loss = stops[:, 0].mean() / EPOCHS, values[KEEP].mean() / values[FLOOR].mean() - 1
    text = (
        "**Thrift**: stop after at most 35% of the epochs and keep weights whose loss on fresh samples is at most "
        "10% above the lowest there is."
    )
    return Goal(text, bool(spent <= 0.35 and loss <= 0.1), f"Now: {spent:.0%} of the epochs, {loss:.0%} above.")


STOPPING = View(
    (NOISE, SAMPLES, RATE),
    measure,
    shown,
    look=(PATIENCE, LEAST),
    before=before,
    question=price,
    goal=thrift,
    program=program_of_stopping,
)

# Which weights -------------------------------------------------------------------------------------------------------

RULES = pick("Optimizer", ("SGD", "Adam"), "SGD")
RATES = scale("Learning rate", (0.01, 0.03, 0.1, 0.3, 1.0), 1.0)
DECAY = slider("Decay", 0.5, 0.99, 0.9, 0.01, help="Of the moving average, for each epoch.")
TAIL = slider("Epochs in the mean", 2, 60, 30)


def measure_choices(noise: float, samples: int, optimizer: str, learning_rate: float, seed: int) -> Trainings:
    """All trainings to the end, in small batches."""
    found = trainings(samples, noise, optimizer, learning_rate, 8, seed)
    _ = found.test
    return found


def chosen(found: Trainings, decay: float, epochs_in_the_mean: int) -> Shown:
    """What each habit's weights lose on fresh samples."""
    values = found.choices(decay, epochs_in_the_mean)
    best = min(values, key=lambda name: values[name].mean())
    said = luck.sentence(values, best, f"**{best.capitalize()}** is ahead of all others beyond seed noise.")
    words = ", ".join(f"{name} **{number(row.mean())}**" for name, row in values.items())
    picture = bars(values, ("", "Loss on fresh samples"), 320)
    return Shown(
        ((picture,), (curves(found, (EPOCHS, int(found.validation[0].argmin()))),)),
        f"Loss on fresh samples: {words}. {said}",
    )


def unchosen(found: Trainings, decay: float, epochs_in_the_mean: int) -> Shown:
    """One training's losses."""
    return Shown(((curves(found, None),),), "One training to its end: which of its weights are worth keeping?")


def average_or_last(found: Trainings, decay: float, epochs_in_the_mean: int) -> Question:
    """Does averaging help?"""
    values = found.choices(decay, epochs_in_the_mean)
    mean, last = values["mean of the last"], values["last"]
    options = ["lower, beyond seed noise", "higher, beyond seed noise", "the same, inside seed noise"]
    truth = options[2] if not luck.differs(mean, last) else options[0] if mean.mean() < last.mean() else options[1]
    because = "A mean takes out the jitter of the last steps; it does not undo what was learned of the noise."
    if truth == options[1]:
        because = "A mean takes out jitter, but its older weights lag behind where the loss is still falling."
    text = (
        f"The mean of the weights of the last {epochs_in_the_mean} epochs: is its loss on fresh samples lower than "
        "that of the last weights?"
    )
    return Question(text, options, truth, because)


def steady(found: Trainings, decay: float, epochs_in_the_mean: int) -> Goal:
    """A setting in which an average is best."""
    values = found.choices(decay, epochs_in_the_mean)
    best = values["best on validation"].mean()
    average = min(values["moving average"].mean(), values["mean of the last"].mean())
    text = "**No choice needed**: find settings in which an average of weights loses less than the best on validation."
    return Goal(text, bool(average < best), f"Now: average {number(average)}, best on validation {number(best)}.")


CHOICES = View(
    (NOISE, SAMPLES, RULES, RATES),
    measure_choices,
    chosen,
    look=(DECAY, TAIL),
    before=unchosen,
    question=average_or_last,
    goal=steady,
    program=lambda found, decay, epochs_in_the_mean: found.runs[0],
)
