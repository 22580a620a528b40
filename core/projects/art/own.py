"""A painter of the learner's own: a small game at 32 × 32 that can be watched, stopped, and that says when it fails."""

import hashlib
import math
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from core.diagnosis.finding import Finding
from core.projects.art.game import Game, Settings, Step
from core.projects.art.network import Shape, numbered, one_hot
from core.projects.art.pictures import Pictures
from core.serving.uploads import Refused, opened

SIDE = 32  # pixels
FEWEST, MOST = 200, 3000  # pictures of the learner's own
MOST_REFUSED = 20  # files that are no pictures, before the rest is not looked at
SHOWN = 24  # pictures of a look
SECONDS = 2.0  # from one look to the next
WINDOW = 60  # steps that the alarm judges by
ALIKE = 0.25  # of the variety of real pictures: below it the painter paints one picture
WARMING = 150  # steps before collapse is called: at first all pictures are grey and alike
SURE, BEATEN = 0.995, 6.0  # share told right, and the generator's loss, where it learns nothing any more


class Look(NamedTuple):
    """A moment of a training: the share that is done, a sentence, pictures (SHOWN, 32, 32, 3) of the same seeds, the
    last steps' means, how varied the pictures are beside real ones, and what is wrong, if anything."""

    share: float
    message: str
    pictures: np.ndarray
    step: Step
    variety: float
    finding: Finding | None


Playing = Generator[Look, None, Look]


@dataclass(frozen=True)
class Plan:
    """How long and how: steps, learning rate of both, strength of R1."""

    steps: int = 3000
    rate: float = 0.002
    penalty: float = 0.1
    seed: int = 0


def own(files: Iterable[tuple[str, bytes]]) -> Pictures:
    """A learner's files, (name, content), as pictures: each brought to its middle square of 32 × 32, each once.

    Raises ``Refused``, in one sentence, for fewer than ``FEWEST``, for too many, and for many that are no pictures.
    """
    found: dict[str, np.ndarray] = {}
    refused: list[str] = []
    for name, content in files:
        try:
            pixels = squared(opened(content)[0])
            found.setdefault(hashlib.sha256(pixels.tobytes()).hexdigest(), pixels)
        except Refused as refusal:
            refused.append(f"“{name[:40]}”: {refusal}")
        if len(found) > MOST or len(refused) > MOST_REFUSED:
            break
    if len(found) > MOST:
        raise Refused(f"More than {MOST:,} pictures: leave some out.")
    if len(found) < FEWEST:
        first = f" The first that was not read: {refused[0]}" if refused else ""
        raise Refused(f"{len(found)} different pictures were found; {FEWEST} are the fewest to learn from.{first}")
    return Pictures("own pictures", np.stack(list(found.values())), np.zeros(len(found), int), ("picture",), "")


def squared(image: Image.Image) -> np.ndarray:
    """The middle square of an image on white, (32, 32, 3) uint8."""
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image.convert("RGBA"))
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    square = paper.convert("RGB").crop((left, top, left + side, top + side))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def playing(pictures: Pictures, plan: Plan) -> Playing:
    """Train on pictures of 32 × 32, in looks; stops early where nothing can be mended any more."""
    wide = (64, 64, 32, 16)
    shape = Shape(SIDE, len(pictures.names), wide, wide, 32, 64)
    game = Game(pictures, shape, Settings(16, plan.rate, plan.penalty, memory=2000, mirror=False, seed=plan.seed))
    recent: list[Step] = []
    real, last = spread(pictures.pixels), -math.inf
    while True:
        step = game.play()
        recent = [*recent[-WINDOW + 1 :], step]
        over = game.number >= plan.steps or not finite(step)
        if over or time.monotonic() - last > SECONDS:
            look = looked(game, plan, recent, real)
            last = time.monotonic()
            yield look
        if over:
            return look


def looked(game: Game, plan: Plan, recent: list[Step], real: float) -> Look:
    """What there is to see now."""
    labels = [place % game.shape.classes for place in range(SHOWN)]
    painted = game.sheet(numbered(game.average, list(range(SHOWN))), one_hot(labels, game.shape.classes))
    means = mean(recent)
    variety = spread(painted) / max(real, 1e-9)
    finding = alarm(means, variety, plan)
    told = finding.name if finding else f"step {game.number} of {plan.steps}"
    return Look(game.number / plan.steps, told, painted, means, variety, finding)


def spread(pixels: np.ndarray) -> float:
    """How much pictures (count, side, side, 3) differ: mean over 4 × 4 patches of the standard deviation among them, in
    grey levels."""
    count, side = pixels.shape[:2]
    patches = pixels.reshape(count, side // 4, 4, side // 4, 4, 3).astype(np.float32).mean(axis=(2, 4))
    return float(patches.std(axis=0).mean())


def mean(steps: list[Step]) -> Step:
    """The last of some steps with the mean of their measures."""
    rows = np.array([(one.discriminator, one.generator, one.real, one.fake) for one in steps])
    return Step(steps[-1].number, *rows.mean(axis=0).tolist())


def finite(step: Step) -> bool:
    """Whether both losses are numbers."""
    return math.isfinite(step.discriminator) and math.isfinite(step.generator)


def alarm(means: Step, variety: float, plan: Plan) -> Finding | None:
    """What is wrong, by the names that the page on unstable GANs uses; None for a healthy game."""
    number, softer = means.number, {"penalty": round(max(10 * plan.penalty, 1.0), 3)}
    slower = {"rate": plan.rate / 4}
    if not finite(means):
        told = "A loss became infinite or not a number: the steps are too large."
        return Finding("not a number", number, number, told, f"Lower the rate to {slower['rate']:g}", slower)
    if number < WARMING:
        return None
    if variety < ALIKE:
        told = f"The pictures differ by {variety:.0%} of what real ones do: the generator paints nearly one picture."
        return Finding("mode collapse", number, number, told, f"Raise R1 to {softer['penalty']:g}", softer, unit="step")
    if min(means.real, means.fake) > SURE and means.generator > BEATEN:
        told = f"The discriminator tells {means.fake:.1%} right with ease: what it answers no longer guides anybody."
        return Finding(
            "overpowered generator", number, number, told, f"Raise R1 to {softer['penalty']:g}", softer, unit="step"
        )
    return None


def mended(plan: Plan, finding: Finding) -> Plan:
    """The plan with a finding's change."""
    return replace(plan, **finding.changes)


def at_size(pictures: Pictures, most: int = MOST) -> Pictures:
    """A shipped set at 32 × 32, the first ``most`` of a fixed order."""
    places = np.random.default_rng(0).permutation(len(pictures))[:most]
    chosen = pictures.those(np.sort(places))
    if chosen.side == SIDE:
        return chosen
    times = chosen.side // SIDE
    smaller = chosen.pixels.reshape(-1, SIDE, times, SIDE, times, 3).astype(np.float32).mean(axis=(2, 4))
    return replace(chosen, pixels=smaller.round().astype(np.uint8))
