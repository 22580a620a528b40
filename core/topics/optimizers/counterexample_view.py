"""A problem on which Adam loses: a lab of the page on optimizers."""

import numpy as np

from core.figures.descents import banded
from core.figures.picture import ORANGE, Picture, encoded, layout
from core.lessons import Goal, Question
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.topics.optimizers.counterexample import LARGE, Game, game
from core.topics.optimizers.programs import program_of_game

SPOTS = ("near −1, the minimum", "in between", "near +1, the worst point")


def lost(found: Game) -> Shown:
    """Where everybody walks, with bands over seeds."""
    traces, words = [], []
    for name, way in found.ways.items():
        every = max(1, way.shape[1] // 150)
        mean, spread = way.mean(axis=0)[::every], way.std(axis=0)[::every]
        three = ((mean - spread).clip(-1, 1), mean, (mean + spread).clip(-1, 1))
        traces += banded(np.arange(way.shape[1])[::every], three, name, name)
        words.append(f"{name} {found.ends[name].mean():.2f}")
    alt = (
        f"Position over the steps, bands over 20 seeds; mean positions in the last third: {', '.join(words)}; the "
        "minimum is at −1."
    )
    plan = layout("Step", "Position (minimum at −1)", 430, yaxis={"range": [-1.08, 1.08]})
    return Shown(((Picture(traces, plan, alt),),), game_note(found))


def game_note(found: Game) -> str:
    """The problem in words."""
    return (
        f"One gradient in {found.every} is +{LARGE:g}, all others are −1: on average **{found.slope:+.2f}**, so the "
        f"loss falls towards −1. With β₂ = {found.beta2:g} Adam's memory of squares lasts about "
        f"{1 / (1 - found.beta2):,.0f} steps: when it has faded, the small gradients take full "
        "steps the wrong way. AMSGrad never lets it shrink."
    )


def stream(found: Game) -> Shown:
    """Some of the gradients, before anybody walks."""
    steps_shown = 300
    values = np.where(np.arange(steps_shown) % found.every == found.every - 1, LARGE, -1.0)
    trace = {"type": "bar", "x": encoded(np.arange(steps_shown).astype(float)), "y": encoded(values),
             "marker": {"color": ORANGE}, "hovertemplate": "%{y}<extra></extra>"}  # fmt: skip
    alt = f"Gradients: one in {found.every} is {LARGE:g}, all others −1; their average is {found.slope:.2f}."
    note = (
        f"A stream of gradients: one in {found.every} is +{LARGE:g}, by chance, all others are −1. Their average is "
        f"**{found.slope:+.2f}**: the loss falls towards −1. The start is 0, and nobody may leave [−1, 1]."
    )
    return Shown(((Picture([trace], layout("Step (an even example)", "Gradient", 300), alt),),), note)


def wrong_way(found: Game) -> Question:
    """Where does Adam end?"""
    end = float(np.median(found.ends["Adam"]))
    truth = SPOTS[0] if end < -0.5 else SPOTS[2] if end > 0.5 else SPOTS[1]
    because = (
        "This memory of squares outlasts the gaps between large gradients: the small ones never take full steps."
        if truth == SPOTS[0]
        else "Dividing by the root of recent squares shrinks exactly the rare gradients that carry the news."
    )
    return Question("Where is Adam in the end?", list(SPOTS), truth, because)


def rescue(found: Game) -> Goal:
    """Rescue Adam without changing the problem."""
    end = float(np.median(found.ends["Adam"]))
    goal = "**Rescue Adam**: leave one large gradient in 50 and bring Adam's median position below −0.5."
    at = f"{end:.2f}".replace("-", "−")
    now = f"Now: one in {found.every}, β₂ = {found.beta2:g}, Adam at {at}."
    return Goal(goal, found.every == 50 and end < -0.5, now)


def measure_game(one_large_gradient_in: int, beta_2: float, learning_rate: float, seed: int) -> Game:
    """Twenty seeds of the game."""
    return game(one_large_gradient_in, beta_2, learning_rate, seed=seed)


LOSES = View(
    (
        scale("One large gradient in", (10, 20, 50, 90), 50),
        scale("Beta 2", (0.5, 0.9, 0.99, 0.999), 0.9, help="How much of the memory of squared gradients is kept."),
        scale("Learning rate", (0.005, 0.01, 0.02, 0.05), 0.02),
    ),
    measure_game,
    lost,
    before=stream,
    question=wrong_way,
    goal=rescue,
    program=program_of_game,
)
