"""The programs of the page on transformers: a shipped model read again in PyTorch's own words."""

import functools

import torch
from torch import Tensor
from torch.nn import functional

from core.language.tokens import FOLDER
from core.models.transformer import NOTHING, Edits, attention, rotated
from core.programs import Program, Step
from core.topics.transformers.large import Large
from core.topics.transformers.readers import FILES, Reading, Small


def through(
    tokens: Tensor,
    weights: dict[str, Tensor],
    shape: tuple[int, int, bool],
    silent: tuple[tuple[int, int], ...] = (),
    skipped: tuple[str, ...] = (),
    places: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """The stream (layers + 1, …, tokens, width), attention (layers, …, heads, tokens, tokens) and logits of texts
    (…, tokens), for a shape of so many layers and heads, causal or not."""
    layers, heads, causal = shape
    places = torch.arange(tokens.shape[-1]) if places is None else places
    allowed = torch.ones(len(places), len(places), dtype=torch.bool).tril() if causal else None

    def linear(x: Tensor, name: str) -> Tensor:
        return functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"])

    x = weights["embedding.weight"][tokens]
    hidden, looked = [x], []
    for layer in range(layers):
        block = f"blocks.{layer}"
        parts = linear(norm(x, f"{block}.attention_norm"), f"{block}.queries_keys_values").chunk(3, dim=-1)
        queries, keys, values = (part.unflatten(-1, (heads, -1)).transpose(-3, -2) for part in parts)
        gathered, looks = attention(rotated(queries, places), rotated(keys, places), values, allowed)
        for at, head in silent:
            if at == layer:
                gathered[..., head, :, :] = 0
        if f"attention {layer + 1}" not in skipped:
            x = x + linear(gathered.transpose(-3, -2).flatten(-2), f"{block}.joined")
        if f"MLP {layer + 1}" not in skipped:
            inside = functional.gelu(linear(norm(x, f"{block}.mlp_norm"), f"{block}.mlp.0"))
            x = x + linear(inside, f"{block}.mlp.2")
        hidden.append(x)
        looked.append(looks)
    return torch.stack(hidden), torch.stack(looked), norm(x, "norm") @ weights["embedding.weight"].T


@functools.cache
def file_of(name: str) -> bytes:
    """A shipped model's weights."""
    return (FOLDER / f"{FILES[name]}.safetensors").read_bytes()


def program(
    title: str, readings: dict[str, Reading], last: str, shown: dict[str, object], edits: Edits = NOTHING
) -> Program:
    """A shipped model read again: what it makes of some texts, by the name of each, with ``edits`` in all of them;
    ``last`` are the statements that name the numbers in ``result``."""
    reader = next(iter(readings.values())).reader
    if isinstance(reader, Large):
        return large_program(title, readings, last, edits)
    file = f"{FILES[reader.name]}.safetensors"
    load = f'weights = {{name: part.float() for name, part in load_file("{file}").items()}}'
    reads = "\n".join(
        f"# {' '.join(map(ascii, reading.labels))[:100]}\n"
        f"hidden, looked, {name} = through(torch.tensor({list(reading.numbers)}), weights, {shape_of(reader)}"
        f"{written(edits)})"
        for name, reading in readings.items()
    )
    steps = (Step("The trained weights", load), Step("Reading", reads), Step("What is seen", last))
    return Program(title, steps, (attention, rotated, through), shown, files={file: file_of(reader.name)})


HUB = """from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained(
    "HuggingFaceTB/SmolLM2-135M-Instruct", dtype=torch.float32, attn_implementation="eager"
)"""
READ = """{name} = model(
    torch.tensor([{numbers}]), position_ids={places}, output_attentions=True, output_hidden_states=True
)
hidden, looked, {name} = torch.cat({name}.hidden_states), torch.cat({name}.attentions), {name}.logits[0]"""
HOOK = """def silence(layer, head):
    def hook(module, given):
        given[0][..., head * {size} : (head + 1) * {size}] = 0

    model.model.layers[layer].self_attn.o_proj.register_forward_pre_hook(hook)


for layer, head in {heads}:
    silence(layer, head)"""


def large_program(title: str, readings: dict[str, Reading], last: str, edits: Edits) -> Program:
    """The same with the large model, from its own hub: its weights are not rounded as those on this page, so that the
    numbers differ a little, and none are compared. Parts of layers are not skipped in it."""
    places = None if edits.places is None else f"torch.tensor([{list(edits.places)}])"
    heads = HOOK.format(size=Large().shape.head_dim, heads=sorted(edits.heads))
    reads = "\n".join(
        READ.format(name=name, numbers=list(reading.numbers), places=places) for name, reading in readings.items()
    )
    silent = (Step("Heads silent", heads),) if edits.heads else ()
    steps = (Step("The model from its hub", HUB), *silent, Step("Reading", reads), Step("What is seen", last))
    return Program(f"{title}, SmolLM2-135M-Instruct with its full weights", steps)


def shape_of(reader: Small) -> tuple[int, int, bool]:
    """Layers, heads, and whether it is causal."""
    return reader.layers, reader.heads, reader.causal


def written(edits: Edits) -> str:
    """Edits as arguments of ``through``."""
    skipped = [f"attention {layer + 1}" for layer in sorted(edits.attentions)]
    skipped += [f"MLP {layer + 1}" for layer in sorted(edits.mlps)]
    words = f", silent={tuple(sorted(edits.heads))!r}" if edits.heads else ""
    words += f", skipped={tuple(skipped)!r}" if skipped else ""
    return words + (f", places=torch.tensor({list(edits.places)})" if edits.places is not None else "")
