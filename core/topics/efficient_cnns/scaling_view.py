"""The view of compound scaling: the rule d w² r² against networks that are really built."""

from functools import lru_cache

import numpy as np

from core.deployment.clock import shortly
from core.figures.marks import hover, marker, note, stroke, trace, upright
from core.figures.picture import BLUE, GREEN, GREY, INK, ORANGE, PAPER, Picture, layout
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale, slider
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.topics.efficient_cnns.blocks import InvertedResidual, MBConv, convolution
from core.topics.efficient_cnns.costs import Cost, band
from core.topics.efficient_cnns.figures import compact, millions, ticks
from core.topics.efficient_cnns.marks import FAMILY
from core.topics.efficient_cnns.scaling import (
    DIVISOR,
    EfficientNet,
    Scaled,
    Ways,
    deepened,
    scaled,
    ways,
    widened,
)
from core.topics.efficient_cnns.trade import RECORD

PHI = slider("Compound coefficient φ", 0.0, 3.0, 1.0, 0.5)
ALPHA = slider("Depth base α", 1.0, 2.0, 1.2, 0.05)
BETA = slider("Width base β", 1.0, 1.5, 1.1, 0.05)
GAMMA = slider("Resolution base γ", 1.0, 1.5, 1.15, 0.05)
SIDE = scale("Resolution", (64, 128, 224), 128, help="Side of the base network's picture; B0 is made for 224 pixels.")
NEAR, THRIFTY = 2.2, 1.05  # of the challenge: FLOPs and parameters at most, times the base's
LEAST = 1.9


def measure(
    compound_coefficient: float, depth_base: float, width_base: float, resolution_base: float, resolution: int
) -> Scaled:
    """Build both networks."""
    return scaled(compound_coefficient, (depth_base, width_base, resolution_base), resolution)


def factors(found: Scaled, answered: bool) -> Picture:
    """By what FLOPs, parameters and activations should grow, and by what they do."""
    rule, counted = found.rule, found.counted
    names = list(rule)
    bars = [upright(names, list(rule.values()), GREY, name="rule", text=[f"× {each:.2f}" for each in rule.values()],
                    textposition="outside", cliponaxis=False, **hover("× %{y:.3f}", "rule"))]  # fmt: skip
    if answered:
        bars.append(
            upright(names, list(counted.values()), ORANGE, name="counted", cliponaxis=False, textposition="outside",
                    text=[f"× {each:.2f}" for each in counted.values()], **hover("× %{y:.3f}", "counted"))
        )  # fmt: skip
        bars[1]["marker"]["pattern"] = {"shape": "/"}
    top = 1.2 * max([*rule.values(), *(counted.values() if answered else [])])
    plan = layout("", "Times the base network", 330, barmode="group", xaxis={"showgrid": False},
                  yaxis={"range": [0, top]})  # fmt: skip
    also = {name: f" and × {each:.2f} counted" if answered else "" for name, each in counted.items()}
    said = ", ".join(f"{name} × {rule[name]:.2f} by the rule{also[name]}" for name in names)
    return Picture(bars, plan, f"Growth from the base network: {said}.")


@lru_cache(maxsize=1)
def families() -> dict[str, dict[str, Cost]]:
    """Costs of both families by name, as the record keeps them."""
    rows = RECORD.contents["families"]
    return {family: {name: Cost(each["parameters"], each["flops"]) for name, each in members.items()}
            for family, members in rows.items()}  # fmt: skip


