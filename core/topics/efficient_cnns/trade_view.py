"""The view of accuracy against cost: the same FLOPs spent on different blocks, and the learner's own classifier."""

from dataclasses import dataclass, replace

import numpy as np

from core.data.digits import DIGITS, mixed_digits, shipped
from core.deployment.clock import shortly
from core.deployment.small_cnn import right, taught
from core.figures.curves import line
from core.figures.marks import SILENT, hover, marker, trace
from core.figures.picture import DASHES, GREY, INK, PAPER, Picture, encoded, layout, transparent
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Later, Shown, View
from core.probes import luck
from core.programs import Program, Step, call
from core.topics.efficient_cnns.block_view import needed
from core.topics.efficient_cnns.blocks import convolution
from core.topics.efficient_cnns.costs import (
    EFFICIENTNET,
    INCEPTION,
    KINDS,
    MOBILENET,
    MOBILENET2,
    RESNET,
    Settings,
    band,
)
from core.topics.efficient_cnns.figures import LOOKS, millions, ticks
from core.topics.efficient_cnns.trade import (
    BUDGETS,
    EPOCHS,
    HELD_OUT,
    MINE,
    RATE,
    SEEDS,
    Own,
    Trade,
    cost_of,
    fitted,
    of_channels,
    own,
    trade,
)

AXES = {"FLOPs": "FLOPs for one digit", "parameters": "Parameters", "milliseconds": "Milliseconds for the batch"}
BUDGET = scale("FLOPs", BUDGETS, BUDGETS[1], help="What each classifier may spend on one digit, about.")
BATCH = scale("Batch size", (1, 32), 1, help="Digits that one call answers when it is timed.")
MY_BLOCK = pick("Your block", KINDS, MOBILENET)
MY_CHANNELS = scale("Your channels", (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32), 6)
MY_KERNEL = scale("Your kernel", (3, 5), 3)
MY_EXPANSION = slider("Your expansion", 1, 6, 4, when=lambda v: v["your_block"] in (RESNET, MOBILENET2, EFFICIENTNET))
AGAINST = pick("Against", AXES)
FEW, GOOD = 60_000, 0.94  # of the challenge: FLOPs at most, mean accuracy at least


@dataclass(frozen=True)
class Spent:
    """The record with the clock, and what the learner would train."""

    record: Trade
    kind: str
    channels: int
    kernel: int
    expansion: int

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return self.record.provenance

    @property
    def settings(self) -> Settings:
        """The learner's settings; four branches need four channels or more."""
        least = 4 if self.kind == INCEPTION else 1
        return of_channels(self.kind, max(self.channels, least), self.kernel, self.expansion)


def measure(flops: int, batch_size: int, your_block: str, your_channels: int, your_kernel: int, your_expansion: int,
            seed: int) -> Spent:  # fmt: skip
    """The record, and the clock."""
    return Spent(trade(flops, batch_size, seed), your_block, your_channels, your_kernel, your_expansion)


def over(record: Trade, axis: str) -> Picture:
    """Held-out accuracy of each block against what it costs; lines are means, bands a deviation of the seeds."""
    traces, words = [], []
    for place, (name, rows) in enumerate(record.accuracies.items()):
        costs = record.costs[name]
        x = np.array([costs[each].flops if axis == "FLOPs" else costs[each].parameters for each in BUDGETS], float)
        values = 100 * np.stack([rows[each] for each in BUDGETS])  # (budgets, seeds)
        mean, spread = values.mean(axis=1), values.std(axis=1)
        color, symbol = LOOKS[name]
        edge = {"x": encoded(np.r_[x, x[::-1]]), "y": encoded(np.r_[mean + spread, (mean - spread)[::-1]])}
        fill = {"fill": "toself", "fillcolor": transparent(GREY if color == INK else color, 0.12), "line": {"width": 0}}
        traces.append({"type": "scatter", "mode": "lines", **edge, **fill, **SILENT})
        traces.append(line(x, mean, name, color, DASHES[place % 6], mode="lines+markers",
                           marker={"symbol": symbol, "size": 9, "color": color}))  # fmt: skip
        words.append(f"{name} from {mean[0]:.1f} to {mean[-1]:.1f}%")
    ends = np.array([cost.flops if axis == "FLOPs" else cost.parameters for costs in record.costs.values()
                     for cost in costs.values()], float)  # fmt: skip
    plan = layout(f"{AXES[axis]} (logarithmic)", "Held-out accuracy, %", 440, xaxis={"type": "log"} | ticks(ends))
    return Picture(traces, plan, f"Accuracy against {axis}, bands over {len(SEEDS)} seeds: {'; '.join(words)}.")


