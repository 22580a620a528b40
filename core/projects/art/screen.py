"""The painter in the forms that screens show: pictures with captions, files, sentences. Knows no screen library."""

import math
import tempfile
from pathlib import Path

import numpy as np

from core.projects.art import match
from core.projects.art.painter import LARGEST_SEED, painter, plane
from core.projects.art.shipped import GROUPS
from core.projects.art.studio import corners_of, filmed, mixture, paint
from core.projects.art.takeaway import gif, video

LARGEST = LARGEST_SEED // 16  # seed of a gallery, a map or a game: each takes several of the painter's
ENLARGED = 3  # times as large as painted
Captioned = list[tuple[np.ndarray, str]]


def whole(value: object, name: str, low: int, high: int) -> int:
    """A whole number in a range. Raises ``ValueError`` with one sentence for anything else."""
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not math.isfinite(number) or number != int(number) or not low <= number <= high:
        raise ValueError(f"{name} is a whole number from {low:,} to {high:,}.")
    return int(number)


def share(value: object, name: str, high: float = 1.0) -> float:
    """A number from 0 to ``high``. Raises ``ValueError`` with one sentence for anything else."""
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not math.isfinite(number) or not 0 <= number <= high:
        raise ValueError(f"{name} is a number from 0 to {high:g}.")
    return float(number)


def group(value: object) -> str:
    """A group's name. Raises ``ValueError`` with one sentence for anything else."""
    if value not in GROUPS:
        raise ValueError(f"A fruit is one of {', '.join(GROUPS)}.")
    return str(value)


def larger(pixels: np.ndarray) -> np.ndarray:
    """A picture for a screen, each pixel several times as large."""
    return pixels.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)


def gallery(fruit: str, other: str, mixed: float, truncation: float, seed: float) -> tuple[Captioned, Captioned, str]:
    """Twelve pictures, the training picture nearest to each, and what was measured."""
    try:
        mix = group(fruit), group(other), share(mixed, "The share")
        found = paint(*mix, share(truncation, "Truncation", 1.5), whole(seed, "The seed", 0, LARGEST))
    except ValueError as refusal:
        return [], [], str(refusal)
    painted = [(larger(one), f"seed {own}") for one, own in zip(found.pixels, found.seeds, strict=True)]
    beside = found.near
    near = [
        (larger(one), f"{name}, distance {away:.2f}")
        for one, name, away in zip(beside.pixels, beside.groups, beside.distances, strict=True)
    ]
    told = (
        f"Mean distance to the nearest training picture {beside.distances.mean():.3f} (quality), between two of these "
        f"{found.variety:.3f} (diversity)."
    )
    return painted, near, told


def place(left: str, right: str, seed: float, spot: object) -> tuple[np.ndarray | None, str]:
    """The picture at a place of the map, "x,y" with both from 0 to 1, and where it is."""
    try:
        x, y = read_spot(spot)
        corners = corners_of(group(left), group(right), whole(seed, "The seed", 0, LARGEST))
    except ValueError as refusal:
        return None, str(refusal)
    pixels = painter().painted(plane(corners, x, y)[None])[0]
    return larger(pixels), f"{x:.2f} across, {y:.2f} down."


def read_spot(spot: object) -> tuple[float, float]:
    """Two numbers from "x,y". Raises ``ValueError`` with one sentence for anything else."""
    parts = spot.split(",") if isinstance(spot, str) and len(spot) < 60 else []
    try:
        x, y = (float(part) for part in parts)
    except ValueError:
        raise ValueError("A place on the map is two numbers from 0 to 1, as in 0.3,0.7.") from None
    return share(x, "Across"), share(y, "Down")


def film(start: str, end: str, stops: float, frames: float, seed: float) -> tuple[str | None, list[str], str]:
    """A film: the GIF's path, both files' paths, and what it shows."""
    try:
        found = filmed(
            group(start), group(end), whole(stops, "The number of stops", 2, 6),
            whole(frames, "The number of frames", 8, 40), whole(seed, "The seed", 0, LARGEST),
        )  # fmt: skip
    except ValueError as refusal:
        return None, [], str(refusal)
    folder = Path(tempfile.mkdtemp(prefix="film-"))
    for name, content in (("film.gif", gif(list(found.pixels))), ("film.mp4", video(list(found.pixels)))):
        (folder / name).write_bytes(content)
    told = f"{len(found.pixels)} frames through {found.stops} pictures; it ends where it begins."
    return str(folder / "film.gif"), [str(folder / "film.gif"), str(folder / "film.mp4")], told


def pair(seed: float, typed: str) -> tuple[Captioned, str]:
    """The next pair of the game after the guesses "l" and "r" so far, and how it stands."""
    try:
        found = match.match(whole(seed, "The seed", 0, LARGEST))
    except ValueError as refusal:
        return [], str(refusal)
    guesses = match.guessed(typed if isinstance(typed, str) else "")
    told = match.score(found, guesses).sentence if guesses else "Which one was painted by hand?"
    if guesses:
        last = found.rounds[len(guesses) - 1]
        told = f"The {('left', 'right')[last.real]} one was real. {told}"
    if len(guesses) == match.ROUNDS:
        return [], f"{told} Another seed gives another ten pairs."
    now = found.rounds[len(guesses)]
    shown = [(larger(one), name) for one, name in zip(now.pictures, ("left", "right"), strict=True)]
    return shown, f"Round {len(guesses) + 1} of {match.ROUNDS}, {now.group}. {told}"


def described(fruit: str, other: str, mixed: float, truncation: float, seed: float) -> dict:
    """The same gallery in numbers, for programs; {"error": one sentence} if it cannot be."""
    try:
        mix = mixture(group(fruit), group(other), share(mixed, "The share"))
    except ValueError as refusal:
        return {"error": str(refusal)}
    painted, near, told = gallery(fruit, other, mixed, truncation, seed)
    if not painted:
        return {"error": told}
    colours = [one.reshape(-1, 3).mean(axis=0).round(1).tolist() for one, _ in painted]
    return {"mix": mix, "mean_colours": colours, "nearest": [caption for _, caption in near], "measured": told}
