"""A loop in PyTorch's own words, eight ways to break it by one line, and what each prints."""

import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data.digits import digits, mixed_digits, shipped
from core.programs import Program, Step
from core.provenance import Measured
from core.randomness import torchs_own

SAMPLES, HELD_OUT, BATCH, EPOCHS, UNITS, RATE, SEEDS, CLASSES = 600, 1 / 3, 20, 10, 32, 0.2, 4, 10
TRAINED = round(SAMPLES * (1 - HELD_OUT))
SOUND = "nothing"


@dataclass(frozen=True)
class Bug:
    """One broken line: the sound one, what stands there instead, the trace it leaves in the curves and why."""

    name: str
    sound: str
    broken: str
    trace: str
    why: str


BUGS = {
    bug.name: bug
    for bug in (
        Bug("no zero_grad", "        optimizer.zero_grad()\n", "",
            "a good start, then both losses rise and swing",
            "Gradients add up in `.grad`: every step also repeats all earlier ones, like a momentum without friction."),
        Bug("softmax before cross-entropy", "cross_entropy(logits, y)", "cross_entropy(logits.softmax(dim=1), y)",
            "a slow descent that never passes below 1.46",
            "Cross-entropy takes logits and has a softmax inside. Fed with probabilities, it can reach log(e + 9) − 1 "
            "= 1.46 at best, and its gradients are tiny."),
        Bug("forgotten eval", "    model.eval()\n", "",
            "the held-out loss stays as high as the training loss, and accuracy is low and jumps",
            "Dropout still silences half the units while the network is scored."),
        Bug("wrong dimension", "cross_entropy(logits, y)", "nll_loss(logits.log_softmax(dim=0), y)",
            "the first loss is log of the batch size, not log of ten classes",
            "Softmax along dimension 0 compares the samples of a batch with each other instead of the classes."),
        Bug("leaked data", "notes.zero_()", "notes.copy_(functional.one_hot(y, 10))",
            "the held-out accuracy is perfect within a few epochs",
            "Ten inputs were filled in once the answer was known. They will be empty when it counts."),
        Bug("step ×100", "lr=0.2", "lr=20.0",
            "the first epoch's loss is enormous, then nothing is learned",
            "Each step jumps across the valley; units that land where ReLU is flat never come back."),
        Bug("no shuffle on sorted data", "torch.randperm(len(x))", "torch.arange(len(x))",
            "for some epochs accuracy hardly leaves one in ten, and the held-out loss jumps up and down",
            "The file is sorted by class: a batch holds one digit, and the network answers with the last one it saw."),
        Bug("detached loss", "cross_entropy(logits, y)", "cross_entropy(logits.detach(), y).requires_grad_()",
            "a flat line: the held-out loss does not change in any digit",
            "`detach` cut the graph; `requires_grad_` silenced torch's error, and no gradient reaches a weight."),
    )
}  # fmt: skip
LOOP = f"""def loss_of(logits, y):
    return functional.cross_entropy(logits, y)


for part, y in ((x, labels), (x_test, labels_test)):
    notes = part[:, 64:]  # ten more columns of the table
    notes.zero_()
torch.manual_seed(seed)
model = nn.Sequential(nn.Linear(74, {UNITS}), nn.ReLU(), nn.Dropout(0.5), nn.Linear({UNITS}, {CLASSES}))
optimizer = torch.optim.SGD(model.parameters(), lr={RATE})
history = []
for epoch in range({EPOCHS}):
    model.train()
    losses = []
    for batch in torch.randperm(len(x)).split({BATCH}):
        loss = loss_of(model(x[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits = model(x_test)
    right = (logits.argmax(dim=1) == labels_test).float().mean().item()
    history.append([sum(losses) / len(losses), loss_of(logits, labels_test).item(), right])
"""


def code_of(name: str) -> str:
    """The whole loop with one bug, or sound."""
    if name == SOUND:
        return LOOP
    bug = BUGS[name]
    return LOOP.replace(bug.sound.lstrip() if bug.broken else bug.sound, bug.broken)


