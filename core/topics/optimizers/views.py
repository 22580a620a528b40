"""What the page on optimizers shows: races down surfaces and down a network's own loss, and the labs of all views."""

from dataclasses import dataclass

import numpy as np

from core.figures.curves import number
from core.figures.descents import network_field, sinking, spot, surface_field, walked
from core.figures.picture import INK, PAPER, Picture
from core.lessons import Goal, Question
from core.lessons.controls import Control, choose, folded, pick, scale, slider, text, toggle
from core.lessons.view import Later, Shown, View
from core.probes import luck
from core.probes.loss_planes import Landscape
from core.programs import program_of_beginning
from core.topics.optimizers import races
from core.topics.optimizers.counterexample_view import LOSES
from core.topics.optimizers.programs import program_of_race
from core.topics.optimizers.races import NAMES, NetworkRace, Race
from core.topics.optimizers.step_views import BATCH, CORRECTION, MOMENTUM, PLANE, RULES, SCALE, WEIGHTS

NOBODY = "nobody: inside seed noise"
OPTIMIZERS = choose("Optimizers", NAMES, NAMES)


def alone(values) -> bool:
    """All optimizers take one step size, so it can be set."""
    return not values["own_best_step"]


OWN_BEST = toggle("Own best step", True, help="Each optimizer takes the step size that did best for it on other seeds.")
START = text("Start", help="Two numbers, or click in the picture.")
RATE = scale("Learning rate", SCALE, 0.01, when=alone)


# Race down a surface -------------------------------------------------------------------------------------------------


def raced(found: Race) -> Shown:
    """The ways down from the start, the heights over all starts, and each one's step size."""
    ways = {name: rows[0] for name, rows in found.ways.items()}
    ends = ", ".join(f"{name} {number(10 ** values.mean())}" for name, values in found.ends.items())
    alt = f"Ways down the {found.surface.name} from {place(found.start)}; height above the minimum at the end: {ends}."
    ground = walked(surface_field(found.surface), ways, alt, lambda at: f"step {at}", found.surface.minimum)
    curves = sinking(found.gaps, ("Step", "Height above the minimum"), 360)
    noise = f" The gradient noise is {found.noise:.2g}." if found.noise else ""
    return Shown(
        ((ground,), (curves,)), races.verdict(found) + noise, (race_rows(found),), lambda at: clicked(found, at)
    )


def bare(found: Race) -> Shown:
    """The surface and the start, before the race."""
    field = surface_field(found.surface)
    alt = f"The {found.surface.name} with the start at {place(found.start)} and the minimum, before anybody has moved."
    start = spot(
        found.start, "start", {"symbol": "circle", "size": 12, "color": INK, "line": {"color": PAPER, "width": 2}}
    )
    ring = {"symbol": "circle-open", "size": 15, "color": INK, "line": {"width": 2}}
    picture = Picture([*field.traces(), spot(found.surface.minimum, "minimum", ring), start], field.layout, alt)
    picture.layout["showlegend"] = False
    note = (
        f"Height $= {found.surface.formula}$. The dot is the start: click anywhere to move it. The ring is the minimum."
    )
    return Shown(((picture,),), note, (), lambda at: clicked(found, at))


def place(point: tuple[float, float]) -> str:
    """A point in words."""
    return f"({point[0]:.3g}, {point[1]:.3g})"


def clicked(found: Race, at: dict) -> tuple[tuple[Control, str]]:
    """Where the learner clicked, as the start's text; a click beside the surface changes nothing."""
    x, y = (at["x"], at["y"]) if not at.get("panel") else found.start
    return ((START, f"{x:.2f}, {y:.2f}"),)


def race_rows(found: Race) -> list[dict]:
    """One row per optimizer."""
    ends, best, equals = found.ends, found.best, found.equals
    stands = {name: "lowest" if name == best else "inside seed noise" if name in equals else "higher" for name in ends}
    return [
        {"Optimizer": name, "Step size": f"{found.rates[name]:.3g}",
         "Height at the end": f"{10 ** ends[name].mean():.2g}", "Against the lowest": stands[name]}
        for name in sorted(ends, key=lambda name: ends[name].mean())
    ]  # fmt: skip


def favourite(found: Race) -> Question:
    """Who will be lowest?"""
    truth = NOBODY if found.equals else found.best
    because = (
        "Which optimizer wins depends on the ground: how much the curvatures differ, how loud the noise is, and the "
        "step size each was given."
    )
    return Question(f"Who ends lowest over {races.SEEDS} nearby starts?", [*found.ways, NOBODY], truth, because)


def beat_adam(found: Race) -> Goal:
    """Find ground on which plain SGD beats Adam, each at its best."""
    ends, swept = found.ends, len(set(found.rates.values())) > 1
    goal = (
        "**Plain SGD beats Adam**: find ground where SGD ends lower by more than seed noise, each at its own best step."
    )
    if not {"SGD", "Adam"} <= set(ends):
        return Goal(goal, False, "Let both SGD and Adam race.")
    won = swept and bool(ends["SGD"].mean() < ends["Adam"].mean()) and luck.differs(ends["SGD"], ends["Adam"])
    heights = (f"{name} ends at {10 ** ends[name].mean():.2g}" for name in ("SGD", "Adam"))
    return Goal(goal, won, f"Now: {found.surface.name}, {', '.join(heights)}.")


