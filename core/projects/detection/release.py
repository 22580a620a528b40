"""Ship trained weights: ``python -m core.projects.detection.release --weights runs/detection/first/best.safetensors``.

Measures them on scenes of test drawings, which no choice was made on, and writes weights, drawings, measures and card.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import torch

from core.projects.detection.card import card
from core.projects.detection.detector import CONFIDENCE, Detector, of_module
from core.projects.detection.drawings import CLASSES, FOLDER, Drawings
from core.projects.detection.measure import judged, recall_by_size
from core.projects.detection.network import load, save
from core.projects.detection.quiet import hushed
from core.projects.detection.scenes import SIDE, scenes
from core.projects.detection.sources import drawings, save_shipped

SETS: dict[str, dict] = {  # scenes of test drawings: picture size, whether photographed
    "composed": {"size": (SIDE, SIDE), "camera": False},
    "photographed": {"size": (800, 600), "camera": True},
}
SIZES = (0, 24, 40, 64, 1000)


def measured(detector: Detector, sources: Drawings, count: int, seed: int) -> dict:
    """mAP on each set, by class, and the share found by size."""
    record = {}
    for name, wanted in SETS.items():
        result, found, truth = judged(detector, scenes(sources, count, seed, **wanted))
        scale = SIDE / max(wanted["size"])
        rows = recall_by_size(found, truth, [side / scale for side in SIZES], CONFIDENCE)
        record[name] = {
            "scenes": count, "objects": sum(len(one.classes) for one in truth), "mAP50": result.map50,
            "mAP50-95": result.map50_95,
            "classes": {CLASSES[kind]: (float(row[0]), float(row.mean())) for kind, row in
                        zip(result.classes, result.averages, strict=True)},
            "sizes": [(low * scale, high * scale, objects, share) for low, high, objects, share in rows],
        }  # fmt: skip
        print(f"{name}: mAP50 {result.map50:.4f}, mAP50-95 {result.map50_95:.4f}", flush=True)
    return record


def history_of(runs: list[Path]) -> list[dict]:
    """The training log's lines of each run, in order, with those settings that say how it was trained."""
    kept = ("seed", "side", "rate", "scenes")
    lines = [
        json.loads(line) | {"run": run.name} for run in runs for line in (run / "log.jsonl").read_text().splitlines()
    ]
    return [line | {"settings": {name: line["settings"][name] for name in kept}} for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure and ship a trained detector.")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--runs", type=Path, nargs="*", default=[], help="folders of the trainings that led there")
    parser.add_argument("--side", type=int, default=0, help="pixels of the pictures it is shipped for; 0: as trained")
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--remark", default="", help="a sentence for the card")
    parser.add_argument("--out", type=Path, default=FOLDER)
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    hushed()
    import ultralytics

    model, about = load(wanted.weights)
    about["side"] = wanted.side or about["side"]
    count = sum(parameter.numel() for parameter in model.parameters())
    detector = of_module(model, "candidate", tuple(about["classes"]), about["side"])
    record = measured(detector, drawings("test"), wanted.scenes, wanted.seed)
    wanted.out.mkdir(parents=True, exist_ok=True)
    save(load(wanted.weights)[0], wanted.out / "model.safetensors", about)
    save_shipped(wanted.out)
    record |= {
        "parameters": count, "megabytes": (wanted.out / "model.safetensors").stat().st_size / 1e6,
        "side": about["side"], "architecture": about["architecture"], "seed": wanted.seed, "remark": wanted.remark,
        "history": history_of(wanted.runs), "date": date.today().isoformat(),
        "machine": f"Python {platform.python_version()}, PyTorch {torch.__version__}, "
        f"Ultralytics {ultralytics.__version__}",
    }  # fmt: skip
    (wanted.out / "measures.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    (wanted.out / "card.md").write_text(card(record))


if __name__ == "__main__":
    main()
