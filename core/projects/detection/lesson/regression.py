"""Four losses of a predicted box, their gradients by autograd, and where each of them leads it."""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.figures.marks import marker, stroke, trace
from core.figures.picture import BLUE, DASHES, GREEN, GREY, INK, ORANGE, PINK, SYMBOLS, Picture, layout, transparent
from core.lessons import Goal, Question
from core.lessons.controls import Control, slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.projects.detection.lesson.drawn import arrows, boxes
from core.provenance import Measured

REAL = (0.0, 0.0, 2.0, 2.0)  # the true box: middle across and down, width, height
STEPS, RATE = 100, 0.8  # of the descent
LOSSES = ("IoU", "GIoU", "DIoU", "CIoU")
STYLE = dict(zip(LOSSES, zip((ORANGE, BLUE, GREEN, PINK), DASHES, SYMBOLS, strict=False), strict=True))
EXTENT = 5.0
WIDE, HIGH = 2.4, 1.2  # the predicted box at first


def box_losses(box: Tensor, real: Tensor) -> Tensor:
    """1 − IoU, 1 − GIoU, 1 − DIoU and 1 − CIoU of boxes (batch, 4) and one true box (4,), given as middle, width and
    height: (batch, 4).

    Rezatofighi and others (2019) subtract the share of the smallest enclosing box that neither fills; Zheng and others
    (2020) subtract the squared distance of the middles over the enclosing box's squared diagonal, and for CIoU a term
    for unlike proportions, whose weight has no gradient of its own.
    """
    low, high = box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2
    real_low, real_high = real[:2] - real[2:] / 2, real[:2] + real[2:] / 2
    shared = (torch.minimum(high, real_high) - torch.maximum(low, real_low)).clamp_min(0).prod(dim=1)
    union = box[:, 2:].prod(dim=1) + real[2:].prod() - shared
    iou = shared / union
    around = torch.maximum(high, real_high) - torch.minimum(low, real_low)
    unused = (around.prod(dim=1) - union) / around.prod(dim=1)
    apart = (box[:, :2] - real[:2]).square().sum(dim=1) / around.square().sum(dim=1)
    unlike = 4 / math.pi**2 * (torch.atan(real[2] / real[3]) - torch.atan(box[:, 2] / box[:, 3])).square()
    weight = (unlike / (1 - iou + unlike).clamp_min(1e-7)).detach()
    return torch.stack([1 - iou, 1 - iou + unused, 1 - iou + apart, 1 - iou + apart + weight * unlike], dim=1)


def gradients(box: tuple[float, ...], real: tuple[float, ...]) -> tuple[list[float], list[list[float]]]:
    """The four losses of one box, and the gradient of each by its middle, width and height (4 losses, 4 numbers)."""
    row = torch.tensor([box], dtype=torch.float64).repeat(4, 1).requires_grad_()
    losses = box_losses(row, torch.tensor(real, dtype=torch.float64)).diagonal()
    (slopes,) = torch.autograd.grad(losses.sum(), row)
    return losses.tolist(), slopes.tolist()


def descent(box: tuple[float, ...], real: tuple[float, ...], steps: int, rate: float) -> np.ndarray:
    """Where gradient descent on each loss leads a box, (steps + 1, 4 losses, 4 numbers); the step size falls
    evenly from ``rate`` to 0."""
    rows = torch.tensor([box], dtype=torch.float64).repeat(4, 1)
    goal, path = torch.tensor(real, dtype=torch.float64), [rows.numpy().copy()]
    for step in range(steps):
        rows = rows.detach().requires_grad_()
        (slopes,) = torch.autograd.grad(box_losses(rows, goal).diagonal().sum(), rows)
        rows = rows.detach() - rate * (1 - step / steps) * slopes
        rows[:, 2:] = rows[:, 2:].clamp_min(0.05)
        path.append(rows.numpy().copy())
    return np.stack(path)


@dataclass(frozen=True)
class Pull:
    """What the four losses do to one box: their values, gradients, the path of each and its IoU along the way."""

    box: tuple[float, float, float, float]
    losses: list[float]
    slopes: np.ndarray  # (4 losses, 4 numbers)
    path: np.ndarray  # (steps + 1, 4 losses, 4 numbers)
    ious: np.ndarray  # (steps + 1, 4 losses)
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((0,), self.seconds, "Live autograd").provenance.replace(" · seed 0", "")


def measure(across: float, down: float, width: float, height: float, seed: int) -> Pull:
    """The four losses of a box with its middle at (across, down). Nothing here is drawn by chance."""
    began = time.perf_counter()
    box = (across, down, width, height)
    losses, slopes = gradients(box, REAL)
    path = descent(box, REAL, STEPS, RATE)
    rows = torch.from_numpy(path.reshape(-1, 4))
    ious = 1 - box_losses(rows, torch.tensor(REAL, dtype=torch.float64))[:, 0].numpy().reshape(path.shape[:2])
    return Pull(box, losses, np.array(slopes), path, ious, time.perf_counter() - began)


