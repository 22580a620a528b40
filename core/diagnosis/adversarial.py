"""What is wrong with an adversarial training, at which round, with one change that mends it.

Every statement rests on something measured on the recorded run; the thresholds are the constants below.
"""

import math

import torch
from torch import Tensor

from core.adversarial_losses import LOSSES
from core.diagnosis.finding import Finding
from core.probes.adversarial import judges, noise_of, plain, samples
from core.probes.coverage import modes_covered
from core.probes.stacked import stacked
from core.training.adversarial import GanRun

COUNT = 300  # samples that each moment is judged by
WANDERING = 0.2  # oscillation: the samples' centre moves by this share of the target's size, in the second half
WINDOW = 8  # moments within which it does so for the first time
SATURATED = 0.02  # saturation: half of the samples feel less than this share of the discriminator's slope …
MOSTLY = 0.5  # … at this share of the moments or more
MISSING = 0.5  # mode collapse: at most this share of the modes is covered in the end
R1 = 0.3  # strength of the penalty that a fix asks for


def diagnose(run: GanRun) -> list[Finding]:
    """What is wrong with a run: at most one finding, the cause that explains the rest; empty for a healthy one."""
    for check in (not_a_number, saturation, oscillation, mode_collapse):
        if finding := check(run):
            return [finding]
    return []


def named(run: GanRun, name: str, place: int, sentence: str, fix: str, changes: dict) -> Finding:
    """A finding at one of the moments."""
    moment = run.history[place]
    return Finding(name, moment.number, max(moment.ages), sentence, fix, changes, unit="round")


def penalty(run: GanRun) -> tuple[str, dict]:
    """The label and the change that bound the discriminator's slope; a smaller step where it is bounded already."""
    recipe = run.recipe
    if recipe.penalty == "none" or (recipe.penalty == "R1" and recipe.penalty_weight < R1):
        return f"Add R1 of strength {R1:g}", {"r1": R1}
    return "Make both steps smaller", {
        "generator_rate": recipe.generator_rate / 3,
        "discriminator_rate": recipe.discriminator_rate / 3,
    }


def not_a_number(run: GanRun) -> Finding | None:
    """A loss, or a weight, is no longer a finite number."""
    last = run.last
    numbers = (*last.losses, *last.gradient_norms) if max(last.ages) else ()
    if all(map(math.isfinite, numbers)) and last.generator.isfinite().all() and last.discriminator.isfinite().all():
        return None
    sentence = "A loss became infinite or not a number: the steps are too large for slopes that nothing bounds."
    return named(run, "not a number", -1, sentence, *penalty(run))


def felt(run: GanRun) -> Tensor:
    """Which share of the discriminator's slope the generator's loss passes on, median over samples, (moments,)."""
    made, loss = samples(run, noise_of(run, COUNT)), LOSSES[run.recipe.loss][1]
    network = plain(run.model.discriminator)
    weights = judges(run)
    answers = torch.cat(
        [stacked(network, row[None], (points,))[..., 0] for row, points in zip(weights, made, strict=True)]
    )
    answers.requires_grad_()
    passed = torch.autograd.grad(torch.stack([COUNT * loss(row) for row in answers]).sum(), answers)[0]
    return passed.abs().median(dim=1).values


def saturation(run: GanRun) -> Finding | None:
    """The discriminator is sure, and the generator's loss is flat there."""
    if run.recipe.loss != "minimax":
        return None
    weak = felt(run) < SATURATED
    if weak.float().mean() < MOSTLY:
        return None
    sentence = (
        f"At {weak.float().mean():.0%} of the recorded rounds half of the samples or more feel less than "
        f"{SATURATED:.0%} of the discriminator's slope: it is sure of them, and this loss is flat where it is sure."
    )
    return named(
        run, "saturation", int(weak.nonzero()[0]), sentence, "Use the non-saturating loss", {"loss": "non-saturating"}
    )


def oscillation(run: GanRun) -> Finding | None:
    """The samples wander as a whole."""
    centres = samples(run, noise_of(run, COUNT)).mean(dim=1)
    size = (run.data.x - run.data.x.mean(dim=0)).norm(dim=1).square().mean().sqrt()
    late = centres[len(centres) // 2 :].std(dim=0, correction=0).norm() / size
    if late < WANDERING:
        return None
    spreads = centres.unfold(0, min(WINDOW, len(centres)), 1).std(dim=-1, correction=0).norm(dim=-1) / size
    calm = (spreads[: len(centres) // 2] < WANDERING).nonzero()
    since = int(calm[-1]) + 1 if len(calm) else 1
    sentence = (
        f"The samples run about as a whole: in the second half their centre moves by {late:.0%} of the target's size "
        "(standard deviation). The generator goes where the discriminator says real; the discriminator follows."
    )
    return named(run, "oscillation", since, sentence, *penalty(run))


def mode_collapse(run: GanRun) -> Finding | None:
    """Half of the modes, or more, are left out in the end."""
    modes = len(run.data.classes)
    covered = modes_covered(samples(run, noise_of(run, 500)), run.data)
    if modes < 2 or covered[-1] > MISSING * modes:
        return None
    more = (covered > covered[-1]).nonzero()
    since = int(more[-1]) + 1 if len(more) else int((covered == covered[-1]).nonzero()[0])
    sentence = (
        f"From here on the samples reach no more than {int(covered[-1])} of {modes} modes: the generator's loss is "
        "content with samples that are taken for real, and asks for no others."
    )
    return named(run, "mode collapse", since, sentence, *penalty(run))
