"""Whatever lessons put on the screen, noted for those who look without one: the tests, and the showcase."""

from collections.abc import Iterator
from contextlib import contextmanager

_lists: list[list[tuple]] = []


@contextmanager
def watching() -> Iterator[list[tuple]]:
    """Everything that lessons of this process show while the block runs, in order.

    Each is a tuple that begins with its kind: ("note", text), ("pictures", pictures, source, weights),
    ("table", rows), ("question", question), ("goal", goal), ("programs", programs).
    """
    seen: list[tuple] = []
    _lists.append(seen)
    try:
        yield seen
    finally:
        _lists.remove(seen)


def noted(kind: str, *parts: object) -> None:
    """Tell those who watch."""
    for seen in _lists:
        seen.append((kind, *parts))
