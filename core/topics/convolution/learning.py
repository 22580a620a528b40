"""A kernel learned from a picture and the response that it should give, by gradient descent."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from core.data.photos import Photo
from core.diagnosis.findings import Finding
from core.programs import Program, Step
from core.provenance import Measured, Sourced
from core.topics.convolution.kernels import cosine
from core.topics.convolution.response import FILE, READ

CLOSE = 0.99  # a kernel this near its target, by cosine, counts as learned
LOST = 1e9  # times the loss at the start: nothing is to be seen of a training beyond
RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
MOST_STEPS = 1000
NEVER, QUICK, SLOW = ANSWERS = ("not in these steps", "in at most 30 steps", "in more than 30 steps")


@dataclass(frozen=True)
class Task:
    """What is to be learned and how: a target kernel, the step size, momentum, the number of steps, whether the
    picture is brought to mean 0 and deviation 1, and noise on the response (standard deviation, as a share of its
    own)."""

    kernel: np.ndarray
    learning_rate: float
    momentum: float
    steps: int
    is_standardized: bool
    noise: float
    seed: int


@dataclass(frozen=True)
class Learning(Sourced):
    """A recorded training: ``kernels`` (moments, rows, rows) from the random start on, their ``losses``, the picture
    as it was given, the response to learn from, and the eigenvalues of the pixels' second moments in rising order."""

    photo: Photo
    task: Task
    kernels: np.ndarray
    losses: np.ndarray
    picture: np.ndarray
    wanted: np.ndarray
    eigenvalues: np.ndarray
    source: Measured

    @property
    def cosines(self) -> np.ndarray:
        """How near each moment's kernel is to the target."""
        return np.array([cosine(kernel, self.task.kernel) for kernel in self.kernels])

    @property
    def learned_at(self) -> int | None:
        """The first step from which on the kernel is close to its target; None if it is not in the end."""
        far = np.flatnonzero(self.cosines <= CLOSE)
        first = int(far[-1]) + 1 if len(far) else 0
        return first if first < len(self.kernels) else None

    @property
    def diverged(self) -> bool:
        """Whether the training was lost."""
        return not self.losses[-1] <= 2 * self.losses[0]

    @property
    def bound(self) -> float:
        """The largest learning rate that does not diverge: 2 (1 + momentum) over the loss's largest curvature
        (Polyak 1964), which is twice the largest eigenvalue."""
        return float((1 + self.task.momentum) / max(self.eigenvalues[-1], 1e-12))

    @property
    def stretch(self) -> float:
        """How much faster the quickest direction is learned than the slowest: the condition number."""
        return float(self.eigenvalues[-1] / max(self.eigenvalues[0], 1e-12))

    def answer(self) -> str:
        """When it is learned, in words."""
        if self.learned_at is None:
            return NEVER
        return QUICK if self.learned_at <= 30 else SLOW


def standardized(picture: np.ndarray) -> np.ndarray:
    """A picture with mean 0 and deviation 1; a flat one becomes 0."""
    return (picture - picture.mean()) / max(float(picture.std()), 1e-6)


def learn(photo: Photo, task: Task) -> Learning:
    """Gradient descent with momentum on the mean squared error between the kernel's response and the wanted one.

    All sums over places are in the second moments C of the windows (rows² × rows²), so that a step costs nothing:
    loss = kᵀCk − 2bᵀk + c, gradient = 2 (Ck − b). The program does the same with a convolution and autograd.
    """
    began = time.perf_counter()
    picture = photo.values.astype(np.float64)
    picture = standardized(picture) if task.is_standardized else picture
    size = len(task.kernel)
    windows = sliding_window_view(picture, (size, size)).reshape(-1, size * size)
    generator = torch.Generator().manual_seed(task.seed)
    start = 0.3 * torch.randn(size, size, generator=generator, dtype=torch.float64).numpy()
    wanted = windows @ task.kernel.ravel()
    disturbance = torch.randn(len(wanted), generator=generator, dtype=torch.float64).numpy()
    wanted = wanted + task.noise * wanted.std() * disturbance
    moments, towards = windows.T @ windows / len(windows), windows.T @ wanted / len(windows)
    kernels, losses = descended(start.ravel(), moments, towards, float((wanted**2).mean()), task)
    side = len(picture) - size + 1
    return Learning(
        photo, task, kernels.reshape(-1, size, size), losses, picture, wanted.reshape(side, side),
        np.linalg.eigvalsh(moments), Measured((task.seed,), time.perf_counter() - began),
    )  # fmt: skip


