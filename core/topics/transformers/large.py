"""SmolLM2-135M looked into like the small models: the same questions, put to transformers' own network by hooks."""

import functools
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.models import language
from core.models.transformer import NOTHING, Edits, Trace

LARGE = "SmolLM2-135M"
CONTEXT = 64  # tokens that this page lets it read; it could read 8,192
LOOKING = threading.Lock()  # edits are hooks on the one network of this page


@functools.cache
def network() -> Any:
    """The network that the hooks are put on: shared weights in a shell of this page's own."""
    shared = language.smollm(torch.float32)
    return language.Language(shared.name, shared.model, shared.tokens).looking


def here() -> bool:
    """Whether it answers at once."""
    return language.ready(torch.float32)


def fetched() -> Iterator[tuple[float, str]]:
    """Load it, as a job."""
    yield from language.prepared(torch.float32)
    yield 0.99, "looking inside"
    network()


@dataclass(frozen=True)
class Large:
    """SmolLM2-135M-Instruct: 30 layers of 9 heads, that share 3 sets of keys and values."""

    name: str = LARGE
    causal: bool = True
    context: int = CONTEXT

    @property
    def shape(self) -> Any:
        """Its configuration, transformers' own."""
        return network().config

    @property
    def layers(self) -> int:
        return self.shape.num_hidden_layers

    @property
    def heads(self) -> int:
        return self.shape.num_attention_heads

    @property
    def width(self) -> int:
        """Numbers in the stream for each token."""
        return self.shape.hidden_size

    @property
    def vocabulary(self) -> int:
        return self.shape.vocab_size

    @property
    def provenance(self) -> str:
        """Where numbers come from that it has computed."""
        return "SmolLM2-135M-Instruct (Hugging Face, Apache-2.0), float32 · computed live"

    def encode(self, text: str) -> list[int]:
        """A text as tokens."""
        return language.smollm(torch.float32).tokens.numbers(text)

    def piece(self, number: int) -> bytes:
        """A token's bytes, as far as they are text."""
        return language.smollm(torch.float32).tokens.piece(number).encode()

    @torch.inference_mode()
    def trace(self, numbers: Sequence[int], edits: Edits = NOTHING) -> Trace:
        """Read tokens and keep everything, the stream before the last norm too."""
        model = network()
        places = None if edits.places is None else torch.tensor([edits.places])
        with LOOKING, edited(model, edits), kept(model) as stream:
            answer = model(torch.tensor([list(numbers)]), position_ids=places, use_cache=False,
                           output_attentions=True, output_hidden_states=True)  # fmt: skip
        hidden = torch.cat([*answer.hidden_states[:-1], stream[0]])
        return Trace(hidden, torch.cat(answer.attentions), answer.logits[0])

    @torch.inference_mode()
    def answers(self, states: Tensor) -> Tensor:
        """What the output layer says to states (…, width)."""
        return network().lm_head(network().model.norm(states))

    @torch.inference_mode()
    def extend(self, numbers: Sequence[int], cache: Any = None) -> tuple[Tensor, Any]:
        """Go on behind a cache of keys and values (cut to itself again, so that it may be used twice)."""
        from transformers import DynamicCache

        model = language.smollm(torch.float32).model
        cache = DynamicCache(config=model.config) if cache is None else cache
        before = cache.get_seq_length()
        answer = model(torch.tensor([list(numbers)]), past_key_values=cache, use_cache=True, logits_to_keep=1)
        if before:
            cache.crop(-len(numbers))
        return answer.logits[0, -1], cache

    def bytes_kept(self, cache: Any) -> int:
        """The memory of a cache."""
        return sum(part.nbytes for layer in cache.layers for part in (layer.keys, layer.values))


@contextmanager
def kept(model: Any) -> Iterator[list[Tensor]]:
    """What goes into the last norm while the block runs."""
    stream: list[Tensor] = []
    hook = model.model.norm.register_forward_pre_hook(lambda _, given: stream.append(given[0]))
    try:
        yield stream
    finally:
        hook.remove()


@contextmanager
def edited(model: Any, edits: Edits) -> Iterator[None]:
    """Heads silent and parts of layers adding nothing while the block runs."""
    size = model.config.head_dim
    with ExitStack() as undo:
        for layer, block in enumerate(model.model.layers):
            heads = [head for at, head in edits.heads if at == layer]
            hooks = []
            if heads:
                hooks.append(block.self_attn.o_proj.register_forward_pre_hook(silencer(heads, size)))
            if layer in edits.attentions:
                hooks.append(block.self_attn.register_forward_hook(lambda _, given, made: (0 * made[0], *made[1:])))
            if layer in edits.mlps:
                hooks.append(block.mlp.register_forward_hook(lambda _, given, made: 0 * made))
            for hook in hooks:
                undo.callback(hook.remove)
        yield


def silencer(heads: list[int], size: int):
    """A hook that replaces what some heads have gathered, (batch, tokens, heads · size), by nothing."""

    def hook(_, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        gathered = given[0].clone()
        for head in heads:
            gathered[..., head * size : (head + 1) * size] = 0
        return (gathered, *given[1:])

    return hook
