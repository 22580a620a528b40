"""What is wrong with the training of a recurrent network: gradients that explode or vanish on their way back."""

import math

from core.diagnosis.finding import Finding
from core.models.recurrent import Recurrent
from core.probes.recurrent import state_gradients
from core.training import Epoch, Run

LEARNED = 0.9  # how far from guessing to perfect a training must come to count as healthy
SPIKE = 10.0  # a gradient so much longer than the run's median one has exploded
VANISHED = 1e-2  # the first step's share of the last step's gradient
PROBED = 32  # samples that are looked at
CLIP = 0.3


def diagnose_through_time(run: Run) -> list[Finding]:
    """What is wrong with a recurrent network's run: at most one thing, the cause of the rest; empty if it learned."""
    guess = (run.data.y.flatten().bincount().max() / run.data.y.numel()).item()
    if run.last.train_score - guess >= LEARNED * (1 - guess) and math.isfinite(run.last.train_loss):
        return []
    for check in (exploding, vanishing):
        if finding := check(run):
            return [finding]
    return []


def sound(run: Run) -> list[Epoch]:
    """The recorded moments whose loss and weights are numbers."""
    return [epoch for epoch in run.history if math.isfinite(epoch.train_loss) and bool(epoch.weights.isfinite().all())]


def exploding(run: Run) -> Finding | None:
    """A gradient was many times longer than usual, or the loss broke, and nothing clipped it."""
    norms = sorted(epoch.gradient_norm for epoch in run.history[1:] if math.isfinite(epoch.gradient_norm))
    longest = max(
        run.history, key=lambda epoch: epoch.gradient_norm if math.isfinite(epoch.gradient_norm) else math.inf
    )
    median = norms[len(norms) // 2] if norms else 0.0
    broken = len(sound(run)) < len(run.history)
    if not broken and (run.recipe.clip or not longest.gradient_norm > SPIKE * max(median, 1e-3)):
        return None
    many = "without end" if broken else f"{longest.gradient_norm / max(median, 1e-12):.0f} times the usual one"
    sentence = f"The gradient grew on its way back through time, to {many}: the step it made threw the weights away."
    rate = run.recipe.learning_rate / 10
    if run.recipe.clip:
        fix = (f"Lower the learning rate to {rate:g}", {"learning_rate": rate})
    else:
        fix = (f"Clip the gradient at {CLIP:g}", {"clip": CLIP})
    return Finding("exploding gradient", longest.number, longest.step, sentence, *fix)


def vanishing(run: Run) -> Finding | None:
    """What reached the first step, before training or at its end, was a hundredth or less of what the last one had."""
    if not isinstance(run.model, Recurrent) or run.model.every:
        return None
    moments = [run.history[0], sound(run)[-1]]
    lengths = state_gradients(run.model, moments, run.data.x[:PROBED], run.data.y[:PROBED])
    shares = (lengths[:, 0] / lengths[:, -1].clamp_min(1e-40)).tolist()
    place = shares.index(min(shares))
    epoch, steps = moments[place], lengths.shape[1] - 1
    if not shares[place] < VANISHED:
        return None
    few = f"{shares[place]:.1g}".replace("-", "−")  # a line may end behind a hyphen
    sentence = (
        f"Of the gradient at the last step, {few} reached the first, {steps} steps back: what stood "
        "there hardly changed any weight."
    )
    fix = {"cell": "GRU"} if run.model.cell != "GRU" else {"keep_bias": 4.0}
    label = "Take a GRU, whose gate keeps the state" if "cell" in fix else "Begin with the gate further open"
    return Finding("vanishing gradient", epoch.number, epoch.step, sentence, label, {}, fix)
