"""Trainings with one learning rate, and with each preparation's own best."""

import numpy as np

from core.figures.curves import bands, bars, log_ticks, number
from core.figures.marks import hover, marker, stroke, trace
from core.figures.picture import BLUE, INK, ORANGE, PAPER, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.normalize_inputs.inputs import PREPARATIONS, STANDARDISED
from core.topics.normalize_inputs.races import EPOCHS, RATES, RULES, SEARCHED, SEEDS, TARGET, Race, Search, race, search
from core.topics.normalize_inputs.settings import FACTOR, SHIFT, unit

RATE = scale("Learning rate", RATES, 0.3)


# Race ----------------------------------------------------------------------------------------------------


def samples(data: dict, name: str, height: int = 340) -> Picture:
    """The inputs of one preparation, drawn with one scale for both axes."""
    x, y = data[name].x.numpy(), data[name].y.numpy()
    traces = [
        trace("markers", x[y == k, 0], x[y == k, 1], name=f"class {k}", **hover("(%{x:.3g}, %{y:.3g})"),
              marker=marker((ORANGE, BLUE)[k], 8, ("circle", "diamond")[k], rim=PAPER, width=1))
        for k in (0, 1)
    ]  # fmt: skip
    spread = x.std(axis=0)
    alt = (
        f"{len(x)} samples with {name} inputs: x₁ around {number(x[:, 0].mean())} with deviation {number(spread[0])}, "
        f"x₂ around {number(x[:, 1].mean())} with deviation {number(spread[1])}."
    )
    plan = layout(f"x₁, {name}", f"x₂, {name}", height, yaxis={"scaleanchor": "x"}, xaxis={"constrain": "domain"})
    return Picture(traces, plan, alt)


def inputs_of(found: Race) -> dict:
    """The first seed's data by preparation."""
    return {name: runs[0].data for name, runs in found.runs.items()}


def raw_alone(found: Race) -> Shown:
    """The raw inputs, before anything is trained on them."""
    data = inputs_of(found)
    spread = data["raw"].x.std(dim=0)
    words = (
        "Two half-moons, drawn with the same scale on both axes. The numbers of x₂ are "
        f"{unit(found.problem.factor)}: the deviations are **{number(float(spread[0]))}** and "
        f"**{number(float(spread[1]))}**."
    )
    return Shown(((samples(data, "raw"), samples(data, STANDARDISED)),), words)


