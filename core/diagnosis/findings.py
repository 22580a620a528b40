"""What is wrong with a training run, in one sentence, with one change that mends it.

Every statement rests on something measured on the recorded run; the thresholds are the constants below.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from core.diagnosis.case import Case, neighbours, rebuilt
from core.diagnosis.finding import Finding
from core.diagnosis.stability import bounds, safe_rate
from core.diagnosis.through_time import diagnose_through_time
from core.models.recurrent import Recurrent
from core.probes.gradients import gradient_norms
from core.probes.layers import dead_share, saturation
from core.training import Epoch, Run, train
from core.wording import counted

GROWTH = 1.2  # divergence: the loss ends above this many times where it started (or where guessing stands) …
JUMP = 3.0  # … or has been above this many times that, and the run has not recovered
DEAD = 0.5  # share of a ReLU layer's units that answer 0 to every sample
ENDS = 0.5  # share of a sigmoid or tanh layer's answers that sit at an end of the range
VANISHED = 1e-3  # first layer's share of the last layer's gradient, in the untrained network
CHANCE = 0.1  # not learning: less than this share of the way from guessing to perfect
STILL = 0.1  # weights that moved less than this share of their size have hardly been trained
SHRUNK = 0.8  # too much regularization: the weights fell below this share of their starting size
RISE = 0.25  # overfitting: held-out loss above its lowest by this share of a guesser's loss …
GAP = 0.06  # … and the held-out score below the training score by this much (and by two standard errors)
LEAP = 0.4  # weights that move this share of their size between two recorded moments were thrown, not trained
LARGE = 10.0  # outputs of an untrained network this many times too large mean exploding weights


def diagnose(run: Run) -> list[Finding]:
    """What is wrong with a run, the most important first; empty for a healthy one.

    Never raises on broken numbers. A run that failed gets one finding, the cause that explains the rest.
    """
    if isinstance(run.model, Recurrent):
        return diagnose_through_time(run)
    case = Case(run)
    for check in (not_a_number, divergence, identical_units):
        if finding := check(case):
            return [finding]
    if case.behind:
        causes = (regularised, tiny_step, dead_units, vanishing_gradient, saturated_units, underfitting)
        return [next(finding for check in causes if (finding := check(case)))]
    return [finding for check in (overfitting, dead_units) if (finding := check(case))]


def treated(run: Run, finding: Finding, seed: int | None = None) -> Run:
    """The training begun again with the change a finding asks for (and another seed, if given)."""
    seeded = {} if seed is None else {"seed": seed}
    model = rebuilt(run.model, **finding.model_changes, **seeded) if finding.model_changes or seeded else run.model
    return train(model, run.data, replace(run.recipe, **finding.changes, **seeded), run.objective)


def not_a_number(case: Case) -> Finding | None:
    """The loss or a weight is no longer a finite number."""
    epoch, data = case.broken, case.data
    if epoch is None:
        return None
    what = f"At step {epoch.step} the loss became {'infinite' if math.isinf(epoch.train_loss) else 'not a number'}"
    if not all(part.isfinite().all() for part in (data.x, data.y)):
        return Finding("not a number", epoch.number, epoch.step, f"{what}: the training data hold values that are not "
                       "finite.", "Remove or replace these values")  # fmt: skip
    with torch.no_grad():
        answers = case.untrained(data.x)
    if epoch is case.first and answers.isfinite().all():
        return Finding("not a number", epoch.number, epoch.step, f"{what}, although the untrained network's answers "
                       "are finite: the objective takes the logarithm of 0, divides by 0 or overflows.",
                       "Use an objective that works on logits")  # fmt: skip
    usual = 1 + (data.y.square().mean().sqrt().item() if data.y.is_floating_point() else 0)
    size = answers.square().mean().sqrt().item()
    if not size <= LARGE * usual and case.takes("init") and case.argument("init") != "He":
        return Finding("not a number", epoch.number, epoch.step, f"{what}: the untrained network already answers "
                       f"{size:.3g} in size where {usual:.2g} is usual, so its starting weights are too large.",
                       "Start from He initialization", {}, {"init": "He"})  # fmt: skip
    return Finding("not a number", epoch.number, epoch.step, what + because(case), *slower(case))


def because(case: Case) -> str:
    """The end of a sentence about a step that went wrong."""
    if case.step.too_large:
        return f": {case.step.sentence}."
    return f", although {case.step.sentence}; single batches can be steeper than all samples together."


def thrown(case: Case, since: Epoch) -> str:
    """Why the step was too large for what happened up to a moment, as half a sentence; empty if it was not."""
    if case.step.too_large:
        return case.step.sentence
    move, epoch = case.leap(since)
    if move < LEAP:
        return ""
    return (
        f"within one recorded interval, to epoch {epoch.number}, the weights moved by {move:.0%} of their size, so the "
        f"learning rate {case.run.recipe.learning_rate:.3g} is too large"
    )


def slower(case: Case) -> tuple[str, dict]:
    """The label and the change that make the step safe."""
    return f"Lower the learning rate to {case.step.safe:g}", {"learning_rate": case.step.safe}


def divergence(case: Case) -> Finding | None:
    """The loss has grown above its start, or jumped and not come back."""
    start = max(case.first.train_loss, case.guess_loss)
    peak = max(case.run.history, key=lambda epoch: epoch.train_loss)
    last = case.sound
    if not (last.train_loss > GROWTH * start or (peak.train_loss > JUMP * start and case.behind)):
        return None
    sentence = f"The loss rose from {case.first.train_loss:.3g} to {peak.train_loss:.3g} at epoch {peak.number}"
    return Finding("divergence", peak.number, peak.step, sentence + because(case), *slower(case))


def first_matrix(model: nn.Module) -> Tensor:
    """The weights into the first layer's units, (units, inputs); none for a network of one layer."""
    matrices = [parameter.detach().flatten(1) for parameter in model.parameters() if parameter.dim() > 1]
    return matrices[0] if len(matrices) > 1 else torch.zeros(0, 1)


