"""Loading watched: a real DataLoader with worker processes, and who did what when.

Workers are started from a process of their own, ``python -m core.topics.dataloaders.loading``, never from the server:
a started worker runs the main program's imports again, and whatever happens the whole group can be ended.
"""

import io
import json
import multiprocessing
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, default_collate, get_worker_info

from core.data.photos import FOLDER, PHOTOGRAPHS

SIDE, LARGE, CLASSES = 64, 384, 4  # pixels: as the network wants it, and as it lies on the disk
BATCHES, MOST_WORKERS = 12, 4
MAIN = -1  # the place of the main process among the workers
Span = tuple[int, float, float]  # a worker, from when to when (seconds)


@dataclass(frozen=True)
class Plan:
    """What a loader is asked for: worker processes, batches that each of them keeps ready, pictures in a batch,
    channels of the network that trains on them (how long a step takes), and whether batches lie in pinned memory."""

    workers: int
    prefetch: int
    batch_size: int
    channels: int
    is_pinned: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.workers <= MOST_WORKERS:
            raise ValueError(f"Between 0 and {MOST_WORKERS} workers can be started.")

    @property
    def options(self) -> dict[str, Any]:
        """The loader's own arguments; workers are started afresh, as on every system they can be."""
        if not self.workers:
            return {"num_workers": 0, "pin_memory": self.is_pinned}
        context = multiprocessing.get_context("spawn")
        return {"num_workers": self.workers, "prefetch_factor": self.prefetch, "pin_memory": self.is_pinned,
                "multiprocessing_context": context}  # fmt: skip


class Pictures(Dataset):
    """JPEG files in memory, opened, made smaller and turned into numbers when they are asked for."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.files = [compressed(name) for name in PHOTOGRAPHS]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        label = index % len(self.files)
        with Image.open(io.BytesIO(self.files[label])) as file:
            small = file.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        pixels = torch.frombuffer(bytearray(small.tobytes()), dtype=torch.uint8)
        return pixels.reshape(SIDE, SIDE, 3).permute(2, 0, 1).float() / 255, label

    def __getitems__(self, places: list[int]) -> tuple[list, Span]:
        """A whole batch, as DataLoader asks for it, with who loaded it and when (``time.monotonic``, which all
        processes of a machine share)."""
        began, info = time.monotonic(), get_worker_info()
        items = [self[place] for place in places]
        return items, (info.id if info else MAIN, began, time.monotonic())


def compressed(name: str) -> bytes:
    """A shipped photograph, enlarged, as the bytes of a JPEG file."""
    file = io.BytesIO()
    with Image.open(FOLDER / f"{name}.png") as picture:
        picture.convert("RGB").resize((LARGE, LARGE)).save(file, "JPEG", quality=90)
    return file.getvalue()


def collated(loaded: Any) -> tuple[list, Span]:
    """A batch of tensors beside its span, from what ``__getitems__`` gave."""
    items, span = loaded
    return default_collate(items), span


def network(channels: int) -> nn.Sequential:
    """A small convolutional network that tells the photographs apart."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, channels, 5, stride=2), nn.ReLU(), nn.Conv2d(channels, channels, 3, stride=2), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES),
    )  # fmt: skip


def watched(plan: Plan) -> dict[str, Any]:
    """Train for ``BATCHES`` batches and note, in seconds from the first loading on: ``loads`` (worker, from, to) in
    the order of the batches, and ``steps`` (asked, received, trained). ``start`` are the seconds before that."""
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")
    model = network(plan.channels).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    trained(model, optimizer, torch.zeros(2, 3, SIDE, SIDE, device=device), torch.zeros(2, dtype=torch.long).to(device))
    data = Pictures(plan.batch_size * BATCHES)
    began = time.monotonic()
    loader = DataLoader(data, plan.batch_size, shuffle=True, collate_fn=collated, **plan.options)
    batches, loads, steps = iter(loader), [], []
    for _ in range(BATCHES):
        asked = time.monotonic()
        (x, y), span = next(batches)
        received = time.monotonic()
        trained(model, optimizer, x.to(device, non_blocking=True), y.to(device, non_blocking=True))
        steps.append((asked, received, time.monotonic()))
        loads.append(tuple(span))
    del batches  # ends and joins the workers
    first = min(start for _, start, _ in loads)
    return {
        "loads": [(worker, start - first, end - first) for worker, start, end in loads],
        "steps": [[moment - first for moment in step] for step in steps],
        "start": first - began,
        "device": str(device),
    }


def trained(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
    """One training step, waited for."""
    optimizer.zero_grad()
    loss = functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    loss.item()  # on an accelerator, the step is over when its loss has come back


def main(text: str) -> None:
    """Measure the plan that JSON describes, and print what was seen as JSON."""
    torch.set_num_threads(1)
    print(json.dumps(watched(Plan(**json.loads(text)))))


def as_argument(plan: Plan) -> str:
    """A plan as ``main`` reads it."""
    return json.dumps(asdict(plan))


if __name__ == "__main__":
    main(sys.argv[1])