def by_clock(record: Trade) -> Picture:
    """At one budget: accuracy, a deviation of the seeds up and down, against the time measured here."""
    traces = []
    for name, latency in record.times.items():
        values, (low, middle, high) = 100 * record.here[name], band(latency)
        color, symbol = LOOKS[name]
        across = {"type": "data", "symmetric": False, "array": [high - middle], "arrayminus": [middle - low],
                  "color": color, "thickness": 1.5}  # fmt: skip
        up = {"type": "data", "array": [float(values.std())], "color": color, "thickness": 1.5}
        traces.append(trace("markers", [middle], [float(values.mean())], error_x=across, error_y=up, name=name,
                            marker=marker(color, 13, symbol, PAPER),
                            **hover("%{x:.3g} ms, %{y:.1f}%", name)))  # fmt: skip
    medians = np.array([each.median for each in record.times.values()])
    many = "one digit" if record.batch == 1 else f"{record.batch} digits"
    plan = layout(f"Milliseconds for {many} (logarithmic)", "Held-out accuracy, %", 440,
                  xaxis={"type": "log"} | ticks(medians))  # fmt: skip
    said = "; ".join(f"{name} {100 * record.here[name].mean():.1f}% in {shortly(each.median)} ms" for name, each in
                     record.times.items())  # fmt: skip
    return Picture(traces, plan, f"Accuracy at about {millions(record.budget)} FLOPs against measured time: {said}.")


def table(record: Trade) -> list[dict]:
    """What the budget buys."""
    rows = []
    for name, values in record.here.items():
        cost = record.costs[name][record.budget]
        rows.append({
            "Block": name, "Channels": f"{fitted(name, record.budget).channels}", "FLOPs": millions(cost.flops),
            "Parameters": f"{cost.parameters:,}", "Accuracy": f"{100 * values.mean():.1f} ± {100 * values.std():.1f}%",
            "Milliseconds": shortly(record.times[name].median),
        })  # fmt: skip
    return sorted(rows, key=lambda row: -float(row["Accuracy"].split()[0]))


def draw(found: Spent, against: str) -> Shown:
    """What the budgets buy."""
    record, best = found.record, found.record.best
    said = luck.sentence(record.here, best, f"**{best}** is ahead of all others beyond seed noise.")
    quick = record.quickest
    note = (
        f"Digits of 8 × 8 pixels, {EPOCHS} epochs, {len(SEEDS)} seeds. With about **{millions(record.budget)} FLOPs** "
        f"the best on average is **{best}**, {record.here[best].mean():.1%}. {said} The quickest here is **{quick}**, "
        f"{shortly(record.times[quick].median)} ms; the slowest takes "
        f"{max(each.median for each in record.times.values()) / record.times[quick].median:.1f} times as long for "
        "about as many FLOPs."
    )
    picture = by_clock(record) if against == "milliseconds" else over(record, against)
    return Shown(((picture,),), note, (table(record),))


def before(found: Spent, against: str) -> Shown:
    """What each block may have, without what it reached."""
    record = found.record
    names = list(record.costs)
    widths = [fitted(name, record.budget).channels for name in names]
    bars = {"type": "bar", "orientation": "h", "x": widths, "y": names, "text": [str(width) for width in widths],
            "textposition": "outside", "marker": {"color": [LOOKS[name][0] for name in names]},
            "cliponaxis": False, **hover("%{x} channels")}  # fmt: skip
    plan = layout("Channels of the first block", "", 330, yaxis={"autorange": "reversed", "showgrid": False})
    said = ", ".join(f"{name} {width}" for name, width in zip(names, widths, strict=True))
    alt = f"Channels that about {millions(record.budget)} FLOPs allow: {said}."
    note = f"About {millions(record.budget)} FLOPs for one digit allow these channels:"
    return Shown(((Picture([bars], plan, alt),),), note)


def question(found: Spent, against: str) -> Question:
    """Which block?"""
    record = found.record
    text = (
        f"Small classifiers of digits are made of each block, with about {millions(record.budget)} FLOPs for a digit. "
        "Which block gets most held-out digits right, on average?"
    )
    equals = len(luck.equals(record.here, record.best))
    because = "Cheap filters leave FLOPs for more channels; which of both helps more depends on the budget. " + (
        f"With this one the lead is inside seed noise of {equals} of the {len(record.here) - 1} others."
        if equals
        else "With this one the lead is more than seed noise."
    )
    return Question(text, list(KINDS), record.best, because)


