"""What a token costs as the text grows: read all again, or keep keys and values and read the new one alone."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from core.figures.curves import bands
from core.lessons import Goal, Question
from core.lessons.controls import slider
from core.lessons.question import Scale
from core.lessons.view import Shown
from core.programs import Program
from core.topics.transformers.large import Large
from core.topics.transformers.programs import program
from core.topics.transformers.readers import Reader, Reading, read

LENGTHS = (1, 8, 16, 32, 64, 96, 127)
TRIES = 4  # of which the fastest counts: others use this machine too
CONTEXT = slider("Context", 2, 127, 96, help="Tokens that were read before the next one is asked for.")
FIVE = 3.0
TEXT = "My favorite kind of music is"


@dataclass(frozen=True)
class Costs:
    """Milliseconds for one more token behind contexts of ``lengths`` tokens, with and without a cache (lengths,); the
    largest difference of the two logits; bytes that a token leaves in the cache."""

    reader: Reader
    lengths: tuple[int, ...]
    cached: np.ndarray
    again: np.ndarray
    difference: float
    bytes_each: int
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"{self.reader.name} · fastest of {TRIES} on this machine just now · {self.seconds:.1f} s"

    def ratio(self, context: int) -> float:
        """How many times as long a token takes without a cache, between the measured lengths by straight lines."""
        again, cached = (np.interp(context, self.lengths, values) for values in (self.again, self.cached))
        return float(again / cached)


def measured(reader: Reader) -> Costs:
    """Measure now, on this machine."""
    began = time.perf_counter()
    numbers = [
        int(each) for each in torch.randint(300, 2000, (LENGTHS[-1] + 1,), generator=torch.Generator().manual_seed(0))
    ]
    rows, gaps, size = [], [], 0
    for length in LENGTHS:
        before, last = numbers[:length], numbers[length : length + 1]
        _, cache = reader.extend(before)
        size = reader.bytes_kept(cache) // length
        rows.append((fastest(lambda: reader.extend(last, cache)), fastest(lambda: reader.extend([*before, *last]))))
        gaps.append((reader.extend(last, cache)[0] - reader.extend([*before, *last])[0]).abs().max().item())
    cached, again = np.array(rows).T
    return Costs(reader, LENGTHS, cached, again, max(gaps), size, time.perf_counter() - began)


def fastest(work) -> float:
    """Milliseconds of the fastest of a few tries."""
    times = []
    for _ in range(TRIES):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return min(times)


def draw(found: Costs, context: int) -> Shown:
    """The time of one more token, and the arithmetic behind it."""
    curves = {"all read again": found.again, "with a cache": found.cached}
    time_picture = bands(found.lengths, curves, ("tokens before", "milliseconds per token"), 330)
    count = np.arange(1, LENGTHS[-1] + 1)
    work = {
        "all read again": multiplications(found.reader, count, count) / 1e6,
        "with a cache": multiplications(found.reader, np.ones_like(count), count) / 1e6,
    }
    work_picture = bands(count, work, ("tokens before", "million multiplications per token"), 330)
    note = (
        f"Behind {context} tokens the next one takes **{found.ratio(context):.1f} times** as long if all are read "
        f"again. Both give the same logits (largest difference {found.difference:.1g}). The cache keeps two vectors "
        f"per layer, {found.bytes_each:,} bytes for each token."
    )
    return Shown(((time_picture, work_picture),), note)


def multiplications(reader: Reader, asking: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Multiplications for so many tokens ``asking`` among so many: 12 width² for each in the matrices of each block,
    2 · width for each pair in attention, and the output layer for the last."""
    width = reader.width
    return reader.layers * (12 * width**2 * asking + 2 * width * asking * tokens) + width * reader.vocabulary


def work_only(found: Costs, context: int) -> Shown:
    """One curve: what is seen before the guess."""
    curve = {"with a cache": found.cached}
    note = "A cache keeps the keys and values of what was read. Then a new token takes this long:"
    return Shown(((bands(found.lengths, curve, ("tokens before", "milliseconds per token"), 330),),), note)


def how_many_times(found: Costs, context: int) -> Question:
    """How much does it save?"""
    words = (
        f"Without the cache, all {context + 1} tokens are read again for the next one. How many times as long does "
        "that take?"
    )
    because = (
        "The arithmetic grows with the number of tokens; the clock less so, since a large matrix keeps the processor "
        "busier than a single row."
    )
    return Question(words, Scale(0.0, 40.0, 1.0, "times", 3.0), round(found.ratio(context), 1), because)


def worth_it(found: Costs, context: int) -> Goal:
    """From where on is it worth it?"""
    words = f"Find a context **as short as you can** behind which the cache makes a token {FIVE:g} times as fast."
    ratio = found.ratio(context)
    return Goal(words, ratio >= FIVE and context < CONTEXT.value, f"Now: {context} tokens, {ratio:.1f} times.", context)


def code(found: Costs, context: int) -> Program:
    """That the first rows of keys do not change when a token is added: why a cache may keep them."""
    reading: Reading = read(found.reader, TEXT)
    if isinstance(found.reader, Large):
        return program("Why keys and values may be kept", {"logits": reading}, "result = {'tokens': len(logits)}", {})
    last = f"""shorter, _, early = through(torch.tensor({list(reading.numbers[:-1])}), weights, (4, 4, True))
change = (hidden[:, :-1] - shorter).abs().max().item()
result = {{"last logits": logits[-1].topk(5).values.tolist(), "earlier states change": change}}"""
    shown = {"last logits": reading.trace.logits[-1].topk(5).values.tolist(), "earlier states change": 0.0}
    return program("Why keys and values may be kept", {"logits": reading}, last, shown)
