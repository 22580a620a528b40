"""What the page on probability shows: a lab per view."""

import math

import numpy as np

from core.figures.curves import line, number
from core.figures.marks import SILENT, hover, marker, powers, stroke, trace, upright
from core.figures.picture import BLUE, INK, ORANGE, PAPER, Picture, encoded, layout, transparent
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Shown, View
from core.topics.probability import numbers as lab
from core.topics.probability import programs
from core.topics.probability.likelihoods import LIKELIHOOD
from core.topics.probability.numbers import OUTCOMES, Beliefs, Draws, Losses

# Distributions -------------------------------------------------------------------------------------------------------


def measure_draws(distribution: str, parameter: float, draws: int, seed: int) -> Draws:
    """Fresh draws."""
    return lab.draws(distribution, parameter, draws, seed)


def histogram(draws: Draws, height: int = 380) -> Picture:
    """What was drawn against what is to be expected."""
    values, family = draws.values, draws.family
    low, high = float(values.min()), float(values.max())
    if family.discrete:
        x = np.arange(int(low), int(high) + 1)
        share, width = np.array([(values == one).mean() for one in x]), 0.8
        along, mode = x.astype(float), "markers"
        law = family.density(along, draws.theta)
    else:
        share, edges = np.histogram(values, bins=min(40, 8 + len(values) // 20), density=True)
        x, width = (edges[1:] + edges[:-1]) / 2, float(edges[1] - edges[0])
        along, mode = np.linspace(low, high, 201), "lines"
        law = family.density(along, draws.theta)
    said = hover("%{x:.2f}: %{y:.3f}", "drawn")
    bar = upright(x, share, transparent(BLUE, 0.45), width=width, name="drawn", **said)
    curve = line(along, law, "law", ORANGE, mode=mode, marker={"size": 10, "symbol": "diamond", "color": ORANGE})
    mean, deviation = float(values.mean()), float(values.std())
    style = {"line": stroke(INK, 3), "marker": marker(INK, [8, 13, 8], "line-ns-open"), "cliponaxis": False}
    reach = [mean - deviation, mean, mean + deviation]
    span = trace("lines+markers", reach, [0, 0, 0], name="average ± deviation", hoverinfo="skip", **style)
    alt = f"{len(values)} draws, {draws.name}: average {number(mean)}, deviation {number(deviation)}, beside the law."
    return Picture([bar, curve, span], layout("value", "density" if mode == "lines" else "share", height), alt)


def running(draws: Draws, height: int = 380) -> Picture:
    """The average after each further draw, against the expectation."""
    values, expectation = draws.values, draws.family.expectation(draws.theta)
    counts = np.unique(np.geomspace(1, len(values), 120).astype(int))
    means = (np.cumsum(values) / np.arange(1, len(values) + 1))[counts - 1]
    width = 2 * math.sqrt(draws.family.variance(draws.theta)) / np.sqrt(counts)
    edge = np.r_[counts, counts[::-1]], np.r_[expectation + width, (expectation - width)[::-1]]
    fill = {"fill": "toself", "fillcolor": transparent(ORANGE, 0.15), "line": {"width": 0}, "hoverinfo": "skip"}
    band = {"type": "scatter", "x": encoded(edge[0]), "y": encoded(edge[1]), "name": "expectation ± 2σ/√n", **fill}
    level = line(counts, np.full(len(counts), expectation), "expectation", ORANGE, "dash")
    traces = [band, level, line(counts, means, "average so far", BLUE)]
    alt = (
        f"The average of the first n draws against their expectation {number(expectation)}: after {len(values)} "
        f"draws it is {number(means[-1])}."
    )
    return Picture(traces, layout("number of draws", "average so far", height, xaxis=powers(counts)), alt)


def draw_draws(draws: Draws) -> Shown:
    """Histogram and running average."""
    law = draws.family
    note = (
        f"{draws.name.capitalize()}, {lab.MEANING[draws.name]} with θ = {draws.theta:g}: expectation "
        f"**{law.expectation(draws.theta):.3f}**, variance **{law.variance(draws.theta):.3f}**; drawn: average "
        f"**{draws.values.mean():.3f}**, variance **{draws.values.var():.3f}**."
    )
    return Shown(((histogram(draws), running(draws)),), note)


DRAWS = View(
    (
        pick("Distribution", tuple(lab.FAMILIES), "normal"),
        slider("Parameter", 0.1, 0.9, 0.5, 0.1, help="θ: what it means is said above the pictures."),
        scale("Draws", (10, 30, 100, 300, 1000, 10_000), 100),
    ),
    measure_draws,
    draw_draws,
    before=lambda found: Shown(((histogram(found),),)),
    question=lambda found: Question(
        "An average of 1,000 draws instead of 10: how far off is it, typically?",
        lab.GROWTH,
        found.answer(),
        "The variance of an average is the variance over n, so its error shrinks with the square root of n.",
    ),
    goal=lambda found: Goal(
        "Get an average that is off by at most **1%** of the distribution's deviation.",
        found.off <= 0.01 and len(found.values) >= 1000,
        f"Now: off by {found.off:.1%}, {len(found.values):,} draws.",
    ),
    program=programs.program_of_draws,
)


# Entropy -------------------------------------------------------------------------------------------------------------


def measure_beliefs(p_favours: str, sharpness_of_p: float, q_favours: str, sharpness_of_q: float, seed: int) -> Beliefs:
    """What happens, and what is believed."""
    return lab.beliefs(p_favours, sharpness_of_p, q_favours, sharpness_of_q)


def both(beliefs: Beliefs, height: int = 340) -> Picture:
    """Both distributions side by side."""
    traces = [
        upright(list(OUTCOMES), values, color, name=name, **hover("%{x}: %{y:.3f}", name))
        for name, values, color in (("p, what happens", beliefs.p, BLUE), ("q, what is believed", beliefs.q, ORANGE))
    ]
    alt = "Probabilities of four outcomes: " + "; ".join(
        f"{name} {p:.2f} against {q:.2f}" for name, p, q in zip(OUTCOMES, beliefs.p, beliefs.q, strict=True)
    )
    return Picture(traces, layout("outcome", "probability", height, barmode="group"), alt + ".")


def areas(beliefs: Beliefs, height: int = 360) -> Picture:
    """Each outcome as wide as it is likely and as tall as its surprise: the areas are entropy and cross-entropy."""
    left = np.r_[0, np.cumsum(beliefs.p)[:-1]]
    traces = [
        {
            **upright(left + beliefs.p / 2, -np.log2(values), color, name=name, width=encoded(beliefs.p)),
            "marker": {"color": color, "line": stroke(PAPER, 1)},
            "text": list(OUTCOMES),
            "textposition": "none",
            **hover("%{text}: %{y:.2f} bits", name),
        }
        for name, values, color in (
            ("surprise under q: cross-entropy", beliefs.q, transparent(ORANGE, 0.5)),
            ("surprise under p: entropy", beliefs.p, transparent(BLUE, 0.6)),
        )
    ]
    alt = (
        f"Rectangles as wide as each outcome is likely. Their area: cross-entropy {beliefs.cross_entropy:.3f} bits, "
        f"entropy {beliefs.entropy:.3f} bits; the divergence {beliefs.divergence:.3f} bits is the difference."
    )
    return Picture(
        traces, layout("probability p, outcome by outcome", "surprise, in bits", height, barmode="overlay"), alt
    )


def draw_beliefs(beliefs: Beliefs) -> Shown:
    """Distributions and areas."""
    back = Beliefs(beliefs.q, beliefs.p).divergence
    note = (
        f"Cross-entropy **{beliefs.cross_entropy:.3f}** = entropy **{beliefs.entropy:.3f}** + divergence "
        f"**{beliefs.divergence:.3f}** bits. The other way round the divergence is {back:.3f}."
    )
    return Shown(((both(beliefs), areas(beliefs)),), note)


BELIEFS = View(
    (
        pick("p favours", OUTCOMES, "B"),
        slider("Sharpness of p", 0.0, 3.0, 1.0, 0.1),
        pick("q favours", OUTCOMES, "D"),
        slider("Sharpness of q", 0.0, 3.0, 0.5, 0.1),
    ),
    measure_beliefs,
    draw_beliefs,
    before=lambda found: Shown(((both(found),),)),
    question=lambda found: Question(
        "Swap p and q. Is the divergence KL the same?",
        (lab.YES, lab.NO),
        found.answer(),
        "KL weighs by what happens: it asks what believing q costs where p is real.",
    ),
    goal=lambda found: Goal(
        "Be **right and still pay double**: same favourite, but a cross-entropy of at least twice the entropy.",
        found.p.argmax() == found.q.argmax()
        and np.ptp(found.p) > 0.01
        and np.ptp(found.q) > 0.01
        and found.cross_entropy >= 2 * found.entropy,
        f"Now: {found.cross_entropy / found.entropy:.2f} times the entropy.",
    ),
    program=programs.program_of_beliefs,
)


# Losses --------------------------------------------------------------------------------------------------------------


def measure_losses(target: float, prediction: float, outcome: str, probability: float, seed: int) -> Losses:
    """One prediction of a number and one of a coin."""
    return lab.losses(target, prediction, outcome, probability)


def draw_losses(losses: Losses) -> Shown:
    """Both losses over the prediction, and the numbers twice."""
    means, shares = np.linspace(-3, 3, 121), np.linspace(0.01, 0.99, 99)
    square = line(means, (means - losses.target) ** 2, "squared error", BLUE, showlegend=False)
    coin = np.array([lab.bernoulli_nll(losses.outcome, share) for share in shares])
    cross = line(shares, coin, "binary cross-entropy", BLUE, showlegend=False)
    errors = (losses.prediction - losses.target) ** 2, lab.bernoulli_nll(losses.outcome, losses.probability)
    style = marker(ORANGE, 13, "diamond", rim=PAPER)
    places = zip((losses.prediction, losses.probability), errors, strict=True)
    spots = [trace("markers", [x], [y], marker=style, **SILENT) for x, y in places]
    left = f"Squared error over the prediction, lowest at the target {losses.target:g}; now {number(errors[0])}."
    now = number(errors[1])
    right = f"Binary cross-entropy over the predicted probability, for outcome {losses.outcome}; now {now}."
    first = Picture([square, spots[0]], layout("predicted number", "squared error", 340), left)
    second = Picture([cross, spots[1]], layout("predicted probability of 1", "cross-entropy", 340), right)
    note = (
        "Choosing a loss is choosing a distribution: whoever lowers the squared error fits a normal one, whoever "
        "lowers the cross-entropy tosses coins."
    )
    return Shown(((first, second),), note, (losses.rows(),))


LOSSES = View(
    (
        slider("Target", -3.0, 3.0, 1.0, 0.1),
        slider("Prediction", -3.0, 3.0, -0.5, 0.1),
        pick("Outcome", ("0", "1"), "1"),
        slider("Probability", 0.01, 0.99, 0.3, 0.01),
    ),
    measure_losses,
    draw_losses,
    before=lambda found: Shown((draw_losses(found).pictures[0][:1],)),
    question=lambda found: Question(
        "You gave 1% to what then happened. Which loss punishes that more?",
        ("squared error", "cross-entropy"),
        found.answer(),
        "The squared error of a probability never exceeds 1; −log of a small one has no bound.",
    ),
    goal=lambda found: Goal(
        "Be wrong by a **cross-entropy of more than 4**.",
        lab.bernoulli_nll(found.outcome, found.probability) > 4,
        f"Now: {lab.bernoulli_nll(found.outcome, found.probability):.2f}.",
    ),
    program=programs.program_of_losses,
)

VIEWS: dict[str, View] = {"Likelihood": LIKELIHOOD, "Distributions": DRAWS, "Entropy": BELIEFS, "Losses": LOSSES}
