"""Detections as files: JSON, CSV, YOLO labels and COCO results."""

import csv
import io
import json
from collections.abc import Sequence

from core.projects.detection.average_precision import Found

FORMATS = {"JSON": "json", "CSV": "csv", "YOLO": "txt", "COCO": "json"}


def listed(found: Found, names: Sequence[str]) -> list[dict]:
    """Each detection by class name, score and corners in pixels, surest first."""
    rows = zip(found.classes.tolist(), found.scores.tolist(), found.boxes.tolist(), strict=True)
    return [
        {"class": names[kind], "score": round(score, 6), "box": [round(edge, 2) for edge in box]}
        for kind, score, box in rows
    ]


def as_json(found: Found, names: Sequence[str], size: tuple[int, int]) -> str:
    """The detections and the picture's size."""
    whole = {"width": size[0], "height": size[1], "detections": listed(found, names)}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def as_csv(found: Found, names: Sequence[str], size: tuple[int, int]) -> str:
    """A row for each detection: class, score, x1, y1, x2, y2 in pixels."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["class", "score", "x1", "y1", "x2", "y2"])
    table.writerows([one["class"], one["score"], *one["box"]] for one in listed(found, names))
    return text.getvalue()


def as_yolo(found: Found, names: Sequence[str], size: tuple[int, int]) -> str:
    """A label file: class number, centre, width and height in shares of the picture, and the score."""
    lines = []
    for kind, score, (x1, y1, x2, y2) in zip(
        found.classes.tolist(), found.scores.tolist(), found.boxes.tolist(), strict=True
    ):
        wide, high = size
        shares = (x1 + x2) / 2 / wide, (y1 + y2) / 2 / high, (x2 - x1) / wide, (y2 - y1) / high
        lines.append(f"{kind} " + " ".join(f"{value:.6f}" for value in (*shares, score)) + "\n")
    return "".join(lines)


def as_coco(found: Found, names: Sequence[str], size: tuple[int, int], file: str = "picture") -> str:
    """A COCO file: the picture, the categories (from 1), and an annotation for each detection, with its score."""
    annotations = [
        {
            "id": number, "image_id": 1, "category_id": kind + 1, "score": round(score, 6), "iscrowd": 0,
            "bbox": [round(x1, 2), round(y1, 2), round(x2 - x1, 2), round(y2 - y1, 2)],
            "area": round((x2 - x1) * (y2 - y1), 2),
        }
        for number, (kind, score, (x1, y1, x2, y2)) in enumerate(
            zip(found.classes.tolist(), found.scores.tolist(), found.boxes.tolist(), strict=True), start=1
        )
    ]  # fmt: skip
    whole = {
        "images": [{"id": 1, "file_name": file, "width": size[0], "height": size[1]}],
        "categories": [{"id": number, "name": name} for number, name in enumerate(names, start=1)],
        "annotations": annotations,
    }
    return json.dumps(whole, ensure_ascii=False) + "\n"


WRITERS = {"JSON": as_json, "CSV": as_csv, "YOLO": as_yolo, "COCO": as_coco}