# The learner's own ----------------------------------------------------------------------------------------------------


def with_own(mine: Own) -> Shown:
    """The learner's classifier among the recorded ones."""
    record = trade(BUDGETS[0], 1, mine.source.seeds[0])
    picture = over(record, "FLOPs")
    spread = {"type": "data", "array": [float(100 * mine.accuracies.std())], "color": INK, "thickness": 2}
    star = trace("markers", [mine.cost.flops], [100 * mine.mean], name="yours", error_y=spread,
                 marker=marker(INK, 17, "star", PAPER), **hover("%{y:.1f}%", "yours"))  # fmt: skip
    note = (
        f"Yours ({mine.kind}, {mine.settings.channels} channels): **{mine.mean:.1%}** on average over {MINE} seeds, "
        f"from {mine.accuracies.min():.1%} to {mine.accuracies.max():.1%}, with **{millions(mine.cost.flops)} FLOPs**, "
        f"{mine.cost.parameters:,} parameters and {shortly(mine.time.median)} ms for a digit."
    )
    alt = f"{picture.alt} Yours: {100 * mine.mean:.1f}% with {millions(mine.cost.flops)} FLOPs."
    plan = picture.layout | {"xaxis": picture.layout["xaxis"] | reach(record, mine.cost.flops)}
    return Shown(((Picture([*picture.traces, star], plan, alt),),), note)


def reach(record: Trade, flops: int) -> dict:
    """Ticks that hold the learner's FLOPs too."""
    counts = [cost.flops for costs in record.costs.values() for cost in costs.values()]
    return ticks(np.array([*counts, flops], float))


def goal(mine: Own | None) -> Goal:
    """Much for little."""
    text = (
        f"**Much for little**: train a classifier of your own with at most **{FEW:,} FLOPs** for a digit that gets "
        f"**{GOOD:.0%}** of held-out digits right on average over {MINE} seeds."
    )
    if mine is None:
        return Goal(text, False, "Now: nothing of your own trained yet.")
    passed = mine.cost.flops <= FEW and mine.mean >= GOOD
    return Goal(text, passed, f"Now: {mine.cost.flops:,} FLOPs, {mine.mean:.1%}.", mine.cost.flops)


STATEMENTS = """from torch.utils.flop_counter import FlopCounterMode

torch.manual_seed(0)
model = nn.Sequential(
    convolution(1, {channels}, 3), {first}, nn.MaxPool2d(2), convolution({first_outputs}, {twice}),
    {second}, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear({second_outputs}, 10),
)
with torch.no_grad(), FlopCounterMode(display=False) as counter:
    model.eval()(torch.zeros(1, 1, 8, 8))
x, y = mixed_digits(0)
x, y, x_test, y_test = x[:{known}], y[:{known}], x[{known}:], y[{known}:]
taught(model.train(), x, y, {epochs}, {rate}, 0)
print("right:", right(model, x_test, y_test) / len(y_test))
result = {{"FLOPs": counter.get_total_flops(), "parameters": sum(each.numel() for each in model.parameters())}}"""


def program(found: Spent, against: str) -> Program:
    """The learner's classifier: counted, then trained with one seed."""
    kind, settings = KINDS[found.kind], found.settings
    twice = replace(settings, channels=2 * settings.channels)
    models = [kind.made(each) for each in (settings, twice)]
    first, second = (call(kind.block, **kind.arguments(each)) for each in (settings, twice))
    text = STATEMENTS.format(
        channels=settings.channels, twice=twice.channels, first=first, second=second, epochs=EPOCHS, rate=RATE,
        first_outputs=models[0].outputs, second_outputs=models[1].outputs, known=DIGITS - round(HELD_OUT * DIGITS),
    )  # fmt: skip
    cost = cost_of(found.kind, settings)
    functions = (shipped, mixed_digits, convolution, *needed(found.kind), taught, right)
    shown = {"FLOPs": cost.flops, "parameters": cost.parameters}
    return Program(f"A classifier of {found.kind} blocks", (Step("Count and train", text),), functions, shown)


LATER = Later(
    f"Train your block with {MINE} seeds",
    own,
    lambda found: (found.kind, found.settings, found.record.seed),
    with_own,
    None,
    goal,
)
TRADE = View(
    (BUDGET, BATCH, MY_BLOCK, MY_CHANNELS, MY_KERNEL, MY_EXPANSION), measure, draw, (AGAINST,), before, question, None,
    program, LATER,
)  # fmt: skip