def alike(model: nn.Module) -> bool:
    """Whether all units of the first layer have the same weights."""
    rows = first_matrix(model)
    return len(rows) > 1 and bool((rows - rows[:1]).abs().max() <= 1e-6 * rows.abs().max())


def identical_units(case: Case) -> Finding | None:
    """All units of the first hidden layer began with the same weights and still have them."""
    if not (alike(case.untrained) and alike(case.model)):
        return None
    rows = first_matrix(case.model)
    fix = ("Start from He initialization", {}, {"init": "He"}) if case.takes("init") else ("Start from random weights",)
    return Finding(
        "identical units", case.sound.number, case.sound.step,
        f"All {len(rows)} units of the first layer are still the same at epoch {case.sound.number}: they began with "
        "the same weights, receive the same gradient and so count as one.", *fix,
    )  # fmt: skip


def worst(shares: dict[str, float]) -> tuple[str, float]:
    """The layer with the largest share, and the share."""
    return max(shares.items(), key=lambda item: item[1], default=("", 0.0))


def dead_units(case: Case) -> Finding | None:
    """Most units of a ReLU layer answer 0 to every sample."""
    name, share = worst(dead_share(case.model, case.data.x))
    if share < DEAD:
        return None
    since = case.crossing(lambda model: dead_share(model, case.data.x)[name] >= DEAD)
    sentence = (
        f"{share:.0%} of the ReLU units in {name} answer 0 to every sample and receive no gradient "
        f"(half of them since epoch {since.number})"
    )
    severity = "serious" if case.behind else "warning"
    if since is case.first and case.takes("init") and case.argument("init") not in ("He", "Xavier"):
        fix: tuple[str, dict, dict] = ("Start from He initialization", {}, {"init": "He"})
    elif case.behind and (reason := thrown(case, since)):
        sentence, fix = f"{sentence}: {reason}", (*slower(case), {})
    else:
        fix = ("Use LeakyReLU", {}, {"activation": "LeakyReLU"} if case.takes("activation") else {})
    return Finding("dead units", since.number, since.step, sentence + ".", *fix, severity)


def saturated_units(case: Case) -> Finding | None:
    """Most answers of a sigmoid or tanh layer sit at an end. (In a network that fits its samples that is harmless.)"""
    name, share = worst(saturation(case.model, case.data.x))
    if share < ENDS:
        return None
    since = case.crossing(lambda model: saturation(model, case.data.x)[name] >= ENDS)
    scale = case.data.x.square().mean().sqrt().item()
    sentence = f"{share:.0%} of the answers in {name} sit at an end of their range, where the slope is almost 0"
    fix = ("Use ReLU", {}, {"activation": "ReLU"}) if case.takes("activation") else ("Use ReLU",)
    if since is case.first and scale > 5 and case.takes("batch_norm"):
        sentence += f": the inputs are large ({scale:.3g} root mean square)"
        fix = ("Add batch norm", {}, {"batch_norm": True})
    elif since is case.first and case.takes("init") and case.argument("init") not in ("He", "Xavier"):
        sentence += " from the start: the initial weights are too large"
        fix = ("Start from Xavier initialization", {}, {"init": "Xavier"})
    elif reason := thrown(case, since):
        sentence, fix = f"{sentence}: {reason}", slower(case)
    return Finding("saturation", since.number, since.step, sentence + ".", *fix)


