"""What the page on diffusion shows in the plane: its controls and its views."""

from collections.abc import Mapping
from typing import Any

from core.lessons import Goal, Question, Scale
from core.lessons.controls import folded, pick, scale, slider
from core.lessons.view import Shown, View
from core.probes.coverage import mmd
from core.topics.diffusion import figures
from core.topics.diffusion.noising import OWN, SHAPES
from core.topics.diffusion.numbers import (
    EXACT,
    NETWORK,
    Field,
    Forward,
    Guided,
    Learned,
    Races,
    Setting,
    field,
    forward,
    guide,
    learn,
    race,
)
from core.topics.diffusion.programs import program_of_noise, program_of_walk
from core.topics.diffusion.samplers import SAMPLERS, STEPS, calls_of

CONTROLS = (
    pick("Target", (*SHAPES, OWN)),
    folded(
        scale("Units per layer", (8, 16, 32, 64), 64),
        scale("Epochs", (5, 10, 20, 30), 30),
        scale("Learning rate", (0.0005, 0.001, 0.002, 0.005, 0.01), 0.005),
    ),
)
CALLS, CLOSE = 20, 0.12  # the challenge: so many questions to the network, and how near that must lead


def setting_of(values: Mapping[str, Any], cells: str = "") -> Setting:
    """What the controls say."""
    names = {"units_per_layer": "units"}
    return Setting(**{names.get(name, name): value for name, value in values.items()}, cells=cells)


# Noise ---------------------------------------------------------------------------------------------------------------


def measure_forward(setting: Setting, seed: int) -> Forward:
    """The target under noise."""
    return forward(setting, seed)


MOMENT = slider("Time to look at", 0, 999, 499, 1)
EVEN = 0.01  # how near to one half a share must come


def forward_view(found: Forward, time_to_look_at: int) -> Shown:
    """The film of the cloud, and the variances."""
    left = found.left(time_to_look_at)
    note = (
        "Forward, nothing is learned: at each time the sample shrinks and fresh noise fills up. At the last time "
        f"**{found.expected[-1]:.3f}** is the variance by the formula, **{found.variance[-1]:.3f}** measured: what is "
        f"left cannot be told from standard normal noise. At time {time_to_look_at}, **{left:.1%}** of the signal's "
        f"variance is left and {1 - left:.1%} of the noise's has come in."
    )
    return Shown(((figures.clouds_of(found), figures.variances(found, time_to_look_at)),), note)


def clouds_alone(found: Forward, time_to_look_at: int) -> Shown:
    """The film alone: the curve beside it would answer the question."""
    return Shown(((figures.clouds_of(found),),), "A cloud of points under growing noise:")


def half_way(found: Forward, time_to_look_at: int) -> Question:
    """What is left half way?"""
    text = "Half way, at time 499 of 999: how many percent of the signal's variance are left?"
    because = "The shares multiply step by step, and each step takes a little more than the one before."
    return Question(text, Scale(0, 100, 1, "%"), round(100 * found.left(499)), because)


def even(found: Forward, time_to_look_at: int) -> Goal:
    """Find the time at which signal and noise are even."""
    left = found.left(time_to_look_at)
    text = f"Find a time at which half of the signal's variance is left, to within {EVEN:.0%}."
    return Goal(text, abs(left - 0.5) <= EVEN, f"Now: time {time_to_look_at}, {left:.1%} left.")


# Learning ------------------------------------------------------------------------------------------------------------


def measure_learned(setting: Setting, seed: int) -> Learned:
    """A training."""
    return learn(setting, seed)


def learned_view(found: Learned) -> Shown:
    """Samples, their distance and the loss over the training."""
    run = found.run
    curves = {
        "training": [epoch.train_loss for epoch in run.history],
        "held out": [epoch.test_loss for epoch in run.history],
    }
    loss = figures.over_epochs(found, curves, found.floor, "perfect network", "squared error of the noise")
    apart = figures.over_epochs(
        found, {"generated": found.distances}, found.best, "as many of the target", "distance to the target (MMD)"
    )
    note = (
        f"Distance to the target **{found.distances[0]:.3f}** before, **{found.distances[-1]:.3f}** after training; "
        f"as many samples of the target itself are {found.best:.3f} away. The loss ends at {run.last.test_loss:.3f} "
        f"and cannot go below {found.floor:.3f}, that of a perfect network: most noise hides nothing."
    )
    return Shown(((figures.samples_of(found),), (apart, loss)), note)


def untrained_view(found: Learned) -> Shown:
    """The target alone."""
    picture = figures.film(found.samples[:1], found.real, ["epoch 0"], "generated", "Samples before any training.")
    return Shown(((picture,),), "Before the training:")


