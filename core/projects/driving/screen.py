"""What a screen is sent of a drive: sharp pictures, numbers and attention, packed frame by frame."""

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.projects.driving.expert import Expert
from core.projects.driving.simulator import STEPS, WINDOW_H, WINDOW_W, FastRacing, checked_seed
from core.provenance import Measured

WIDE, HIGH = 400, 320  # pixels of a picture on the screen; the simulator's own window has this shape
COARSE = 4  # attention is sent for every fourth pixel
FOLDER = Path(__file__).resolve().parents[3] / "assets" / "driving" / "cockpit"
PARTS = ("panel", "reel", "windscreen", "instruments", "map", "race", "announcer", "film", "hands", "cockpit")


def cockpit() -> tuple[str, str]:
    """The cockpit's script, which defines ``cockpit(root, send, options)``, and its style for class ``cockpit``."""
    script = "\n".join((FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in PARTS)
    return script, (FOLDER / "cockpit.css").read_text(encoding="utf-8")


def picture(simulator) -> np.ndarray:
    """The simulator's window, (320, 400, 3) uint8, of the frame it drew last: sharper than the frame drivers get."""
    import cv2

    window = np.frombuffer(simulator.surf.get_buffer(), np.uint8).reshape(WINDOW_H, WINDOW_W, 4)  # blue, green, red, –
    return cv2.resize(window, (WIDE, HIGH), interpolation=cv2.INTER_LINEAR)[:, :, 2::-1]


def jpeg(pixels: np.ndarray, quality: int = 82) -> bytes:
    """A picture (height, width, 3) uint8 as JPEG."""
    import cv2

    return cv2.imencode(".jpg", np.ascontiguousarray(pixels[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[
        1
    ].tobytes()


def pixels(file: bytes) -> np.ndarray:
    """A picture that ``jpeg`` made, (height, width, 3) uint8."""
    import cv2

    colours = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
    assert colours is not None  # it is a JPEG
    return np.ascontiguousarray(colours[:, :, ::-1])


def packed(told: dict, *parts: bytes) -> bytes:
    """One message: four bytes with the length of the JSON, the JSON with the parts' lengths, the parts."""
    head = json.dumps({**told, "parts": [len(part) for part in parts]}, separators=(",", ":")).encode()
    return len(head).to_bytes(4, "little") + head + b"".join(parts)


def moment_told(moment, place: tuple[float, float, float]) -> dict:
    """A moment's numbers for the screen; ``place`` is where the car was: x, y, heading."""
    return {
        "step": moment.step, "action": [round(float(one), 3) for one in moment.action],
        "speed": round(moment.speed, 1), "score": round(moment.score, 1), "tiles": round(moment.tiles, 4),
        "off": moment.wheels_off, "struck": moment.struck, "over": moment.over, "finished": moment.finished,
        "place": [round(float(one), 2) for one in place],
    }  # fmt: skip


def coarse(attention: np.ndarray | None) -> bytes:
    """Attention (96, 96) in 0…1 as (24, 24) bytes; nothing for none."""
    return b"" if attention is None else (255 * attention[::COARSE, ::COARSE]).astype(np.uint8).tobytes()


def where(simulator) -> tuple[float, float, float]:
    """The car's x, y and heading (radians, 0 is up, to the left positive)."""
    return (*simulator.car.hull.position, simulator.car.hull.angle)


def outline(simulator) -> list[list[float]]:
    """The track's centre line as [x, y] per tile."""
    return [[round(float(x), 1), round(float(y), 1)] for _, _, x, y in simulator.track]


@dataclass(frozen=True)
class Lap:
    """The expert's drive on a track: score, place (x, y) and speed after every step, and the track's outline."""

    seed: int
    scores: list[float]
    places: list[list[float]]
    speeds: list[float]
    track: list[list[float]]
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((self.seed,), self.seconds, "The expert's lap, driven now").provenance


@lru_cache(maxsize=64)
def expert_lap(seed: int, steps: int = STEPS) -> Lap:
    """What the expert makes of a track; without a picture that takes a fraction of a second."""
    simulator, expert, score, began = FastRacing(pixels=False), Expert(), 0.0, time.perf_counter()
    simulator.reset(seed=checked_seed(seed))
    scores, places, speeds, over = [], [], [], False
    while not over and len(scores) < steps:
        _, reward, over, _, _ = simulator.step(expert.action(simulator))
        score += reward
        scores.append(round(score, 1))
        places.append([round(float(one), 1) for one in simulator.car.hull.position])
        speeds.append(round(float(np.hypot(*simulator.car.hull.linearVelocity)), 1))
    return Lap(seed, scores, places, speeds, outline(simulator), time.perf_counter() - began)
