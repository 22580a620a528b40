"""What the page on optimizers shows: races down surfaces and down a network's own loss, and the labs of all views."""

from dataclasses import dataclass

import numpy as np

from core.controls import Control
from core.experiments import races
from core.experiments.races import NAMES, NetworkRace, Race
from core.figures.counterexample import LOSES
from core.figures.curves import number
from core.figures.descents import network_field, sinking, spot, surface_field, walked
from core.figures.labs import Lab, Later
from core.figures.picture import INK, PAPER, Picture
from core.figures.playground import Shown
from core.figures.steps import BATCH, CORRECTION, MOMENTUM, PLANE, RULES, SCALE, WEIGHTS
from core.landscapes import Landscape
from core.script import Experiment

NOBODY = "nobody: inside seed noise"
OPTIMIZERS = Control("Optimizers", "choose", NAMES, NAMES)


def alone(values) -> bool:
    """All optimizers take one step size, so it can be set."""
    return not values["own_best_step"]


OWN_BEST = Control(
    "Own best step", "toggle", True, help="Each optimizer takes the step size that did best for it on other seeds."
)
RATE = Control("Learning rate", "scale", 0.01, SCALE, when=alone)


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


def clicked(found: Race, at: dict) -> tuple[str, str]:
    """Where the learner clicked, as the start's text; a click beside the surface changes nothing."""
    x, y = (at["x"], at["y"]) if not at.get("panel") else found.start
    return "Start", f"{x:.2f}, {y:.2f}"


def race_rows(found: Race) -> list[dict]:
    """One row per optimizer."""
    ends, best, equals = found.ends, found.best, found.equals
    stands = {name: "lowest" if name == best else "inside seed noise" if name in equals else "higher" for name in ends}
    return [
        {"Optimizer": name, "Step size": f"{found.rates[name]:.3g}",
         "Height at the end": f"{10 ** ends[name].mean():.2g}", "Against the lowest": stands[name]}
        for name in sorted(ends, key=lambda name: ends[name].mean())
    ]  # fmt: skip


def favourite(found: Race) -> tuple:
    """Who will be lowest?"""
    truth = NOBODY if found.equals else found.best
    because = (
        "Which optimizer wins depends on the ground: how much the curvatures differ, how loud the noise is, and the "
        "step size each was given."
    )
    return f"Who ends lowest over {races.SEEDS} nearby starts?", [*found.ways, NOBODY], truth, because


def beat_adam(found: Race) -> tuple:
    """Find ground on which plain SGD beats Adam, each at its best."""
    ends, swept = found.ends, len(set(found.rates.values())) > 1
    goal = (
        "**Plain SGD beats Adam**: find ground where SGD ends lower by more than seed noise, each at its own best step."
    )
    if not {"SGD", "Adam"} <= set(ends):
        return goal, False, "Let both SGD and Adam race."
    won = swept and bool(ends["SGD"].mean() < ends["Adam"].mean()) and races.differs(ends["SGD"], ends["Adam"])
    heights = (f"{name} ends at {10 ** ends[name].mean():.2g}" for name in ("SGD", "Adam"))
    return goal, won, f"Now: {found.surface.name}, {', '.join(heights)}."


def race_program(found: Race) -> Experiment:
    """The race as a program: every optimizer from the chosen start."""
    seed = found.source.seeds[0]
    lines = [
        "torch.set_num_threads(1)",
        f"surface, _ = ground({found.surface.name!r})",
        f"places = starts({found.start!r}, surface, [{seed}])",
        f"noise = noises({found.steps}, {found.noise!r}, [{seed}])",
        f"for name, rate in {found.rates!r}.items():",
        f"    ways = descents(surface, [recipe_of(name, {found.momentum!r})], [rate], places, noise)",
        '    print(f"{name:9s} step size {rate:<8g} height at the end {heights_above(surface, ways)[-1].item():.6g}")',
    ]
    things = (races.ground, races.starts, races.noises, races.descents, races.recipe_of, races.heights_above)
    return Experiment(things, "\n".join(lines), "A race of optimizers")


RACE = Lab(
    races.race, raced,
    (Control("Surface", "pick", races.GROUND[0], races.GROUND),
     Control("Start", "text", "", help="Two numbers, or click in the picture."),
     OWN_BEST, RATE, Control("Gradient noise", "slider", 0.0, (0.0, 5.0, 0.1), "Deviation of one sample's gradient.")),
    (OPTIMIZERS, MOMENTUM, Control("Batch size", "scale", 1, BATCH, "A batch of B samples divides the noise by √B."),
     Control("Steps", "scale", 100, (50, 100, 150, 200))),
    bare, favourite, beat_adam, race_program,
)  # fmt: skip


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
    equals = [name for name in order[1:] if not races.differs(ends[name], ends[order[0]])]
    rows = [
        {"Optimizer": name, "Training loss, 20 seeds": f"{10 ** ends[name].mean():.2g}",
         "One deviation": " to ".join(f"{10 ** (ends[name].mean() + k * ends[name].std()):.2g}" for k in (-1, 1)),
         "Against the best": "best" if name == order[0] else "inside seed noise" if name in equals else "worse"}
        for name in order
    ]  # fmt: skip
    said = f"Inside seed noise of it: {', '.join(equals)}." if equals else "No other comes close."
    return Shown((), f"Lowest training loss over 20 seeds: **{order[0]}**. {said}", (rows,))


NETWORK = Lab(
    measure_network, networks,
    (Control("Data", "pick", "moons", ("moons", "circle", "xor", "spiral")), OWN_BEST, RATE,
     Control("Batch size", "scale", 32, BATCH[2:]), Control("Plane", "pick", ALL, (ALL, ENDS))),
    (Control("Through", "pick", "SGD", NAMES, when=lambda values: values["plane"] == ENDS),
     Control("And through", "pick", "Adam", NAMES, when=lambda values: values["plane"] == ENDS),
     OPTIMIZERS, MOMENTUM, Control("Epochs", "scale", 40, (10, 20, 40))),
    program=lambda found: found.race.runs[found.race.best],
    later=Later("Is it luck? Train each with 20 seeds", races.network_seeds, lambda found: found.asked, by_luck),
)  # fmt: skip


LABS: dict[str, Lab] = {
    "Race": RACE, "Real network": NETWORK, "Step and momentum": PLANE, "Step of each weight": WEIGHTS,
    "Bias correction": CORRECTION, "When Adam loses": LOSES, "The rules": RULES,
}  # fmt: skip
