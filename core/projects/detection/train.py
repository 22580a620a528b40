"""Train the detector: ``python -m core.projects.detection.train``.

Ultralytics' own trainer on scenes that are composed while it runs, never the same twice. ``--resume`` goes on after an
interruption. Weights are chosen on validation scenes; scenes of test drawings are measured once, at the end.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from core.projects.detection.drawings import CLASSES
from core.projects.detection.network import ARCHITECTURE, load, network, save, transferred
from core.projects.detection.quiet import hushed
from core.projects.detection.scenes import SIDE, Scene, scene, scenes, written
from core.projects.detection.sources import drawings

if TYPE_CHECKING:
    from ultralytics.models.yolo.detect import DetectionTrainer

VALIDATION = 200  # scenes


class Composed(Dataset):
    """Scenes composed when they are asked for, as Ultralytics' collation wants them."""

    rect = False

    def __init__(self, side: int, count: int, seed: int) -> None:
        hushed()
        self.side, self.count, self.seed = side, count, seed
        self.labels: list[dict] = []
        from ultralytics.data import YOLODataset

        self.collate_fn = YOLODataset.collate_fn

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict:
        return item(scene(drawings("train"), 1_000_000 * (self.seed + 1) + index, (self.side, self.side)), index)


class Fresh(Sampler[int]):
    """Numbers that go on from epoch to epoch, so that no scene comes twice."""

    def __init__(self, count: int, epoch: int) -> None:
        self.count, self.epoch = count, epoch

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        start = self.epoch * self.count
        self.epoch += 1
        return iter(range(start, start + self.count))


def item(made: Scene, number: int) -> dict:
    """A scene as a sample of Ultralytics' data loader: BGR turned to RGB, boxes as centre and size in shares."""
    high, wide = made.picture.shape[:2]
    boxes = torch.from_numpy(made.boxes) / torch.tensor([wide, high, wide, high])
    centred = torch.cat([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], dim=1)
    return {
        "img": torch.from_numpy(np.ascontiguousarray(made.picture.transpose(2, 0, 1))),
        "cls": torch.from_numpy(made.classes).float()[:, None], "bboxes": centred,
        "batch_idx": torch.zeros(len(boxes)), "im_file": f"scene {number}", "ori_shape": (high, wide),
        "resized_shape": (high, wide),
    }  # fmt: skip


def trainer(options: dict, wanted: argparse.Namespace) -> "DetectionTrainer":
    """Ultralytics' trainer, which composes its training scenes and begins from ``wanted.start``."""
    hushed()
    from ultralytics.data.build import InfiniteDataLoader
    from ultralytics.models.yolo.detect import DetectionTrainer

    def loader(own: DetectionTrainer, dataset_path: str, batch_size: int = 16, rank: int = 0, mode: str = "train"):
        if mode != "train":
            return DetectionTrainer.get_dataloader(own, dataset_path, batch_size, rank, mode)
        data = Composed(own.args.imgsz, wanted.scenes, wanted.seed)
        sampler = Fresh(wanted.scenes, getattr(own, "start_epoch", 0))
        return InfiniteDataLoader(
            data, batch_size=batch_size, sampler=sampler, num_workers=wanted.workers, collate_fn=data.collate_fn
        )

    def model(own: DetectionTrainer, cfg=None, weights=None, verbose=True):
        if weights is not None:
            return DetectionTrainer.get_model(own, cfg, weights, verbose)
        return started(wanted.start, own.args.imgsz).to(memory_format=torch.channels_last)

    return type("Trainer", (DetectionTrainer,), {"get_dataloader": loader, "get_model": model})(overrides=options)


def narrowed() -> None:
    """Let the trainer multiply in bfloat16, which Ultralytics allows on graphics cards alone."""
    hushed()
    from ultralytics.engine import trainer as engine

    def autocast(enabled: bool | torch.dtype, device: str = "cpu") -> torch.autocast:
        return torch.autocast(device, torch.bfloat16)

    vars(engine)["autocast"] = autocast


