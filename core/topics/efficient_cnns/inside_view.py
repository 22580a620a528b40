"""The view inside the shipped EfficientNet-Lite0: its answer to the learner's picture, part by part."""

import numpy as np

from core.figures.colour import data_url, placed, plane
from core.figures.galleries import mosaic
from core.figures.marks import hover, marker, stroke, trace, vertical
from core.figures.picture import BLUE, COLORS, DASHES, GREY, INK, SYMBOLS, Picture, layout
from core.figures.rasters import frame, signed, titled
from core.lessons import Goal, Question
from core.lessons.controls import scale, slider
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.programs.efficientnet import efficientnet_lines
from core.topics.efficient_cnns.figures import millions, times
from core.topics.efficient_cnns.inside import Opened, opened
from core.topics.efficient_cnns.pictures import Square

RESOLUTION = scale("Resolution", (64, 96, 128, 160, 192, 224), 224, help="Side of the picture, in pixels.")
LAST = 17  # the last convolution; the output layer has no maps
LAYER = slider("Layer", 0, LAST, 3, help="0 is the first convolution, 17 the last; between them are the blocks.")
SEEN = "picture.png"
GROUPS = {
    "the first convolution and blocks 1 to 8": range(9), "blocks 9 to 16": range(9, 17),
    "the last convolution": range(17, 18), "the output layer": range(18, 19),
}  # fmt: skip
SURE, SMALL = 0.5, 128  # of the challenge


def measure(picture: Square, resolution: int) -> Opened:
    """Classify the picture."""
    return opened(picture, resolution)


def shown(found: Opened) -> Picture:
    """The picture as the network is given it."""
    image = placed(data_url(found.picture.sized(found.side), "PNG"), 0, 0, 1, 1)
    said = f"The picture ({found.picture.name}) as the network is given it, {found.side} × {found.side} pixels."
    unseen = trace("markers", [0.5], [0.5], marker=marker(INK, 0.1), hoverinfo="skip")
    return Picture([unseen], plane(1, 1, 270, images=[image]), said)


def likeliest(found: Opened) -> Picture:
    """The five likeliest classes."""
    names, values = [name for name, _ in found.classes], [100 * value for _, value in found.classes]
    bars = {"type": "bar", "orientation": "h", "x": values, "y": list(range(len(names))),
            "marker": {"color": [BLUE, *[GREY] * (len(names) - 1)]}, "text": [f"{name} {value:.1f}%" for name, value in
            zip(names, values, strict=True)], "textposition": "outside", "cliponaxis": False,
            **hover("%{text}")}  # fmt: skip
    plan = layout("Probability, %", "", 270, xaxis={"range": [0, 2.1 * max(values)], "showticklabels": False,
                  "showgrid": False}, yaxis={"showticklabels": False, "showgrid": False,
                  "range": [len(names) - 0.5, -0.5]})  # fmt: skip
    said = ", ".join(f"{name} {value:.1f}%" for name, value in zip(names, values, strict=True))
    return Picture([bars], plan, f"The likeliest of ImageNet's thousand classes: {said}.")


