"""Byte-pair encoding (Sennrich et al. 2016), on bytes (Radford et al. 2019), so that any text can be written in it."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "language"
VOCABULARY = 2048
START, TURN, MASK = range(3)  # a text begins; the next one speaks; a token is hidden
SPECIAL = ("<|text|>", "<|turn|>", "<|mask|>")


def trained(texts: Iterator[str], vocabulary: int = VOCABULARY) -> "Tokenizer":
    """A tokenizer that has learned which neighbours occur together most often."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


@functools.cache
def tokenizer() -> "Tokenizer":
    """The one that ships. What a learner types never becomes a special token, whatever it looks like."""
    from tokenizers import Tokenizer

    shipped = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    shipped.encode_special_tokens = True
    return shipped


def encode(text: str) -> list[int]:
    """A text as token numbers."""
    return tokenizer().encode(text).ids


def decode(numbers: Iterable[int]) -> str:
    """Token numbers as text; special tokens are left out, and halves of a character become �."""
    return tokenizer().decode(list(numbers))


@functools.cache
def pieces() -> tuple[bytes, ...]:
    """Each token's bytes; a special token's are its name."""
    from tokenizers import pre_tokenizers  # noqa: F401

    letters = byte_letters()
    words = (tokenizer().id_to_token(number) or "" for number in range(tokenizer().get_vocab_size()))
    return tuple(word.encode() if word in SPECIAL else bytes(letters[letter] for letter in word) for word in words)


def byte_letters() -> dict[str, int]:
    """GPT-2's alphabet: printable bytes stand for themselves, the others for letters from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}