def table(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Digits as a table sorted by class, (samples, 74) with ten empty columns, their labels, and both held out."""
    data = digits(SAMPLES, seed=seed, held_out=HELD_OUT, flat=True)
    order = data.y.argsort(stable=True)
    x, x_test = (functional.pad(part, (0, CLASSES)) for part in (data.x[order], data.x_test))
    return x, data.y[order], x_test, data.y_test


def losses_of(logits: Tensor, y: Tensor, bug: str) -> Tensor:
    """The loss as the loop with a bug computes it: logits (…, samples, classes) and labels (…, samples) → (…)."""
    if bug == "softmax before cross-entropy":
        logits = logits.softmax(dim=-1)
    scores = logits.log_softmax(dim=-2 if bug == "wrong dimension" else -1)
    return -scores.gather(-1, y[..., None])[..., 0].mean(dim=-1)


def seen(x: Tensor, y: Tensor, bug: str) -> Tensor:
    """The table with the columns that leak the label, or without; any dimensions before (samples, 74)."""
    notes = functional.one_hot(y, CLASSES).float() if bug == "leaked data" else torch.zeros(*y.shape, CLASSES)
    return torch.cat([x[..., :-CLASSES], notes], dim=-1)


@dataclass(frozen=True)
class Epoch:
    """What loops draw for one epoch: the orders (seeds, samples), which units stay in each batch (batches, seeds,
    batch, units) as dropout scales them, and which while it is scored, (seeds, held-out samples, units) or none."""

    order: Tensor
    kept: Tensor
    scored: Tensor | None


@dataclass(frozen=True)
class Trained:
    """The loops' curves, (seeds, epochs, 3): the mean training loss, the held-out loss and the held-out accuracy after
    each epoch, as that loop measures them; and, unless it was mended, weights and latest gradients before each epoch,
    (seeds, …) each."""

    curves: np.ndarray
    states: tuple[tuple[list[Tensor], list[Tensor]], ...]


def draws(loops: Sequence[str], seeds: Sequence[int], sizes: tuple[int, int]) -> tuple[list[Tensor], list[Epoch]]:
    """The first weights, (seeds, …) each, and what each epoch draws; ``loops`` says for each epoch which bug it has,
    ``sizes`` how many samples are trained on and held out."""
    weights, epochs = zip(*(drawn(loops, seed, sizes) for seed in seeds), strict=True)
    stacked = []
    for bug, alike in zip(loops, zip(*epochs, strict=True), strict=True):
        orders, masks, scored = zip(*alike, strict=True)
        silenced = torch.stack(scored) if bug == "forgotten eval" else None
        stacked.append(Epoch(torch.stack(orders), torch.stack(masks, dim=1), silenced))
    return [torch.stack(each) for each in zip(*weights, strict=True)], stacked


def drawn(loops: Sequence[str], seed: int, sizes: tuple[int, int]) -> tuple[list[Tensor], list[tuple]]:
    """The same for one seed, in the order in which PyTorch's loop draws it."""
    epochs = []
    with torchs_own(seed):
        model = nn.Sequential(nn.Linear(74, UNITS), nn.ReLU(), nn.Dropout(0.5), nn.Linear(UNITS, CLASSES))
        for bug in loops:
            order = torch.arange(sizes[0]) if bug == "no shuffle on sorted data" else torch.randperm(sizes[0])
            masks = torch.stack([half(BATCH) for _ in range(sizes[0] // BATCH)])
            epochs.append((order, masks, half(sizes[1]) if bug == "forgotten eval" else None))
    return [weight.detach() for weight in model.parameters()], epochs


def half(samples: int) -> Tensor:
    """What dropout multiplies units with, (samples, units): each is silenced with a chance of one half."""
    return torch.empty(samples, UNITS).bernoulli_(0.5).div_(0.5)


def history(bug: str, seeds: Sequence[int], mended: int | None = None) -> Trained:
    """Train with a bug, from epoch ``mended`` on without it: the broken loops are rewound to there and go on. The seeds
    train beside each other, in stacked tensors; to the last bit, each gets the weights it would get alone."""
    if mended == 0 and bug != SOUND:
        return kept(SOUND, seeds)
    x, y, x_test, y_test = (torch.stack(part) for part in zip(*map(table, seeds), strict=True))
    first, each = mended or 0, torch.arange(len(seeds))[:, None]
    loops = [bug if mended is None or epoch < mended else SOUND for epoch in range(EPOCHS)]
    weights, epochs = draws(loops, seeds, (x.shape[1], x_test.shape[1]))
    gradients: list[Tensor] = []
    before = kept(bug, seeds) if mended else Trained(np.empty((len(seeds), 0, 3)), ())
    rows, states = [], list(before.states[:first])
    if mended:
        weights, gradients = before.states[first]
    weights = [weight.clone().requires_grad_() for weight in weights]
    for now, epoch in zip(loops[first:], epochs[first:], strict=True):
        states.append(([weight.detach().clone() for weight in weights], gradients))
        rate = 100 * RATE if now == "step ×100" else RATE
        batches = (part[each, epoch.order].split(BATCH, dim=1) for part in (seen(x, y, now), y))
        losses = []
        for inputs, labels, mask in zip(*batches, epoch.kept, strict=True):
            loss = losses_of(answers(weights, inputs, mask), labels, now)
            losses.append(loss.detach())
            if now == "detached loss":
                continue  # no gradient reaches a weight
            found = list(torch.autograd.grad(loss.sum(), weights))
            gradients = list(torch._foreach_add(gradients, found)) if now == "no zero_grad" and gradients else found
            with torch.no_grad():
                torch._foreach_add_(weights, gradients, alpha=-rate)
        with torch.no_grad():
            logits = answers(weights, seen(x_test, y_test, now), epoch.scored)
        right = (logits.argmax(dim=2) == y_test).double().mean(dim=1)
        rows.append(torch.stack([torch.stack(losses).double().mean(dim=0), losses_of(logits, y_test, now), right], 1))
    curves = np.concatenate([before.curves[:, :first], torch.stack(rows, dim=1).numpy()], axis=1)
    return Trained(curves, () if mended else tuple(states))


def answers(weights: Sequence[Tensor], x: Tensor, mask: Tensor | None) -> Tensor:
    """The networks' logits, (seeds, samples, 74) → (seeds, samples, classes); ``mask`` silences units."""
    first, first_bias, second, second_bias = weights
    hidden = torch.baddbmm(first_bias[:, None], x, first.mT).relu()
    return torch.baddbmm(second_bias[:, None], hidden if mask is None else hidden * mask, second.mT)


def named(curves: np.ndarray) -> str:
    """Which bug a history (epochs, 3) shows, by the traces that the page names, the plainest first."""
    train, held, right = curves.T
    if np.ptp(held) < 1e-6:
        return "detached loss"
    if not np.isfinite(curves).all() or train[0] > 4:
        return "step ×100"
    if held[0] > 4.0:  # log of 200 held-out samples is 5.3, log of ten classes 2.3
        return "wrong dimension" if right[-1] > 0.3 else "step ×100"
    if held[-1] < 0.25:
        return "leaked data"
    if np.ptp(train) < 0.2 and held[-1] > 2.1:
        return "softmax before cross-entropy"
    if held[-1] > held.min() + 0.5 and held.argmin() < 3:
        return "no zero_grad"
    if right[:3].max() < 0.35:
        return "no shuffle on sorted data"
    return "forgotten eval" if held[-1] > 0.8 * train[-1] else SOUND


@functools.lru_cache(maxsize=128)
def kept(bug: str, seeds: tuple[int, ...], mended: int | None = None) -> Trained:
    """``history``, computed once."""
    return history(bug, seeds, mended)


@dataclass(frozen=True)
class Case:
    """A broken loop and its future once mended: (seeds, epochs, 3) each, and the sound loop's for comparison."""

    bug: Bug
    mended: int
    seeds: tuple[int, ...]
    broken: np.ndarray
    fixed: np.ndarray
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured(self.seeds, self.seconds, "Loops run live in PyTorch").provenance


def case(name: str, mended: int, seed: int) -> Case:
    """Run a broken loop, and the same mended after so many epochs, over several seeds."""
    began, seeds = time.perf_counter(), tuple(seed + place for place in range(SEEDS))
    broken, fixed = kept(name, seeds).curves, kept(name, seeds, mended).curves
    return Case(BUGS[name], mended, seeds, broken, fixed, time.perf_counter() - began)


def program_of_loop(found: Case) -> Program:
    """The broken loop as it is run, for the first seed."""
    lines = [
        f"seed = {found.seeds[0]!r}",
        f"x, labels = mixed_digits(seed, flat=True)\nx = functional.pad(x[:{SAMPLES!r}], (0, {CLASSES!r}))",
        f"x_test, labels_test = x[{TRAINED!r}:], labels[{TRAINED!r}:{SAMPLES!r}]",
        f"order = labels[:{TRAINED!r}].argsort(stable=True)  # the file is sorted by class",
        "x, labels = x[order], labels[order]",
    ]
    steps = (Step("A table", "\n".join(lines)), Step("The loop", f"\n{code_of(found.bug.name)}"),
             Step("Numbers", 'result = {"history": history}'))  # fmt: skip
    return Program(f"A training loop with a bug: {found.bug.name}", steps, (shipped, mixed_digits),
                   {"history": found.broken[0].tolist()}, tolerance=1e-3)  # fmt: skip
