"""A problem on which Adam loses: a lab of the page on optimizers."""

import numpy as np

from core.controls import Control
from core.experiments.counterexample import LARGE, Game, amsgrad, game
from core.figures.descents import banded
from core.figures.labs import Lab
from core.figures.picture import ORANGE, Picture, encoded, layout
from core.figures.playground import Shown
from core.provenance import written
from core.script import Experiment

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
        f"{1 / (1 - found.beta2):.0f} steps: when it has faded, the small gradients take full "
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


def wrong_way(found: Game) -> tuple:
    """Where does Adam end?"""
    end = float(np.median(found.ends["Adam"]))
    truth = SPOTS[0] if end < -0.5 else SPOTS[2] if end > 0.5 else SPOTS[1]
    because = "Dividing by the root of recent squares shrinks exactly the rare gradients that carry the news."
    return "Where is Adam in the end?", list(SPOTS), truth, because


def rescue(found: Game) -> tuple:
    """Rescue Adam without changing the problem."""
    end = float(np.median(found.ends["Adam"]))
    goal = "**Rescue Adam**: leave one large gradient in 50 and bring Adam's median position below −0.5."
    return (
        goal,
        found.every == 50 and end < -0.5,
        f"Now: one in {found.every}, β₂ = {found.beta2:g}, Adam at {end:.2f}.",
    )


def measure_game(one_large_gradient_in: int, beta_2: float, learning_rate: float, seed: int) -> Game:
    """Twenty seeds of the game."""
    return game(one_large_gradient_in, beta_2, learning_rate, seed=seed)


def game_program(found: Game) -> Experiment:
    """The game, and where everybody ended."""
    call = written(game, (found.every, found.beta2, found.rate), {"seed": found.source.seeds[0]})
    main = (
        f"torch.set_num_threads(1)\nfound = {call}\nfor name, ends in found.ends.items():\n    print(name, ends.mean())"
    )
    return Experiment((game, amsgrad), main, "When Adam loses")


LOSES = Lab(
    measure_game, lost,
    (Control("One large gradient in", "scale", 50, (10, 20, 50, 90)),
     Control("Beta 2", "scale", 0.9, (0.5, 0.9, 0.99, 0.999), "How much of the memory of squared gradients is kept."),
     Control("Learning rate", "scale", 0.02, (0.005, 0.01, 0.02, 0.05))),
    (), stream, wrong_way, rescue, game_program,
)  # fmt: skip