def vanishing_gradient(case: Case) -> Finding | None:
    """Next to nothing of the gradient reaches the first layer of the untrained network."""
    if not hasattr(case.untrained, "layers"):
        return None
    norms = gradient_norms(case.untrained, case.data.x, case.data.y, case.run.objective).weights
    if len(norms) < 3 or not norms[0] < VANISHED * norms[-1]:
        return None
    fix = ("Use ReLU", {}, {"activation": "ReLU"}) if case.takes("activation") else ("Use ReLU or skip connections",)
    return Finding(
        "vanishing gradient", case.first.number, case.first.step,
        f"In the untrained network the gradient of the first layer is {norms[0] / max(norms[-1], 1e-30):.2g} times "
        "that of the last: the early layers hardly learn.", *fix,
    )  # fmt: skip


def tiny_step(case: Case) -> Finding | None:
    """The weights have hardly moved."""
    if case.moved >= STILL:
        return None
    rate = case.run.recipe.learning_rate
    better = safe_rate(case.run, bounds(case.run, [case.first]))
    if better <= 2 * rate:
        return None
    return Finding(
        "step too small", case.sound.number, case.sound.step,
        f"In {case.sound.step} steps the weights moved by {case.moved:.1%} of their size: the learning rate {rate:.3g} "
        "is too small.", f"Raise the learning rate to {better:g}", {"learning_rate": better},
    )  # fmt: skip


def regularised(case: Case) -> Finding | None:
    """A penalty or dropout holds the network back."""
    recipe, last = case.run.recipe, case.sound
    shrunk = (last.weights.norm() / case.first.weights.norm().clamp_min(1e-12)).item()
    if (recipe.weight_decay > 0 or recipe.l1 > 0) and shrunk < SHRUNK:
        return Finding(
            "too much regularization", last.number, last.step,
            f"The penalty has shrunk the weights to {shrunk:.0%} of their starting size, and the network does not fit "
            "its own training samples.", "Remove the penalties", {"weight_decay": 0.0, "l1": 0.0},
        )  # fmt: skip
    if case.takes("dropout") and case.argument("dropout") >= 0.5:
        return Finding(
            "too much regularization", last.number, last.step,
            f"Dropout silences {case.argument('dropout'):.0%} of the units, and the rest does not fit the training "
            "samples.", "Remove dropout", {}, {"dropout": 0.0},
        )  # fmt: skip
    return None


def underfitting(case: Case) -> Finding:
    """The network fits its own training samples worse than their neighbours would; says what would help."""
    last, reachable = case.sound, neighbours(case.data.x, case.data.y)
    name = "not learning" if case.level < CHANCE else "underfitting"
    sentence = (
        f"After {counted(last.number, 'epoch')} the training score is {last.train_score:.2f}, where guessing scores "
        f"{case.guess:.2f} and five nearest neighbours {reachable:.2f}"
    )
    widths, fix = getattr(case.run.model, "widths", ()), ("Try another seed or more units", {}, {})
    if case.step.too_large:
        sentence, fix = f"{sentence}: {case.step.sentence}", (*slower(case), {})
    elif widths and case.takes("widths") and (len(widths) < 4 or min(widths[1:-1]) < 8):
        hidden = counted(sum(widths[1:-1]), "hidden unit") if len(widths) > 2 else "no hidden layer"
        more = {"widths": (widths[0], 16, 16, widths[-1])}
        sentence, fix = f"{sentence}: the network has {hidden}", ("Use two hidden layers of 16", {}, more)
        if not isinstance(activation := case.argument("activation"), str) or activation == "linear":
            more["activation"] = "ReLU"
    elif case.falling:
        more = {"epochs": case.run.recipe.epochs * 4 if case.run.recipe.epochs > 25 else 100}
        sentence, fix = f"{sentence}: the loss is still falling", (f"Train for {more['epochs']} epochs", more, {})
    return Finding(
        name, last.number, last.step, sentence + ".", *fix, "serious" if name == "not learning" else "warning"
    )


def overfitting(case: Case) -> Finding | None:
    """The held-out loss has risen while the training score stayed ahead."""
    last, best, count = case.sound, case.run.best, len(case.data.x_test)
    if count < 10 or not math.isfinite(last.test_loss):
        return None
    share = min(max(last.test_score, 0.0), 1.0)
    gap = last.train_score - last.test_score
    rise = last.test_loss - best.test_loss
    if rise < RISE * case.guess_loss or gap < max(GAP, 2 * math.sqrt(share * (1 - share) / count)):
        return None
    return Finding(
        "overfitting", best.number, best.step,
        f"The held-out loss was lowest at epoch {best.number} ({best.test_loss:.3g}) and has risen to "
        f"{last.test_loss:.3g}; the training score is {gap:.2f} above the held-out score.",
        f"Stop at epoch {max(best.number, 1)}", {"epochs": max(best.number, 1)}, {}, "warning",
    )  # fmt: skip
