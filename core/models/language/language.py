"""A causal language model in memory: read with or without a cache, and looked into."""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from core.models.language.tokens import Message, Tokens


class Look(NamedTuple):
    """What one reading of T tokens shows: ``logits`` (T, vocabulary), ``attentions`` (layers, heads, T, T) whose rows
    sum to one, and ``hidden`` (layers + 1, T, width): the embeddings, then what each layer leaves, the last of them
    after the final norm. All float32."""

    logits: Tensor
    attentions: Tensor
    hidden: Tensor


class Language:
    """A model and its tokens. ``model`` is transformers' own, frozen and shared by everybody: change a copy.

    ``name`` is what people call it, ``licence`` its terms, ``context`` how many tokens it can read at once.
    """

    def __init__(self, name: str, model: nn.Module, tokens: Tokens, licence: str = "") -> None:
        self.name, self.model, self.tokens, self.licence = name, model.eval().requires_grad_(False), tokens, licence

    @property
    def config(self) -> Any:
        """The shape of the network, transformers' own object."""
        return self.model.config

    @property
    def context(self) -> int:
        """Tokens that it can read at once."""
        return int(self.config.max_position_embeddings)

    @cached_property
    def parameters(self) -> int:
        """How many numbers it has learned; tied ones count once."""
        return sum(weight.numel() for weight in self.model.parameters())

    @cached_property
    def looking(self) -> nn.Module:
        """The same weights in a model that computes attention step by step, so that it can be looked at."""
        config = copy(self.config)
        config._attn_implementation = "eager"
        with torch.device("meta"):
            eager = type(self.model)(config)
        for name, part in self.model.named_modules():  # the weights themselves, and the tables of positions
            twin = eager.get_submodule(name)
            twin._parameters.update(part._parameters)
            twin._buffers.update(part._buffers)
        return eager.eval()

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a conversation, up to where the answer begins."""
        return self.tokens.prompt(messages)

    def cache(self) -> Any:
        """An empty memory of keys and values, for ``logits``."""
        from transformers import DynamicCache

        return DynamicCache(config=self.config)

    @torch.inference_mode()
    def logits(self, numbers: Sequence[int], cache: Any = None, last: int = 1) -> Tensor:
        """Logits (last, vocabulary), float32, after the last few of T tokens; ``last=0`` for all of them.

        With a ``cache`` the tokens follow those already in it, and are remembered there.
        """
        read = torch.tensor([list(numbers)])
        answer = self.model(read, past_key_values=cache, use_cache=cache is not None, logits_to_keep=last)
        return answer.logits[0].float()

    @torch.inference_mode()
    def look(self, numbers: Sequence[int]) -> Look:
        """Read T tokens from the beginning and keep everything on the way."""
        answer = self.looking(
            torch.tensor([list(numbers)]), use_cache=False, output_attentions=True, output_hidden_states=True
        )
        attentions, hidden = torch.cat(answer.attentions), torch.cat(answer.hidden_states)
        return Look(answer.logits[0].float(), attentions.float(), hidden.float())

    @torch.inference_mode()
    def attention(self, numbers: Sequence[int]) -> Tensor:
        """What the last of T tokens looks at, (layers, heads, T), float32; rows sum to one. Costs one row, not T."""
        cache = self.cache()
        if len(numbers) > 1:
            self.logits(numbers[:-1], cache)
        answer = self.looking(torch.tensor([[numbers[-1]]]), past_key_values=cache, output_attentions=True)
        return torch.cat(answer.attentions)[:, :, 0].float()
