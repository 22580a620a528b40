"""The view of the depthwise saving: promised, counted, timed, and why the three are not alike."""

import numpy as np

from core.deployment.clock import shortly
from core.figures.marks import SILENT, horizontal, hover, marker, note, stroke, trace, upright
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, PAPER, PINK, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import folded, scale
from core.lessons.view import Shown, View
from core.programs import Program, Step, call
from core.topics.efficient_cnns.depthwise import (
    BOTH,
    DEPTHWISE,
    PLAIN,
    POINTWISE,
    Compared,
    measure,
    plain,
    saving,
    separable,
)
from core.topics.efficient_cnns.figures import millions, ticks

INPUTS = scale("Input channels", (4, 8, 16, 32, 64, 128), 64)
OUTPUTS = scale("Output channels", (4, 8, 16, 32, 64, 128), 64)
KERNEL = scale("Kernel", (3, 5, 7), 3)
SIZE = scale("Size", (7, 14, 28), 28, help="Height and width of the maps, in pixels.")
BATCH = scale("Batch size", (1, 4, 16), 1, help="Pictures that one call answers when it is timed.")
STYLES = {PLAIN: (ORANGE, "circle"), DEPTHWISE: (BLUE, "diamond"), POINTWISE: (GREEN, "square"),
          BOTH: (PINK, "triangle-up")}  # fmt: skip


def ratios(found: Compared, answered: bool) -> Picture:
    """The pair as a share of the plain convolution: by formula, by count, in weights, by the clock."""
    rows = {"formula": found.formula, "FLOPs counted": found.by_count, "weights": found.by_weights}
    rows |= {"time measured": found.by_clock} if answered else {}
    names, values = list(rows), [100 * value for value in rows.values()]
    low, high = found.by_clock_band if answered else (0.0, 0.0)
    gaps = [[0.0] * len(rows), [0.0] * len(rows)]
    if answered:
        gaps[0][-1], gaps[1][-1] = max(100 * high - values[-1], 0.0), max(values[-1] - 100 * low, 0.0)
    error = {"type": "data", "symmetric": False, "array": gaps[0], "arrayminus": gaps[1], "color": INK,
             "thickness": 1.5, "visible": answered}  # fmt: skip
    colors = [GREY, BLUE, GREEN, ORANGE][: len(rows)]
    words = [name.replace(" ", "<br>") for name in names]
    bars = upright(words, values, colors, error_y=error, text=[f"{value:.3g}%" for value in values],
                   textposition="inside", insidetextanchor="start", textangle=0, **hover("%{y:.3g}%"))  # fmt: skip
    line = horizontal(100, GREY, 1, "dot")
    plan = layout("", "Separable pair, % of plain", 340, showlegend=False, shapes=[line],
                  xaxis={"type": "category", "showgrid": False}, yaxis={"rangemode": "tozero"})  # fmt: skip
    said = ", ".join(f"{name} {value:.3g}%" for name, value in zip(names, values, strict=True))
    return Picture([bars], plan, f"The separable pair as a share of the plain convolution: {said}.")


def roofline(found: Compared) -> Picture:
    """What each layer reaches (billions of FLOPs a second) over its FLOPs for each byte, under the machine's roof."""
    layers = {name: layer for name, layer in found.layers.items() if name != BOTH}
    machine = found.machine
    meets = machine.peak / machine.bandwidth
    places = [each.intensity for each in layers.values()]
    ends = np.array([min(*places, meets) / 2, meets, max(*places, meets) * 2])
    heights = np.minimum(machine.peak, machine.bandwidth * ends)
    roof = trace("lines", ends, heights, name="this machine's roof", line=stroke(GREY, 2.5, "dash"), hoverinfo="skip")
    dots = [
        trace("markers", [each.intensity], [each.rate], name=name, marker=marker(*style(name)),
              **hover("%{x:.3g} FLOPs a byte, %{y:.3g} GFLOP/s", name))
        for name, each in layers.items()
    ]  # fmt: skip
    rates = np.array([*(each.rate for each in layers.values()), *heights])
    plan = layout("FLOPs for each byte moved (logarithmic)", "Billion FLOPs a second (log.)", 340,
                  xaxis={"type": "log"} | ticks(ends), yaxis={"type": "log"} | ticks(rates))  # fmt: skip
    said = "; ".join(f"{name} {each.intensity:.3g} FLOPs a byte at {each.rate:.3g} billion a second" for name, each in
                     layers.items())  # fmt: skip
    return Picture([roof, *dots], plan, f"Roofline: {said}; the machine reaches {machine.peak:.3g} billion at best.")


def style(name: str) -> tuple[str, int, str, str]:
    """A layer's marker."""
    color, symbol = STYLES[name]
    return color, 15, symbol, PAPER