def maps(found: Opened, layer: int) -> Picture:
    """The strongest maps of a part, blue above 0, orange below."""
    places, values = found.strongest(layer)
    values = values / np.maximum(np.abs(values).max(axis=(1, 2), keepdims=True), 1e-9)
    whole = mosaic(values, 8)
    part = found.parts[layer]
    title = f"{part.name}: {len(places)} of {part.shape[0]} maps of {part.shape[1]} × {part.shape[2]}"
    alt = (
        f"The {len(places)} strongest feature maps of the {part.name}, each {part.shape[1]} × {part.shape[2]}, on the "
        f"picture {found.picture.name}; strongest is map {places[0]}."
    )
    rows = -(-len(places) // 8)
    plan = frame(*whole.shape, 60 + 78 * rows, annotations=titled(title))
    return Picture([signed(np.nan_to_num(whole), 1.0)], plan, alt)


def shares(found: Opened, layer: int) -> Picture:
    """Each part's share of FLOPs, parameters and time."""
    total = found.total
    rows = {
        "FLOPs": [each.cost.flops / total.flops for each in found.parts],
        "parameters": [each.cost.parameters / total.parameters for each in found.parts],
        "time": [each.median / sum(one.median for one in found.parts) for each in found.parts],
    }
    places = list(range(len(found.parts)))
    traces = [
        trace("lines+markers", places, [100 * value for value in values], name=name, line=stroke(COLORS[1 - row] if
              row < 2 else COLORS[2], 2, DASHES[row]), marker=marker(COLORS[1 - row] if row < 2 else COLORS[2], 8,
              SYMBOLS[row]), text=[each.name for each in found.parts], **hover("%{text}: %{y:.1f}%", name))
        for row, (name, values) in enumerate(rows.items())
    ]  # fmt: skip
    line = vertical(layer, INK, 1, "dot")
    ticks = {"tickvals": places, "ticktext": ["first", *map(str, range(1, 17)), "last", "output"], "showgrid": False}
    plan = layout("Part of the network (click one)", "Share of the network, %", 330, shapes=[line], xaxis=ticks)
    said = "; ".join(
        f"most {name} in the {found.parts[int(np.argmax(values))].name}, {max(values):.0%}"
        for name, values in rows.items()
    )
    return Picture(traces, plan, f"Each part's share of the network: {said}.")


def table(found: Opened) -> list[dict]:
    """All parts."""
    return [
        {"Part": each.name, "Made of": each.kind, "Answer": times(each.shape), "FLOPs": millions(each.cost.flops),
         "Parameters": f"{each.cost.parameters:,}", "Milliseconds": f"{each.median:.2f}",
         "GFLOP/s": f"{each.cost.flops / max(each.median, 1e-6) / 1e6:.3g}"}
        for each in found.parts
    ]  # fmt: skip


def clicked(spot: dict) -> tuple:
    """A click on a part opens it."""
    return ((LAYER, min(max(round(spot["x"]), 0), LAST)),) if spot["row"] == 2 else ()


def draw(found: Opened, layer: int) -> Shown:
    """The answer, the maps, the costs."""
    name, value = found.classes[0]
    total, spent = found.total, sum(each.median for each in found.parts)
    first, last = found.parts[0], found.parts[LAST]
    note = (
        f"EfficientNet-Lite0 says **{name}**, {value:.0%}, after **{millions(total.flops)} FLOPs** and {spent:.3g} ms "
        f"on this machine, with {millions(total.parameters)} parameters; nothing left this computer. On the way the "
        f"maps shrink from {first.shape[1]} × {first.shape[2]} to {last.shape[1]} × {last.shape[2]} and grow from "
        f"{first.shape[0]} to {last.shape[0]} channels. Maps are blue above 0 and orange below, each by its own "
        "largest value."
    )
    rows = ((shown(found), likeliest(found)), (maps(found, layer),), (shares(found, layer),))
    return Shown(rows, note, (table(found),), clicked)


def before(found: Opened, layer: int) -> Shown:
    """The answer and the maps; not yet where the weights are."""
    return Shown(((shown(found), likeliest(found)), (maps(found, layer),)))


def weights_by_group(found: Opened) -> dict[str, int]:
    """Parameters of each group of parts."""
    return {name: sum(found.parts[place].cost.parameters for place in places) for name, places in GROUPS.items()}


def question(found: Opened, layer: int) -> Question:
    """Where are the weights?"""
    groups = weights_by_group(found)
    most = max(groups, key=lambda name: groups[name])
    because = (
        f"Weights of a 1 × 1 grow with channels times channels, and channels grow towards the end: "
        f"{groups[most] / sum(groups.values()):.0%} lie there. FLOPs are spent where the maps are large."
    )
    text = "The network has 4.65 million weights and offsets. Which of these holds most of them?"
    return Question(text, list(GROUPS), most, because)


def goal(found: Opened, layer: int) -> Goal:
    """Sure at low cost."""
    name, value = found.classes[0]
    text = (
        f"**Sure at a third of the cost**: find a picture and a resolution of at most {SMALL} pixels at which the "
        f"network is at least **{SURE:.0%}** sure of a class. Is it right?"
    )
    passed = found.side <= SMALL and value >= SURE
    return Goal(text, passed, f"Now: {found.side} pixels, {name}, {value:.0%}.")


STATEMENTS = """pixels = np.asarray(Image.open("{seen}").resize(({side}, {side}), Image.Resampling.BICUBIC))
x = (torch.tensor(pixels).permute(2, 0, 1)[None].float() - 127) / 128
with torch.no_grad():
    features = network(x).mean(dim=(2, 3))
    chances = (features @ weights["_fc.weight"].T + weights["_fc.bias"]).softmax(dim=1)[0]
best = chances.topk({count})
result = {{"classes": best.indices.tolist(), "probabilities": best.values.tolist()}}"""


def program(found: Opened, layer: int) -> Program:
    """The network on the picture."""
    text = STATEMENTS.format(seen=SEEN, side=found.side, count=len(found.classes))
    steps = (Step("EfficientNet-Lite0 with its ImageNet weights", efficientnet_lines()), Step("The answer", text))
    shown_ = {"probabilities": [value for _, value in found.classes]}
    return Program("A picture is classified", steps, (), shown_, files={SEEN: found.picture.png})


INSIDE = View((RESOLUTION,), measure, draw, (LAYER,), before, question, goal, program)
