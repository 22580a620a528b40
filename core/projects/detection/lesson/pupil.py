"""A training by Ultralytics' own trainer, in a process of its own: ``python -m …pupil FOLDER``.

Ultralytics seeds all of torch, reads a settings file and cannot be stopped from outside; a process of its own keeps
that away from the pages, leaves them a core, and can be ended at any moment. It reads ``settings.json``,
``data.yaml`` and the pictures in the folder, tells how it goes in one line of JSON per step on standard output, and
leaves ``trained.safetensors`` behind.
"""

import json
import sys
from pathlib import Path
from typing import Any

from core.projects.detection.quiet import hushed

MARK = "@pupil "  # every line of ours begins with it; whatever else a library prints does not matter
FREEZE = 10  # layers of the backbone, those before the pooling pyramid (SPPF and attention stay free)
EXAMPLES, BOXES = 2, 12  # held-out pictures that are shown while it learns, and boxes on each


def tell(**what: Any) -> None:
    """Say something to whoever started this."""
    print(MARK + json.dumps(what), flush=True)


def begun(folder: Path, settings: dict) -> Any:
    """The network to be trained, its weights taken from ``start.safetensors`` where they fit: a head for other classes
    begins anew."""
    from safetensors.torch import load_file

    from core.projects.detection.network import network

    model = network(settings["architecture"], tuple(settings["names"]))
    if (folder / "start.safetensors").exists():
        known, own = load_file(folder / "start.safetensors"), model.state_dict()
        fitting = {
            name: value.float() for name, value in known.items() if name in own and own[name].shape == value.shape
        }
        model.load_state_dict(fitting, strict=False)
        tell(begun_with=len(fitting), of=len(own))
    return model


def trainer_of(folder: Path, settings: dict) -> Any:
    """Ultralytics' trainer for the folder's pictures."""
    hushed()
    import torch
    from ultralytics.models.yolo.detect import DetectionTrainer

    torch.set_num_threads(settings["threads"])
    epochs = settings["epochs"]
    overrides = {
        "model": settings["architecture"], "data": str(folder / "data.yaml"), "epochs": epochs,
        "imgsz": settings["side"], "batch": settings["batch"], "freeze": FREEZE if settings["freeze"] else None,
        "optimizer": "AdamW", "lr0": settings["learning_rate"], "warmup_epochs": min(1, epochs / 4),
        "warmup_bias_lr": settings["learning_rate"], "close_mosaic": epochs // 3, "fliplr": settings["mirror"] * 0.5,
        "seed": settings["seed"], "device": "cpu", "workers": 0, "amp": False, "plots": False, "save": False,
        "cache": "ram", "verbose": False, "project": str(folder), "name": "run", "exist_ok": True, "patience": epochs,
    }  # fmt: skip
    trainer = DetectionTrainer(overrides=overrides)
    trainer.model = begun(folder, settings)  # and no pickle is read for it
    return trainer


def watch(trainer: Any, pictures: list[Path], side: int) -> None:
    """Tell after every batch how far the training is, and after every epoch how good it is."""
    state = {"batch": 0, "epoch": 0}

    def batch_done(trainer: Any) -> None:
        state["batch"] += 1
        tell(share=min(1.0, state["batch"] / (len(trainer.train_loader) * trainer.epochs)))

    def epoch_done(trainer: Any) -> None:
        if state["epoch"] >= trainer.epochs:
            return  # the last evaluation of the weights that are kept
        state["epoch"] += 1
        losses = trainer.label_loss_items(trainer.tloss, prefix="train")
        tell(
            epoch=state["epoch"], epochs=trainer.epochs,
            losses={name.partition("/")[2].partition("_")[0]: float(value) for name, value in losses.items()},
            map50=float(trainer.metrics.get("metrics/mAP50(B)", 0.0)),
            map=float(trainer.metrics.get("metrics/mAP50-95(B)", 0.0)),
            examples=[found(trainer.ema.ema, picture, side) for picture in pictures[:EXAMPLES]],
        )  # fmt: skip

    trainer.add_callback("on_train_batch_end", batch_done)
    trainer.add_callback("on_fit_epoch_end", epoch_done)


def found(model: Any, path: Path, side: int) -> list[list[float]]:
    """What a network finds on a picture at the usual thresholds: left, top, right, bottom, score, class."""
    from PIL import Image

    from core.projects.detection.lesson.choice import chosen
    from core.projects.detection.lesson.seen import CONFIDENCE, IOU, seen_in

    with Image.open(path) as file:
        answer = seen_in(file.convert("RGB"), model, [str(number) for number in range(model.nc)], side)
    kept = chosen(answer, CONFIDENCE, IOU).kept[:BOXES]
    return [[*map(float, answer.boxes[at]), float(answer.best[at]), int(answer.labels[at])] for at in kept]


def evaluated(folder: Path, model: Any, side: int) -> dict[str, float]:
    """Ultralytics' own evaluation of a network on the held-out pictures, one at a time."""
    hushed()
    from ultralytics.models.yolo.detect import DetectionValidator

    arguments = {
        "data": str(folder / "data.yaml"), "imgsz": side, "batch": 1, "device": "cpu", "plots": False, "workers": 0,
        "project": str(folder), "name": "val", "exist_ok": True, "verbose": False, "rect": True, "save_json": False,
    }  # fmt: skip
    metrics = DetectionValidator(args=arguments)(model=model)
    return {"map50": float(metrics["metrics/mAP50(B)"]), "map": float(metrics["metrics/mAP50-95(B)"])}


def summed(folder: Path, model: Any, settings: dict) -> dict[str, float]:
    """The same by this project's own sums."""
    from PIL import Image

    from core.projects.detection.lesson.judged import evaluated as judged
    from core.projects.detection.lesson.labels import object_in

    pictures, names = [], tuple(settings["names"])
    for path in sorted((folder / "images" / "val").iterdir()):
        with Image.open(path) as file:
            picture = file.convert("RGB")
        lines = (folder / "labels" / "val" / f"{path.stem}.txt").read_text(encoding="utf-8").splitlines()
        pictures.append((picture, [object_in(line, picture.size, names) for line in lines]))
    score = judged(model, names, settings["side"], pictures)
    return {"map50": score.map50, "map": score.map50_95}


def main(folder: Path) -> None:
    """Train on what is in the folder."""
    import logging

    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    hushed()
    from ultralytics.utils import LOGGER

    from core.projects.detection.network import load, save

    LOGGER.setLevel(logging.ERROR)
    trainer = trainer_of(folder, settings)
    watch(trainer, sorted((folder / "images" / "val").iterdir()), settings["side"])
    tell(share=0.0)
    trainer.train()
    about = {"architecture": settings["architecture"], "classes": settings["names"], "side": settings["side"]}
    save(trainer.ema.ema.float(), folder / "trained.safetensors", about)
    model, _ = load(folder / "trained.safetensors")  # what is taken away is what is judged
    tell(own=summed(folder, model, settings), final=evaluated(folder, model, settings["side"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
