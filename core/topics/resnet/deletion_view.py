"""Take trained blocks out of both networks, or exchange them, and judge what is left."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch import Tensor

from core.figures.curves import bands
from core.figures.marks import hover, marker, trace
from core.figures.picture import BLUE, INK, ORANGE, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, choose, pick, scale
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.resnet.deletion import AS_TRAINED, ORDERS, Share, answers, order_of, right
from core.topics.resnet.depth_view import BOTH
from core.topics.resnet.networks import DEPTHS, EACH, PLAIN, RESIDUAL, network, pictures, standardised
from core.topics.resnet.programs import LOADED_STEP, NETWORK_STEP, call_loaded, pictures_step, sheet_file, weights_file
from core.topics.resnet.record import COUNTS, Trainings, recorded

DEPTH = scale("Depth", DEPTHS, DEPTHS[-1])
ORDER = pick(
    "Order of the blocks", ORDERS, help="Blocks that change the maps' size, and the first stage's width, stay."
)
ALIVE = 0.5  # share of the pictures


@dataclass(frozen=True)
class Subject:
    """Both shipped networks of one depth, untouched; their shares of right answers on the shipped test pictures."""

    depth: int
    whole: dict[str, Share]
    trainings: Trainings

    @property
    def blocks(self) -> int:
        return (self.depth - 2) // 2

    @property
    def middle(self) -> str:
        """The name of the block in the middle."""
        return str(self.blocks // 2 + 1)

    @property
    def provenance(self) -> str:
        return f"Judged live on {10 * EACH} held-out pictures · {self.trainings.provenance}"

    def plan(self, kind: str, names: tuple[str, ...], order: str) -> tuple[frozenset[int], tuple[int, ...]]:
        """The places that are deleted, and which block stands at each."""
        return frozenset(int(name) - 1 for name in names), tuple(order_of(network(kind, self.depth), order))

    def judged(self, kind: str, names: tuple[str, ...], order: str) -> Share:
        """What is right without these blocks, in this order."""
        return judged(kind, self.depth, *self.plan(kind, names, order))


def held_out() -> tuple[Tensor, Tensor]:
    """The shipped test pictures as the networks take them."""
    x, y = pictures("test")
    return standardised(x), y


@lru_cache(maxsize=256)
def judged(kind: str, depth: int, deleted: frozenset[int], order: tuple[int, ...]) -> Share:
    """The share that is right; empty ``order`` is as trained."""
    x, y = held_out()
    return Share(right(answers(network(kind, depth), x, deleted, order), y), len(y))


def measure(depth: int, seed: int) -> Subject:
    """Judge both networks as they are."""
    whole = {kind: judged(kind, depth, frozenset(), ()) for kind in BOTH}
    return Subject(depth, whole, recorded())


def looks(found: Subject) -> tuple[Control, ...]:
    """Which blocks there are."""
    names = [str(place + 1) for place in range(found.blocks)]
    return choose("Deleted blocks", names, (found.middle,)), ORDER


def shares(found: Subject, now: dict[str, Share], height: int = 320) -> Picture:
    """What is right in both networks, whole and now, with intervals."""
    traces, words = [], []
    for kind, color, symbol in ((PLAIN, ORANGE, "circle"), (RESIDUAL, BLUE, "diamond")):
        both = [found.whole[kind], now[kind]]
        value = [100 * each.value for each in both]
        low, high = ([100 * each.ends[end] for each in both] for end in (0, 1))
        above, below = (
            [b - a for a, b in zip(value, high, strict=True)],
            [a - b for a, b in zip(value, low, strict=True)],
        )
        error = {
            "type": "data",
            "symmetric": False,
            "array": above,
            "arrayminus": below,
            "color": color,
            "thickness": 2,
        }
        traces.append(trace("lines+markers", ["as trained", "now"], value, name=kind, error_y=error,
                            line={"color": color, "dash": "dash" if kind == RESIDUAL else "solid"},
                            marker=marker(color, 11, symbol), **hover("%{x}: %{y:.1f}%", kind)))  # fmt: skip
        words.append(f"{kind} {value[0]:.1f}% as trained, {value[1]:.1f}% now")
    axis = {"range": [0, 102]}
    alt = f"Right of {found.whole[PLAIN].count} held-out pictures: {'; '.join(words)}."
    return Picture(traces, layout("", "Right, %", height, yaxis=axis, xaxis={"range": [-0.4, 1.4]}), alt)


def one_each(found: Subject, names: tuple[str, ...], height: int = 320) -> Picture:
    """Recorded accuracy without each block alone, three seeds."""
    curves = {kind: 100 * found.trainings.without_each(kind, found.depth) for kind in BOTH}
    places = range(1, found.blocks + 1)
    picture = bands(
        places,
        curves,
        ("Deleted block", "Right without it, %"),
        height,
        yaxis={"range": [0, 102]},
        xaxis={"dtick": max(1, found.blocks // 9)},
    )
    chosen = [int(name) for name in names]
    rims = trace("markers", chosen, [2.0] * len(chosen), showlegend=False, marker=marker(INK, 9, "triangle-up"),
                 **hover("block %{x} is chosen"))  # fmt: skip
    return Picture([*picture.traces, *([rims] if chosen else [])], picture.layout, picture.alt)


def many(found: Subject, height: int = 320) -> Picture:
    """Recorded accuracy without so many random blocks."""
    counts = (0, *COUNTS[found.depth])
    curves = {}
    for kind in BOTH:
        rows = found.trainings.without_several(kind, found.depth).mean(axis=1)
        start = found.trainings.final(kind, found.depth, "test_score")[:, None]
        curves[kind] = 100 * np.concatenate([start, rows], axis=1)
    return bands(
        counts, curves, ("Blocks deleted at random", "Right, %"), height, yaxis={"range": [0, 102]}, xaxis={"dtick": 1}
    )


def draw(found: Subject, deleted_blocks: tuple[str, ...], order_of_the_blocks: str) -> Shown:
    """Live shares, and the recorded curves."""
    now = {kind: found.judged(kind, deleted_blocks, order_of_the_blocks) for kind in BOTH}
    gone = f"without block {', '.join(deleted_blocks)}" if deleted_blocks else "with all blocks"
    moved = "" if order_of_the_blocks == AS_TRAINED else f", {order_of_the_blocks}"
    note = (
        f"{found.depth} layers {gone}{moved}: plain **{now[PLAIN].words}** right, as trained "
        f"{found.whole[PLAIN].words}; residual **{now[RESIDUAL].words}**, as trained {found.whole[RESIDUAL].words} "
        f"(95% intervals, {now[PLAIN].count} held-out pictures). Of a deleted block only its shortcut stays, in both "
        "networks; nothing is trained again."
    )
    return Shown(((shares(found, now), one_each(found, deleted_blocks)), (many(found),)), note)


def before(found: Subject, deleted_blocks: tuple[str, ...], order_of_the_blocks: str) -> Shown:
    """Both as trained."""
    note = (
        f"Both networks of {found.depth} layers as trained: plain {found.whole[PLAIN].words} right, residual "
        f"{found.whole[RESIDUAL].words}."
    )
    return Shown(((shares(found, found.whole),),), note)


def question(found: Subject, deleted_blocks: tuple[str, ...], order_of_the_blocks: str) -> Question:
    """One block less."""
    now = found.judged(RESIDUAL, (found.middle,), AS_TRAINED)
    text = (
        f"Block {found.middle} of {found.blocks} of the residual network of {found.depth} layers is deleted. Nothing "
        "is trained again. How many of the held-out pictures are right then?"
    )
    because = (
        "The block added a correction to what passes by; without it the others still find about what they learned to "
        "read. The plain network's next block gets something that it has never seen."
        if now.value > 0.75 * found.whole[RESIDUAL].value
        else f"Of only {found.blocks} blocks each adds much: what is left of what passes by is no longer what the "
        "others learned to read."
    )
    return Question(text, Scale(0, 100, 5, "%", 10), round(100 * now.value), because)


def goal(found: Subject, deleted_blocks: tuple[str, ...], order_of_the_blocks: str) -> Goal:
    """As many as possible."""
    now = found.judged(RESIDUAL, deleted_blocks, AS_TRAINED)
    share = len(deleted_blocks) / found.blocks
    text = (
        "**Half of it**: delete at least a **third** of a residual network's blocks, in a network of 20 layers or "
        f"more, and have at least **{ALIVE:.0%}** of the pictures right."
    )
    passed = found.depth >= 20 and share >= 1 / 3 and now.value >= ALIVE
    return Goal(text, passed, f"Now: {len(deleted_blocks)} of {found.blocks} blocks, {now.value:.1%} right.")


CUT = """deleted, order = {deleted!r}, {order!r}
result = {{}}
for kind, network in {{"plain": {plain}, "residual": {residual}}}.items():
    shortcuts, blocks = list(network.blocks), [network.blocks[number] for number in order]
    with torch.no_grad():
        maps = functional.relu(network.stem_norm(network.stem(x)))
        for place, block in enumerate(blocks):
            maps = shortcuts[place].shortcut(maps) if place in deleted else block(maps)
        scores = network.output(maps.mean(dim=(2, 3)))
    result[kind] = (scores.argmax(dim=1) == y).float().mean().item()"""


def program(found: Subject, deleted_blocks: tuple[str, ...], order_of_the_blocks: str) -> Program:
    """The same cut."""
    deleted, order = found.plan(RESIDUAL, deleted_blocks, order_of_the_blocks)
    calls = {kind: call_loaded(kind, found.depth) for kind in BOTH}
    text = CUT.format(deleted=sorted(deleted), order=order, **calls)
    steps = (NETWORK_STEP, LOADED_STEP, pictures_step("test"), Step("Delete, and judge", text))
    shown = {kind: found.judged(kind, deleted_blocks, order_of_the_blocks).value for kind in BOTH}
    files = sheet_file("test") | weights_file(PLAIN, found.depth) | weights_file(RESIDUAL, found.depth)
    return Program("Two networks without some of their blocks", steps, (), shown, files=files)


DELETION_VIEW = View((DEPTH,), measure, draw, looks, before, question, goal, program)