def how_near(found: Learned) -> Question:
    """How many samples end at the target?"""
    because = (
        "The last steps are the fine ones: a network that names the noise a little wrong there leaves samples beside "
        "the target, while the coarse shape was settled long before."
    )
    text = "How many percent of the generated samples will lie within three standard deviations of a centre?"
    return Question(text, Scale(0, 100, 1, "%"), round(100 * found.near), because)


# Field ---------------------------------------------------------------------------------------------------------------

TIME = slider("Time", 0, 999, 199, 20, help="0: hardly any noise; 999: nothing but noise.")


def measure_field(setting: Setting, seed: int) -> Field:
    """The learned field against the exact one."""
    return field(setting, seed)


def field_view(found: Field, time: int) -> Shown:
    """Both fields at a time."""
    note = (
        f"The target is a mixture of Gaussians, so its score at any time has a formula. At time {time} the network's "
        f"noise differs from the exact one by **{found.error(time):.4f}** (mean square; answering 0 everywhere would "
        "cost up to 1). Arrows point towards likelier places."
    )
    return Shown(((figures.fields(found, time), figures.errors(found, time)),), note)


# Samplers ------------------------------------------------------------------------------------------------------------

NOISE = pick("Noise from", (NETWORK, EXACT), help="The exact formula shows what the sampler alone does wrong.")
WALK = (pick("Sampler", SAMPLERS), scale("Steps", STEPS, 50))


def measure_races(setting: Setting, noise_from: str, seed: int) -> Races:
    """All samplers."""
    return race(setting, noise_from == EXACT, seed)


def source_of(found: Races) -> str:
    """Who names the noise."""
    return "the exact formula" if found.exact else "the network"


def races_view(found: Races, sampler: str, steps: int) -> Shown:
    """One walk, and the distances of all."""
    stations = found.walk(sampler, steps)
    note = (
        f"{sampler} in {steps} steps asks {source_of(found)} **{calls_of(sampler, steps)}** times and ends "
        f"**{distance_of(found, stations):.3f}** away from the target; as many samples of the target itself are "
        f"{found.best:.3f} away. Bands are over three seeds."
    )
    return Shown(((figures.walk(found, stations, sampler), figures.raced(found)),), note)


def distance_of(found: Races, stations: list) -> float:
    """How far a walk ends from the target."""
    return mmd(stations[-1], found.setting.real(found.seed)[0]).item()


def few_calls(found: Races, sampler: str, steps: int) -> Goal:
    """Get near with few questions."""
    calls, far = calls_of(sampler, steps), distance_of(found, found.walk(sampler, steps))
    passed = not found.exact and calls <= CALLS and far <= CLOSE
    text = f"With the network's noise, end at most **{CLOSE}** away from the target and ask at most **{CALLS}** times."
    return Goal(text, passed, f"Now: {calls} questions to {source_of(found)}, distance {far:.3f}.", calls)


# Guidance ------------------------------------------------------------------------------------------------------------

GUIDE = (slider("Guidance", 0.0, 8.0, 2.0, 0.5), pick("Class", ("1", "2")))


def measure_guided(setting: Setting, seed: int) -> Guided:
    """Guidance from 0 to 8."""
    return guide(setting, seed)


def guided_view(found: Guided, guidance: float, **chosen: str) -> Shown:
    """Samples of a class, and what guidance buys and costs."""
    kind = int(chosen["class"]) - 1
    stations = found.walk(kind, guidance)
    note = (
        f"Noise is named twice, with and without the label; guidance {guidance:g} goes that many times the difference. "
        f"**{found.share(stations[-1], kind):.0%}** of these samples lie where class {kind + 1} is the likelier one. "
        "At 0 the label is not heard, at 1 it is taken at its word, beyond that it is exaggerated."
    )
    return Shown(((figures.guided_cloud(found, stations, kind), figures.guidances(found)),), note)


VIEWS: dict[str, View] = {
    "Noise": View(
        (),
        measure_forward,
        forward_view,
        look=(MOMENT,),
        before=clouds_alone,
        question=half_way,
        goal=even,
        program=lambda found, time_to_look_at: program_of_noise(found),
    ),
    "Learning": View(
        (), measure_learned, learned_view, before=untrained_view, question=how_near, program=lambda found: found.run
    ),
    "Score field": View((), measure_field, field_view, look=(TIME,), program=lambda found, time: found.run),
    "Samplers": View((NOISE,), measure_races, races_view, look=WALK, goal=few_calls, program=program_of_walk),
    "Guidance": View((), measure_guided, guided_view, look=GUIDE, program=lambda found, **looked: found.run),
}