def raced(found: Race) -> Shown:
    """Training loss with bands, and epochs to the target."""
    epochs = np.arange(EPOCHS + 1)
    logs = {name: np.log10(rows) for name, rows in found.losses.items()}
    curves = bands(epochs, logs, ("Epoch", ""), 380)
    curves.layout["yaxis"] |= log_ticks("Training loss", *logs.values())
    target = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": np.log10(TARGET), "y1": np.log10(TARGET)}
    curves.layout["shapes"] = [{**target, "line": stroke(INK, 1.5, "dot")}]
    counts = bars(found.needed, ("", f"Epochs to a loss of {TARGET:g}"), 320)
    best = found.quickest()
    said = luck.sentence(
        {name: np.log1p(rows) for name, rows in found.needed.items()},
        best,
        f"**{best.capitalize()}** is ahead of all others beyond seed noise.",
    )
    words = ", ".join(f"{name} **{epochs_in_words(rows.mean())}**" for name, rows in found.needed.items())
    note_ = f"Epochs until the training loss is under {TARGET:g} (dotted), mean of {SEEDS} seeds: {words}. {said}"
    scores = bars(found.scores, ("", "Held-out accuracy"), 320, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    return Shown(((curves,), (counts, scores)), note_)


def epochs_in_words(mean: float) -> str:
    """A mean number of epochs; more than all if no seed was there in time."""
    return f"not within {EPOCHS}" if mean > EPOCHS else f"{mean:.1f}"


def raw_epochs(found: Race) -> Question:
    """How slow are the raw inputs?"""
    raw, other = (float(found.needed[name].mean()) for name in ("raw", STANDARDISED))
    after = f"after {other:.1f} epochs" if other <= EPOCHS else f"not within {EPOCHS} epochs"
    text = (
        f"Standardised inputs bring the training loss under {TARGET:g} {after}. How long does it take with the raw "
        f"ones ({EPOCHS}: not in time)?"
    )
    return Question(text, Scale(0, EPOCHS, 1, "epochs", 4), round(min(raw, EPOCHS), 1), lag_of(found))


def lag_of(found: Race) -> str:
    """Why raw inputs take longer, or that they do not."""
    rows = {name: np.log1p(each) for name, each in found.needed.items()}
    raw, centred, best = (float(rows[name].mean()) for name in ("raw", "centred", STANDARDISED))
    if not luck.differs(rows["raw"], rows[STANDARDISED]) or raw <= best:
        return "Beyond seed noise the raw inputs are no slower here: the rule and the rate bear their units."
    if raw - centred > centred - best:
        return (
            "Here it is mostly the offset: inputs far from 0 move all weights of a unit together; centring mends that."
        )
    if inputs_of(found)["raw"].x.std(dim=0).max() < 1:
        return "Both raw inputs spread by less than 1 here: a step of the weights moves the sums less than it might."
    return "One learning rate has to serve both inputs: what is right for the large one hardly moves the other."


def without_preparation(found: Race) -> Goal:
    """Learn as well without."""
    there, factor = int((found.needed["raw"] <= EPOCHS).sum()), found.problem.factor
    text = (
        "**Without preparation**: with x₂ in a unit 30 times as small or smaller, bring the *raw* inputs under the "
        f"target with {SEEDS - 1} of the {SEEDS} seeds. Which rule forgives unequal units?"
    )
    now = f"Now: unit {factor:g}, {found.problem.optimizer}, {there} of {SEEDS} seeds."
    return Goal(text, bool(factor >= 30 and there >= SEEDS - 1), now)


def measure_race(unit_of_x: float, offset: float, optimizer: str, learning_rate: float, seed: int) -> Race:
    """All preparations with one learning rate."""
    return race(unit_of_x, offset, optimizer, learning_rate, seed)


RACE = View(
    (FACTOR, SHIFT, pick("Optimizer", RULES, "Momentum"), RATE),
    measure_race,
    raced,
    before=raw_alone,
    question=raw_epochs,
    goal=without_preparation,
    program=lambda found: found.runs["raw"][0],
)

# Best rate ------------------------------------------------------------------------------------------------


def searched(found: Search) -> Shown:
    """Final loss by learning rate, and at each preparation's own best."""
    logs = {name: np.log10(rows) for name, rows in found.losses.items()}
    curves = bands(RATES, logs, ("Learning rate", ""), 380, log="x")
    curves.layout["yaxis"] |= log_ticks(f"Training loss after {EPOCHS} epochs", *logs.values())
    raw, other = found.at_best["raw"], found.at_best[STANDARDISED]
    clear = "beyond" if luck.differs(np.log(raw), np.log(other)) else "inside"
    said = (
        f"raw inputs end at **{number(raw.mean())}**, standardised at **{number(other.mean())}** ({clear} seed noise)."
    )
    rows = [
        {"Inputs": name, "Best learning rate": f"{RATES[found.best[name]]:g}",
         "Training loss there": number(float(found.at_best[name].mean()))}
        for name in PREPARATIONS
    ]  # fmt: skip
    return Shown(((curves,),), f"Each at its own best learning rate: {said} {luck.MEANING}", (rows,))


def asked_best(found: Search) -> Question:
    """Does tuning make up for it?"""
    rows = found.at_best["raw"], found.at_best[STANDARDISED]
    raw, other = (float(each.mean()) for each in rows)
    options = ["yes, to within a tenth", "no, standardised stays ahead", "no, raw is ahead"]
    truth = options[0] if abs(raw - other) <= 0.1 * other else options[1] if raw > other else options[2]
    because = "The rate is bounded by the steepest direction; the flat ones then take too long, whatever it is."
    if truth != options[1] or not luck.differs(np.log(rows[0]), np.log(rows[1])):
        because = (
            "Raw inputs do not stay behind by more than a tenth or seed noise: no direction is too flat for this rule "
            "at its best rate."
        )
    return Question(
        "With its own best learning rate: do raw inputs reach the loss of standardised ones?", options, truth, because
    )


def untuned(found: Search) -> Shown:
    """What will be tried."""
    count = len(PREPARATIONS) * len(RATES) * SEARCHED
    rates = f"{len(RATES)} learning rates from {RATES[0]:g} to {RATES[-1]:g}"
    return Shown((), f"{count} trainings: every preparation, {rates}, {SEARCHED} seeds.")


def measure_search(unit_of_x: float, offset: float, optimizer: str, seed: int) -> Search:
    """All preparations with all learning rates."""
    return search(unit_of_x, offset, optimizer, seed)


BEST = View(
    (FACTOR, SHIFT, pick("Optimizer", RULES, "Momentum")),
    measure_search,
    searched,
    before=untuned,
    question=asked_best,
    program=lambda found: found.run(STANDARDISED),
)
