"""Train the digit recogniser: ``python -m core.projects.mnist.train``.

Stops and goes on: the last checkpoint is picked up again and the result is the same. The weights that are kept are
chosen on validation images; MNIST's test images are measured once, at the end, and the card reports what they say.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from core.data.data import Data
from core.models.digits import DigitNetwork
from core.projects.mnist.augmentation import augmented
from core.projects.mnist.samples import samples
from core.training import Epoch, Recipe, epochs

MEASURES = tuple(part.name for part in fields(Epoch) if part.name not in ("weights", "moments", "buffers"))


@dataclass
class Lesson:
    """The objective: cross-entropy on augmented digits, while a running average follows the weights.

    Called once per step by the training loop; ``step`` is the loop's, so that a resumed training goes on exactly.
    The average (Polyak and Juditsky 1992) has a memory of 1/(1 − ``memory``) steps.
    """

    seed: int
    steps: int
    step: int = 0
    average: list[Tensor] = field(default_factory=list)
    memory: float = 0.999
    narrow: bool = False  # bfloat16 where the processor multiplies it faster
    began: float = field(default_factory=time.perf_counter)
    first: int = -1

    def __call__(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        if not model.training:
            return functional.cross_entropy(model(x), y)
        self.follow(state(model))
        images = augmented(x, self.seed, self.step)
        self.step += 1
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.narrow):
            outputs = model(images)
        loss = functional.cross_entropy(outputs.float(), y)
        if self.step % 100 == 0:
            self.tell(loss.item())
        return loss

    def follow(self, current: list[Tensor]) -> None:
        """Move the average a little towards the current weights."""
        if not self.average:
            self.average = [tensor.detach().clone() for tensor in current]
        rate = max(1 - self.memory, 1 / (1 + self.step))
        for average, tensor in zip(self.average, current, strict=True):
            average.copy_(average.lerp(tensor.detach(), rate) if average.is_floating_point() else tensor)

    def tell(self, loss: float) -> None:
        """Print where the training is."""
        if self.first < 0:
            self.first, self.began = self.step, time.perf_counter()
        each = (time.perf_counter() - self.began) / max(self.step - self.first, 1)
        left = each * (self.steps - self.step) / 60
        pace = f"{1000 * each:.0f} ms a step, {left:.0f} min left"
        print(f"step {self.step}/{self.steps}  loss {loss:.4f}  {pace}", flush=True)


def state(model: nn.Module) -> list[Tensor]:
    """Parameters and buffers in a fixed order."""
    return [*model.parameters(), *model.buffers()]


def with_state(model: nn.Module, tensors: list[Tensor]) -> nn.Module:
    """The model with these parameters and buffers."""
    with torch.no_grad():
        for tensor, value in zip(state(model), tensors, strict=True):
            tensor.copy_(value)
    return model


def training(model: nn.Module, data: Data, recipe: Recipe, lesson: Lesson, checkpoint: Path) -> Iterator[Epoch]:
    """Train from the checkpoint if there is one; save each recorded epoch there and yield it."""
    start = None
    if checkpoint.is_file():
        start, lesson.average = restored(checkpoint, model, data.x.device)
        lesson.step = start.step
    for epoch in epochs(model, data, recipe, lesson, start):
        if start is None or epoch.number > start.number:
            saved(checkpoint, epoch, lesson.average or [tensor.detach() for tensor in state(model)])
        yield epoch


def saved(path: Path, epoch: Epoch, average: list[Tensor]) -> None:
    """A checkpoint: everything an exact continuation needs. Written aside first, so that a crash leaves the old one."""
    tensors = {"weights": epoch.weights, "moments": epoch.moments}
    tensors |= {f"buffer.{place}": tensor for place, tensor in enumerate(epoch.buffers)}
    tensors |= {f"average.{place}": tensor for place, tensor in enumerate(average)}
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".new")
    measures = {name: getattr(epoch, name) for name in MEASURES}
    tensors = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    save_file(tensors, aside, {"epoch": json.dumps(measures)})
    aside.replace(path)


def restored(path: Path, model: nn.Module, device: torch.device) -> tuple[Epoch, list[Tensor]]:
    """The epoch and the running average of a checkpoint."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name).to(device) for name in file.keys()}  # noqa: SIM118
        measures = json.loads(file.metadata()["epoch"])
    buffers = tuple(tensors[f"buffer.{place}"] for place in range(len(list(model.buffers()))))
    average = [tensors[f"average.{place}"] for place in range(len(state(model)))]
    measures["best"] = tuple(measures["best"])
    return Epoch(**measures, weights=tensors["weights"], moments=tensors["moments"], buffers=buffers), average


