"""What can go wrong while driving: pushes, blur, darkness, lost frames, exchanged colours."""

import math
from dataclasses import dataclass, fields

import numpy as np

from core.projects.driving.collect import pushed

COLOURS = ("rgb", "rbg", "grb", "gbr", "brg", "bgr")


@dataclass(frozen=True)
class Disturbance:
    """Settings of a disturbed drive; all at rest by default.

    ``push``: sideways velocity in simulator units per second (0…40), given every ``every`` frames to one side or the
    other. ``blur``: pixels around each that it is averaged with (0…8). ``dark``: share of light removed (0…1).
    ``drop``: probability that a frame is lost, so that the driver acts on the last one that came (0…0.95).
    ``colours``: the order in which the driver gets red, green and blue. Raises ``ValueError`` with one sentence.
    """

    push: float = 0.0
    every: int = 100
    blur: int = 0
    dark: float = 0.0
    drop: float = 0.0
    colours: str = "rgb"

    def __post_init__(self) -> None:
        limits = {"push": 40, "every": 1000, "blur": 8, "dark": 1, "drop": 0.95}
        for name, most in limits.items():
            value, least = getattr(self, name), 1 if name == "every" else 0
            number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or not least <= value <= most:
                raise ValueError(f"{name.capitalize()} must be a number from {least} to {most}.")
        for name in ("every", "blur"):
            if getattr(self, name) != int(getattr(self, name)):
                raise ValueError(f"{name.capitalize()} must be a whole number.")
        if self.colours not in COLOURS:
            raise ValueError(f"Colours must be one of {', '.join(COLOURS)}.")

    @property
    def nothing(self) -> bool:
        """Whether all settings are at rest."""
        return all(getattr(self, field.name) == field.default for field in fields(self) if field.name != "every")


class Disturber:
    """Carries a disturbance out on one drive: ``struck`` the car, ``shown`` the driver. Deterministic by seed."""

    def __init__(self, disturbance: Disturbance, seed: int) -> None:
        self.settings, self.random, self.last = disturbance, np.random.default_rng(seed), None

    def struck(self, simulator, step: int) -> bool:
        """Push the car if this is the frame for it; say whether it was."""
        due = self.settings.push > 0 and step > 0 and step % int(self.settings.every) == 0
        if due:
            pushed(simulator, self.settings.push * self.random.choice([-1, 1]), 0.0)
        return due

    def shown(self, frame: np.ndarray) -> np.ndarray:
        """What the driver gets of a frame (96, 96, 3) uint8; the same shape."""
        if self.last is not None and self.settings.drop and self.random.random() < self.settings.drop:
            return self.last
        self.last = spoiled(frame, self.settings)
        return self.last


def spoiled(frame: np.ndarray, settings: Disturbance) -> np.ndarray:
    """A frame (height, width, 3) uint8 with its colours exchanged, darkened and blurred."""
    if settings.colours != "rgb":
        frame = frame[:, :, ["rgb".index(letter) for letter in settings.colours]]
    if settings.dark:
        frame = (frame * (1 - settings.dark)).astype(np.uint8)
    return blurred(frame, int(settings.blur)) if settings.blur else frame


def blurred(frame: np.ndarray, radius: int) -> np.ndarray:
    """Each pixel of (height, width, 3) uint8 averaged over the square of ``radius`` pixels around it."""
    side = 2 * radius + 1
    padded = np.pad(frame.astype(np.float32), ((radius, radius), (radius, radius), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))
    return windows.mean(axis=(-2, -1)).round().astype(np.uint8)