def among(found: Scaled) -> Picture:
    """The learner's network among B0 to B7 and Lite0 to Lite4: parameters against FLOPs."""
    traces, notes = [], []
    for (family, members), color, symbol, dash in zip(families().items(), (BLUE, GREEN), ("diamond", "square"),
                                                      ("solid", "dash"), strict=True):  # fmt: skip
        x, y = [each.flops for each in members.values()], [each.parameters for each in members.values()]
        traces.append(trace("lines+markers", x, y, name=family, line=stroke(color, 2, dash),
                            marker=marker(color, 9, symbol), text=list(members), **hover("%{text}")))  # fmt: skip
        above = 14 if family == "EfficientNet" else -14
        notes += [note(float(np.log10(flops)), float(np.log10(parameters)), name, yshift=above, font={"size": 11})
                  for name, flops, parameters in zip(members, x, y, strict=True)]  # fmt: skip
    both = [found.base, found.network]
    traces.append(
        trace("lines+markers", [each.cost.flops for each in both], [each.cost.parameters for each in both],
              name="base, and yours (star)", line=stroke(ORANGE, 2, "dot"), marker=marker(ORANGE, [10, 17],
              ["circle", "star"], PAPER, 1), **hover("%{x:.3g} FLOPs, %{y:.3g} parameters"))
    )  # fmt: skip
    costs = [*(cost for members in families().values() for cost in members.values()), *(each.cost for each in both)]
    flops, parameters = (np.array([getattr(cost, name) for cost in costs], float) for name in ("flops", "parameters"))
    plan = layout("FLOPs for one picture (logarithmic)", "Parameters (logarithmic)", 400, annotations=notes,
                  xaxis={"type": "log"} | ticks(flops), yaxis={"type": "log"} | ticks(parameters))  # fmt: skip
    said = "; ".join(f"{name} {millions(each.flops)} FLOPs, {millions(each.parameters)} parameters"
                     for members in families().values() for name, each in members.items())  # fmt: skip
    mine = f"yours {millions(found.network.cost.flops)} FLOPs, {millions(found.network.cost.parameters)} parameters"
    return Picture(traces, plan, f"Parameters against FLOPs: {said}; {mine}.")


def table(found: Scaled) -> list[dict]:
    """Both networks."""
    return [
        {"Network": name, "Depth": f"{each.depth:.2f}", "Width": f"{each.width:.2f}", "Resolution": f"{each.side}",
         "Blocks": f"{each.blocks}", "Last block": f"{each.widest} channels", "FLOPs": millions(each.cost.flops),
         "Parameters": millions(each.cost.parameters)}
        for name, each in (("base", found.base), ("yours", found.network))
    ]  # fmt: skip


def draw(found: Scaled) -> Shown:
    """Rule and count, and where the network stands."""
    (d, w, r), rule, counted = found.factors, found.rule["FLOPs"], found.counted["FLOPs"]
    apart = counted / rule - 1
    note_ = (
        f"φ = {found.phi:g} makes the network {d:.2f} times as deep, {w:.2f} times as wide and its picture {r:.2f} "
        f"times as large. The rule d w² r² says **{rule:.2f}** times the FLOPs; the network built here has "
        f"**{counted:.2f}** times."
    )
    if abs(apart) >= 0.005:
        note_ += (
            f" That is {apart:+.0%}. What moves the count: blocks are whole ({found.base.blocks} → "
            f"{found.network.blocks}), channels multiples of {DIVISOR}, and five halvings round the maps up "
            f"({found.base.side} pixels become {-(-found.base.side // 32)} in the end, {found.network.side} become "
            f"{-(-found.network.side // 32)}); the first and the last layers are made no deeper."
        )
    return Shown(((factors(found, True),), (among(found),)), note_, (table(found), published()))


def published() -> list[dict]:
    """The family in numbers: counted here, and the accuracy that is published."""
    rows = RECORD.contents["published"]
    return [
        {"Network": name, "Depth": f"{depth:g}", "Width": f"{width:g}", "Resolution": f"{side}",
         "FLOPs": millions(families()["EfficientNet"][name].flops),
         "Parameters": millions(families()["EfficientNet"][name].parameters),
         "ImageNet accuracy (published by torchvision)": f"{rows[name]:.1f}%"}
        for name, (side, width, depth) in FAMILY.items()
    ]  # fmt: skip


def before(found: Scaled) -> Shown:
    """The family, without the learner's network."""
    return Shown(((among(Scaled(0.0, found.bases, found.base, found.base, found.seconds)),),))