def multiplies_narrow() -> bool:
    """Whether this machine multiplies bfloat16 matrices in hardware."""
    return torch.cuda.is_available() or getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the digit recogniser.")
    parser.add_argument("--epochs", type=int, default=30, help="of the first cycle")
    parser.add_argument("--again", type=int, default=16, help="epochs of the second cycle; 0: none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/mnist"), help="where checkpoints are kept")
    parser.add_argument("--out", type=Path, default=Path("assets/mnist"), help="where weights and card go")
    parser.add_argument("--remark", default="", help="a sentence for the card, on what this run did differently")
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = samples(wanted.seed)
    data = replace(data, **{part: getattr(data, part).to(device) for part in ("x", "y", "x_test", "y_test")})
    model, recipes = DigitNetwork(seed=wanted.seed).to(device), cycles(wanted.epochs, wanted.again, wanted.seed)
    print(f"{len(data.x)} pictures, {sum(p.numel() for p in model.parameters())} parameters, {device}", flush=True)
    wanted.runs.mkdir(parents=True, exist_ok=True)
    log = Log(wanted.runs / f"history-{wanted.seed}.jsonl")
    for number, recipe in enumerate(recipes):
        lesson = Lesson(recipe.seed, recipe.epochs * -(-len(data.x) // recipe.batch_size), narrow=multiplies_narrow())
        checkpoint = wanted.runs / f"checkpoint-{wanted.seed}-{number}.safetensors"
        for epoch in training(model, data, recipe, lesson, checkpoint):
            average = with_state(DigitNetwork().to(device), lesson.average or state(model)).eval()
            log.note(epoch, sum(one.epochs for one in recipes[:number]), validated(average, data))
        if number + 1 < len(recipes):
            with_state(model, lesson.average)  # the next cycle begins where the average stands
    from core.projects.mnist.release import release

    release(model, average, recipes, log.lines(), wanted.out, wanted.remark)


def cycles(epochs: int, again: int, seed: int) -> list[Recipe]:
    """The two trainings of a run: a long one, then a warm restart at a smaller step (Loshchilov and Hutter 2017)."""
    first = Recipe(
        epochs=epochs, batch_size=128, optimizer="Nesterov", learning_rate=0.08, schedule="one-cycle",
        weight_decay=3e-4, patience=10, seed=seed, frames=max(2, epochs // 2 + 1),
    )  # fmt: skip
    second = replace(
        first, epochs=again, learning_rate=0.03, schedule="cosine", seed=seed + 1, frames=max(2, again // 2 + 1)
    )
    return [first, second] if again else [first]


class Log:
    """What was measured after each recorded epoch, kept in a file of one JSON line each, over interruptions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        found = map(json.loads, path.read_text().splitlines()) if path.is_file() else ()
        self.history = {one["number"]: one for one in found}
        self.spent = max((one["seconds"] for one in self.history.values()), default=0.0)
        self.began = time.process_time()

    def lines(self) -> list[dict]:
        """The records, in order."""
        return [self.history[number] for number in sorted(self.history)]

    def note(self, epoch: Epoch, before: int, average: tuple[float, float]) -> None:
        """Keep an epoch's measures; ``before`` epochs belong to earlier cycles, ``average`` is validated."""
        record = {name: getattr(epoch, name) for name in MEASURES} | {"average": average}
        record["number"] = number = before + epoch.number
        if number not in self.history:
            record["seconds"] = self.spent + time.process_time() - self.began
            self.history[number] = record
            self.path.write_text("".join(json.dumps(one) + "\n" for one in self.lines()))
        print(f"epoch {number}: validation {epoch.test_score:.4f}, averaged {average[0]:.4f}", flush=True)


@torch.no_grad()
def validated(model: nn.Module, data: Data) -> tuple[float, float]:
    """Accuracy among the ten digits and loss on the validation images."""
    outputs = torch.cat([model(part) for part in data.x_test.split(1000)])
    right = (outputs[:, :10].argmax(dim=1) == data.y_test).float().mean().item()
    return right, functional.cross_entropy(outputs, data.y_test).item()


if __name__ == "__main__":
    main()
