"""The view of a kernel that is learned from a response."""

import numpy as np

from core.data.photos import Photo
from core.figures.curves import line, number
from core.figures.picture import BLUE, INK, ORANGE, Picture, Replay, encoded, layout, sampled
from core.figures.rasters import frame, numbered, outline, signed, titled, written
from core.lessons import Goal, Question
from core.lessons.controls import folded, scale, slider, toggle
from core.lessons.view import Shown, View
from core.topics.convolution.kernels import CONTROLS, kernel_of
from core.topics.convolution.learning import (
    ANSWERS,
    CLOSE,
    MOST_STEPS,
    RATES,
    Learning,
    Task,
    findings,
    learn,
    program_of_learning,
)
from core.topics.convolution.response import convolved

FRAMES = 28
FEW = 25  # steps that the challenge allows


def measure(
    photo: Photo, kernel: str, kernel_size: int, own_numbers: str, learning_rate: float, momentum: float, steps: int,
    standardize_the_picture: bool, noise_in_the_response: float, seed: int,
) -> Learning:  # fmt: skip
    """One training towards the chosen kernel."""
    target = kernel_of(kernel, kernel_size, own_numbers)
    task = Task(target, learning_rate, momentum, steps, standardize_the_picture, noise_in_the_response, seed)
    return learn(photo, task)


def moments(learning: Learning) -> list[int]:
    """The steps that are replayed: all at first, then ever fewer."""
    last = len(learning.kernels) - 1
    return sorted({*range(min(last, 6) + 1), *np.geomspace(6, max(last, 7), FRAMES).round().astype(int).tolist()} & {
        *range(last + 1)
    } | {last})  # fmt: skip


def side_by_side(left: np.ndarray, right: np.ndarray, gap: int) -> np.ndarray:
    """Two pictures with a blank between them."""
    return np.concatenate([left, np.zeros((len(left), gap)), right], axis=1)


def pair(
    left: list[np.ndarray], right: np.ndarray, gap: int, most: float, words: tuple[str, str, str], labels: list[str]
) -> Picture:
    """A picture that changes beside one that it should become; few pixels have their numbers in them."""
    size = len(right)
    few = size < 4
    whole = side_by_side(left[-1], right, gap)
    traces = [signed(whole, most)]
    if few:
        traces += [numbered(left[-1], 15), numbered(right, 15, size + gap)]

    def film() -> list[tuple[dict | None, ...]]:
        return [
            (
                {"z": encoded(sampled(side_by_side(each, right, gap), -most, most))},
                *(({"text": written(each)}, None) if few else ()),
            )
            for each in left
        ]

    edges = [outline(0, 0, size, size, INK, width=1), outline(0, size + gap, size, size, INK, width=1)]
    notes = [
        {**titled(text)[0], "x": place, "xref": "x", "y": -0.5, "yref": "y"}
        for text, place in zip(words[:2], ((size - 1) / 2, size + gap + (size - 1) / 2), strict=True)
    ]
    plan = frame(*whole.shape, 210, annotations=notes, shapes=edges)
    return Picture(traces, plan, words[2], Replay(len(left), film), labels)


def kernels(learning: Learning, steps: list[int], labels: list[str]) -> Picture:
    """The learned kernel beside its target."""
    left = [learning.kernels[step] for step in steps]
    most = float(np.abs(learning.task.kernel).max()) or 1.0
    near = f"cosine {learning.cosines[-1]:.3f}"
    alt = f"The learned kernel beside its target at the end: {near}, largest weight {number(np.abs(left[-1]).max())}."
    return pair(left, learning.task.kernel, 1, 1.2 * most, ("learned", "target", alt), labels)


def responses(learning: Learning, steps: list[int], labels: list[str]) -> Picture:
    """What the learned kernel answers beside the response to learn from."""
    left = [convolved(learning.picture, learning.kernels[step]) for step in steps]
    most = float(np.percentile(np.abs(learning.wanted), 99)) or 1.0
    alt = f"Responses at the end beside the wanted ones: mean squared error {number(learning.losses[-1])}."
    return pair(left, learning.wanted, 6, most, ("its response", "wanted response", alt), labels)


