"""A recorded lap, to watch while others drive.

    python -m core.projects.driving.meanwhile

lets the shipped network drive and writes ``assets/driving/lap.webm`` with what it shows in ``lap.json``.
"""

import base64
import hashlib
import json
import time
from functools import lru_cache
from pathlib import Path

from core.projects.driving.drivers import driver
from core.projects.driving.live import Live, Order
from core.projects.driving.network import WEIGHTS
from core.projects.driving.simulator import STEPS

FILM = Path(__file__).resolve().parents[3] / "assets" / "driving" / "lap.webm"
FACTS, SEED = FILM.with_suffix(".json"), 7


@lru_cache(maxsize=1)
def meanwhile() -> dict[str, str]:
    """A message for screens: the recorded film, base64, and one sentence about it."""
    facts = json.loads(FACTS.read_text())
    lap = f"track {facts['seed']}, {facts['points']:.0f} points in {facts['steps']} steps"
    sentence = f"A recorded lap of the network: {lap}."
    return {"meanwhile": base64.b64encode(FILM.read_bytes()).decode(), "caption": sentence}


def weights() -> str:
    """A fingerprint of the shipped network, to tell whether it is the one that was filmed."""
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:8]


def recorded() -> tuple[bytes, dict[str, object]]:
    """A lap driven now: its film and the facts about it."""
    live = Live(Order(SEED), driver("cnn"), lambda message: None)
    live.shown = STEPS
    for _ in live.run():
        pass
    assert live.last is not None  # it has driven
    facts = {"seed": SEED, "points": round(live.last.score, 1), "steps": live.last.step + 1, "weights": weights()}
    return live.film(), facts


def main() -> None:
    """Drive, film and write the two files."""
    film, facts = recorded()
    FILM.write_bytes(film)
    FACTS.write_text(json.dumps({**facts, "date": time.strftime("%Y-%m-%d")}) + "\n")


if __name__ == "__main__":
    main()
