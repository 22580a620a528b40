"""What the page on GANs shows: its controls and its views."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from core.figures.adversarial import duel, manifold, over_rounds
from core.figures.curves import bands
from core.figures.picture import Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, folded, pick, scale, slider, text
from core.lessons.view import Shown, View
from core.programs import Program
from core.programs.gans import program_of_gan
from core.topics.gans.numbers import (
    BOUNDS,
    GRID,
    HAND,
    LOSSES,
    OWN,
    TARGETS,
    WGAN_GP,
    Futures,
    Played,
    Setting,
    Several,
    fork,
    play,
    several,
)
from core.training.adversarial import GanRun

CLOSE = 0.12  # a distance to the target that counts as close
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01)
CONTROLS = (
    pick("Target", (*TARGETS, OWN)),
    pick("Loss", LOSSES),
    pick(
        "Bound on the slope",
        BOUNDS,
        when=lambda values: values["loss"] != WGAN_GP,
        help="Keeps the discriminator from becoming steep: a penalty at real samples, or normalized weights.",
    ),
    slider("Discriminator steps", 1, 5, 1, help="Updates of the discriminator in each round."),
    slider("Generator steps", 1, 5, 1, help="Updates of the generator in each round."),
    folded(
        scale("Generator rate", RATES, 0.001, help="The generator's learning rate."),
        scale("Discriminator rate", RATES, 0.001, help="The discriminator's learning rate."),
        scale("Units per layer", (4, 8, 16, 32, 64), 32),
        scale("Batch size", (8, 16, 32, 64, 128), 64),
        scale(
            "Updates",
            (1000, 2000, 4000, 6000, 10000),
            6000,
            help="Of both networks together: where a round has more steps there are fewer rounds.",
        ),
        pick("Optimizer", ("Adam", "SGD")),
    ),
)
AXIS = "distance to the target"


def setting_of(values: Mapping[str, Any], cells: str = "") -> Setting:
    """What the controls say."""
    names = {"bound_on_the_slope": "bound", "units_per_layer": "units"}
    return Setting(**{names.get(name, name): value for name, value in values.items()}, cells=cells)


# The game ------------------------------------------------------------------------------------------------------------


def measure_game(setting: Setting, seed: int) -> Played:
    """One run."""
    return play(setting, seed)


def game_view(game: Played) -> Shown:
    """The two networks at play, and what the generator reaches, round by round."""
    run, found = game.run, game.reach
    rows = ((duel(run), manifold(run)), (distances(game), reached(game)))
    modes = f"**{found.modes[-1]} of {game.modes}** modes, " if game.modes > 1 else ""
    note = (
        f"In the end the generator covers {modes}**{found.covered[-1]:.0%}** of the held-out points, at a distance of "
        f"**{found.distance[-1]:.3f}**; as many training points are {found.best:.3f} away. Arrows show where the "
        "generator's loss would have its samples go."
    )
    return Shown(rows, note)


def distances(game: Played) -> Picture:
    """The distance to the target over the rounds."""
    return over_rounds([game.run], [game.reach.distance], ["generated"], AXIS, yaxis={"rangemode": "tozero"})


def reached(game: Played) -> Picture:
    """Modes covered over the rounds, or points where the target is in one piece."""
    if game.modes > 1:
        axis = {"range": [-0.2, game.modes + 0.3]}
        return over_rounds([game.run], [game.reach.modes], ["generated"], f"modes covered, of {game.modes}", yaxis=axis)
    axis = {"range": [-0.02, 1.05], "tickformat": ".0%"}
    return over_rounds([game.run], [game.reach.covered], ["generated"], "held-out points covered", yaxis=axis)


def before_view(game: Played) -> Shown:
    """The networks before their first round."""
    start = replace(game.run, history=game.run.history[:1])
    return Shown(((duel(start), manifold(start)),), "Before the first round:")


def how_much(game: Played) -> Question:
    """How much of the target is covered in the end?"""
    because = (
        "Nothing in the generator's loss asks for all of the target: it only wants samples that the discriminator "
        "takes for real, and one place is enough for that until the discriminator finds out."
    )
    if game.modes > 1:
        text = f"Of the target's {game.modes} modes, how many will the generator cover after the last round?"
        return Question(text, Scale(0, game.modes, 1), game.reach.modes[-1], because)
    text = "How many percent of the held-out points will the generator cover after the last round?"
    return Question(text, Scale(0, 100, 1, "%"), round(100 * game.reach.covered[-1]), because)


def whole_grid(game: Played) -> Goal:
    """Cover the grid."""
    is_grid, found = len(game.run.data.classes) == 9, game.reach
    now = (
        f"Now: {found.modes[-1]} of {game.modes} modes, distance {found.distance[-1]:.3f}."
        if is_grid
        else f"Now: another target. Choose the {GRID}."
    )
    text = f"On the **{GRID}**, cover all nine modes at a distance of at most **{CLOSE}**."
    return Goal(text, is_grid and game.is_whole and found.distance[-1] <= CLOSE, now)


def game_program(game: Played) -> Program:
    """The run's first rounds."""
    return program_of_gan(game.run)


