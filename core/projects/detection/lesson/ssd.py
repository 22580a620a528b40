"""YOLO beside SSD: how many boxes each proposes, from which priors, at what size and speed."""

import functools
import time
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from core.figures.marks import marker, stroke, trace
from core.figures.picture import BLUE, GREY, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.projects.detection.lesson.drawn import boxes
from core.projects.detection.quiet import hushed
from core.provenance import duration

SIDES = (192, 256, 320, 448, 640)
SSD_SIDE = 320  # pixels: the side that SSDlite is made for
CLASSES = 80
PER_CELL = 6  # default boxes of SSDlite in each cell
YOLO_STRIDES = (8, 16, 32)
TIMES = 3  # runs of which the median is told


def ssd_grids(side: int) -> list[int]:
    """Cells a side of SSDlite's six grids: a sixteenth of the picture, then each half of the last, rounded up."""
    grids = [-(-side // 16)]
    for _ in range(5):
        grids.append(-(-grids[-1] // 2))
    return grids


def yolo_grids(side: int) -> list[int]:
    """Cells a side of YOLO's three grids."""
    return [side // stride for stride in YOLO_STRIDES]


@dataclass(frozen=True)
class Network:
    """One of the two: its grids (cells a side), boxes in each cell, weights, and milliseconds for a picture."""

    name: str
    grids: tuple[int, ...]
    per_cell: int
    weights: int
    milliseconds: float

    @property
    def boxes(self) -> int:
        """All boxes that it proposes."""
        return self.per_cell * sum(side * side for side in self.grids)


@dataclass(frozen=True)
class Comparison:
    """Both at one side of the input, and SSDlite's default boxes (grids, ``PER_CELL``, width and height in shares)."""

    side: int
    ssd: Network
    yolo: Network
    shapes: tuple[tuple[tuple[float, float], ...], ...]
    seconds: float

    @property
    def provenance(self) -> str:
        return f"Measured live · random weights, one thread · {duration(self.seconds)}"


@functools.cache
def ssdlite() -> nn.Module:
    """SSDlite on MobileNetV3 (Liu and others 2016; Howard and others 2019) as torchvision builds it, untrained."""
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    return ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=CLASSES + 1).eval()


@functools.cache
def yolo() -> nn.Module:
    """YOLO11 nano as Ultralytics builds it, untrained."""
    hushed()
    from ultralytics.nn.tasks import DetectionModel

    return DetectionModel("yolo11n.yaml", nc=CLASSES, verbose=False).eval()


def ssd_answer(x: torch.Tensor) -> tuple[dict[str, torch.Tensor], list[torch.Tensor]]:
    """SSDlite's raw answer to pictures (batch, 3, side, side), and the grids that it is made on."""
    model = ssdlite()
    features = list(model.backbone(x).values())
    return model.head(features), features


def timed(work) -> float:
    """Milliseconds of a piece of work, the median of some runs after the first."""
    work()
    runs = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        runs.append(1000 * (time.perf_counter() - began))
    return median(runs)


def measure(input_side: int, seed: int) -> Comparison:
    """Both networks on a picture of noise; the time does not depend on what is seen, nor on the weights."""
    began = time.perf_counter()
    x = torch.rand(1, 3, input_side, input_side, generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        _, features = ssd_answer(x)
        ssd_time = timed(lambda: ssd_answer(x))
        yolo_time = timed(lambda: yolo()(x))
    ssd = Network("SSDlite", tuple(one.shape[-1] for one in features), PER_CELL, count(ssdlite()), ssd_time)
    grids = tuple(yolo_grids(input_side))
    other = Network("YOLO11n", grids, 1, count(yolo()), yolo_time)
    return Comparison(input_side, ssd, other, shapes(), time.perf_counter() - began)


def count(model: nn.Module) -> int:
    """A network's weights and biases."""
    return sum(parameter.numel() for parameter in model.parameters())


def shapes() -> tuple[tuple[tuple[float, float], ...], ...]:
    """Width and height of SSDlite's default boxes in shares of the picture, grid by grid."""
    pairs = ssdlite().anchor_generator._wh_pairs
    return tuple(tuple((float(wide), float(high)) for wide, high in grid) for grid in pairs)


def draw(found: Comparison, grid_of_ssdlite: int) -> Shown:
    """Counts, default boxes and a table."""
    note = (
        f"At {found.side} × {found.side} pixels SSDlite proposes **{found.ssd.boxes:,}** boxes: {PER_CELL} default "
        f"boxes in each cell of six grids, which it moves and stretches. YOLO proposes **{found.yolo.boxes:,}**, one "
        "for each cell and without a default shape. Both then need suppression. **Neither is trained here**, their "
        "weights are random: size and speed can be compared, but not what they find."
    )
    return Shown(((counts(found), priors(found, grid_of_ssdlite)),), note, (table(found),))


def table(found: Comparison) -> list[dict]:
    """Both networks in numbers."""
    return [
        {
            "Network": one.name, "Grids": ", ".join(f"{side}×{side}" for side in one.grids),
            "Boxes": f"{one.boxes:,}", "Weights": f"{one.weights / 1e6:.2f} million",
            "File": f"{4 * one.weights / 1e6:.1f} MB", "A picture takes": f"{one.milliseconds:.0f} ms",
        }
        for one in (found.ssd, found.yolo)
    ]  # fmt: skip


def counts(found: Comparison) -> Picture:
    """Boxes that each grid proposes, by the size of its cells."""
    traces = []
    for one, color, symbol, dash in ((found.ssd, ORANGE, "diamond", "dash"), (found.yolo, BLUE, "circle", "solid")):
        cells = [found.side / side for side in one.grids]
        values = [one.per_cell * side * side for side in one.grids]
        traces.append(trace("lines+markers", cells, values, name=one.name, line=stroke(color, 2.5, dash),
                            marker=marker(color, 9, symbol)))  # fmt: skip
    told = "; ".join(
        f"{one.name}: " + ", ".join(f"{one.per_cell * side * side:,} on {side}×{side} cells" for side in one.grids)
        for one in (found.ssd, found.yolo)
    )
    axes = {"xaxis": {"type": "log", "tickvals": [8, 16, 32, 64, 128, 256]}, "yaxis": {"type": "log", "dtick": 1}}
    return Picture(traces, layout("Cell, pixels", "Boxes", 380, **axes), f"Boxes proposed by each grid. {told}.")


def priors(found: Comparison, grid: int) -> Picture:
    """The default boxes of SSDlite in the middle cell of one grid, and that cell."""
    side, own = found.ssd.grids[grid - 1], found.shapes[grid - 1]
    middle = (side // 2 + 0.5) / side * found.side
    wanted = [[middle - wide * found.side / 2, middle - high * found.side / 2, middle + wide * found.side / 2,
               middle + high * found.side / 2] for wide, high in own]  # fmt: skip
    half = found.side / side / 2
    edge = [0, 0, found.side, found.side]
    traces = [
        boxes([edge], GREY, 1, name="picture"), boxes(wanted, ORANGE, 2.5, "dash", name="default boxes (SSDlite)"),
        boxes([[middle - half, middle - half, middle + half, middle + half]], INK, 1.5, name="cell"),
        trace("markers", [middle], [middle], marker=marker(BLUE, 10), name="middle (all that YOLO has)",
              hoverinfo="skip"),
    ]  # fmt: skip
    axis = {"visible": False, "fixedrange": True, "constrain": "domain"}
    reach = max(found.side, *(edge for box in wanted for edge in box)) * 1.03
    low = min(0.0, *(edge for box in wanted for edge in box)) - 0.03 * found.side
    place = layout(height=380, xaxis={**axis, "range": [low, reach]},
                   yaxis={**axis, "range": [reach, low], "scaleanchor": "x"})  # fmt: skip
    told = ", ".join(f"{wide * found.side:.0f} × {high * found.side:.0f}" for wide, high in own)
    return Picture(traces, place, f"Default boxes of the {side}×{side} grid in pixels: {told}.")


def question(_: Comparison, **look: object) -> Question:
    """Which proposes more."""
    ssd = PER_CELL * sum(side**2 for side in ssd_grids(SSD_SIDE))
    other = sum(side**2 for side in yolo_grids(SSD_SIDE))
    answers = ["SSDlite", "YOLO", "both the same"]
    return Question(
        f"SSDlite has six default boxes in each cell, its finest cells are 16 pixels wide. YOLO has one box in each "
        f"cell, its finest cells are 8 pixels wide. Which proposes more boxes at {SSD_SIDE} × {SSD_SIDE}?",
        answers,
        answers[0] if ssd > other else answers[1] if other > ssd else answers[2],
        f"Halving the cells makes four times as many, six boxes a cell make six times as many: {ssd:,} against "
        f"{other:,}.",
    )


def goal(found: Comparison, **look: object) -> Goal:
    """Where YOLO overtakes."""
    limit = PER_CELL * sum(side**2 for side in ssd_grids(SSD_SIDE))
    aim = f"Find the smallest side at which YOLO proposes **more boxes than SSDlite at {SSD_SIDE}** ({limit:,})."
    enough = next(side for side in SIDES if sum(cells**2 for cells in yolo_grids(side)) > limit)
    return Goal(aim, found.side == enough, f"Now: {found.yolo.boxes:,} boxes at {found.side}.")


COUNTS = """ssd, yolo = ssd_grids({side}), yolo_grids({side})
result = {{"SSDlite": 6 * sum(cells**2 for cells in ssd), "YOLO": sum(cells**2 for cells in yolo)}}"""


def program(found: Comparison, **look: object) -> Program:
    """The two counts."""
    shown = {"SSDlite": found.ssd.boxes, "YOLO": found.yolo.boxes}
    return Program(
        "Boxes of two detectors", (Step("Counts", COUNTS.format(side=found.side)),), (ssd_grids, yolo_grids), shown
    )


SSD = View(
    (scale("Input side", SIDES, SSD_SIDE, help="Pixels. SSDlite is made for 320; its grids follow other sides."),),
    measure,
    draw,
    look=(slider("Grid of SSDlite", 1, 6, 2, help="From the finest to the coarsest."),),
    question=question,
    goal=goal,
    program=program,
)
