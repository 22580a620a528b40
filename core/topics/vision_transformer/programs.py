"""The programs of this page: the shipped networks read again in PyTorch's own words."""

import functools
import io
from collections.abc import Mapping

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from core.data.held_out import FOLDER as PICTURES
from core.models.transformer import attention
from core.programs import Program, Step
from core.topics.vision_transformer.records import CONVOLUTIONAL, FILES, FOLDER, SIDE, VIT
from core.topics.vision_transformer.subjects import Looked


def vision(
    x: Tensor, weights: dict[str, Tensor], table: Tensor | None = None, kept: list[int] | None = None
) -> tuple[Tensor, Tensor]:
    """Logits (batch, 10) and attention (layers, batch, heads, tokens, tokens) for pictures (batch, 1, 28, 28); of the
    patches only those ``kept`` are read, ``table`` stands in for the position embeddings."""

    def linear(x: Tensor, name: str) -> Tensor:
        return functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"])

    patches = functional.conv2d(x, weights["patches.weight"], weights["patches.bias"], stride=4)
    stream = torch.cat([weights["class_token"].expand(len(x), 1, -1), patches.flatten(2).transpose(1, 2)], dim=1)
    table = weights.get("positions") if table is None else table
    stream = stream if table is None else stream + table
    stream = stream if kept is None else stream[:, [0, *(place + 1 for place in kept)]]
    looked = []
    for block in (f"blocks.{layer}" for layer in range(4)):
        parts = linear(norm(stream, f"{block}.attention_norm"), f"{block}.queries_keys_values").chunk(3, dim=-1)
        queries, keys, values = (part.unflatten(-1, (4, -1)).transpose(1, 2) for part in parts)
        gathered, looks = attention(queries, keys, values)
        stream = stream + linear(gathered.transpose(1, 2).flatten(2), f"{block}.joined")
        inside = functional.gelu(linear(norm(stream, f"{block}.mlp_norm"), f"{block}.mlp.0"))
        stream = stream + linear(inside, f"{block}.mlp.2")
        looked.append(looks)
    return linear(norm(stream[:, 0], "norm"), "output"), torch.stack(looked)


def convolutional(x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """The CNN's logits (batch, 10) for pictures (batch, 1, 28, 28)."""
    for block in (f"blocks.{layer}" for layer in range(3)):
        x = functional.conv2d(x, weights[f"{block}.0.weight"], weights[f"{block}.0.bias"], padding=1)
        statistics = weights[f"{block}.1.running_mean"], weights[f"{block}.1.running_var"]
        x = functional.batch_norm(x, *statistics, weights[f"{block}.1.weight"], weights[f"{block}.1.bias"])
        x = functional.max_pool2d(functional.relu(x), 2)
    return functional.linear(x.flatten(1), weights["output.weight"], weights["output.bias"])


@functools.cache
def file_of(kind: str) -> bytes:
    """A shipped network's weights."""
    return (FOLDER / f"{FILES[kind]}.safetensors").read_bytes()


def loading(kind: str, name: str) -> str:
    """A statement that reads a shipped network."""
    return f'{name} = {{name: part.float() for name, part in load_file("{FILES[kind]}.safetensors").items()}}'


def png_of(looked: Looked) -> bytes:
    """The picture as a file."""
    stream = io.BytesIO()
    Image.fromarray((looked.x[0, 0] * 255).round().byte().numpy()).save(stream, "PNG")
    return stream.getvalue()


READ = """pixels = torch.from_numpy(np.asarray(Image.open("picture.png"), dtype=np.float32) / 255)
x = pixels.reshape(1, 1, {side}, {side})"""
SHEET = """sheet = torch.from_numpy(np.asarray(Image.open("fashion.png").convert("L"), dtype=np.float32) / 255)
rows = sheet.unflatten(0, (10, 28)).unflatten(2, (30, 28))  # a row of 30 pictures for each class
x, y = rows.permute(0, 2, 1, 3).reshape(-1, 1, 28, 28), torch.arange(10).repeat_interleave(30)"""


def on_a_picture(title: str, looked: Looked, last: str, shown: Mapping[str, object]) -> Program:
    """The ViT looks at a picture: its ``logits`` and what it ``looked`` at; ``last`` names the numbers."""
    run = f"{READ.format(side=SIDE)}\nwith torch.no_grad():\n    logits, looked = vision(x, weights)"
    steps = (Step("The trained weights", loading(VIT, "weights")), Step("Looking", run), Step("What is seen", last))
    files = {f"{FILES[VIT]}.safetensors": file_of(VIT), "picture.png": png_of(looked)}
    return Program(title, steps, (attention, vision), shown, files=files)


def both_on_a_picture(title: str, looked: Looked, change: str, last: str, shown: Mapping[str, object]) -> Program:
    """The ViT and the CNN on a picture that some statements ``change``; ``last`` are the statements that follow."""
    load = f"{loading(VIT, 'weights')}\n{loading(CONVOLUTIONAL, 'filters')}"
    steps = (
        Step("The trained weights", load),
        Step("The picture", f"{READ.format(side=SIDE)}\n{change}"),
        Step("What is seen", last),
    )
    files = {f"{FILES[kind]}.safetensors": file_of(kind) for kind in (VIT, CONVOLUTIONAL)}
    files["picture.png"] = png_of(looked)
    return Program(title, steps, (attention, vision, convolutional), shown, files=files)


def on_the_sheet(title: str, kinds: tuple[str, ...], last: str, shown: Mapping[str, object]) -> Program:
    """Shipped networks, by the names ``weights`` and ``filters``, on the held-out pictures ``x`` of classes ``y``."""
    names = {VIT: "weights", CONVOLUTIONAL: "filters"}
    load = "\n".join(loading(kind, names[kind]) for kind in kinds)
    steps = (Step("The trained weights", load), Step("Held-out pictures", SHEET), Step("What is seen", last))
    files = {f"{FILES[kind]}.safetensors": file_of(kind) for kind in kinds}
    files["fashion.png"] = (PICTURES / "fashion.png").read_bytes()
    functions = (attention, vision, *([convolutional] if CONVOLUTIONAL in kinds else []))
    return Program(title, steps, functions, shown, files=files)