# By hand -------------------------------------------------------------------------------------------------------------

SHARE = slider("Rewind to", 0, 100, 20, 5, format="%d%%", help="Share of all rounds after which you take over.")
PRESSES = text("Steps by hand", "", longest=30, help=f"D or G: {HAND} updates of this side alone.")
BUTTONS = {"Discriminator step": "D", "Generator step": "G"}


def hand_of(typed: str) -> str:
    """The steps in what was typed."""
    return "".join(letter for letter in typed.upper() if letter in "DG")


def hand_view(steps: GanRun, hand: str) -> Shown:
    """What each press led to."""
    picture = duel(steps)
    names = [
        "start",
        *(f"{place}. {'discriminator' if side == 'D' else 'generator'}" for place, side in enumerate(hand, 1)),
    ]
    note = (
        f"Each press makes {HAND} updates of one side while the other waits. The discriminator alone gets surer; the "
        "generator alone moves its samples to where the discriminator says real, whether or not there is anything real."
    )
    return Shown(((replace(picture, labels=names), replace(manifold(steps), labels=names)),), note)


# Fork ----------------------------------------------------------------------------------------------------------------

FORK = (
    slider("Go back to", 0, 90, 30, 5, format="%d%%", help="Share of all rounds after which the fork begins."),
    pick("Loss from there", LOSSES, "hinge"),
    slider("Discriminator steps from there", 1, 5, 1),
    scale("Discriminator rate from there", RATES, 0.001),
)


def measure_fork(
    setting: Setting,
    go_back_to: int,
    loss_from_there: str,
    discriminator_steps_from_there: int,
    discriminator_rate_from_there: float,
    seed: int,
) -> Futures:
    """A run and another future of it."""
    bound = "none" if loss_from_there == WGAN_GP and setting.bound == "spectral norm" else setting.bound
    if loss_from_there == WGAN_GP != setting.loss and setting.bound == "spectral norm":
        raise ValueError("With spectral norm the fork cannot go on as WGAN-GP: choose another loss or another bound.")
    changed = replace(
        setting,
        loss=loss_from_there,
        bound=bound,
        discriminator_steps=discriminator_steps_from_there,
        discriminator_rate=discriminator_rate_from_there,
    )
    return fork(setting, go_back_to / 100, changed, seed)


def fork_view(found: Futures) -> Shown:
    """Both futures."""
    games = (found.run, found.fork)
    runs, names = [game.run for game in games], ["as it was", "fork"]
    curves = over_rounds(runs, [game.reach.distance for game in games], names, AXIS, yaxis={"rangemode": "tozero"})
    ends = [game.reach.distance[-1] for game in games]
    note = f"From round {found.number:,} on, one seed: distance **{ends[0]:.3f}** as it was, **{ends[1]:.3f}** forked."
    shorter = replace(found.run.run, history=tuple(m for m in found.run.run.history if m.number >= found.number))
    pictures = (duel(shorter, "as it was", False, 380), duel(found.fork.run, "fork", False, 380))
    return Shown((pictures, (replace(curves, frames=(), labels=[]),)), note)


# Seeds ---------------------------------------------------------------------------------------------------------------


def measure_several(setting: Setting, seed: int) -> Several:
    """The same game with six seeds."""
    return several(setting, tuple(range(seed, seed + 6)))


def several_view(found: Several) -> Shown:
    """Distance and coverage over the rounds, a band over seeds."""
    rounds = [moment.number for moment in found.games[0].run.history]
    modes = found.games[0].modes
    rows = {
        name: np.array([getattr(game.reach, name) for game in found.games]) for name in ("distance", "modes", "covered")
    }
    rows["distance"] = rows["distance"].clip(0, 10)
    far = bands(rounds, {"generated": rows["distance"]}, ("round", AXIS), 340, yaxis={"rangemode": "tozero"})
    if modes > 1:
        near = bands(rounds, {"generated": rows["modes"]}, ("round", f"modes covered, of {modes}"), 340)
    else:
        near = bands(rounds, {"generated": rows["covered"]}, ("round", "held-out points covered"), 340)
    ends = ", ".join(f"{end:.2f}" for end in found.last("distance"))
    counts = f" Modes covered in the end: {', '.join(map(str, found.last('modes')))}." if modes > 1 else ""
    return Shown(((far, near),), f"The same game with six seeds ends at distances {ends}.{counts}")


VIEWS: dict[str, View] = {
    "The game": View(
        (), measure_game, game_view, before=before_view, question=how_much, goal=whole_grid, program=game_program
    ),
    "Fork": View(FORK, measure_fork, fork_view, program=lambda found: program_of_gan(found.run.run)),
    "Several seeds": View((), measure_several, several_view, program=lambda found: program_of_gan(found.games[0].run)),
}
START: Control = SHARE
