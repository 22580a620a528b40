"""The loss around both trained networks, in planes of random directions with the size of their filters."""

import copy
import time
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from core.figures.curves import bands
from core.figures.marks import SILENT, heatmap, marker, stroke, trace
from core.figures.picture import BLUE, INK, Picture, encoded, layout, sampled, transparent
from core.lessons import Goal, Question
from core.lessons.controls import scale, slider
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.provenance import Measured, Recorded, Sourced
from core.topics.resnet.depth_view import BOTH
from core.topics.resnet.networks import DEPTHS, PLAIN, RESIDUAL, network, pictures, standardised
from core.topics.resnet.programs import LOADED_STEP, NETWORK_STEP, call_loaded, pictures_step, sheet_file, weights_file
from core.topics.resnet.record import POINTS, recorded
from core.topics.resnet.surface import REACH, LossPlane, direction, loss_at, moved, surface

DEPTH = scale("Depth", DEPTHS, 56)
FACTOR = slider("Highest loss shaded", 0.5, 5.0, 3.0, 0.5, help="Where the colours end; the loss may go on rising.")
LIVE, LIVE_EVERY = 9, 5  # settings along each side, and every fifth picture, when it is measured again
GROUND = [[0, transparent(BLUE, 0.75)], [0.5, transparent(BLUE, 0.2)], [1, transparent(BLUE, 0.0)]]
CHOICES = (PLAIN, RESIDUAL)
WIDE = 0.25  # of a filter's length


@dataclass(frozen=True)
class Surfaces(Sourced):
    """The surface around both networks of one depth."""

    depth: int
    planes: dict[str, LossPlane]
    source: Recorded | Measured
    seed: int

    def reach(self, kind: str, step: float) -> float:
        """The mean loss at so long a step along either direction, either way."""
        plane = self.planes[kind]
        middle = len(plane.along) // 2
        away = round(step / REACH * middle)
        ends = [plane.loss[middle, middle + away], plane.loss[middle, middle - away],
                plane.loss[middle + away, middle], plane.loss[middle - away, middle]]  # fmt: skip
        return float(np.mean(ends))


def measure(depth: int, seed: int) -> Surfaces:
    """The recorded surfaces."""
    found = recorded()
    along = np.linspace(-REACH, REACH, POINTS)
    planes = {kind: LossPlane(along, found.surface(kind, depth)) for kind in BOTH}
    return Surfaces(depth, planes, found.source, seed)


def measured_anew(depth: int, seed: int) -> Generator[tuple[float, str], None, Surfaces]:
    """The same along other random directions, coarser; yields (fraction, message) on the way."""
    began, planes = time.perf_counter(), {}
    x, y = pictures("training")
    for place, kind in enumerate(BOTH):
        work = surface(network(kind, depth), standardised(x)[::LIVE_EVERY], y[::LIVE_EVERY], LIVE, 1000 + seed)
        while kind not in planes:
            try:
                share, message = next(work)
                yield (place + share) / 2, f"{kind}: {message}"
            except StopIteration as end:
                planes[kind] = end.value
    return Surfaces(depth, planes, Measured((1000 + seed,), time.perf_counter() - began), seed)


def ground(found: Surfaces, kind: str, most: float, height: int = 330) -> Picture:
    """One surface as shade and contour lines, the trained network in its middle."""
    plane = found.planes[kind]
    loss = np.minimum(plane.loss, most)
    shade = sampled(loss, 0, most)
    lines = {"contours": {"coloring": "none", "start": 0, "end": most, "size": most / 10}, "autocontour": False}
    contour = {"type": "contour", "x": encoded(plane.along), "y": encoded(plane.along), "z": encoded(loss),
               "line": stroke(INK, 0.6), "showscale": False, **lines, **SILENT}  # fmt: skip
    middle = trace("markers", [0], [0], name="the trained network", marker=marker(INK, 9, "x"), **SILENT)
    axis = {"range": [-REACH, REACH], "showgrid": False, "constrain": "domain", "fixedrange": True, "nticks": 5}
    plan = layout(f"{kind}, first direction", "second direction", height, showlegend=False,
                  xaxis=axis, yaxis={**axis, "scaleanchor": "x"})  # fmt: skip
    alt = (
        f"The training loss around the {kind} network of {found.depth} layers: {plane.centre:.2f} in the middle, "
        f"{plane.loss.min():.2f} to {plane.loss.max():.2f} over the plane, at a quarter of the way out "
        f"{found.reach(kind, WIDE):.2f}."
    )
    return Picture([heatmap(plane.along, plane.along, shade, GROUND, zsmooth="best", showscale=False), contour, middle],
                   plan, alt)  # fmt: skip


def cuts(found: Surfaces, height: int = 300) -> Picture:
    """The loss along both directions through the middle."""
    curves = {}
    for kind in BOTH:
        plane = found.planes[kind]
        middle = len(plane.along) // 2
        curves[kind] = np.minimum(np.stack([plane.loss[middle], plane.loss[:, middle]]), 1e3)
    picture = bands(found.planes[PLAIN].along, curves, ("Step, in lengths of each filter", "Training loss"), height,
                    yaxis={"rangemode": "tozero"})  # fmt: skip
    return picture.described(picture.alt.replace("bands over 2 seeds", "bands over the two directions"))