def started(start: str, side: int) -> torch.nn.Module:
    """The network that training begins with: "scratch", an ``.npz`` of COCO weights, or a ``.safetensors`` of ours."""
    if start.endswith(".safetensors"):
        return load(Path(start))[0]
    model = network()
    if start != "scratch":
        made = scenes(drawings("train"), 96, seed=999, size=(side, side))
        pictures = torch.stack([item(one, 0)["img"] for one in made]).float() / 255
        taken = transferred(model, Path(start), pictures)
        print(f"{taken} convolutions taken over from {Path(start).name}", flush=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the detector of drawings.")
    parser.add_argument(
        "--start", default="scratch", help="scratch, COCO weights (.npz), or weights of ours (.safetensors)"
    )
    parser.add_argument("--side", type=int, default=SIDE, help="pixels of the scenes")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--scenes", type=int, default=2048, help="of an epoch")
    parser.add_argument("--hours", type=float, default=None, help="end, and slow down, by this time instead of epochs")
    parser.add_argument("--rate", type=float, default=0.002, help="learning rate at its highest")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that compose scenes")
    parser.add_argument("--narrow", action="store_true", help="bfloat16 where the processor has it")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint of --name")
    parser.add_argument("--runs", type=Path, default=Path("runs/detection"))
    parser.add_argument("--name", default="first")
    wanted = parser.parse_args()
    hushed()
    runs = wanted.runs.resolve()
    data = runs / f"validation-{wanted.side}"
    if not (data / "data.yaml").is_file():
        written(data, scenes(drawings("val"), VALIDATION, seed=0, size=(wanted.side, wanted.side)), "val")
        (data / "images" / "train").mkdir(exist_ok=True)
    options = {
        "model": ARCHITECTURE, "data": str(data / "data.yaml"), "imgsz": wanted.side, "epochs": wanted.epochs,
        "time": wanted.hours, "batch": 16, "nbs": 16, "optimizer": "AdamW", "lr0": wanted.rate, "lrf": 0.02,
        "momentum": 0.9, "weight_decay": 0.0005, "warmup_epochs": 0.5, "warmup_bias_lr": 0.0, "cos_lr": True,
        "amp": False, "device": "cpu", "workers": wanted.workers, "plots": False,
        "seed": wanted.seed, "project": str(runs), "name": wanted.name, "exist_ok": True, "verbose": True,
        "pretrained": False, "patience": 0, "rect": False,
    }  # fmt: skip
    if wanted.resume:
        options |= {"resume": str(runs / wanted.name / "weights" / "last.pt")}
    torch.set_num_threads(wanted.threads)
    if wanted.narrow:
        narrowed()
    run = trainer(options, wanted)
    torch.set_num_threads(wanted.threads)
    run.add_callback("on_fit_epoch_end", lambda one: kept(one, runs / wanted.name, vars(wanted)))
    run.train()


def kept(run: "DetectionTrainer", folder: Path, wanted: dict) -> None:
    """After each epoch: the averaged weights as safetensors, and a line of the log."""
    if run.epoch + 1 > run.epochs or any(json.loads(one)["epoch"] == run.epoch + 1 for one in logged(folder)):
        return  # the trainer reports the best weights once more when it ends
    spent = run.tloss
    assert run.ema is not None and isinstance(spent, dict) and run.metrics is not None
    about = {"architecture": ARCHITECTURE, "classes": CLASSES, "side": run.args.imgsz}
    save(run.ema.ema, folder / "last.safetensors", about)
    fitness = float(run.fitness or 0)
    if fitness >= float(run.best_fitness or 0):
        save(run.ema.ema, folder / "best.safetensors", about)
    losses = {name: float(value) for name, value in spent.items()}
    line = {"epoch": run.epoch + 1, "losses": losses, **{name: float(value) for name, value in run.metrics.items()}}
    with (folder / "log.jsonl").open("a") as file:
        file.write(json.dumps(line | {"settings": {name: str(value) for name, value in wanted.items()}}) + "\n")
    print(line, flush=True)


def logged(folder: Path) -> list[str]:
    """The lines of a run's log."""
    path = folder / "log.jsonl"
    return path.read_text().splitlines() if path.is_file() else []


if __name__ == "__main__":
    main()
