"""Pictures as tokens: cutting, one linear layer that is a convolution, and what the number of tokens costs."""

import functools

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from core.figures.galleries import mosaic
from core.figures.marks import hover, marker, stroke, trace, vertical
from core.figures.picture import BLUE, INK, ORANGE, Picture, layout
from core.figures.rasters import greys, raster, signed
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.models.vision_transformer import VisionTransformer, cut
from core.programs import Program, Step
from core.topics.vision_transformer.programs import READ, file_of, loading, png_of
from core.topics.vision_transformer.records import FILES, PATCH, SIDE, VIT, network
from core.topics.vision_transformer.subjects import Looked
from core.topics.vision_transformer.subjects import measure as look

SIZES = (2, 4, 7, 14)
PATCH_SIZE = scale("Patch size", SIZES, PATCH, help="Pixels of a patch's side; 4 is the shipped network's.")
WIDTH, HEADS, LAYERS, WIDENING = 48, 4, 4, 2
LITTLE = 0.1  # the share of all multiplications that the challenge leaves to attention


@functools.cache
def model_of(size: int) -> VisionTransformer:
    """The shipped network, or for other patch sizes an untrained one of its shape."""
    return network(VIT) if size == PATCH else VisionTransformer(10, SIDE, size, WIDTH, HEADS, LAYERS).eval()


