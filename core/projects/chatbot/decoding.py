"""A reply, token by token, with everything that its tokens can be asked about later."""

import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from core.models.language import Language
from core.projects.chatbot.sampling import Sampling, candidates, chances, drawn, penalised

WINDOW = (
    2048  # tokens of a conversation that are read; the model could read 8,192, but an answer would be long in coming
)
LONGEST = 256  # tokens of one reply
PIECE = 256  # tokens that are read at once, so that reading can be stopped
KEPT = 100  # logits that are kept of each place
ENOUGH = 80  # the largest top-k that they are enough for: a penalty moves others up
MEMORIES = 4  # conversations whose keys and values stay in memory, 23 kB for each token
READERS: deque["Reader"] = deque()


@dataclass(frozen=True)
class Step:
    """One token of a reply. ``places`` are the ``KEPT`` likeliest tokens and ``logits`` theirs, as the network gave
    them; ``total`` is the logarithm of the sum of all exponentials; ``seen`` those of the places that came before.
    ``chosen``: a person put it there."""

    token: int
    logit: float
    total: float
    places: tuple[int, ...]
    logits: tuple[float, ...]
    seen: tuple[int, ...]
    draw: float
    chosen: bool = False

    @property
    def probability(self) -> float:
        """What the network itself gave this token, before any setting."""
        return float(torch.tensor(self.logit - self.total).exp())

    @property
    def probabilities(self) -> list[float]:
        """What the network gave each of the likeliest."""
        return (torch.tensor(self.logits) - self.total).exp().tolist()

    def settled(self, sampling: Sampling) -> dict[int, float]:
        """The chance of every token that could be drawn here at these settings, likeliest first."""
        places, probabilities = self.candidates(sampling)
        return dict(zip(places, probabilities.tolist(), strict=True))

    def candidates(self, sampling: Sampling) -> tuple[list[int], Tensor]:
        """The same as tokens and a tensor: exact wherever top-k is at most ``KEPT`` less the tokens that were seen."""
        seen = [place for place, token in enumerate(self.places) if token in self.seen]
        logits = penalised(torch.tensor(self.logits), seen, sampling.repetition_penalty)
        which, probabilities = candidates(
            logits, sampling.temperature, sampling.top_k or KEPT, sampling.top_p, sampling.min_p
        )
        return [self.places[place] for place in which.tolist()], probabilities

    def at(self, sampling: Sampling) -> int:
        """The token that would be drawn here at other settings, by the same number."""
        places, probabilities = self.candidates(sampling)
        return places[drawn(probabilities, self.draw)]


@dataclass
class Reply:
    """What was said so far; ``ended`` is "" while it goes on, else "end", "limit" or "stopped"."""

    steps: list[Step] = field(default_factory=list)
    sampling: Sampling = field(default_factory=Sampling)
    prompt: tuple[int, ...] = ()
    ended: str = ""
    first: float = 0.0  # seconds until the first token
    seconds: float = 0.0  # for the tokens after the first
    fresh: int = 0  # tokens that were drawn here; others were taken over from another branch

    @property
    def tokens(self) -> list[int]:
        """Its tokens."""
        return [step.token for step in self.steps]

    @property
    def speed(self) -> float:
        """Tokens per second, the first one left out."""
        return (self.fresh - 1) / self.seconds if self.seconds and self.fresh > 1 else 0.0


