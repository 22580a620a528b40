"""What all servers did on one machine, one after another: recorded by benchmarks/serving.py, with its card."""

import json
from functools import lru_cache

from core.figures.curves import number
from core.topics.serving.folders import KINDS, ROOT

FILE = ROOT / "assets" / "serving" / "measured.json"


@lru_cache(maxsize=1)
def record() -> dict:
    """The record: ``servers`` and ``archives`` by name, each with its date, and the ``machine``."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def rows() -> list[dict]:
    """A table of all ways to serve."""
    found, rows = record()["servers"], []
    for name, kind in KINDS.items():
        seen = found.get(name, {})
        rows.append({
            "Server": name, "For programs": "JSON" if kind.answers_json else "–",
            "One client, half within (ms)": number(seen["p50"]) if "p50" in seen else "–",
            "Eight clients (per second)": f"{seen['rate']:,.0f}" if "rate" in seen else "–",
            "Ready after (s)": number(seen["ready"]) if "ready" in seen else "–",
            "Version": seen.get("version", "–"), "Measured": when(seen),
        })  # fmt: skip
    return rows


def when(seen: dict) -> str:
    """The day, and how many programs wanted the machine then, where that is known."""
    load = f", load {seen['load']:g}" if "load" in seen else ""
    return f"{seen['date']}{load}" if "date" in seen else "–"