@torch.no_grad()
def tokens_twice(x: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The tokens of a picture (1, 1, 28, 28), by one linear layer on the cut patches and by the strided convolution:
    both (patches, width)."""
    layer = model_of(size).patches
    linear = cut(x, size)[0] @ layer.weight.flatten(1).T + layer.bias
    return linear, layer(x)[0].flatten(1).T


def attention_work(tokens: int) -> int:
    """Multiplications of queries with keys and of weights with values, all layers: both grow with tokens²."""
    return LAYERS * 2 * tokens**2 * WIDTH


def layers_work(tokens: int) -> int:
    """Multiplications of the linear layers of all blocks: four of width², and two that widen and narrow again."""
    return LAYERS * tokens * (4 + 2 * WIDENING) * WIDTH**2


def token_count(size: int) -> int:
    """Patches and the class token."""
    return (SIDE // size) ** 2 + 1


@functools.cache
def counted(size: int) -> int:
    """Multiplications of one picture's way through the network, counted by PyTorch while it runs."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model_of(size)(torch.zeros(1, 1, SIDE, SIDE))
    return counter.get_total_flops() // 2


def by_formula(size: int) -> int:
    """The same from the shapes: blocks, patch embedding and output layer."""
    tokens = token_count(size)
    return attention_work(tokens) + layers_work(tokens) + (tokens - 1) * size**2 * WIDTH + 10 * WIDTH


def share_of_attention(size: int) -> float:
    """How much of the blocks' multiplications is attention's."""
    attention, others = attention_work(token_count(size)), layers_work(token_count(size))
    return attention / (attention + others)


def draw(looked: Looked, patch_size: int) -> Shown:
    """The cut picture, the learned filters, and the cost."""
    linear, convolved = tokens_twice(looked.x, patch_size)
    tokens = token_count(patch_size)
    off = float((linear - convolved).abs().max())
    note = (
        f"Patches of {patch_size} × {patch_size} pixels: {tokens - 1} tokens and the class token. Cutting and one "
        f"linear layer, or a convolution with stride {patch_size}, make **{same(off)}**. "
        f"One picture costs **{counted(patch_size) / 1e6:.1f} million** multiplications (counted while it "
        f"runs; the formula gives {by_formula(patch_size) / 1e6:.1f}), and of those in the blocks "
        f"**{share_of_attention(patch_size):.0%}** are attention's, which grow with the square of the tokens."
    )
    return Shown(((pieces(looked, patch_size), filters(patch_size)), (cost(patch_size),)), note)


def same(off: float) -> str:
    """How far the tokens of both ways are apart, in words."""
    return f"tokens that differ by {off:.1g} at most: rounding" if off else "the same tokens to the last bit"


def pieces(looked: Looked, size: int) -> Picture:
    """The picture with its patches apart."""
    patches = cut(looked.x, size)[0].reshape(-1, size, size).numpy()
    whole = mosaic(patches, SIDE // size, 0.5)
    alt = f"The picture ({looked.name}) cut into {len(patches)} patches of {size} × {size} pixels."
    return raster([greys(whole)], whole.shape, f"{len(patches)} patches", alt, 300)


def filters(size: int) -> Picture:
    """The weights of the patch embedding, one small map for each number of a token."""
    weights = model_of(size).patches.weight[:, 0].detach().numpy()
    weights = weights / np.abs(weights).max(axis=(1, 2), keepdims=True)
    whole = mosaic(weights, 8, 0.0)
    name = "learned filters" if size == PATCH else "filters before training"
    alt = f"{name.capitalize()} of the patch embedding, each in its own shades: {len(weights)} of {size} × {size}."
    return raster([signed(whole, 1.0)], whole.shape, name, alt, 300)


def cost(size: int) -> Picture:
    """Multiplications over the number of tokens, attention's and the others', both axes logarithmic."""
    counts = np.array([token_count(each) for each in SIZES], float)
    rows = {"attention (tokens²)": attention_work, "linear layers (tokens)": layers_work}
    traces = []
    for (name, work), color, dash, symbol in zip(
        rows.items(), (ORANGE, BLUE), ("solid", "dash"), ("circle", "diamond"), strict=True
    ):
        values = np.array([work(token_count(each)) for each in SIZES], float)
        traces.append(trace("lines+markers", counts, values, name=name, line=stroke(color, 2.5, dash),
                            marker=marker(color, 8, symbol), **hover("%{y:,.3s} at %{x} tokens", name)))  # fmt: skip
    at = token_count(size)
    line = vertical(at, INK, 1.5, "dot")
    ticks = {"type": "log", "tickvals": counts.tolist(), "ticktext": [f"{count:.0f}" for count in counts]}
    plan = layout("tokens", "multiplications per picture", 320, shapes=[line], xaxis=ticks,
                  yaxis={"type": "log", "dtick": 1})  # fmt: skip
    told = (
        f"Multiplications against tokens: attention from {attention_work(token_count(14)):,} at {token_count(14)} "
        f"tokens to {attention_work(token_count(2)):,} at {token_count(2)}, linear layers from "
        f"{layers_work(token_count(14)):,} to {layers_work(token_count(2)):,}."
    )
    return Picture(traces, plan, told)


def before(looked: Looked, patch_size: int) -> Shown:
    """The cut picture alone: what is seen before the guess."""
    note = f"{token_count(patch_size) - 1} patches, each of which becomes one token of {WIDTH} numbers."
    return Shown(((pieces(looked, patch_size), filters(patch_size)),), note)


def question(looked: Looked, patch_size: int) -> Question:
    """What do finer patches cost?"""
    ratio = attention_work(token_count(2)) / attention_work(token_count(4))
    words = "Patches of 2 × 2 pixels instead of 4 × 4. By which factor do attention's multiplications grow?"
    because = "Half the side makes four times the tokens, and every token looks at every other: about 4² = 16 times."
    return Question(words, Scale(1, 32, 1, "×", 1), round(ratio, 1), because)


def goal(looked: Looked, patch_size: int) -> Goal:
    """Fine patches, cheap attention."""
    able = [size for size in SIZES if share_of_attention(size) <= LITTLE]
    words = (
        f"Find the **smallest patch** with which attention takes {LITTLE:.0%} of the blocks' multiplications or less."
    )
    return Goal(words, patch_size == min(able), f"Now: {share_of_attention(patch_size):.0%}.")


LAST = """size, width = {size}, {width}
layer = nn.Conv2d(1, width, kernel_size=size, stride=size)
{weights}with torch.no_grad():
    convolved = layer(x)[0].flatten(1).T
    linear = functional.unfold(x, size, stride=size)[0].T @ layer.weight.flatten(1).T + layer.bias
tokens = len(convolved) + 1
result = {{
    "farthest": (linear - convolved).abs().max().item(),
    "tokens": tokens,
    "attention's multiplications": {layers} * 2 * tokens**2 * width,
}}"""


def code(looked: Looked, patch_size: int) -> Program:
    """The two ways to the tokens, and the count."""
    linear, convolved = tokens_twice(looked.x, patch_size)
    trained = patch_size == PATCH
    state = 'layer.load_state_dict({part: weights[f"patches.{part}"] for part in ("weight", "bias")})\n'
    last = LAST.format(size=patch_size, width=WIDTH, layers=LAYERS, weights=state if trained else "")
    load = (Step("The trained weights", loading(VIT, "weights")),) if trained else ()
    steps = (*load, Step("The picture", READ.format(side=SIDE)), Step("Patches as tokens", last))
    shown = {
        "farthest": float((linear - convolved).abs().max()),
        "tokens": token_count(patch_size),
        "attention's multiplications": attention_work(token_count(patch_size)),
    }
    files = {"picture.png": png_of(looked), **({f"{FILES[VIT]}.safetensors": file_of(VIT)} if trained else {})}
    return Program("Patches as tokens", steps, (), shown, files=files)


VIEW = View((), look, draw, (PATCH_SIZE,), before, question, goal, code)
