"""Files of weights, made in four ways and looked into without running anything in them."""

import io
import math
import pickle
import zipfile
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from core.topics.saving_loading.pickles import Opcode, PickleError, Reading, TensorNote, read

MOST_BYTES, MOST_ENTRIES, MOST_PICKLE = 20_000_000, 5_000, 2_000_000  # of what a file unpacks to
SAFETENSORS, STATE, WHOLE, CHECKPOINT, HOSTILE = (
    "safetensors", "torch.save(state_dict)", "torch.save(model)", "checkpoint", "a stranger's pickle",
)  # fmt: skip
KINDS = (SAFETENSORS, STATE, WHOLE, CHECKPOINT, HOSTILE)
TYPES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "BFloat16Storage": "<u2",
    "LongStorage": "<i8", "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1",
    "BoolStorage": "|b1",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One tensor of a file: its name, its type as the file calls it, and its values."""

    name: str
    kind: str
    values: np.ndarray


@dataclass(frozen=True)
class Inspected:
    """What a file holds: its format, its size in bytes, the tensors, other entries by name, the pickle's opcodes and
    names if it has one, and the one sentence why it is not opened, if it is not."""

    format: str
    size: int
    parts: tuple[Part, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    opcodes: tuple[Opcode, ...] = ()
    names: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    refusal: str = ""
    provenance: str = field(default="Read here, opcode by opcode; nothing in the file was run")

    @property
    def numbers(self) -> int:
        """How many numbers the tensors hold."""
        return sum(part.values.size for part in self.parts)


def written(model: nn.Module, optimizer: torch.optim.Optimizer, kind: str) -> bytes:
    """A network in a file of one of the ``KINDS``; the hostile one would run a harmless command when it is opened."""
    if kind == SAFETENSORS:
        from safetensors.torch import save

        return save({name: part.contiguous() for name, part in model.state_dict().items()})
    if kind == HOSTILE:
        return pickle.dumps({"weights": Stranger()}, protocol=2)
    content = {
        STATE: lambda: model.state_dict(),
        WHOLE: lambda: model,
        CHECKPOINT: lambda: {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 30},
    }[kind]()
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


class Stranger:
    """An object whose pickle asks for a command to be run: what every unpickling would do, and this page does not."""

    def __reduce__(self):
        import os

        return os.system, ("echo this would have run on your computer",)


def inspected(content: bytes) -> Inspected:
    """Look into a file of weights; one that cannot be opened safely is described as far as that goes, and refused."""
    if not content:
        return Inspected("nothing", 0, refusal="The file is empty.")
    try:
        if content[:4] == b"PK\x03\x04":
            return of_archive(content)
        if content[:1] == b"\x80" or (content[:1] in b"(c]}" and content[8:9] != b"{"):
            return of_pickle("pickle", len(content), read(content))
        return of_safetensors(content)
    except (PickleError, ValueError) as error:
        return Inspected("unknown", len(content), refusal=str(error))


def of_safetensors(content: bytes) -> Inspected:
    """A safetensors file: a header in JSON and bare numbers, nothing that could be run."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(content)
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError, MemoryError, RuntimeError):
        raise ValueError(
            "This is neither a safetensors file nor one of torch.save, or it is cut off: save it once more."
        ) from None
    parts = (
        Part(name, str(value.dtype).removeprefix("torch."), numbers(value)) for name, value in sorted(tensors.items())
    )
    return Inspected("safetensors", len(content), tuple(parts))


def numbers(tensor: torch.Tensor) -> np.ndarray:
    """A tensor's values; types that NumPy lacks become float32."""
    return tensor.float().numpy() if tensor.dtype == torch.bfloat16 or tensor.is_complex() else tensor.numpy()


def of_archive(content: bytes) -> Inspected:
    """A file of ``torch.save``: a zip archive with a pickle and the tensors' bytes."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise ValueError("This archive is damaged or cut off: save it once more.") from error
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise ValueError(f"This archive unpacks to more than {MOST_BYTES / 1e6:.0f} MB or {MOST_ENTRIES:,} entries.")
    places = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
    if len(places) != 1 or places[0].file_size > MOST_PICKLE:
        raise ValueError("This archive holds no weights of torch.save: it needs one data.pkl of at most 2 MB.")
    try:
        reading = read(archive.read(places[0]))
        folder = places[0].filename.removesuffix("data.pkl")
        storages = {
            entry.filename.removeprefix(f"{folder}data/"): entry
            for entry in entries
            if entry.filename.startswith(f"{folder}data/")
        }
        return of_pickle("torch.save", len(content), reading, lambda key: archive.read(storages[key]))
    except (zipfile.BadZipFile, KeyError, RuntimeError, EOFError, NotImplementedError) as error:
        raise ValueError("This archive is damaged: a part that its pickle names is missing or broken.") from error


def of_pickle(name: str, size: int, reading: Reading, storage=None) -> Inspected:
    """What a pickle's reading and the tensors' bytes make."""
    known = (tuple(reading.opcodes), tuple(reading.names), tuple(reading.foreign))
    if reading.foreign:
        listed = ", ".join(each.replace(" ", ".") for each in reading.foreign[:3])
        more = f" and {len(reading.foreign) - 3} more" if len(reading.foreign) > 3 else ""
        refusal = f"Not opened: it would import and call {listed}{more}, which could be any code at all."
        return Inspected(name, size, (), (), *known, refusal)
    if storage is None:
        return Inspected(name, size, (), (), *known, "Not opened: a bare pickle holds no tensors of torch.save.")
    parts, others = [], []
    for key, value in flat(reading.value):
        if isinstance(value, TensorNote):
            parts.append(Part(key, value.storage.removesuffix("Storage").lower(), values_of(value, storage(value.key))))
        else:
            others.append((key, repr(value)[:60]))
    return Inspected(name, size, tuple(parts), tuple(others), *known)


def flat(value, name: str = "", depth: int = 0) -> list[tuple[str, object]]:
    """The leaves of nested dictionaries and lists, named by their way: ``optimizer.state.0.exp_avg``."""
    if depth > 20:
        raise ValueError("This file nests its entries more than 20 deep.")
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return [(name, value)]
    return [leaf for key, part in items for leaf in flat(part, f"{name}.{key}" if name else str(key), depth + 1)]


def values_of(note: TensorNote, content: bytes) -> np.ndarray:
    """A tensor's values from the bytes of its storage; ValueError if it reaches beyond them."""
    kind = np.dtype(TYPES[note.storage])
    if any(size < 0 for size in note.shape) or any(step < 0 for step in note.strides):
        raise ValueError("A tensor of this file has a negative size.")
    if math.prod(note.shape) * kind.itemsize > MOST_BYTES:
        raise ValueError("A tensor of this file claims more numbers than the file could hold.")
    strides = tuple(step * kind.itemsize for step in note.strides)
    try:
        values = np.ndarray(note.shape, kind, content, note.offset * kind.itemsize, strides)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("A tensor of this file reaches beyond its own bytes.") from error
    if note.storage == "BFloat16Storage":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.copy()
