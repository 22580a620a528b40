"""What the page on probability shows: a lab per view."""

import math

import numpy as np

from core.controls import Control
from core.experiments import probability as lab
from core.experiments.probability import OUTCOMES, Beliefs, Draws, Losses
from core.figures.curves import line, number
from core.figures.labs import Lab
from core.figures.likelihoods import LIKELIHOOD
from core.figures.picture import BLUE, INK, ORANGE, PAPER, Picture, encoded, layout, transparent
from core.figures.playground import Shown
from core.script import experiment

# Distributions -------------------------------------------------------------------------------------------------------


def measure_draws(distribution: str, parameter: float, draws: int, seed: int) -> Draws:
    """Fresh draws."""
    return lab.draws(distribution, parameter, draws, seed)


def histogram(found: Draws, height: int = 380) -> Picture:
    """What was drawn against what is to be expected."""
    values, family = found.values, found.family
    low, high = float(values.min()), float(values.max())
    if family.discrete:
        x = np.arange(int(low), int(high) + 1)
        share, width = np.array([(values == one).mean() for one in x]), 0.8
        along, mode = x.astype(float), "markers"
        law = family.density(along, found.theta)
    else:
        share, edges = np.histogram(values, bins=min(40, 8 + len(values) // 20), density=True)
        x, width = (edges[1:] + edges[:-1]) / 2, float(edges[1] - edges[0])
        along, mode = np.linspace(low, high, 201), "lines"
        law = family.density(along, found.theta)
    bar = {
        "type": "bar", "x": encoded(x), "y": encoded(share), "width": width, "name": "drawn",
        "marker": {"color": transparent(BLUE, 0.45)}, "hovertemplate": "%{x:.2f}: %{y:.3f}<extra>drawn</extra>",
    }  # fmt: skip
    curve = line(along, law, "law", ORANGE, mode=mode, marker={"size": 10, "symbol": "diamond", "color": ORANGE})
    mean, deviation = float(values.mean()), float(values.std())
    span = {
        "type": "scatter", "mode": "lines+markers", "x": [mean - deviation, mean, mean + deviation], "y": [0, 0, 0],
        "name": "average ± deviation", "line": {"color": INK, "width": 3}, "cliponaxis": False,
        "marker": {"size": [8, 13, 8], "color": INK, "symbol": "line-ns-open"}, "hoverinfo": "skip",
    }  # fmt: skip
    alt = f"{len(values)} draws, {found.name}: average {number(mean)}, deviation {number(deviation)}, beside the law."
    return Picture([bar, curve, span], layout("value", "density" if mode == "lines" else "share", height), alt)


def running(found: Draws, height: int = 380) -> Picture:
    """The average after each further draw, against the expectation."""
    values, expectation = found.values, found.family.expectation(found.theta)
    counts = np.unique(np.geomspace(1, len(values), 120).astype(int))
    means = (np.cumsum(values) / np.arange(1, len(values) + 1))[counts - 1]
    width = 2 * math.sqrt(found.family.variance(found.theta)) / np.sqrt(counts)
    edge = {
        "x": encoded(np.r_[counts, counts[::-1]]),
        "y": encoded(np.r_[expectation + width, (expectation - width)[::-1]]),
    }
    band = {
        "type": "scatter", **edge, "fill": "toself", "fillcolor": transparent(ORANGE, 0.15), "line": {"width": 0},
        "hoverinfo": "skip", "name": "expectation ± 2σ/√n",
    }  # fmt: skip
    traces = [
        band, line(counts, np.full(len(counts), expectation), "expectation", ORANGE, "dash"),
        line(counts, means, "average so far", BLUE),
    ]  # fmt: skip
    alt = (
        f"The average of the first n draws against their expectation {number(expectation)}: after {len(values)} "
        f"draws it is {number(means[-1])}."
    )
    return Picture(traces, layout("number of draws", "average so far", height, xaxis={"type": "log"}), alt)


def draw_draws(found: Draws) -> Shown:
    """Histogram and running average."""
    law = found.family
    note = (
        f"{found.name.capitalize()}, {lab.MEANING[found.name]} with θ = {found.theta:g}: expectation "
        f"**{law.expectation(found.theta):.3f}**, variance **{law.variance(found.theta):.3f}**; drawn: average "
        f"**{found.values.mean():.3f}**, variance **{found.values.var():.3f}**."
    )
    return Shown(((histogram(found), running(found)),), note)


DRAWS = Lab(
    measure_draws,
    draw_draws,
    (
        Control("Distribution", "pick", "normal", tuple(lab.FAMILIES)),
        Control("Parameter", "slider", 0.5, (0.1, 0.9, 0.1), help="θ: what it means is said above the pictures."),
        Control("Draws", "scale", 100, (10, 30, 100, 300, 1000, 10_000)),
    ),
    before=lambda found: Shown(((histogram(found),),)),
    question=lambda found: (
        "An average of 1,000 draws instead of 10: how far off is it, typically?", lab.GROWTH, found.answer(),
        "The variance of an average is the variance over n, so its error shrinks with the square root of n.",
    ),
    goal=lambda found: (
        "Get an average that is off by at most **1 %** of the distribution's deviation.",
        found.off <= 0.01 and len(found.values) >= 1000, f"Now: off by {found.off:.1%}, {len(found.values):,} draws.",
    ),
    program=lambda found: experiment(lab.gaussian_nll, found.values[:20].round(3).tolist(), 0.0, 1.0),
)  # fmt: skip


# Entropy -------------------------------------------------------------------------------------------------------------


def measure_beliefs(p_favours: str, sharpness_of_p: float, q_favours: str, sharpness_of_q: float, seed: int) -> Beliefs:
    """What happens, and what is believed."""
    return lab.beliefs(p_favours, sharpness_of_p, q_favours, sharpness_of_q)


def both(found: Beliefs, height: int = 340) -> Picture:
    """Both distributions side by side."""
    traces = [
        {
            "type": "bar", "x": list(OUTCOMES), "y": encoded(values), "name": name, "marker": {"color": color},
            "hovertemplate": "%{x}: %{y:.3f}<extra>" + name + "</extra>",
        }
        for name, values, color in (("p, what happens", found.p, BLUE), ("q, what is believed", found.q, ORANGE))
    ]  # fmt: skip
    alt = "Probabilities of four outcomes: " + "; ".join(
        f"{name} {p:.2f} against {q:.2f}" for name, p, q in zip(OUTCOMES, found.p, found.q, strict=True)
    )
    return Picture(traces, layout("outcome", "probability", height, barmode="group"), alt + ".")


def areas(found: Beliefs, height: int = 360) -> Picture:
    """Each outcome as wide as it is likely and as tall as its surprise: the areas are entropy and cross-entropy."""
    left = np.r_[0, np.cumsum(found.p)[:-1]]
    traces = [
        {
            "type": "bar", "x": encoded(left + found.p / 2), "width": encoded(found.p), "y": encoded(-np.log2(values)),
            "name": name, "marker": {"color": color, "line": {"color": PAPER, "width": 1}}, "text": list(OUTCOMES),
            "hovertemplate": "%{text}: %{y:.2f} bits<extra>" + name + "</extra>", "textposition": "none",
        }
        for name, values, color in (
            ("surprise under q: cross-entropy", found.q, transparent(ORANGE, 0.5)),
            ("surprise under p: entropy", found.p, transparent(BLUE, 0.6)),
        )
    ]  # fmt: skip
    alt = (
        f"Rectangles as wide as each outcome is likely. Their area: cross-entropy {found.cross_entropy:.3f} bits, "
        f"entropy {found.entropy:.3f} bits; the divergence {found.divergence:.3f} bits is the difference."
    )
    return Picture(
        traces, layout("probability p, outcome by outcome", "surprise, in bits", height, barmode="overlay"), alt
    )


def draw_beliefs(found: Beliefs) -> Shown:
    """Distributions and areas."""
    back = Beliefs(found.q, found.p).divergence
    note = (
        f"Cross-entropy **{found.cross_entropy:.3f}** = entropy **{found.entropy:.3f}** + divergence "
        f"**{found.divergence:.3f}** bits. The other way round the divergence is {back:.3f}."
    )
    return Shown(((both(found), areas(found)),), note)


BELIEFS = Lab(
    measure_beliefs,
    draw_beliefs,
    (
        Control("p favours", "pick", "B", OUTCOMES), Control("Sharpness of p", "slider", 1.0, (0.0, 3.0, 0.1)),
        Control("q favours", "pick", "D", OUTCOMES), Control("Sharpness of q", "slider", 0.5, (0.0, 3.0, 0.1)),
    ),
    before=lambda found: Shown(((both(found),),)),
    question=lambda found: (
        "Swap p and q. Is the divergence KL the same?", (lab.YES, lab.NO), found.answer(),
        "KL weighs by what happens: it asks what believing q costs where p is real.",
    ),
    goal=lambda found: (
        "Be **right and still pay double**: same favourite, but a cross-entropy of at least twice the entropy.",
        found.p.argmax() == found.q.argmax() and np.ptp(found.p) > 0.01 and np.ptp(found.q) > 0.01
        and found.cross_entropy >= 2 * found.entropy,
        f"Now: {found.cross_entropy / found.entropy:.2f} times the entropy.",
    ),
    program=lambda found: experiment(lab.softened, 1.0, 1),
)  # fmt: skip


# Losses --------------------------------------------------------------------------------------------------------------


def measure_losses(target: float, prediction: float, outcome: str, probability: float, seed: int) -> Losses:
    """One prediction of a number and one of a coin."""
    return lab.losses(target, prediction, outcome, probability)


def draw_losses(found: Losses) -> Shown:
    """Both losses over the prediction, and the numbers twice."""
    means, shares = np.linspace(-3, 3, 121), np.linspace(0.01, 0.99, 99)
    square = line(means, (means - found.target) ** 2, "squared error", BLUE, showlegend=False)
    coin = np.array([lab.bernoulli_nll(found.outcome, share) for share in shares])
    cross = line(shares, coin, "binary cross-entropy", BLUE, showlegend=False)
    spots = [
        {
            "type": "scatter", "mode": "markers", "x": [x], "y": [y], "showlegend": False, "hoverinfo": "skip",
            "marker": {"size": 13, "color": ORANGE, "symbol": "diamond", "line": {"color": PAPER, "width": 2}},
        }
        for x, y in (
            (found.prediction, (found.prediction - found.target) ** 2),
            (found.probability, lab.bernoulli_nll(found.outcome, found.probability)),
        )
    ]  # fmt: skip
    left = f"Squared error over the prediction, lowest at the target {found.target:g}; now {number(spots[0]['y'][0])}."
    now = number(spots[1]["y"][0])
    right = f"Binary cross-entropy over the predicted probability, for outcome {found.outcome}; now {now}."
    first = Picture([square, spots[0]], layout("predicted number", "squared error", 340), left)
    second = Picture([cross, spots[1]], layout("predicted probability of 1", "cross-entropy", 340), right)
    note = (
        "Choosing a loss is choosing a distribution: whoever lowers the squared error fits a normal one, whoever "
        "lowers the cross-entropy tosses coins."
    )
    return Shown(((first, second),), note, (found.rows(),))


LOSSES = Lab(
    measure_losses,
    draw_losses,
    (
        Control("Target", "slider", 1.0, (-3.0, 3.0, 0.1)), Control("Prediction", "slider", -0.5, (-3.0, 3.0, 0.1)),
        Control("Outcome", "pick", "1", ("0", "1")), Control("Probability", "slider", 0.3, (0.01, 0.99, 0.01)),
    ),
    before=lambda found: Shown((draw_losses(found).pictures[0][:1],)),
    question=lambda found: (
        "You gave 1 % to what then happened. Which loss punishes that more?", ("squared error", "cross-entropy"),
        found.answer(), "The squared error of a probability never exceeds 1; −log of a small one has no bound.",
    ),
    goal=lambda found: (
        "Be wrong by a **cross-entropy of more than 4**.", lab.bernoulli_nll(found.outcome, found.probability) > 4,
        f"Now: {lab.bernoulli_nll(found.outcome, found.probability):.2f}.",
    ),
    program=lambda found: experiment(lab.bernoulli_nll, found.outcome, found.probability),
)  # fmt: skip

LABS: dict[str, Lab] = {"Likelihood": LIKELIHOOD, "Distributions": DRAWS, "Entropy": BELIEFS, "Losses": LOSSES}
