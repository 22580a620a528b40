"""Weights that a learner brings: a safetensors file, read without executing anything in it."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from core.data.refusals import OwnDataError, short

MOST_BYTES = 5_000_000
PICKLED = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # how files of torch.save begin


def tensors_of(content: bytes) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, float32.

    Raises ``OwnDataError``, one sentence, for a file that is none, that is too large, or that holds other numbers.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    if len(content) > MOST_BYTES:
        raise OwnDataError(f"The file has {len(content) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read.")
    if content.startswith(PICKLED):
        raise OwnDataError(
            "This file was written by torch.save and could run code when opened: save the state_dict with "
            "safetensors.torch.save_file instead."
        )
    try:
        tensors = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, MemoryError, RuntimeError):
        raise OwnDataError("This is not a safetensors file, or it is cut off: save it once more.") from None
    if any(not part.is_floating_point() or not part.isfinite().all() for part in tensors.values()):
        raise OwnDataError("The weights must be real numbers, all of them finite.")
    return {name: part.to(torch.float32) for name, part in tensors.items()}


def fitting(content: bytes, wanted: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The tensors of a safetensors file under the names that are wanted; ``wanted`` are the shapes by name.

    Other names will do if, in the order of their numbers, the shapes are the same: ``0.weight`` of an
    ``nn.Sequential`` for ``blocks.0.0.weight``. Raises ``OwnDataError``, one sentence, for anything else.
    """
    tensors = tensors_of(content)
    names, order = sorted(tensors, key=in_order), sorted(wanted, key=in_order)
    theirs = {name: tuple(tensors[name].shape) for name in names}
    if list(theirs.values()) != [wanted[name] for name in order]:
        raise OwnDataError(unlike(theirs, {name: wanted[name] for name in order}))
    return {name: tensors[other] for name, other in zip(order, names, strict=True)}


def in_order(name: str) -> list[tuple[int, str]]:
    """A name's parts, so that ``10.weight`` comes after ``2.weight``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def unlike(theirs: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[int, ...]]) -> str:
    """One sentence on the first tensor that does not fit."""
    for (name, shape), (own, right) in zip(theirs.items(), wanted.items(), strict=False):
        if shape != right:
            return (
                f"This page's network needs {list(right)} for {own}, but {short(name)} of the file has {list(shape)}."
            )
    return f"This page's network has {len(wanted)} tensors, the file has {len(theirs)}: the number of layers differs."
