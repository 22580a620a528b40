"""Why a falling rate helps: a lab of the page on learning-rate schedules."""

from core.lessons import Goal, Question
from core.lessons.controls import scale, slider
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.lr_schedulers import noise
from core.topics.lr_schedulers.controls import DRAWING, redrawn
from core.topics.lr_schedulers.noise import NoisyDescent, expected, noisy_descent
from core.topics.lr_schedulers.pictures import noisy_curves, schedule_lines
from core.topics.lr_schedulers.races import CONSTANT, DRAWN
from core.training.schedules import one_cycle, warm_up_linear, warm_up_steps


def hovers(found: NoisyDescent) -> Shown:
    """The schedules and how far from the minimum each of them still is."""
    note = (
        f"The parabola $\\tfrac12 w^2$ with gradient noise of size $\\sigma$ = {found.noise:g}. At a constant rate "
        f"$\\eta$ the mean squared distance stops at $\\eta\\sigma^2/(2-\\eta)$ = **{found.floor:.3g}**; measured over "
        f"the last half of the steps: **{noise.hovering(found.measured[CONSTANT]):.3g}**. A falling rate lets it sink "
        f"further{'' if found.lowest != CONSTANT else ', given time'}. Lowest at the end: **{found.lowest}**."
    )
    rows = ((schedule_lines(found.schedules, found.drawing),), (noisy_curves(found),))
    return Shown(rows, note, (noise_rows(found),), lambda at: redrawn(found.drawing, at))


def noise_rows(found: NoisyDescent) -> list[dict]:
    """One row per schedule: measured and predicted ends."""
    return [
        {"Schedule": name, "Mean squared distance at the end": f"{found.measured[name][-1]:.3g}",
         "By the recursion": f"{found.predicted[name][-1]:.3g}"}
        for name in sorted(found.predicted, key=lambda name: found.predicted[name][-1])
    ]  # fmt: skip


def before(found: NoisyDescent) -> Shown:
    """The schedules, before anybody walks."""
    note = (
        f"{noise.COPIES} walks begin at 3 and meet a gradient $w$ plus noise of deviation {found.noise:g} at each step."
    )
    picture = schedule_lines(found.schedules, found.drawing)
    return Shown(((picture,),), note, (), lambda at: redrawn(found.drawing, at))


def half_the_rate(found: NoisyDescent) -> Question:
    """How much of the floor is left at half the rate?"""
    because = f"The floor $\\eta\\sigma^2/(2-\\eta)$, here {found.floor:.3g}, is about proportional to a small rate."
    asked = (
        "A constant rate never arrives: it hovers. At half the rate it hovers lower. Which percentage of the mean "
        "squared distance is left?"
    )
    return Question(asked, Scale(0, 100, 1, "%"), round(found.remaining, 1), because)


def sink(found: NoisyDescent) -> Goal:
    """Draw the schedule that ends lowest."""
    goal = (
        "**Sink lowest**: at a learning rate of 0.5 and noise of 1 or more, draw a schedule that ends below all others."
    )
    passed = found.rate == 0.5 and found.noise >= 1 and found.lowest == DRAWN
    other = min((name for name in found.predicted if name != DRAWN), key=lambda name: found.predicted[name][-1])
    ends = " and ".join(f"{name} {found.predicted[name][-1]:.3g}" for name in (DRAWN, other))
    return Goal(goal, passed, f"Now, by the recursion: {ends}.")


RATES = """step = np.arange({steps})
places, heights = {places!r}, {heights!r}
schedules = {{
    "yours": np.interp(step / {steps}, places, heights),
    "constant": np.ones({steps}),
    "step": 0.5 ** np.floor(4 * step / {steps}),
    "exponential": 0.01 ** (step / {steps}),
    "cosine": 0.5 * (1 + np.cos(np.pi * step / {steps})),
    "one-cycle": one_cycle(step, {steps}),
    "warm-up + linear": warm_up_linear(step, {steps}),
}}"""
WALK = """result = {{}}  # mean squared distance from the minimum at the end
for name, factor in schedules.items():
    rates = {rate!r} * factor
    shaken = {noise!r} * np.random.default_rng({seed}).standard_normal(({steps}, {copies}))
    place = np.full({copies}, {start!r})
    for rate, noise in zip(rates, shaken):
        place = place - rate * (place + noise)
    result[name] = [np.mean(place**2).item(), expected(rates, {noise!r})[-1].item()]"""


def program_of_noise(found: NoisyDescent) -> Program:
    """Every schedule's walk and its recursion: measured and predicted ends."""
    places, heights = (list(each) for each in zip(*found.schedules[DRAWN], strict=True))
    given = {"steps": noise.STEPS, "copies": noise.COPIES, "start": noise.START, "rate": found.rate,
             "noise": found.noise, "seed": found.source.seeds[0], "places": places, "heights": heights}  # fmt: skip
    shown = {name: [float(found.measured[name][-1]), float(found.predicted[name][-1])] for name in found.schedules}
    parts = (Step("Schedules", RATES.format(**given)), Step("Noisy descent", WALK.format(**given)))
    return Program("Noise floors", parts, (expected, one_cycle, warm_up_steps, warm_up_linear), shown)


FLOOR = View(
    (DRAWING, scale("Learning rate", noise.PEAKS, 0.5, help="The highest rate of every schedule."),
     slider("Gradient noise", 0.5, 3.0, 1.0, 0.5)),
    noisy_descent, hovers, before=before, question=half_the_rate, goal=sink, program=program_of_noise,
)  # fmt: skip
