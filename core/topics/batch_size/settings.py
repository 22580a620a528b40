"""The axis of batch sizes that several views share."""

from collections.abc import Sequence


def axis_of_sizes(sizes: Sequence[int]) -> dict:
    """A horizontal axis on which batch sizes double."""
    return {"type": "log", "tickvals": list(sizes), "ticktext": [str(size) for size in sizes]}
