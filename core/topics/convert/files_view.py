"""The same network in every file: bytes, operators, agreement, time; measured here or recorded where the tools are."""

import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from core.deployment.browser import ONNX, TF_WEIGHTS, layers_model, summary
from core.deployment.onnx_files import opened
from core.deployment.onnx_sessions import session
from core.deployment.subjects import Digits, mixed_digits, of_picture
from core.figures.curves import across
from core.figures.picture import Picture
from core.lessons import Goal, Question
from core.lessons.controls import pick
from core.lessons.view import Later, Shown, View
from core.models.digits import FOLDER, recognizer
from core.programs import Program
from core.topics.convert.elsewhere import (
    COMMAND,
    CORE_ML,
    LITE,
    LITE_HALF,
    LITE_INT8,
    NEEDED,
    PARTS,
    compared,
    timed,
    tried,
)
from core.topics.convert.programs import program_of_fold
from core.topics.convert.record import RECORD, TOOLS

TORCH, ONNX_FILE, TF_FILE = "safetensors", "ONNX", "TensorFlow.js"
NAMES = (TORCH, ONNX_FILE, TF_FILE, LITE, LITE_HALF, LITE_INT8, CORE_ML)
MOST, HERE = 300_000, 20  # bytes of the challenge; timed runs here and now
MILLION = 1e6


@dataclass(frozen=True)
class Files:
    """What is known of each file: ``rows`` of bytes, operators, difference, share of same answers and milliseconds, as
    far as each was measured; those ``here`` are live, the others recorded."""

    rows: Mapping[str, Mapping[str, Any]]
    here: frozenset[str]
    subject: Digits
    logits: np.ndarray
    seconds: float

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"Live: {', '.join(sorted(self.here))}, in {self.seconds:.1f} s · {RECORD.source.provenance}: the others"


@torch.no_grad()
def measure(seed: int) -> Files:
    """Write and ask what can be asked here; look the others up."""
    began = time.perf_counter()
    model, x = recognizer()[0], tried()
    wanted = model(x).numpy()
    running, file = session(ONNX.content), opened(ONNX.content)
    answers = np.asarray(running.run(None, {"x": x.numpy()})[0])
    rows: dict[str, Mapping[str, Any]] = {
        TORCH: {
            "bytes": (FOLDER / "weights.safetensors").stat().st_size,
            "milliseconds": timed(lambda: model(x[:1]), HERE),
        },
        ONNX_FILE: compared(answers, wanted, len(ONNX.content), file.kinds)
        | {"milliseconds": timed(lambda: running.run(None, {"x": x[:1].numpy()}), HERE)},
        TF_FILE: {"bytes": len(layers_model()[0]) + TF_WEIGHTS.size, "operators": Counter(summary().split())},
    }
    here = frozenset(rows)
    rows |= recorded()
    subject = of_picture(mixed_digits()[seed % 100, 0])
    return Files(rows, here, subject, model(subject.example)[0].numpy(), time.perf_counter() - began)


def recorded() -> dict[str, dict[str, Any]]:
    """The conversions on record, differences in ones."""
    rows = {name: dict(RECORD.contents[name]) for name in (LITE, LITE_HALF, LITE_INT8, CORE_ML)}
    for row in rows.values():
        for name in ("difference", "weights apart"):
            if name in row:
                row[name] = row[name] / MILLION
    return rows


def line(name: str, row: Mapping[str, Any], here: bool) -> dict[str, str]:
    """One file in the table."""
    counts = row.get("operators", {})
    agreement = f"{row['difference']:.1g}, {row['same']:.1%}" if "difference" in row else {
        TORCH: "the original", TF_FILE: "in your browser: first view",
        CORE_ML: f"weights read back: {row.get('weights apart', 0):.1g} apart",
    }[name]  # fmt: skip
    unasked = "in your browser" if name == TF_FILE else "runs on macOS only"
    return {
        "File": name, "Bytes": f"{row['bytes']:,}",
        "Operators": ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none: weights alone",
        "Difference, same answers": agreement,
        "Milliseconds": f"{row['milliseconds']:.2f}" if "milliseconds" in row else unasked,
        "Measured": "here, now" if here else "recorded",
    }  # fmt: skip