def edges(box: np.ndarray | tuple[float, ...]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a box given by its middle, width and height."""
    across, down, wide, high = (float(each) for each in box)
    return across - wide / 2, down - high / 2, across + wide / 2, down + high / 2


def plane() -> dict:
    """A square plane that counts downwards, as pictures do."""
    axis = {"showgrid": True, "zeroline": False, "fixedrange": True, "constrain": "domain"}
    return layout(
        height=360, xaxis={**axis, "range": [-EXTENT, EXTENT]},
        yaxis={**axis, "range": [EXTENT, -EXTENT], "scaleanchor": "x"},
    )  # fmt: skip


def draw(pull: Pull) -> Shown:
    """The two boxes with what each loss does to the predicted one, and the descent on each."""

    def clicked(spot: dict) -> tuple[tuple[Control, float], ...]:
        if spot["panel"]:
            return ()
        return ((ACROSS, round(spot["x"], 1)), (DOWN, round(spot["y"], 1)))

    flat = [name for name, slope in zip(LOSSES, pull.slopes, strict=True) if not np.abs(slope).max()]
    told = f" **{' and '.join(flat)}** gives it no gradient at all: it stays where it is." if flat else ""
    note = f"IoU **{pull.ious[0, 0]:.3f}**. Drag the sliders, or click where its middle shall be.{told}"
    return Shown(((pulls(pull), slide(pull)), (paths(pull), progress(pull))), note, (table(pull),), clicked)


def table(pull: Pull) -> list[dict]:
    """The four losses and their gradients as numbers."""
    return [
        {
            "Loss": f"1 − {name}", "Value": f"{value:.3f}",
            **{head: f"{slope:+.3f}" for head, slope in zip(
                ("by x", "by y", "by width", "by height"), slopes, strict=True)},
            f"IoU after {STEPS} steps": f"{reached:.2f}",
        }
        for name, value, slopes, reached in zip(LOSSES, pull.losses, pull.slopes, pull.ious[-1], strict=True)
    ]  # fmt: skip


def pulls(pull: Pull) -> Picture:
    """The two boxes, and for each loss an arrow from the predicted middle against its gradient."""
    traces = [
        boxes([edges(REAL)], INK, 3, "dash", name="really there"),
        boxes([edges(pull.box)], GREY, 3, name="predicted"),
    ]
    middle, told = np.array([pull.box[:2]]), []
    for name, slope in zip(LOSSES, pull.slopes, strict=True):
        way = -slope[:2]
        length = float(np.hypot(*way))
        told.append(f"{name} {length:.3f}")
        if length > 1e-9:
            tip = middle + 8 * way * min(1, 3 / (8 * length))
            traces.append(arrows(middle, tip, STYLE[name][0], name))
        else:
            traces.append(trace("markers", [pull.box[0]], [pull.box[1]], name=f"{name}: none",
                                marker=marker(STYLE[name][0], 11, "x"), hoverinfo="skip"))  # fmt: skip
    alt = (
        f"A true box and a predicted one whose middle is {math.hypot(*pull.box[:2]):.1f} away. How strongly each loss "
        f"moves that middle: {', '.join(told)}."
    )
    return Picture(traces, plane(), alt)


def slide(pull: Pull) -> Picture:
    """The four losses while the box slides across."""
    places = np.linspace(-EXTENT, EXTENT, 201)
    rows = torch.tensor([[float(place), *pull.box[1:]] for place in places], dtype=torch.float64)
    values = box_losses(rows, torch.tensor(REAL, dtype=torch.float64)).numpy()
    traces = []
    for name, column, value in zip(LOSSES, values.T, pull.losses, strict=True):
        color, dash, symbol = STYLE[name]
        traces.append(trace("lines", places, column, name=f"1 − {name}", line=stroke(color, 2.5, dash)))
        traces.append(trace("markers", [pull.box[0]], [value], showlegend=False, marker=marker(color, 10, symbol)))
    flat = float((np.abs(np.diff(values[:, 0])) < 1e-12).mean())
    alt = (
        f"The four losses over the box's place across: 1 − IoU is flat at 1 over {flat:.0%} of the way, the others "
        f"fall towards the true box from everywhere."
    )
    return Picture(traces, layout("Across", "Loss", 360), alt)


def paths(pull: Pull) -> Picture:
    """The predicted box under gradient descent on each loss, step by step."""
    real = boxes([edges(REAL)], INK, 3, "dash", name="really there")
    places = [*range(0, STEPS + 1, 2)]

    def moment(step: int) -> list[dict]:
        shown = []
        for column, name in enumerate(LOSSES):
            color, dash, _ = STYLE[name]
            line = boxes([edges(pull.path[step, column])], color, 2.5, dash, name=name)
            shown.append({**line, "fill": "toself", "fillcolor": transparent(color, 0.08)})
        return shown

    frames = [(None, *({"x": one["x"], "y": one["y"]} for one in moment(step))) for step in places]
    reached = ", ".join(f"{name} {value:.2f}" for name, value in zip(LOSSES, pull.ious[-1], strict=True))
    alt = f"Four copies of the predicted box after {STEPS} steps of gradient descent; IoU with the true one: {reached}."
    return Picture([real, *moment(STEPS)], plane(), alt, frames, [f"step {step}" for step in places])


def progress(pull: Pull) -> Picture:
    """The IoU that each loss has reached, step by step."""
    places = [*range(0, STEPS + 1, 2)]
    traces, dots = [], []
    for column, name in enumerate(LOSSES):
        color, dash, symbol = STYLE[name]
        traces.append(
            trace("lines", np.arange(STEPS + 1), pull.ious[:, column], name=name, line=stroke(color, 2.5, dash))
        )
        dots.append(trace("markers", [STEPS], [float(pull.ious[-1, column])], showlegend=False,
                          marker=marker(color, 10, symbol)))  # fmt: skip
    frames = [
        (*(None for _ in LOSSES), *({"x": [step], "y": [float(pull.ious[step, at])]} for at in range(4)))
        for step in places
    ]
    alt = "IoU with the true box over the steps: " + ", ".join(
        f"by {name} from {pull.ious[0, at]:.2f} to {pull.ious[-1, at]:.2f}" for at, name in enumerate(LOSSES)
    )
    place = layout("Step", "IoU", 360, yaxis={"range": [-0.03, 1.05]})
    return Picture([*traces, *dots], place, alt + ".", frames, [f"step {step}" for step in places])


def question(pull: Pull) -> Question:
    """Which losses say nothing to a box that does not touch."""
    slopes = gradients((4.0, 0.0, WIDE, HIGH), REAL)[1]
    silent = [name for name, slope in zip(LOSSES, slopes, strict=True) if not np.abs(slope).max()]
    answers = ["IoU alone", "IoU and GIoU", "all but CIoU", "none of them"]
    names = {("IoU",): answers[0], ("IoU", "GIoU"): answers[1], ("IoU", "GIoU", "DIoU"): answers[2], (): answers[3]}
    return Question(
        "The predicted box lies beside the true one, without touching it. Which of the four losses have a gradient of "
        "zero there?",
        answers,
        names[tuple(silent)],
        "Boxes that do not touch share nothing, wherever they are: 1 − IoU is 1 all around. The other three also "
        "measure the room around both boxes, which changes with every move.",
    )


def goal(pull: Pull) -> Goal:
    """A touch is enough for the plain IoU."""
    aim = "Find a start whose IoU is **below 0.05** and from which the plain **1 − IoU** still reaches **0.9**."
    first, last = float(pull.ious[0, 0]), float(pull.ious[-1, 0])
    return Goal(aim, first < 0.05 and last >= 0.9, f"Now: IoU {first:.3f} at the start, {last:.2f} at the end.")


PROGRAM = """real = torch.tensor({real!r}, dtype=torch.float64)  # middle, width, height
box = torch.tensor([{box!r}], dtype=torch.float64).repeat(4, 1).requires_grad_()
losses = box_losses(box, real).diagonal()  # row by row: IoU, GIoU, DIoU, CIoU
(slopes,) = torch.autograd.grad(losses.sum(), box)
result = {{"losses": losses.tolist(), "gradients": slopes.tolist()}}"""


def program(pull: Pull) -> Program:
    """The four losses and their gradients."""
    text = PROGRAM.format(real=list(REAL), box=list(pull.box))
    shown = {"losses": pull.losses, "gradients": pull.slopes.tolist()}
    return Program("Four losses of a box", (Step("One box", text),), (box_losses,), shown)


ACROSS = slider("Across", -4.0, 4.0, 3.0, 0.1)
DOWN = slider("Down", -4.0, 4.0, -1.0, 0.1)
REGRESSION = View(
    (ACROSS, DOWN, slider("Width", 0.2, 4.0, WIDE, 0.1), slider("Height", 0.2, 4.0, HIGH, 0.1)),
    measure,
    draw,
    before=lambda pull: Shown(((pulls(pull).described("A true box and a predicted one beside it."),),)),
    question=question,
    goal=goal,
    program=program,
)