def curves(learning: Learning, steps: list[int], labels: list[str]) -> Picture:
    """Loss and cosine over the steps, with a cursor."""
    numbers = np.arange(len(learning.losses))
    losses = np.maximum(learning.losses, 1e-12)
    loss = line(numbers, losses, "loss", ORANGE)
    near = line(numbers, learning.cosines, "cosine to the target (right axis)", BLUE, "dash", yaxis="y2")
    close = line(numbers[[0, -1]], np.array([CLOSE] * 2), f"{CLOSE}", INK, "dot", yaxis="y2", showlegend=False)
    cursor = {"type": "scatter", "mode": "lines", "x": [int(numbers[-1])] * 2, "y": [-1, 1.05], "yaxis": "y2",
              "hoverinfo": "skip", "line": {"color": INK, "width": 1.5}, "showlegend": False}  # fmt: skip
    frames = [(None, None, None, {"x": [step, step]}) for step in steps]
    right = {"overlaying": "y", "side": "right", "range": [-1, 1.05], "showgrid": False,
             "dtick": 0.5, "zeroline": False, "ticks": ""}  # fmt: skip
    ends = np.log10([max(losses.min(), losses[0] / 1e7), losses.max()])  # below it is at rest
    span = {"type": "log", "range": [float(ends[0]) - 0.3, float(ends[1]) + 0.3], "exponentformat": "power"}
    plan = layout("step", "loss", 320, yaxis={**span, "nticks": 5}, yaxis2=right)
    plan["xaxis"] |= {"range": [0, max(int(numbers[-1]), 1)]}
    plan["margin"] |= {"r": 44}
    alt = (
        f"Loss from {number(losses[0])} to {number(losses[-1])}, cosine from {learning.cosines[0]:.2f} to "
        f"{learning.cosines[-1]:.3f} in {numbers[-1]} steps."
    )
    return Picture([loss, near, close, cursor], plan, alt, frames, labels)


def draw(learning: Learning) -> Shown:
    """Kernel, response and curves, replayed."""
    steps = moments(learning)
    labels = [f"step {step}" for step in steps]
    size, when = len(learning.task.kernel), learning.learned_at
    came = (
        f"close to its target (cosine above {CLOSE}) from step **{when}** on"
        if when is not None
        else f"not close to its target, cosine **{number(learning.cosines[-1])}**"
    )
    steep = (
        f"{learning.stretch:,.0f} times as steep along one direction as along another"
        if learning.stretch >= 1.5
        else "almost equally steep along all directions"
    )
    note = (
        f"{size * size} random weights, and the only teacher is the response on the right. After {steps[-1]} steps the "
        f"kernel is {came}. This picture's loss is {steep}: the more alike neighbouring pixels are, the more that "
        "differs, and the longer plain gradient descent takes."
    )
    row = (kernels(learning, steps, labels), responses(learning, steps, labels), curves(learning, steps, labels))
    return Shown((row,), note)


def before(learning: Learning) -> Shown:
    """The beginning: a random kernel, and what it should answer."""
    return Shown(((kernels(learning, [0], ["step 0"]), responses(learning, [0], ["step 0"])),))


def question(learning: Learning) -> Question:
    """How long does it take?"""
    text = f"When is the kernel close to its target (cosine above {CLOSE}), in {learning.task.steps} steps?"
    because = (
        "Gradient descent is quick where windows differ and slow where they are all alike: smooth pictures teach the "
        "sum of the weights at once and the small differences last."
    )
    return Question(text, ANSWERS, learning.answer(), because)


def goal(learning: Learning) -> Goal:
    """A large kernel in few steps."""
    when = learning.learned_at
    passed = len(learning.task.kernel) == 7 and learning.task.steps <= FEW and when is not None
    state = f"close from step {when} on" if when is not None else f"cosine {learning.cosines[-1]:.3f}"
    text = f"**Teach a 7 × 7 kernel** to a cosine above {CLOSE} in at most {FEW} steps. Which picture teaches best?"
    size = len(learning.task.kernel)
    return Goal(text, passed, f"Now: {size} × {size}, {learning.task.steps} steps, {state}.")


LEARNING = View(
    (
        *CONTROLS,
        scale("Learning rate", RATES, 0.05),
        slider("Momentum", 0.0, 0.95, 0.9, 0.05),
        scale("Steps", (25, 50, 100, 200, 400, MOST_STEPS), 400),
        folded(
            toggle("Standardize the picture", True, help="Bring it to mean 0 and deviation 1 first."),
            slider("Noise in the response", 0.0, 1.0, 0.0, 0.1, help="As a share of the response's own deviation."),
        ),
    ),
    measure,
    draw,
    before=before,
    question=question,
    goal=goal,
    program=program_of_learning,
    findings=findings,
)
