"""The view of one block: its module, its graph, and what it costs beside the others."""

import time
from dataclasses import dataclass

from core.deployment.clock import Latency, shortly
from core.figures.curves import across
from core.figures.picture import Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Shown, View
from core.programs import Program, Step, call
from core.programs.sources import source_of
from core.provenance import Measured
from core.topics.efficient_cnns.blocks import InvertedResidual, MBConv, convolution
from core.topics.efficient_cnns.costs import (
    DENSENET,
    EFFICIENTNET,
    INCEPTION,
    KINDS,
    MOBILENET2,
    PLAIN,
    RESNET,
    Cost,
    Settings,
    counted,
    kept_for_backward,
    random_maps,
    timed,
)
from core.topics.efficient_cnns.figures import clock_against_counts, diagram, millions
from core.topics.efficient_cnns.graph import Vertex, traced

BLOCK = pick("Block", KINDS, MOBILENET2)
CHANNELS = scale("Channels", (16, 32, 64, 96, 128), 64)
SIZE = scale("Size", (7, 14, 28), 28, help="Height and width of the maps, in pixels.")
KERNEL = scale("Kernel", (3, 5, 7), 3)
EXPANSION = slider("Expansion", 1, 6, 4, when=lambda v: v["block"] in (RESNET, MOBILENET2, EFFICIENTNET),
                   help="How many times as wide the inside of the block is; of a bottleneck, as narrow.")  # fmt: skip
GROWTH = scale("Growth", (8, 12, 16, 24, 32), 16, when=lambda v: v["block"] == DENSENET,
               help="Channels that each layer adds.")  # fmt: skip
LAYERS = slider("Layers", 1, 4, 3, when=lambda v: v["block"] == DENSENET)
MOST, SEEN, WIDE = 0.1, 7, 64  # of the challenge: the share of FLOPs, the kernel, the channels


@dataclass(frozen=True)
class Looked:
    """A block of some ``kind``: its graph, what hooks count, bytes kept for the way back; the costs of all blocks with
    these settings, and their latencies, taken in turns."""

    kind: str
    settings: Settings
    vertices: list[Vertex]
    cost: Cost
    kept: dict[str, int]
    costs: dict[str, Cost]
    latencies: dict[str, Latency]
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return Measured((self.seed,), self.seconds, "Counted and timed live, processor time of one thread").provenance

    @property
    def reference(self) -> str:
        """What a block is held against: the plain convolution, which is itself held against the bottleneck."""
        return RESNET if self.kind == PLAIN else PLAIN

    @property
    def share(self) -> float:
        """FLOPs as a share of the reference's."""
        return self.cost.flops / self.costs[self.reference].flops


def measure(
    block: str, channels: int, size: int, kernel: int, expansion: int, growth: int, layers: int, seed: int
) -> Looked:
    """Make all blocks, count and trace the chosen one, and time all in turns; the others' counts come by formula."""
    began, settings = time.perf_counter(), Settings(channels, size, kernel, expansion, growth, layers)
    models = {name: kind.made(settings) for name, kind in KINDS.items()}
    x = random_maps(channels, size, seed)
    kept = {name: kept_for_backward(model, x) for name, model in models.items()}
    times = timed({name: lambda model=model: model(x) for name, model in models.items()})
    costs = {name: kind.cost(settings) for name, kind in KINDS.items()}
    cost = counted(models[block], (channels, size, size))
    vertices = traced(models[block], x)
    return Looked(block, settings, vertices, cost, kept, costs, times, seed, time.perf_counter() - began)


def needed(kind: str) -> tuple[type, ...]:
    """The classes that a block is written in."""
    block = KINDS[kind].block
    return (InvertedResidual, MBConv) if block is MBConv else (block,)


def code(found: Looked) -> str:
    """The block's module as Python."""
    return "\n\n\n".join(source_of(each) for each in (convolution, *needed(found.kind)))


def shares(found: Looked) -> Picture:
    """Each operation's share of FLOPs and of the measured time."""
    vertices = found.vertices[1:]
    flops, seconds = sum(each.flops for each in vertices), sum(each.seconds for each in vertices)
    rows = {
        "% of FLOPs": [100 * each.flops / max(flops, 1) for each in vertices],
        "% of time": [100 * each.seconds / seconds for each in vertices],
    }
    picture = across([each.words for each in vertices], rows, "Share of the block, %", 130 + 44 * len(vertices))
    for bars in picture.traces:
        bars["textposition"] = "outside"
    picture.layout["xaxis"] |= {"range": [0, 1.25 * max(map(max, rows.values()))]}
    return picture


def table(found: Looked) -> list[dict]:
    """All blocks with these settings."""
    plain = found.costs[PLAIN].flops
    return [
        {"Block": name, "FLOPs": millions(cost.flops), "of plain": f"{100 * cost.flops / plain:.3g}%",
         "Parameters": f"{cost.parameters:,}", "Kept for backward": f"{found.kept[name] / 1000:,.0f} kB",
         "Milliseconds": shortly(found.latencies[name].median)}
        for name, cost in found.costs.items()
    ]  # fmt: skip


