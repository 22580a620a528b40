"""Where a token looks: one head over the picture, all heads at a glance, and the rollout through all layers."""

import numpy as np

from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, slider
from core.lessons.view import Shown, View
from core.probes.rollout import rollout
from core.programs import Program
from core.topics.vision_transformer import figures
from core.topics.vision_transformer.programs import on_a_picture
from core.topics.vision_transformer.records import CONVOLUTIONAL, COUNT, ROW, VIT
from core.topics.vision_transformer.subjects import Looked, measure, place_of, words_of

TOKEN = slider("Token", 0, COUNT, 0, help="Whose attention is shown: 0 is the class token, 1 to 49 are the patches.")
LAYER, HEAD = slider("Layer", 1, 4, 1), slider("Head", 1, 4, 1)
INKED = 0.1  # mean brightness from which a patch belongs to the thing and not to the black around it


def inked(looked: Looked) -> np.ndarray:
    """Which patches show something of the thing, (49,)."""
    return patch_means(looked.picture) >= INKED


def patch_means(pixels: np.ndarray) -> np.ndarray:
    """Mean brightness of every patch, (49,)."""
    size = len(pixels) // ROW
    return pixels.reshape(ROW, size, ROW, size).mean(axis=(1, 3)).ravel()


def on_the_thing(looked: Looked) -> float:
    """Of what the class token's rollout gives the patches, the share that goes to those that show the thing."""
    flow = rollout(looked.weights)[0, 1:]
    return float(flow[inked(looked)].sum() / flow.sum())


def spread(looked: Looked) -> np.ndarray:
    """By how many bits the class token's attention is spread in each head, (layers, heads): less is more focused."""
    rows = looked.weights[:, :, 0]
    return -(rows * np.log2(np.maximum(rows, 1e-12))).sum(axis=-1)


def name_of(token: int) -> str:
    """A token in words."""
    return "the class token" if token == 0 else f"the patch in {words_of(token - 1)}"


def draw(looked: Looked, token: int, layer: int, head: int) -> Shown:
    """One head and the rollout over the picture; all heads; what the networks answer."""
    row, flow = looked.weights[layer - 1, head - 1, token], rollout(looked.weights)[token]
    place = token - 1 if token else None
    title = f"layer {layer}, head {head}"
    told = f"Where {name_of(token)} looks in {title}: most, {row[1:].max():.0%}, at {words_of(int(row[1:].argmax()))}."
    said = [hovered(looked, at) for at in range(COUNT)]
    one = figures.over(looked.picture, row[1:], title, told, place, said)
    told = f"Rollout of {name_of(token)}: most, {flow[1:].max():.0%}, from {words_of(int(flow[1:].argmax()))}."
    through = figures.over(looked.picture, flow[1:], "rollout through all layers", told, place, said)
    chances = {kind: looked.chances[kind].tolist() for kind in (VIT, CONVOLUTIONAL)}
    rows = ((one, through), (heads(looked, token, layer, head), figures.beside(chances)))
    return Shown(rows, note_on(looked, token, row), clicked=clicked)


def picked(looked: Looked, token: int) -> figures.Picture:
    """The picture itself, the token's patch framed."""
    title = "click a patch"
    alt = f"The picture ({looked.name}) cut into {ROW} × {ROW} patches; chosen is {name_of(token)}."
    return figures.plain(looked.picture, title, alt, [token - 1] if token else [])


def hovered(looked: Looked, place: int) -> str:
    """What is said of a patch under the mouse: where it looks in each layer, mean of the heads, and its rollout."""
    rows = looked.weights[:, :, place + 1, 1:].mean(axis=1)
    lines = [
        f"its layer {layer + 1} looks most at {words_of(int(row.argmax()))} ({row.max():.0%})"
        for layer, row in enumerate(rows)
    ]
    flow = rollout(looked.weights)[place + 1, 1:]
    lines.append(f"rollout: most from {words_of(int(flow.argmax()))} ({flow.max():.0%})")
    return "<br>".join(lines)