def descended(
    start: np.ndarray, moments: np.ndarray, towards: np.ndarray, constant: float, task: Task
) -> tuple[np.ndarray, np.ndarray]:
    """The kernels (moments, weights) and losses of a descent, until it is lost."""
    kernel, velocity, kernels, losses = start, np.zeros_like(start), [start], []
    for _ in range(task.steps + 1):
        along = moments @ kernel
        losses.append(max(float(kernel @ along - 2 * towards @ kernel) + constant, 0.0))
        if len(losses) > task.steps or losses[-1] > LOST * (losses[0] + 1):
            break
        velocity = task.momentum * velocity + 2 * (along - towards)
        kernel = kernel - task.learning_rate * velocity
        kernels.append(kernel)
    return np.array(kernels), np.array(losses)


def findings(learning: Learning) -> list[Finding]:
    """What went wrong with a training, why, and the control that mends it."""
    task, last = learning.task, len(learning.losses) - 1
    if learning.photo.values.std() < 1e-4:
        why = "The picture is one even grey: every window is the same, so the gradient cannot tell the weights apart."
        return [Finding("nothing to learn from", last, last, why, "Take the rings", {"picture": "rings"})]
    if learning.diverged:
        safe = max((rate for rate in RATES if rate <= 0.6 * learning.bound), default=RATES[0])
        why = (
            f"The loss rose from {learning.losses[0]:.3g} to {learning.losses[-1]:.3g}: with this picture and kernel "
            f"size a learning rate above {learning.bound:.3g} overshoots."
        )
        return [Finding("divergence", last, last, why, f"Lower the learning rate to {safe:g}", {"learning_rate": safe})]
    if learning.learned_at is None and not task.is_standardized:
        why = (
            "The common brightness of all pixels drowns what tells them apart: the loss is "
            f"{learning.stretch:,.0f} times as steep along one direction as along another."
        )
        fix = ("Standardize the picture", {"standardize_the_picture": True})
        return [Finding("a narrow valley", last, last, why, *fix)]
    return []


TRAIN = """kernel = (0.3 * torch.randn({size}, {size}, generator=generator, dtype=torch.float64)).requires_grad_()
wanted = functional.conv2d(picture[None, None], target[None, None])[0, 0]
noise = torch.randn(wanted.numel(), generator=generator, dtype=torch.float64).reshape(wanted.shape)
wanted = wanted + {noise!r} * wanted.std(correction=0) * noise

optimizer = torch.optim.SGD([kernel], lr={rate!r}, momentum={momentum!r})
losses = []
for _ in range({steps}):
    optimizer.zero_grad()
    response = functional.conv2d(picture[None, None], kernel[None, None])[0, 0]
    loss = functional.mse_loss(response, wanted)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())"""
COMPARE = """learned = kernel.detach()
cosine = functional.cosine_similarity(learned.flatten(), target.flatten(), dim=0).item()
result = {"first losses": losses[:5], "kernel": learned.tolist(), "cosine": cosine}"""


def program_of_learning(learning: Learning) -> Program:
    """The same training with a convolution and autograd."""
    task, size, steps = learning.task, len(learning.task.kernel), min(len(learning.kernels) - 1, 300)
    prepared = [READ, "picture = picture.double()"]
    if task.is_standardized:
        prepared.append("picture = (picture - picture.mean()) / picture.std(correction=0).clamp_min(1e-6)")
    prepared += [
        f"target = torch.tensor({task.kernel.tolist()!r}, dtype=torch.float64)",
        f"generator = torch.Generator().manual_seed({task.seed!r})",
    ]
    settings = {"size": size, "noise": task.noise, "rate": task.learning_rate, "momentum": task.momentum}
    listed = (
        Step("Picture and target", "\n".join(prepared)),
        Step("Training", TRAIN.format(steps=steps, **settings)),
        Step("How close it came", COMPARE),
    )
    shown = {
        "first losses": learning.losses[: min(5, steps)].tolist(),
        "kernel": learning.kernels[steps].tolist(),
        "cosine": float(learning.cosines[steps]),
    }
    return Program("A kernel learned by gradient descent", listed, shown=shown, files={FILE: learning.photo.csv})