def draw(found: Looked) -> Shown:
    """The graph with costs, the clock, and the module."""
    formula = KINDS[found.kind]
    by_formula = formula.cost(found.settings)
    low, high = found.latencies[found.kind].middle
    outputs = found.vertices[-1].shape[0]
    note = (
        f"**{found.kind}**, {found.settings.channels} channels in, {outputs} out: hooks count "
        f"**{millions(found.cost.flops)} FLOPs** and **{found.cost.parameters:,} parameters**; the formula "
        f"{formula.formula} (here c = {found.settings.channels}, h = {found.settings.size}, k = "
        f"{found.settings.kernel}) gives {by_formula.flops:,} FLOPs, {difference(found.cost, by_formula)}. One picture "
        f"takes the processor **{shortly(found.latencies[found.kind].median)} ms** (95% interval of the median: "
        f"{shortly(low)} to {shortly(high)}); training keeps **{found.kept[found.kind] / 1000:,.0f} kB** of it for the "
        "way back."
    )
    counts = {name: float(cost.flops) for name, cost in found.costs.items()}
    clock = clock_against_counts(counts, found.latencies, found.kind)
    graph = diagram(found.vertices, found.kind)
    wide = found.kind == INCEPTION  # four branches need the whole width
    rows = ((graph,), (shares(found),)) if wide else ((graph, shares(found)),)
    return Shown((*rows, (clock,)), note, (table(found),), code=code(found))


def difference(cost: Cost, formula: Cost) -> str:
    """How far count and formula are apart, in words."""
    gap = abs(cost.flops - formula.flops) + abs(cost.parameters - formula.parameters)
    return "the same number" if gap == 0 else f"{gap:,} apart"


def before(found: Looked) -> Shown:
    """The graph with its shapes, and the module."""
    return Shown(((diagram(found.vertices, found.kind, costs=False),),), code=code(found))


def question(found: Looked) -> Question:
    """How many FLOPs?"""
    side = found.settings.kernel
    other = f"the plain {side} × {side} convolution" if found.kind != PLAIN else f"the {RESNET}"
    text = (
        f"How many FLOPs does this block ({found.kind}) need, in percent of those of {other} with as many channels?"
        " Widths of the edges show how large the maps are."
    )
    because = (
        "A convolution needs its number of weights at every place of the map, so a k × k between all channels weighs "
        "k² times as much as a 1×1, and c times as much as a depthwise one."
    )
    top = next(top for top in (100, 300, 1000, 3000, 10_000) if found.share <= top / 100 or top == 10_000)
    return Question(text, Scale(0, top, top // 100, "%"), round(100 * found.share), because)


def goal(found: Looked) -> Goal:
    """Wide sight for little."""
    plain = found.costs[PLAIN].flops
    share = found.cost.flops / plain
    text = (
        f"**Wide sight for little**: an inverted residual, with or without squeeze-and-excitation, of expansion 2 or "
        f"more that sees {SEEN} × {SEEN} pixels, has at least {WIDE} channels and needs at most **{MOST:.0%}** of the "
        "plain convolution's FLOPs."
    )
    fits = found.kind in (MOBILENET2, EFFICIENTNET) and found.settings.expansion >= 2
    passed = fits and found.settings.kernel == SEEN and found.settings.channels >= WIDE and share <= MOST
    return Goal(text, passed, f"Now: {found.kind}, {found.settings.kernel} × {found.settings.kernel}, {share:.1%}.")


def program(found: Looked) -> Program:
    """The block, counted by torch's own counter."""
    kind, settings = KINDS[found.kind], found.settings
    shape = (1, settings.channels, settings.size, settings.size)
    text = (
        "from torch.utils.flop_counter import FlopCounterMode\n\n"
        f"model = {call(kind.block, **kind.arguments(settings))}.eval()\n"
        "with torch.no_grad(), FlopCounterMode(display=False) as counter:\n"
        f"    answer = model(torch.zeros{shape!r})\n"
        "result = {'FLOPs': counter.get_total_flops(), 'channels out': answer.shape[1]}\n"
        "result['parameters'] = sum(parameter.numel() for parameter in model.parameters())"
    )
    shown = {"FLOPs": found.cost.flops, "channels out": found.vertices[-1].shape[0],
             "parameters": found.cost.parameters}  # fmt: skip
    return Program(f"Block: {found.kind}", (Step("Count", text),), (convolution, *needed(found.kind)), shown)


BLOCKS = View(
    (BLOCK, CHANNELS, SIZE, KERNEL, EXPANSION, GROWTH, LAYERS), measure, draw, (), before, question, goal, program
)
