"""Work shared among the machine's cores, for functions that leave Python's lock."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import TypeVar

from torch import Tensor

T = TypeVar("T")


def each(function: Callable[..., T], *arguments: Iterable) -> list[T]:
    """What ``map`` gives, on all cores; whatever gives the caller's work up (``core.cancel``) gives this up too."""

    def one(context: Context, given: tuple) -> T:
        return context.run(function, *given)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting = [pool.submit(one, copy_context(), given) for given in zip(*arguments, strict=True)]
        return [done.result() for done in waiting]


def parts(rows: Tensor, most: int) -> Sequence[Tensor]:
    """Rows (count, …) in equal parts of at most ``most``, enough to give every core one."""
    return rows.split(max(1, min(most, -(-len(rows) // (os.cpu_count() or 1)))))