RACE = View(
    (
        pick("Surface", races.GROUND),
        START,
        OWN_BEST,
        RATE,
        slider("Gradient noise", 0.0, 5.0, 0.0, 0.1, help="Deviation of one sample's gradient."),
        folded(
            OPTIMIZERS,
            MOMENTUM,
            scale("Batch size", BATCH, 1, help="A batch of B samples divides the noise by √B."),
            scale("Steps", (50, 100, 150, 200), 100),
        ),
    ),
    races.race,
    raced,
    before=bare,
    question=favourite,
    goal=beat_adam,
    program=program_of_race,
)


# A real network ------------------------------------------------------------------------------------------------------


def measure_network(plane: str, through: str, and_through: str, **settings) -> "OverLoss":
    """The trainings and the loss over the plane of their paths."""
    found = races.network_race(**settings)
    rates = tuple((name, run.recipe.learning_rate) for name, run in found.runs.items())
    asked = (settings["data"], rates, *(settings[one] for one in ("batch_size", "momentum", "epochs", "seed")))
    ends = (through, and_through) if plane == ENDS and {through, and_through} <= set(found.runs) else None
    return OverLoss(found, races.network_plane(found, ends), ends, asked)


ALL, ENDS = "around all paths", "through two ends"


@dataclass(frozen=True)
class OverLoss:
    """A race on a network with the loss around its paths; ``ends`` are the two that span the plane, or None."""

    race: NetworkRace
    land: Landscape
    ends: tuple[str, str] | None
    asked: tuple

    @property
    def provenance(self) -> str:
        return self.race.provenance


def networks(found: OverLoss) -> Shown:
    """The paths over the true loss, and the losses over the epochs."""
    runs = found.race.runs
    ways = {name: path.numpy() for name, path in zip(runs, found.land.paths, strict=True)}
    some = next(iter(runs.values()))
    ends = ", ".join(f"{name} {number(run.last.train_loss)}" for name, run in runs.items())
    alt = (
        f"A network's training loss over a plane of its {len(some.last.weights)} weights with the paths of the "
        f"optimizers; final losses: {ends}."
    )
    epochs = [epoch.number for epoch in some.history]
    ground = walked(network_field(found.land), ways, alt, lambda at: f"epoch {epochs[min(at, len(epochs) - 1)]}")
    curves = {
        name: np.clip(np.nan_to_num(run.curve("train_loss")[1], nan=1e4), 1e-6, 1e4) for name, run in runs.items()
    }
    length = min(map(len, curves.values()))
    losses = sinking(
        {name: curve[None, :length] for name, curve in curves.items()}, ("Epoch", "Training loss"), x=epochs[:length]
    )
    return Shown(((ground,), (losses,)), network_note(found), (network_rows(found),))


def network_note(found: OverLoss) -> str:
    """What the plane is and how true it is."""
    count = len(next(iter(found.race.runs.values())).last.weights)
    if found.ends:
        return (
            f"The true training loss over a plane of {count} weights, through the common start and the ends of "
            f"**{found.ends[0]}** and **{found.ends[1]}**: at these three points it is the logged loss. Elsewhere a "
            "path may run above or below the plane."
        )
    return (
        f"The true training loss over the plane of {count} weights that lies closest to all paths; it holds "
        f"**{found.land.plane.explained:.0%}** of their variance. The rest of each path runs above or below it."
    )


def network_rows(found: OverLoss) -> list[dict]:
    """One row per optimizer: step size, logged loss, and how far its end lies from the plane."""
    return [
        {"Optimizer": name, "Step size": f"{run.recipe.learning_rate:.3g}",
         "Training loss": f"{run.last.train_loss:.4f}", "Held-out accuracy": f"{run.last.test_score:.1%}",
         "End's distance from the plane": f"{found.land.plane.distances(run.last.weights[None])[0]:.2g}"}
        for name, run in found.race.runs.items()
    ]  # fmt: skip


def by_luck(ends: dict[str, np.ndarray]) -> Shown:
    """Final losses over 20 seeds, and who can be told from the best."""
    order = sorted(ends, key=lambda name: ends[name].mean())
    same = luck.equals(ends, order[0])
    rows = [
        {"Optimizer": name, "Training loss, 20 seeds": f"{10 ** ends[name].mean():.2g}",
         "One deviation": " – ".join(f"{10 ** (ends[name].mean() + k * ends[name].std()):.2g}" for k in (-1, 1)),
         "Against the best": "best" if name == order[0] else "inside seed noise" if name in same else "worse"}
        for name in order
    ]  # fmt: skip
    said = luck.sentence(ends, order[0], "No other comes close.")
    return Shown((), f"Lowest training loss over 20 seeds: **{order[0]}**. {said}", (rows,))


NETWORK = View(
    (
        pick("Data", ("moons", "circle", "xor", "spiral")),
        OWN_BEST,
        RATE,
        scale("Batch size", BATCH[2:], 32),
        pick("Plane", (ALL, ENDS)),
        folded(
            pick("Through", NAMES, "SGD", when=lambda values: values["plane"] == ENDS),
            pick("And through", NAMES, "Adam", when=lambda values: values["plane"] == ENDS),
            OPTIMIZERS,
            MOMENTUM,
            scale("Epochs", (10, 20, 40), 40),
        ),
    ),
    measure_network,
    networks,
    program=lambda found: program_of_beginning(found.race.runs[found.race.best], 10),
    later=Later("Is it luck? Train each with 20 seeds", races.network_seeds, lambda found: found.asked, by_luck),
)


VIEWS: dict[str, View] = {
    "Race": RACE,
    "Real network": NETWORK,
    "Step and momentum": PLANE,
    "Step of each weight": WEIGHTS,
    "Bias correction": CORRECTION,
    "When Adam loses": LOSES,
    "The rules": RULES,
}