def over_channels(found: Compared) -> Picture:
    """The saving over the output channels, one curve for each kernel, with the setting that is on screen."""
    channels = np.array(OUTPUTS.options, float)
    traces = [
        trace("lines+markers", channels, 100 * (1 / channels + 1 / side**2), name=f"{side} × {side}",
              line=stroke(color, 2.5, dash), marker=marker(color, 8, symbol), **hover("%{y:.3g}%", f"{side} × {side}"))
        for side, color, dash, symbol in zip(KERNEL.options, (ORANGE, BLUE, GREEN), ("solid", "dash", "dot"),
                                             ("circle", "diamond", "square"), strict=True)
    ]  # fmt: skip
    ring = trace("markers", [found.outputs], [100 * found.by_count], marker=marker(INK, 17, "circle-open"), **SILENT)
    plan = layout("Output channels (logarithmic)", "FLOPs of the pair, % of plain", 300,
                  xaxis={"type": "log", "tickvals": list(OUTPUTS.options), "ticktext": list(map(str, OUTPUTS.options))},
                  yaxis={"rangemode": "tozero"}, annotations=[note(0.98, 0.98, "1 / c' + 1 / k²", xref="paper",
                  yref="paper", xanchor="right", yanchor="top", font={"size": 13})])  # fmt: skip
    alt = (
        f"FLOPs of the separable pair over the output channels: with 3 × 3 kernels from {100 * saving(4, 3):.3g}% at "
        f"4 channels to {100 * saving(128, 3):.3g}% at 128; on screen {100 * found.by_count:.3g}%."
    )
    return Picture([*traces, ring], plan, alt)


def table(found: Compared) -> list[dict]:
    """Each layer: work, traffic, time."""
    rows = []
    for name, each in found.layers.items():
        least = 1000 * found.machine.seconds(each.flops / 2, each.bytes)
        rows.append({
            "Layer": name, "FLOPs": millions(each.flops), "Bytes moved": f"{each.bytes / 1000:,.0f} kB",
            "FLOPs a byte": f"{each.intensity:.3g}", "Milliseconds": shortly(each.latency.median),
            "Roof allows": f"{shortly(least)} ms", "GFLOP/s": f"{each.rate:.3g}",
        })  # fmt: skip
    return rows


def why(found: Compared) -> str:
    """What this machine says about the difference, from what was measured."""
    filters, mixing, whole = (found.layers[name] for name in (DEPTHWISE, POINTWISE, PLAIN))
    share = filters.latency.median / (filters.latency.median + mixing.latency.median)
    of_flops = filters.flops / (filters.flops + mixing.flops)
    return (
        f"The depthwise half has {of_flops:.0%} of the pair's FLOPs and takes **{share:.0%}** of its time: it does "
        f"{filters.intensity:.2g} FLOPs for each byte it moves, the plain convolution {whole.intensity:.3g}. It "
        f"reaches {filters.rate:.3g} billion FLOPs a second, the plain one {whole.rate:.3g}. A call with nothing to do "
        f"takes {shortly(found.empty.median)} ms, and the pair needs two."
    )


def draw(found: Compared) -> Shown:
    """Ratios, roof, and why."""
    low, high = found.by_clock_band
    note_ = (
        f"The formula promises 1/{found.outputs} + 1/{found.kernel}² = **{found.formula:.1%}** of the FLOPs; hooks "
        f"count **{found.by_count:.1%}**. The clock says **{found.by_clock:.0%}** of the time ({low:.0%} to "
        f"{high:.0%}). {why(found)}"
    )
    return Shown(((ratios(found, True), over_channels(found)), (roofline(found),)), note_, (table(found),))


def before(found: Compared) -> Shown:
    """What is known without a clock."""
    return Shown(((ratios(found, False), over_channels(found)),))


def question(found: Compared) -> Question:
    """How much of the time?"""
    text = (
        f"The separable pair needs {found.by_count:.0%} of the plain convolution's FLOPs. How much of its **time** "
        "does it take on this machine?"
    )
    because = (
        "Each number that a depthwise convolution reads is used k² times at most, in a plain one k² times for every "
        "output channel: moving numbers and starting calls weigh more, and FLOPs do not count them."
    )
    return Question(text, Scale(0, 200, 5, "%", 10), round(100 * found.by_clock), because)


def goal(found: Compared) -> Goal:
    """Where fewer FLOPs take longer."""
    text = (
        "**Fewer FLOPs, more time**: find a setting in which the separable pair needs at most half of the plain "
        "convolution's FLOPs and yet takes longer on this machine."
    )
    passed = found.by_count <= 0.5 and found.by_clock > 1
    return Goal(text, passed, f"Now: {found.by_count:.0%} of the FLOPs, {found.by_clock:.0%} of the time.")


def program(found: Compared) -> Program:
    """Both counted by torch's own counter, and timed."""
    sizes = (found.channels, found.outputs, found.kernel)
    text = (
        "import time\n\nfrom torch.utils.flop_counter import FlopCounterMode\n\n"
        f"x, flops = torch.randn({found.batch}, {found.channels}, {found.size}, {found.size}), {{}}\n"
        f"for name, model in {{'plain': {call(plain, *sizes)}, 'separable': {call(separable, *sizes)}}}.items():\n"
        "    with torch.no_grad(), FlopCounterMode(display=False) as counter:\n        model(x)\n"
        "    flops[name] = counter.get_total_flops()\n    times = []\n    for _ in range(50):\n"
        "        began = time.perf_counter()\n        with torch.no_grad():\n            model(x)\n"
        "        times.append(1000 * (time.perf_counter() - began))\n"
        "    print(name, flops[name], 'FLOPs', f'{np.median(times):.3f} ms')\n"
        f"result = {{'formula': {call(saving, found.outputs, found.kernel)}, "
        "'counted': flops['separable'] / flops['plain']}"
    )
    shown = {"formula": found.formula, "counted": found.by_count}
    return Program("Plain and separable", (Step("Count and time", text),), (plain, separable, saving), shown)


DEPTHWISE_VIEW = View(
    (INPUTS, OUTPUTS, KERNEL, SIZE, folded(BATCH)), measure, draw, (), before, question, goal, program
)