class Reader:
    """Reads tokens and remembers keys and values, so that what two readings begin with is read once."""

    def __init__(self, language: Language) -> None:
        self.language, self.numbers, self.lock = language, [], threading.Lock()
        self.cache: Any = None

    def after(self, numbers: Sequence[int]) -> Generator[float, None, Tensor]:
        """The logits (vocabulary,) after some tokens; yields how much of them has been read."""
        numbers = list(numbers)
        shared = self.rewind(numbers)
        logits = None
        for start in range(shared, len(numbers), PIECE):
            part = numbers[start : start + PIECE]
            logits = self.language.logits(part, self.cache)[0]
            self.numbers += part
            yield (start + len(part)) / len(numbers)
        if logits is None:
            raise ValueError("There is nothing to read.")
        return logits

    def rewind(self, numbers: list[int]) -> int:
        """Forget what does not begin these tokens too; how many of them need not be read again."""
        if self.cache is None:
            self.cache, self.numbers = self.language.cache(), []
            remembered(self)
        shared = 0
        while shared < min(len(self.numbers), len(numbers) - 1) and self.numbers[shared] == numbers[shared]:
            shared += 1
        if shared < len(self.numbers):
            self.cache.crop(shared - len(self.numbers))  # so many tokens fewer
            self.numbers = self.numbers[:shared]
        return shared

    def forget(self) -> None:
        """Give the memory back."""
        self.cache, self.numbers = None, []


def remembered(reader: Reader) -> None:
    """Let the conversation that was silent longest give its memory back."""
    if reader in READERS:
        READERS.remove(reader)
    READERS.append(reader)
    while len(READERS) > MEMORIES:
        old = READERS.popleft()
        if old.lock.acquire(blocking=False):
            old.forget()
            old.lock.release()


def step_of(logits: Tensor, seen: Sequence[int], draw: float) -> Step:
    """What is kept of one place, until its token is drawn; ``logits`` (vocabulary,) as the network gave them."""
    values, places = logits.topk(min(KEPT, len(logits)))
    known, tokens = set(seen), tuple(places.tolist())
    again = tuple(each for each in tokens if each in known)
    return Step(
        tokens[0], float(values[0]), float(logits.logsumexp(dim=0)), tokens, tuple(values.tolist()), again, draw
    )


def choice(step: Step, logits: Tensor, seen: Sequence[int], sampling: Sampling) -> int:
    """The next token at these settings: from what is kept where that is enough, so that it can be asked again later."""
    if 0 < sampling.top_k <= ENOUGH or sampling.temperature == 0:
        return step.at(sampling)
    logits = penalised(logits, seen, sampling.repetition_penalty)
    places, probabilities = candidates(logits, sampling.temperature, sampling.top_k, sampling.top_p, sampling.min_p)
    return int(places[drawn(probabilities, step.draw)])


def speak(
    reader: Reader, reply: Reply, most: int = LONGEST, instead: int | None = None
) -> Generator[tuple[float, str] | Step, None, Reply]:
    """Let a reply go on from where it stands; yields (fraction, message) while it reads, then each ``Step``.

    ``instead`` is the next token, whatever the settings say. The reply ends with a token that ends a turn, or after
    ``most`` tokens in all; whoever closes the generator stops it.
    """
    tokens, began = reader.language.tokens, time.perf_counter()
    silent = torch.tensor(sorted(tokens.control - tokens.ends), dtype=torch.long)
    draws, said = chances(reply.sampling.seed, most), list(reply.prompt) + reply.tokens
    with reader.lock:
        while not reply.ended:
            if len(reply.steps) >= most:
                reply.ended = "limit"
                break
            reading = reader.after(said)
            while True:
                try:
                    share = next(reading)
                except StopIteration as end:
                    logits = end.value
                    break
                if share < 1:
                    yield share, "reading the conversation"
            logits = logits.index_fill(0, silent, -torch.inf)  # no turn of anybody else's is begun
            draw = draws[len(reply.steps)]
            step = step_of(logits, said, draw)
            token = choice(step, logits, said, reply.sampling) if instead is None else instead
            step = replace(step, token=token, logit=float(logits[token]), chosen=instead is not None)
            instead = None
            note(reply, time.perf_counter() - began)
            if token in tokens.ends:
                reply.ended = "end"
                break
            reply.steps.append(step)
            said.append(token)
            yield step
    return reply


def note(reply: Reply, passed: float) -> None:
    """Keep the time at which a token came."""
    reply.fresh += 1
    if reply.fresh == 1:
        reply.first = passed
    reply.seconds = passed - reply.first