def draw(found: Surfaces, highest_loss_shaded: float) -> Shown:
    """Both surfaces in the same colours, and the cuts."""
    pictures = tuple(ground(found, kind, highest_loss_shaded) for kind in BOTH)
    plain, residual = (found.planes[kind] for kind in BOTH)
    note = (
        "The middle is the trained network; a step of 1 changes every filter by as much as it is long, in two random "
        f"directions. Training loss in the middle: plain **{plain.centre:.2f}**, residual **{residual.centre:.2f}**; "
        f"a quarter of the way out **{found.reach(PLAIN, WIDE):.2f}** and **{found.reach(RESIDUAL, WIDE):.2f}**. "
        "Batch norm takes the pictures' statistics at every step, as in training."
    )
    return Shown((pictures, (cuts(found),)), note)


def before(found: Surfaces, highest_loss_shaded: float) -> Shown:
    """The residual network's."""
    note = f"The training loss around the residual network of {found.depth} layers, in a plane of its weights."
    return Shown(((ground(found, RESIDUAL, highest_loss_shaded),),), note)


def question(found: Surfaces, highest_loss_shaded: float) -> Question:
    """Who has the lower ground?"""
    plain, residual = (found.reach(kind, WIDE) for kind in BOTH)
    text = (
        f"From each trained network of {found.depth} layers walk a quarter of a filter's length in a random "
        "direction. Which network's loss is lower there?"
    )
    because = (
        f"There it is {plain:.2f} for the plain and {residual:.2f} for the residual network; where training ends is "
        "only half of the matter, the other half is how steep the ground around it is."
    )
    return Question(text, CHOICES, PLAIN if plain < residual else RESIDUAL, because)


def goal_anew(found: Surfaces | None) -> Goal:
    """Does it depend on the directions?"""
    text = (
        "**Other directions**: measure the surfaces again, of networks with 8 or 20 layers, and have the residual one "
        "lower than the plain one in the middle and at a quarter of the way out."
    )
    if found is None:
        return Goal(text, False, "Now: nothing measured anew yet.")
    middle = [found.planes[kind].centre for kind in BOTH]
    out = [found.reach(kind, WIDE) for kind in BOTH]
    passed = found.depth <= 20 and middle[1] < middle[0] and out[1] < out[0]
    now = (
        f"Now: plain {middle[0]:.2f} and {out[0]:.2f}, residual {middle[1]:.2f} and {out[1]:.2f}, {found.depth} layers."
    )
    return Goal(text, passed, now)


def drawn_anew(found: Surfaces) -> Shown:
    """The same pictures along other directions."""
    return draw(found, FACTOR.value)


CUT = """x, y = x[::{every}], y[::{every}]
generator = torch.Generator().manual_seed({seed})
direction = []
for weight in network.parameters():
    change = torch.zeros_like(weight)
    if weight.dim() > 1:  # filters only, each as long as the network's own
        change = torch.randn(weight.shape, generator=generator).flatten(1)
        change = change / change.norm(dim=1, keepdim=True) * weight.flatten(1).norm(dim=1, keepdim=True)
    direction.append(change.view_as(weight).detach())
own = [weight.detach().clone() for weight in network.parameters()]
network.train()  # batch norm takes the pictures' statistics
losses = []
with torch.no_grad():
    for step in torch.linspace(-1, 1, {points}):
        for weight, start, change in zip(network.parameters(), own, direction):
            weight.copy_(start + step * change)
        losses.append(functional.cross_entropy(network(x), y).log10().item())
result = {{"logarithm of the loss, by step": losses}}"""


def program(found: Surfaces, highest_loss_shaded: float) -> Program:
    """A cut through the residual network's surface."""
    seed = 1000 + found.seed
    text = CUT.format(every=LIVE_EVERY, seed=seed, points=LIVE)
    ready = Step("The trained network", f"network = {call_loaded(RESIDUAL, found.depth)}")
    steps = (NETWORK_STEP, LOADED_STEP, pictures_step("training"), ready, Step("A walk along one direction", text))
    shown = {"logarithm of the loss, by step": cut_of(found.depth, seed)}
    return Program("The loss along a random direction", steps, (), shown, 1e-3,
                   sheet_file("training") | weights_file(RESIDUAL, found.depth))  # fmt: skip


@lru_cache(maxsize=16)
def cut_of(depth: int, seed: int) -> list[float]:
    """The logarithm of the residual network's loss along the first random direction of a seed."""
    x, y = pictures("training")
    model = copy.deepcopy(network(RESIDUAL, depth)).train()
    own = [weight.detach().clone() for weight in model.parameters()]
    first = direction(model, torch.Generator().manual_seed(seed))
    losses = []
    for step in np.linspace(-1, 1, LIVE):
        moved(model, own, [(float(step), first)])
        losses.append(float(np.log10(loss_at(model, standardised(x)[::LIVE_EVERY], y[::LIVE_EVERY]))))
    return losses


LATER = Later("Measure along other directions", measured_anew, lambda found: (found.depth, found.seed), drawn_anew,
              goal=goal_anew)  # fmt: skip
SURFACE_VIEW = View((DEPTH,), measure, draw, (FACTOR,), before, question, program=program, later=LATER)