def question(found: Scaled) -> Question:
    """By what do FLOPs grow?"""
    d, w, r = found.factors
    text = (
        f"The network becomes **{d:.2f}** times as deep, **{w:.2f}** times as wide, and its picture **{r:.2f}** times "
        "as large. How many times as many FLOPs does it need?"
    )
    because = (
        "FLOPs grow with the layers, with the product of a layer's channels on both sides, and with the pixels in both "
        "directions: d w² r²; rounding to whole blocks and channels moves the count."
    )
    truth = found.counted["FLOPs"]
    top = 5.0 if truth <= 5 else 20.0 if truth <= 20 else 100.0
    return Question(text, Scale(1.0, top, top / 50, "times"), round(truth, 2), because)


def goal(found: Scaled) -> Goal:
    """Twice the FLOPs, no more weights."""
    counted = found.counted
    text = (
        f"**No more weights**: find bases and φ for a network of {LEAST:g} to {NEAR:g} times the base's FLOPs that has "
        f"at most **{THRIFTY:g}** times its parameters."
    )
    passed = LEAST <= counted["FLOPs"] <= NEAR and counted["parameters"] <= THRIFTY
    return Goal(text, passed, f"Now: × {counted['FLOPs']:.2f} FLOPs, × {counted['parameters']:.2f} parameters.")


def program(found: Scaled) -> Program:
    """The network, counted by torch's own counter."""
    d, w, _ = found.factors
    side = found.network.side
    text = (
        "from torch.utils.flop_counter import FlopCounterMode\n\n"
        f"model = EfficientNet(depth={d!r}, width={w!r}).eval()\n"
        "with torch.no_grad(), FlopCounterMode(display=False) as counter:\n"
        f"    model(torch.zeros(1, 3, {side}, {side}))\n"
        "result = {'FLOPs': counter.get_total_flops()}\n"
        "result['parameters'] = sum(parameter.numel() for parameter in model.parameters())"
    )
    cost = found.network.cost
    functions = (convolution, InvertedResidual, MBConv, widened, deepened, EfficientNet)
    shown = {"FLOPs": cost.flops, "parameters": cost.parameters}
    return Program("A scaled EfficientNet", (Step("Build and count", text),), functions, shown)


# The same FLOPs, four ways --------------------------------------------------------------------------------------------


def drawn_ways(found: Ways) -> Shown:
    """What the four ways cost."""
    names = list(found.networks)
    times = np.array([band(found.latencies[name]) for name in names])
    error = {"type": "data", "symmetric": False, "array": (times[:, 2] - times[:, 1]).tolist(),
             "arrayminus": (times[:, 1] - times[:, 0]).tolist(), "color": INK, "thickness": 1.5}  # fmt: skip
    words = [name.replace(" ", "<br>") for name in names]
    bars = upright(words, times[:, 1].tolist(), [GREY, ORANGE, BLUE, GREEN, INK][: len(names)], error_y=error,
                   **hover("%{y:.3g} ms"))  # fmt: skip
    plan = layout("", "Milliseconds for one picture", 330, xaxis={"showgrid": False}, yaxis={"rangemode": "tozero"})
    said = ", ".join(f"{name} {shortly(found.latencies[name].median)} ms" for name in names)
    rows = [
        {"Way": name, "FLOPs": millions(each.cost.flops), "Parameters": millions(each.cost.parameters),
         "Numbers between layers": compact(float(f"{each.answers:.3g}")), "Blocks": each.blocks, "Pixels": each.side,
         "Milliseconds": shortly(found.latencies[name].median)}
        for name, each in found.networks.items()
    ]  # fmt: skip
    note_ = (
        "About twice the FLOPs, spent on depth, width, resolution or all three: parameters, memory and time grow "
        "differently, though the FLOPs are nearly alike."
    )
    return Shown(((Picture([bars], plan, f"Time for one picture: {said}."),),), note_, (rows,))


LATER = Later(
    "Spend twice the FLOPs four ways, and time them",
    ways,
    lambda found: (found.base.side, *found.bases),
    drawn_ways,
)
SCALING = View((PHI, ALPHA, BETA, GAMMA, SIDE), measure, draw, (), before, question, goal, program, LATER)
