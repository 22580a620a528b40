"""A switch that ends a training from another thread, and how all that a thread trains is given up together.

Through the same object, work says how far it is to whoever waits for it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Cancel:
    """Off until ``set`` is called. The compiled trainer polls ``flag``, shape (1,), without holding Python's lock.

    ``progress`` is the share of the work that is done, None where the work does not say; ``stretch`` is the part of
    it (beginning, length) that is being done.
    """

    def __init__(self) -> None:
        self.flag = np.zeros(1, dtype=np.uint8)
        self.progress: float | None = None
        self.stretch = (0.0, 1.0)

    def set(self) -> None:
        """End the training at the next epoch."""
        self.flag[0] = 1

    def is_set(self) -> bool:
        """Whether the training has been told to end."""
        return bool(self.flag[0])


class GivenUpError(Exception):
    """Nobody waits for this work any more: it stopped half-way, and has no result."""


_around: ContextVar[Cancel | None] = ContextVar("cancel", default=None)


@contextmanager
def until(cancel: Cancel) -> Iterator[None]:
    """What this thread trains or measures in here raises ``GivenUpError`` soon after ``cancel`` is set."""
    token = _around.set(cancel)
    try:
        yield
    finally:
        _around.reset(token)


def around() -> Cancel | None:
    """The switch of the work that this code is a part of, if it has one."""
    return _around.get()


def go_on() -> None:
    """Call this where long work can stop: raises ``GivenUpError`` if it should."""
    cancel = _around.get()
    if cancel is not None and cancel.is_set():
        raise GivenUpError


def steps(things: Sequence[T]) -> Iterator[T]:
    """Things one by one, each about as much work: says how far the work is, and raises ``GivenUpError`` if it should
    stop. Steps within a step divide that step."""
    cancel = _around.get()
    if cancel is None:
        yield from things
        return
    beginning, length = cancel.stretch
    try:
        for number, thing in enumerate(things):
            go_on()
            cancel.stretch = (beginning + length * number / len(things), length / len(things))
            cancel.progress = cancel.stretch[0]
            yield thing
    finally:
        cancel.stretch = (beginning, length)