def heads(looked: Looked, token: int, layer: int, head: int) -> figures.Picture:
    """Where a token looks in every head of every layer."""
    values = looked.weights[:, :, token, 1:].reshape(*looked.weights.shape[:2], ROW, ROW)
    bits = spread(looked)
    tight = np.unravel_index(bits.argmin(), bits.shape)
    told = (
        f"Where {name_of(token)} looks in each of {bits.size} heads, each map in its own shades. The class token's "
        f"attention is most focused in layer {tight[0] + 1}, head {tight[1] + 1} ({bits.min():.1f} bits)."
    )
    layers, columns = ([f"{word} {at + 1}" for at in range(4)] for word in ("layer", "head"))
    return figures.maps(values, (layers, columns), told, (layer - 1, head - 1))


def note_on(looked: Looked, token: int, row: np.ndarray) -> str:
    """What is to be seen, in words."""
    off = np.abs(looked.weights.sum(axis=-1) - 1).max()
    both = looked.answer(VIT), looked.answer(CONVOLUTIONAL)
    return (
        f"The ViT takes this for **{both[0]}** ({looked.chances[VIT].max():.0%}), the CNN for **{both[1]}** "
        f"({looked.chances[CONVOLUTIONAL].max():.0%}). {name_of(token)[0].upper()}{name_of(token)[1:]} shares out "
        f"100% of attention among {COUNT + 1} tokens: {row[0]:.0%} to the class token, the rest to patches (rows sum "
        f"to 1; the farthest is {off:.1g} off). The *rollout* follows the looks of all heads through all layers. "
        "Click a patch to see where it looks; the mouse over a patch says so too."
    )


def clicked(spot: dict) -> tuple[tuple[Control, object], ...]:
    """A click on a patch asks for its attention, one on a small map for that head."""
    if spot["row"] == 0:
        place = place_of(spot)
        return () if place is None else ((TOKEN, place + 1),)
    if spot["panel"]:
        return ()
    layer, head = figures.map_at(spot)
    return ((LAYER, layer + 1), (HEAD, head + 1)) if 0 <= layer < 4 and 0 <= head < 4 else ()


def before(looked: Looked, token: int, layer: int, head: int) -> Shown:
    """The picture in patches, and what the networks answer: what is seen before the guess."""
    chances = {kind: looked.chances[kind].tolist() for kind in (VIT, CONVOLUTIONAL)}
    share = float(inked(looked).mean())
    note = (
        f"The picture ({looked.name}) in {COUNT} patches; **{share:.0%}** of them show something of the thing, the "
        "others are as good as black. Each becomes a token; a *class token*, set before them, gathers the answer."
    )
    return Shown(((picked(looked, token), figures.beside(chances, 300)),), note)


def question(looked: Looked, token: int, layer: int, head: int) -> Question:
    """Does the answer come from the thing?"""
    share = float(inked(looked).mean())
    words = (
        "Followed through all layers, how much of what the class token gathered from the patches came from patches "
        "that **show the thing**?"
    )
    because = (
        f"An even gaze would give {share:.0%}. Patches say to each other where they stand in the first layers, so "
        "black ones carry messages too; and a rollout is a mean over heads, not a proof of what mattered."
    )
    return Question(words, Scale(0, 100, 5, "%", 10), round(100 * on_the_thing(looked)), because)


def goal(looked: Looked, token: int, layer: int, head: int) -> Goal:
    """Find the sharpest look."""
    bits = spread(looked)
    own = bits[layer - 1, head - 1]
    words = (
        "Find the head in which the **class token** is most focused on this picture (its attention has the fewest bits "
        "of spread; an even gaze has 5.6)."
    )
    now = f"Now: layer {layer}, head {head} has {own:.1f} bits." + (" Set Token to 0." if token else "")
    return Goal(words, token == 0 and bool(own <= bits.min() + 1e-9), now)


def code(looked: Looked, token: int, layer: int, head: int) -> Program:
    """The same weights and probabilities."""
    last = f"""flow = torch.eye(50)
for layer in looked[:, 0].mean(dim=1):
    flow = (0.5 * layer + 0.5 * torch.eye(50)) @ flow
result = {{
    "ViT": logits[0].softmax(dim=0).tolist(),
    "attention": looked[{layer - 1}, 0, {head - 1}, {token}].tolist(),
    "rollout": flow[{token}].tolist(),
}}"""
    shown = {
        "ViT": looked.chances[VIT].tolist(),
        "attention": looked.weights[layer - 1, head - 1, token].tolist(),
        "rollout": rollout(looked.weights)[token].tolist(),
    }
    return on_a_picture("Attention of a vision transformer", looked, last, shown)


VIEW = View((), measure, draw, (TOKEN, LAYER, HEAD), before, question, goal, code)
