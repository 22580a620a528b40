"""Text to tokens and back, so that nothing a person types can pass for a control token."""

import secrets
from collections.abc import Sequence
from typing import Any, TypedDict


class Message(TypedDict):
    """One turn of a conversation: ``role`` is "system", "user" or "assistant"."""

    role: str
    content: str


class Tokens:
    """A model's tokenizer. ``control`` are the numbers that mean something other than text; ``ends`` of them, those
    that end a turn."""

    def __init__(self, tokenizer: Any, ends: Sequence[int] = ()) -> None:
        from tokenizers import Tokenizer

        self.tokenizer = tokenizer  # transformers' own
        self.structural = tokenizer.backend_tokenizer
        self.plain = Tokenizer.from_str(self.structural.to_str())
        self.plain.encode_special_tokens = True  # a control token that somebody types is text like any other
        self.control = frozenset(tokenizer.all_special_ids) | {
            number for number, token in tokenizer.added_tokens_decoder.items() if token.special
        }
        self.ends = (frozenset(ends) | {tokenizer.eos_token_id}) - {None}

    def __len__(self) -> int:
        return len(self.tokenizer)

    def numbers(self, text: str) -> list[int]:
        """The tokens of a text; never a control token, whatever is typed."""
        return self.plain.encode(text, add_special_tokens=False).ids

    def text(self, numbers: Sequence[int]) -> str:
        """The text of tokens, control tokens left out; half a character at the end reads as �."""
        return self.structural.decode(list(numbers), skip_special_tokens=True)

    def piece(self, number: int) -> str:
        """One token as it is spelt; � stands for a part of a character, a control token keeps its brackets."""
        return self.structural.decode([number], skip_special_tokens=False)

    def prompt(self, messages: Sequence[Message], answer: bool = True) -> list[int]:
        """The tokens of a conversation in the model's own template, up to where its answer begins.

        The template is filled with marks that nobody can guess, and each mark is then replaced by the tokens of a
        message: ``<|im_start|>`` in a message is thirteen letters, not a turn. Spaces around a message are cut.
        """
        marks = [f"mark{secrets.token_hex(12)}mark" for _ in messages]
        filled: list[Any] = [{**one, "content": mark} for one, mark in zip(messages, marks, strict=True)]
        rest = self.tokenizer.apply_chat_template(
            filled,
            tokenize=False,
            add_generation_prompt=answer,
            enable_thinking=False,  # Qwen's template asks for it
        )
        numbers: list[int] = []
        for message, mark in zip(messages, marks, strict=True):
            before, found, after = str(rest).partition(mark)
            if found:  # some templates leave a system message out
                numbers += self.template(before) + self.numbers(message["content"].strip())
                rest = after
        return numbers + self.template(str(rest))

    def template(self, text: str) -> list[int]:
        """Tokens of a piece of the template, where control tokens are what they say."""
        return self.structural.encode(text, add_special_tokens=False).ids
