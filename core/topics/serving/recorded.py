"""What all servers did on one machine, one after another: recorded by benchmarks/serving.py, with its card."""

import json
from functools import lru_cache

from core.figures.curves import number
from core.topics.serving.folders import KINDS, ROOT

FILE = ROOT / "assets" / "serving" / "measured.json"


@lru_cache(maxsize=1)
def record() -> dict:
    """The record: ``servers`` by name, ``archives``, the ``machine`` and the ``date``."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def rows() -> list[dict]:
    """A table of all ways to serve."""
    found, rows = record()["servers"], []
    for name, kind in KINDS.items():
        seen = found.get(name, {})
        rows.append({
            "Server": name, "For programs": "JSON" if kind.answers_json else "–",
            f"One client, half within (ms), {record()['date']}": number(seen["p50"]) if "p50" in seen else "–",
            "Eight clients (per second)": f"{seen['rate']:,.0f}" if "rate" in seen else "–",
            "Ready after (s)": number(seen["ready"]) if "ready" in seen else "–",
            "Version": seen.get("version", "–"),
        })  # fmt: skip
    return rows
