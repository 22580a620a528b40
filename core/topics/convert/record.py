"""The recorded conversions: TF Lite and Core ML, made where their tools are (``requirements-convert.txt``).

``python -m core.topics.convert.record`` measures them again and writes assets/recorded/convert.json.
"""

from importlib.metadata import version
from typing import Any

from core.deployment.onnx_writer import written
from core.jobs.apart import apart
from core.lessons.record import Record, finished
from core.models.digits import FOLDER, recognizer
from core.topics.convert import elsewhere

MODULE = "core.topics.convert.elsewhere"
TOOLS = {"tensorflow-cpu": "2.21.0", "ai-edge-litert": "2.3.0", "coremltools": "9.0"}
SPECIFICATION = {"network": "digits", "compared on": elsewhere.TRIED, "timed runs": elsewhere.RUNS, "tools": TOOLS}


def again() -> tuple[tuple[str | int, ...], float]:
    """The size of the ONNX file that stood beside them, written again."""
    return ("ONNX", "bytes"), len(written(recognizer()[0]))


RECORD = Record("convert", SPECIFICATION, again, FOLDER / "weights.safetensors")


def in_millionths(found: dict[str, Any]) -> dict[str, Any]:
    """Differences as a record keeps them, in millionths."""
    rows = {name: dict(row) for name, row in found.items()}
    for row in rows.values():
        for name in ("difference", "weights apart"):
            if name in row:
                row[name] = 1e6 * row[name]
    return rows


if __name__ == "__main__":
    assert {name: version(name) for name in TOOLS} == TOOLS, "the record names the versions that made it"
    measured: dict[str, Any] = {}
    for part in elsewhere.PARTS:
        measured |= in_millionths(finished(apart(MODULE, part, part)))
    measured["ONNX"]["bytes"] = len(written(recognizer()[0]))
    RECORD.write(measured)
