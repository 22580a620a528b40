"""What the page on instability shows: its controls and its views."""

import math

from core.figures.adversarial import duel, over_rounds
from core.lessons import Goal, Question
from core.lessons.controls import Preset, pick, scale, slider
from core.lessons.view import Shown, View
from core.probes.adversarial import Reach
from core.programs import Program, Step
from core.programs.gans import program_of_gan
from core.topics.gan_instability.dirac import LOSSES, START, Game, radii
from core.topics.gan_instability.numbers import FIVE, Rivalry, compare
from core.topics.gan_instability.pictures import field, over_seeds, radius, side_by_side
from core.training.adversarial import GanRun

AIM = 1e-6  # the distance at which the smallest game counts as settled
TURNS = ("in turn", "at once")
DIRAC = (
    pick("Game", LOSSES),
    slider("Slope penalty", 0.0, 2.0, 0.0, 0.05, help="R1's strength γ."),
    scale("Step size", (0.01, 0.03, 0.1, 0.3, 1.0), 0.1),
    pick("Updates", TURNS, help="Each side sees the other's last move, or both move at once."),
)


# The smallest game ---------------------------------------------------------------------------------------------------


def measure_dirac(game: str, slope_penalty: float, step_size: float, updates: str, seed: int) -> Game:
    """The Dirac-GAN with these settings; nothing in it is random."""
    return Game(game, slope_penalty, step_size, updates == TURNS[0])


def dirac_view(game: Game) -> Shown:
    """The field with the orbit, and the distance to the equilibrium beside theory."""
    note = (
        f"Near the middle a round multiplies the distance by **{game.growth:.4f}**, so that a small orbit "
        f"**{game.verdict}**; after {game.steps} rounds from {START} the distance is "
        f"**{radii(game.orbit())[-1]:.3g}**."
    )
    if game.loss == "non-saturating" and game.verdict == "circles":
        note += " Farther out this loss creeps inwards, over thousands of rounds."
    return Shown(((field(game), radius(game)),), note)


def before_dirac(game: Game) -> Shown:
    """The field without the way that is taken."""
    still = Game(game.loss, game.gamma, game.step, game.alternating, 0)
    return Shown(((field(still),),), "Real data lie at 0. The generator puts all its samples at θ; D(x) = ψx.")


def what_becomes(game: Game) -> Question:
    """What becomes of a small orbit?"""
    because = (
        "The pull turns around the middle and never towards it; a step along a circle's edge ends outside, unless the "
        "other side answers before the next one, and a penalty on ψ pulls inwards."
    )
    words = ("circles", "spirals out", "falls into the middle")
    return Question("Near the middle, what does this game do?", words, game.verdict, because)


def settled(game: Game) -> Goal:
    """Bring the smallest game to rest."""
    end = float(radii(game.orbit())[-1])
    passed = end <= AIM and game.step <= 0.1
    now = f"Now: distance {end:.2g} with steps of {game.step:g}."
    return Goal(f"With steps of at most **0.1**, end at a distance of at most **{AIM:f}**.", passed, now)


def dirac_program(game: Game) -> Program:
    """The game in PyTorch."""
    generator = {
        "non-saturating": "functional.softplus(-psi * theta)",
        "minimax": "-functional.softplus(psi * theta)",
        "Wasserstein": "-psi * theta",
    }[game.loss]
    discriminator = "psi * theta" if game.loss == "Wasserstein" else "functional.softplus(psi * theta)"
    rounds = 50
    end = Game(game.loss, game.gamma, game.step, game.alternating, rounds).orbit()[-1]
    both = ["d_psi = torch.autograd.grad(loss_D(), psi)[0]"]
    move = [f"psi -= {game.step!r} * d_psi"]
    second = ["d_theta = torch.autograd.grad(loss_G(), theta)[0]"]
    follow = [f"theta -= {game.step!r} * d_theta"]
    order = [both, move, second, follow] if game.alternating else [both, second, move, follow]
    lines = [
        f"theta = torch.tensor({START[0]!r}, dtype=torch.float64, requires_grad=True)",
        f"psi = torch.tensor({START[1]!r}, dtype=torch.float64, requires_grad=True)",
        "",
        "",
        "def loss_G() -> Tensor:",
        f"    return {generator}",
        "",
        "",
        "def loss_D() -> Tensor:",
        f"    return {discriminator} + {game.gamma / 2!r} * psi**2",
        "",
        "",
        f"for _ in range({rounds}):",
    ]
    for part in order:
        inside = ["with torch.no_grad():", f"    {part[0]}"] if "-=" in part[0] else part
        lines += [f"    {row}" for row in inside]
    lines.append('result = {"theta": theta.item(), "psi": psi.item()}')
    shown = {"theta": float(end[0]), "psi": float(end[1])}
    return Program(f"The Dirac-GAN: {rounds} rounds", (Step("The game", "\n".join(lines)),), (), shown)


