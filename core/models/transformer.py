"""The transformer, written out once: a GPT where it is causal, a BERT where it is not.

Vaswani et al. (2017), *Attention is all you need*; pre-norm blocks and the GELU as in GPT-2 (Radford et al. 2019),
rotary positions (Su et al. 2021); the causal mask left out as in BERT (Devlin et al. 2019). The output layer is the
embedding, turned round.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn

from core.models.layers import Model

BASE = 10_000.0  # the slowest of the turning pairs takes about so many places for a radian
Cache = list[tuple[Tensor, Tensor]]  # of each layer: keys and values so far, (batch, heads, tokens, width / heads)


def attention(queries: Tensor, keys: Tensor, values: Tensor, allowed: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """What each query gathers, and how much it looks at each key: softmax(q kᵀ / √d) v (Vaswani et al. 2017).

    queries (…, asking, d), keys and values (…, tokens, d), allowed (asking, tokens) or None → what is gathered
    (…, asking, d), weights (…, asking, tokens), each row summing to 1.
    """
    scores = queries @ keys.transpose(-2, -1) / queries.shape[-1] ** 0.5
    if allowed is not None:
        scores = scores.masked_fill(~allowed, float("-inf"))
    weights = scores.softmax(dim=-1)
    return weights @ values, weights


def rotated(x: Tensor, places: Tensor) -> Tensor:
    """Queries or keys (…, tokens, d), each turned by angles that grow with its place (tokens,), so that their products
    depend on how far apart they stand (Su et al. 2021). d is even."""
    half = x.shape[-1] // 2
    angles = places[:, None] * BASE ** (-torch.arange(half) / half)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()], -1)


@dataclass(frozen=True)
class Edits:
    """What is changed inside while a text is read: ``heads`` (layer, head) that are silent, layers whose ``attentions``
    or ``mlps`` add nothing, and the ``places`` at which the tokens are said to stand (None: where they do)."""

    heads: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    attentions: frozenset[int] = field(default_factory=frozenset)
    mlps: frozenset[int] = field(default_factory=frozenset)
    places: tuple[int, ...] | None = None


NOTHING = Edits()


class Trace(NamedTuple):
    """What went on inside: the residual stream before the first block and after each, (layers + 1, tokens, width);
    attention weights (layers, heads, tokens, tokens), rows of the token that looks; logits (tokens, vocabulary)."""

    hidden: Tensor
    weights: Tensor
    logits: Tensor


class Block(nn.Module):
    """Attention, then a layer of ``widening`` times the width for each token by itself; both read a normalised copy and
    add to the stream."""

    def __init__(self, width: int, heads: int, widening: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        units = widening * width
        self.mlp = nn.Sequential(nn.Linear(width, units), nn.GELU(), nn.Linear(units, width))

    def attend(
        self,
        x: Tensor,
        places: Tensor | None,
        causal: bool,
        before: tuple[Tensor, Tensor] | None = None,
        silent: tuple[int, ...] = (),
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        """x (batch, tokens, width) at ``places`` (tokens,) → what attention adds to it, the weights (batch, heads,
        tokens, all tokens), and the keys and values of all tokens, those of ``before`` among them."""
        parts = self.queries_keys_values(self.attention_norm(x)).chunk(3, dim=-1)
        queries, keys, values = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        if places is not None:
            queries, keys = rotated(queries, places), rotated(keys, places)
        if before is not None:
            keys, values = torch.cat([before[0], keys], dim=2), torch.cat([before[1], values], dim=2)
        asking, tokens = queries.shape[2], keys.shape[2]
        allowed = torch.ones(asking, tokens, dtype=torch.bool).tril(tokens - asking) if causal else None
        gathered, weights = attention(queries, keys, values, allowed)
        for head in silent:
            gathered = gathered.index_fill(1, torch.tensor([head]), 0.0)
        return self.joined(gathered.transpose(1, 2).flatten(2)), weights, (keys, values)


class Transformer(Model):
    """A language model: ``Transformer(2048)`` takes token numbers (batch, tokens) and answers (batch, tokens,
    vocabulary) logits: of the next token where it is ``causal``, else of the token that belongs at that place.

    Without ``positions`` it does not know where a token stands. Weights are drawn from ``seed``. Raises ``ValueError``
    for what makes no network, and for more tokens than ``context``.
    """

    source = "Transformer(2)"

    def __init__(
        self,
        vocabulary: int,
        context: int = 128,
        width: int = 128,
        heads: int = 4,
        layers: int = 4,
        causal: bool = True,
        positions: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if min(vocabulary, context, width, heads, layers) < 1 or width % (2 * heads):
            raise ValueError("A transformer needs at least one of everything, and an even width for each head.")
        self.context, self.causal, self.positions, self.heads = context, causal, positions, heads
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        draw(self, seed)

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, tokens) → logits (batch, tokens, vocabulary)."""
        return self.answers(self.states(tokens))

    def states(self, tokens: Tensor) -> Tensor:
        """The last state of every token, (batch, tokens, width): what the output layer reads."""
        x, places = self.embedding(tokens), self.places(0, tokens.shape[1])
        for block in self.blocks:
            x = x + block.attend(x, places, self.causal)[0]
            x = x + block.mlp(block.mlp_norm(x))
        return x

    def answers(self, states: Tensor) -> Tensor:
        """What the output layer says to states (…, width), also to those between the blocks: (…, vocabulary)."""
        return self.norm(states) @ self.embedding.weight.T

    def places(self, start: int, end: int, said: tuple[int, ...] | None = None) -> Tensor | None:
        """Where the tokens ``start`` to ``end`` − 1 stand, or are ``said`` to stand; None for a model that is blind to
        it. Raises ``ValueError`` beyond the context."""
        if end > self.context:
            raise ValueError(f"This network reads at most {self.context} tokens, and here are {end}.")
        return (torch.arange(start, end) if said is None else torch.tensor(said)) if self.positions else None

    @torch.no_grad()
    def trace(self, tokens: Tensor, edits: Edits = NOTHING) -> Trace:
        """Read one text (tokens,) and keep everything; ``edits`` says what is changed inside."""
        x, places = self.embedding(tokens[None]), self.places(0, len(tokens), edits.places)
        hidden, looked = [x], []
        for layer, block in enumerate(self.blocks):
            silent = tuple(head for at, head in edits.heads if at == layer)
            added, weights, _ = block.attend(x, places, self.causal, silent=silent)
            x = x if layer in edits.attentions else x + added
            x = x if layer in edits.mlps else x + block.mlp(block.mlp_norm(x))
            hidden.append(x)
            looked.append(weights)
        return Trace(torch.cat(hidden), torch.cat(looked), self.answers(x)[0])

    @torch.no_grad()
    def extend(self, tokens: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Go on behind a ``cache`` with new tokens (batch, tokens): their logits, and the longer cache."""
        before: list = cache or [None] * len(self.blocks)
        start = cache[0][0].shape[2] if cache else 0
        x, places, longer = self.embedding(tokens), self.places(start, start + tokens.shape[1]), []
        for block, past in zip(self.blocks, before, strict=True):
            added, _, kept = block.attend(x, places, self.causal, past)
            x = x + added
            x = x + block.mlp(block.mlp_norm(x))
            longer.append(kept)
        return self.answers(x), longer


@torch.no_grad()
def draw(model: Transformer, seed: int) -> None:
    """Starting weights as GPT-2 draws them: normal with deviation 0.02, less where a layer adds to the stream."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if weight.dim() < 2:
            continue  # offsets start at 0, norms at 1, as torch makes them
        adds = name.endswith(("joined.weight", "mlp.2.weight"))
        weight.normal_(0, 0.02 / (2 * len(model.blocks)) ** 0.5 if adds else 0.02, generator=generator)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.bias.zero_()
