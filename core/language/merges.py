"""How byte-pair encoding puts a word together, one merge after the other."""

import functools
import json
from itertools import pairwise

from core.language.tokens import FOLDER, byte_letters


@functools.cache
def ranks() -> dict[tuple[str, str], int]:
    """Which pairs are merged, the earliest learned first."""
    merges = json.loads((FOLDER / "tokenizer.json").read_text(encoding="utf-8"))["model"]["merges"]
    return {(left, right): place for place, (left, right) in enumerate(merges)}


def merged(parts: list[str], known: dict[tuple[str, str], int]) -> list[str] | None:
    """The parts with the pair merged that was learned earliest, everywhere; None where no pair is known."""
    pairs = [pair for pair in pairwise(parts) if pair in known]
    if not pairs:
        return None
    left, right = min(pairs, key=lambda pair: known[pair])
    joined, at = [], 0
    while at < len(parts):
        both = at + 1 < len(parts) and (parts[at], parts[at + 1]) == (left, right)
        joined.append(left + right if both else parts[at])
        at += 2 if both else 1
    return joined


def steps(word: bytes) -> list[list[bytes]]:
    """A word's bytes, and what they are after each merge; the last row are its tokens (Sennrich et al. 2016)."""
    letters = {byte: letter for letter, byte in byte_letters().items()}
    back = byte_letters()
    parts: list[str] | None = [letters[byte] for byte in word]
    rows = []
    while parts:
        rows.append([bytes(back[letter] for letter in part) for part in parts])
        parts = merged(parts, ranks())
    return rows