# Five losses ---------------------------------------------------------------------------------------------------------

RIVALS = (
    scale("Rate of the discriminator", (0.0003, 0.001, 0.003, 0.01), 0.001, help="The generator's is 0.001."),
    slider("Updates of the discriminator", 1, 5, 1, help="In each round, before the generator's one."),
)


def measure_five(rate_of_the_discriminator: float, updates_of_the_discriminator: int, seed: int) -> Rivalry:
    """The five losses with four seeds."""
    return compare(rate_of_the_discriminator, updates_of_the_discriminator, tuple(range(seed, seed + 4)))


def five_view(rivalry: Rivalry) -> Shown:
    """Five games from one seed, and their distances over four."""
    modes = {name: row[:, -1].astype(int).tolist() for name, row in rivalry.rows("modes").items()}
    table = [
        {
            "Loss": name,
            "Modes of 8, by seed": ", ".join(map(str, modes[name])),
            "Distance": f"{end.mean():.3f}",
            "Spread over seeds": f"{end.std():.3f}",
        }
        for name, end in rivalry.ends.items()
    ]
    *pairs, last = side_by_side(rivalry)
    rows = (*pairs, (*last, over_seeds(rivalry, "distance", "distance to the target")))
    return Shown(rows, rivalry.sentence(), (table,))


# The alarm -----------------------------------------------------------------------------------------------------------

TROUBLE = (
    pick("Loss", ("non-saturating", "minimax", "least squares", "hinge", "Wasserstein")),
    scale("R1", (0.0, 0.03, 0.1, 0.3, 1.0), 0.0, help="Strength γ of the penalty on the discriminator's slope."),
    pick("Optimizer", ("SGD", "Adam")),
    slider("Discriminator steps", 1, 5, 1),
    scale("Generator rate", (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), 0.1),
    scale("Discriminator rate", (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), 0.1),
)
STRONG = (("optimizer", "Adam"), ("discriminator_steps", 5), ("generator_rate", 0.001), ("discriminator_rate", 0.01))
FLAT = (("loss", "minimax"), ("discriminator_steps", 5), ("generator_rate", 0.0003))
PRESETS = (
    Preset("oscillation", (), "Plain gradient steps on both sides.", False),
    Preset("mode collapse", STRONG, "A discriminator that is always ahead.", False),
    Preset("saturation", FLAT, "A sure discriminator, and a loss that is flat there.", False),
    Preset(
        "a calm game",
        (("r1", 0.1), ("optimizer", "Adam"), ("generator_rate", 0.001), ("discriminator_rate", 0.003)),
        "R1 bounds the slope.",
        True,
    ),
)


def trouble_view(run: GanRun, found: Reach) -> Shown:
    """A game, and how much of the target it reaches."""
    modes = over_rounds([run], [found.modes], ["generated"], "modes covered, of 8", 430, yaxis={"range": [-0.2, 8.3]})
    broken = not all(map(math.isfinite, (*run.last.losses, *run.last.gradient_norms)))
    note = "" if broken else f"In the end **{found.modes[-1]} of 8** modes are covered."
    return Shown(((duel(run), modes),), note)


VIEWS: dict[str, View] = {
    "The smallest game": View(
        DIRAC,
        measure_dirac,
        dirac_view,
        before=before_dirac,
        question=what_becomes,
        goal=settled,
        program=dirac_program,
    ),
    "Five losses": View(
        RIVALS, measure_five, five_view, program=lambda rivalry: program_of_gan(rivalry.runs[next(iter(FIVE))][0])
    ),
}