def shown(found: Files, file: str) -> Shown:
    """Sizes, and the table."""
    missing = [name for name, parts in NEEDED.items() if any(find_spec(part) is None for part in parts)]
    chosen = found.rows[file]
    note = (
        f"**{file}**: {chosen['bytes']:,} bytes, {chosen['bytes'] / found.rows[TORCH]['bytes']:.0%} of the original. "
        "Agreement is on 200 digits: the largest difference of a logit, and how many answers are the same. "
    )
    note += (
        f"The tools for {' and '.join(missing)} are not installed here; `{COMMAND}` brings them, and then the button "
        f"below converts. Shown is what they measured on {RECORD.source.date} with "
        f"{', '.join(f'{name} {each}' for name, each in TOOLS.items())}."
        if missing else "All tools are here: the button below converts."
    )  # fmt: skip
    rows = [line(name, found.rows[name], name in found.here) for name in NAMES]
    return Shown(((sizes(found),),), note, (rows,))


def sizes(found: Files, names: Sequence[str] = NAMES) -> Picture:
    """Bytes of some files."""
    return across(names, {"size": [found.rows[name]["bytes"] / 1000 for name in names]}, "Kilobytes")


def before(found: Files, file: str) -> Shown:
    """Those of the first view."""
    three = [name for name in NAMES if name in found.here]
    note = "241,077 numbers of four bytes and some words: the three files that this page has used so far."
    return Shown(((sizes(found, three),),), note)


def asked(found: Files, file: str) -> Question:
    """How often does int8 change an answer?"""
    same = found.rows[LITE_INT8]["same"]
    count = round((1 - same) * len(tried()))
    options = ["none", "1 to 4", "5 or more"]
    truth = options[0] if not count else options[1] if count < 5 else options[2]
    text = "TF Lite keeps the weights in 8 bits instead of 32. Of 200 digits, how many get another answer?"
    because = (
        "Each channel has a scale of its own, so a weight is off by at most half of 1/127 of the channel's largest; "
        "the winner's lead is far larger."
    )
    return Question(text, options, truth, because)


def light(found: Files, file: str) -> Goal:
    """A file that is small and right."""
    row = found.rows[file]
    text = f"**Small and right**: choose a file of at most {MOST:,} bytes that answers all 200 digits as torch does."
    now = f"Now: {file}, {row['bytes']:,} bytes"
    return Goal(text, row["bytes"] <= MOST and row.get("same") == 1, f"{now}.")


def converting() -> Generator[tuple[float, str], None, dict[str, Any]]:
    """Convert in a process of its own, in steps (fraction, message). Raises ``ValueError`` where a tool is missing."""
    from core.jobs.apart import apart

    missing = sorted({part for parts in NEEDED.values() for part in parts if find_spec(part) is None})
    if missing:
        raise ValueError(f"Not installed here: {', '.join(missing)}. {COMMAND} brings them.")
    rows: dict[str, Any] = {}
    for part in PARTS:
        rows |= yield from apart("core.topics.convert.elsewhere", part, f"converting: {part}")
    return rows


def converted(rows: Mapping[str, Any]) -> Shown:
    """What was measured just now."""
    table = [line(name, rows[name], True) for name in NAMES if "bytes" in rows.get(name, {})]
    return Shown((), "Converted here, in a process of its own:", (table,))


def program(found: Files, file: str) -> Program:
    """The conversion itself."""
    return program_of_fold(found.subject, found.logits)


def files(found: Files):
    """The files that are made here."""
    text, weights = layers_model()
    return (("ONNX", "digits.onnx", ONNX.content), ("TensorFlow.js: model.json", "model.json", text.encode()),
            ("TensorFlow.js: weights.bin", "weights.bin", weights))  # fmt: skip


FILES = View(
    (), measure, shown, look=(pick("File", NAMES, ONNX_FILE),), before=before, question=asked, goal=light,
    program=program, files=files,
    later=Later("Convert to TF Lite and Core ML here", converting, lambda found: (), converted),
)  # fmt: skip
