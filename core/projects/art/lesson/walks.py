"""Walks through the space of styles: a map between four pictures, and a film."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.figures.picture import Picture
from core.figures.sheets import photo, rows_of_pictures, spot_of, turning
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, slider
from core.lessons.view import Later, Shown, View
from core.programs import Program
from core.projects.art.lesson.programs import of_pictures
from core.projects.art.measures import features
from core.projects.art.near import Nearest, learned, nearest_to
from core.projects.art.painter import painter, plane
from core.projects.art.shipped import GROUPS
from core.projects.art.studio import EVERY, Film, corners_of, filmed
from core.projects.art.takeaway import gif, video
from core.provenance import Measured

# Map -----------------------------------------------------------------------------------------------------------------

FAR = 0.1  # how far from every training picture the place of the challenge is
CELLS = 5  # pictures along a side of the map
FINE = 11  # pictures along its upper edge that steps are measured on
SIDES = pick("Left", GROUPS), pick("Right", GROUPS, GROUPS[7])
ACROSS = slider("Across", 0.0, 1.0, 0.5, 0.01, help="Where on the map; or drag on it, or click into the overview.")
DOWN = slider("Down", 0.0, 1.0, 0.5, 0.01, help="Where on the map; or drag on it, or click into the overview.")
SPOT = ACROSS, DOWN


@dataclass(frozen=True, eq=False)
class Map:
    """Styles at four corners (4, style), and pictures between them, (cells · cells, side, side, 3), row by row."""

    corners: Tensor
    pixels: np.ndarray
    groups: tuple[str, str]
    seed: int
    steps: np.ndarray
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((self.seed,), self.seconds, "Painted live").provenance


def mapped(left: str, right: str, seed: int) -> Map:
    """The map, and how far neighbours on its upper edge differ."""
    start, corners = time.perf_counter(), corners_of(left, right, seed)
    line = [place / (CELLS - 1) for place in range(CELLS)]
    pixels = painter().painted(torch.stack([plane(corners, x, y) for y in line for x in line]))
    edge = painter().painted(torch.stack([plane(corners, place / (FINE - 1), 0) for place in range(FINE)]))
    rows = features(edge)
    steps = (1 - torch.cosine_similarity(rows[1:], rows[:-1])).numpy()
    return Map(corners, pixels, (left, right), seed, steps, time.perf_counter() - start)


def map_view(found: Map, across: float, down: float) -> Shown:
    """The map with the chosen place, the picture there, and the training picture nearest to it."""
    near = beside(found, across, down)
    kind, away = near.groups[0], float(near.distances[0])
    at = round(across * (CELLS - 1)) + CELLS * round(down * (CELLS - 1))
    alt = (
        f"{CELLS} × {CELLS} pictures between four corners, {found.groups[0]} on the left, {found.groups[1]} on the "
        f"right; chosen is the place {across:.2f} across and {down:.2f} down."
    )
    row = (
        rows_of_pictures(list(found.pixels), (), alt, CELLS, wide=330, chosen=at),
        photo(near.pixels[0], f"nearest: {near.captions[0]}",
              f"The training picture nearest to the one that is painted there, of the group {kind}, at a distance of "
              f"{away:.2f}.", 330),
    )  # fmt: skip

    def clicked(spot: dict) -> tuple:
        cell = spot_of(spot["x"], spot["y"], CELLS * CELLS, CELLS, False) if spot["panel"] == 0 else None
        places = divmod(cell, CELLS) if cell is not None else None
        return () if places is None else ((ACROSS, places[1] / (CELLS - 1)), (DOWN, places[0] / (CELLS - 1)))

    return Shown((row,), clicked=clicked)


def map_question(found: Map) -> Question:
    """Whether equal steps of style are equal steps to the eye."""
    ratio = float(found.steps.max() / max(found.steps.min(), 1e-6))
    return Question(
        f"Walk along the upper edge in {FINE - 1} equal steps of style. The largest change from one picture to the "
        "next, as a network sees it, is how many times the smallest?",
        Scale(1.0, 30.0, 0.5),
        ratio,
        f"The changes run from {found.steps.min():.4f} to {found.steps.max():.4f}: styles lie on a straight line, what "
        "they look like does not change at an even pace.",
    )


def map_goal(found: Map, across: float, down: float) -> Goal:
    """A place that looks like neither side, and like nothing that was learned."""
    near = beside(found, across, down)
    kind, away = near.groups[0], float(near.distances[0])
    aim = (
        f"**No man's land**: find two groups and a place between them whose nearest training picture is at least "
        f"**{FAR}** away and belongs to **neither** of the two."
    )
    passed = kind not in found.groups and found.groups[0] != found.groups[1] and away >= FAR
    return Goal(aim, passed, f"Now the nearest is of the group {kind}, {away:.3f} away.")


def beside(found: Map, across: float, down: float) -> Nearest:
    """The training picture nearest to what is painted at a place."""
    return nearest_to(learned().along(painter().painted(plane(found.corners, across, down)[None])))


def map_program(found: Map) -> Program:
    """The corners on the left."""
    return of_pictures((4 * found.seed, 4 * found.seed + 2), {found.groups[0]: 1.0})


# Film ----------------------------------------------------------------------------------------------------------------

FIRST, SECOND = pick("Film from", GROUPS), pick("Film to", GROUPS, GROUPS[2])
STOPS = slider("Stops", 2, 6, 3, help="Pictures that the film goes through; it ends where it begins.")
CALM_STOPS, CALM = 4, 2.0  # of the challenge: stops, grey levels from frame to frame
LEG = slider("Frames a leg", 8, 40, 16, help="From one stop to the next; 20 a second.")


def film_measure(film_from: str, film_to: str, stops: int, frames_a_leg: int, seed: int) -> Film:
    """The same, by the controls' names."""
    return filmed(film_from, film_to, stops, frames_a_leg, seed)


def film_sheet(found: Film) -> Picture:
    """The film, frame by frame."""
    count = len(found.pixels)
    labels = [f"frame {place + 1} of {count}" for place in range(count)]
    alt = (
        f"A film of {count} frames through {found.stops} pictures, {found.groups[0]} and {found.groups[1]} in turn; "
        f"from frame to frame a pixel changes by {found.moved.mean():.1f} grey levels on average."
    )
    return turning(list(found.pixels), labels, alt, 360)


def film_nearest(found: Film) -> Picture:
    """The training picture nearest to each frame, looked up for every fourth of them."""
    near, count = found.near, len(found.pixels)
    labels = [f"frame {place + 1} of {count}" for place in range(count)]
    told = [f"nearest to frame {place // EVERY * EVERY + 1}: {near.captions[place // EVERY]}" for place in range(count)]
    alt = (
        f"The training picture nearest to every {EVERY}th frame, at a distance of {near.distances.min():.2f} to "
        f"{near.distances.max():.2f}: {', '.join(dict.fromkeys(near.groups))}."
    )
    return turning([near.pixels[place // EVERY] for place in range(count)], labels, alt, 360, told)


def film_view(found: Film) -> Shown:
    """The film and its stops."""
    leg = len(found.pixels) // found.stops
    stops = [found.pixels[place * leg] for place in range(found.stops)]
    names = [f"{found.groups[place % 2]}, seed {seed}" for place, seed in enumerate(found.seeds)]
    sheet = rows_of_pictures(stops, names, f"The stops of the film: {'; '.join(names)}.", 6)
    note = (
        "Press play; the film ends where it begins. Beside it the training picture nearest to the frame, looked up for "
        f"every {EVERY}th: on average **{found.near.distances.mean():.3f}** away."
    )
    return Shown(((film_sheet(found), film_nearest(found)), (sheet,)), note)


def film_goal(found: Film) -> Goal:
    """A long film without a jolt."""
    aim = (
        f"**Without a jolt**: a film through at least **{CALM_STOPS}** stops in which a pixel never changes by more "
        f"than **{CALM}** grey levels, on average, from one frame to the next."
    )
    most = float(found.moved.max())
    passed = found.stops >= CALM_STOPS and most <= CALM
    return Goal(aim, passed, f"Now: {found.stops} stops, at most {most:.2f} grey levels a frame.")


def film_question(found: Film) -> Question:
    """Where it moves fastest."""
    leg = len(found.pixels) // found.stops
    by_place = found.moved.reshape(found.stops, leg).mean(axis=0)
    third = int(by_place.argmax() * 3 / leg)
    words = ("just after a stop", "half way", "just before a stop")
    return Question(
        "Styles leave each stop gently and reach the next one gently. When do the pixels change most?",
        words, words[min(third, 2)],
        f"In the middle third a pixel changes by {by_place[leg // 3 : 2 * leg // 3].mean():.1f} grey levels a frame, "
        f"at the stops by {min(by_place[0], by_place[-1]):.1f}: there the steps of style are smallest.",
    )  # fmt: skip


def film_files(found: Film) -> Iterator[tuple[float, str] | tuple[tuple[str, str, bytes], ...]]:
    """Make both files; yields how far it is, then (label, file name, content) of each."""
    yield 0.1, "GIF"
    moving = gif(list(found.pixels))
    yield 0.6, "MP4"
    yield (("Film as GIF", "film.gif", moving), ("Film as MP4", "film.mp4", video(list(found.pixels))))


FILM = View(
    (FIRST, SECOND, STOPS, LEG), film_measure, film_view,
    before=lambda found: Shown(((film_sheet(found), film_nearest(found)),)), question=film_question, goal=film_goal,
    program=lambda found: of_pictures(found.seeds[::2], {found.groups[0]: 1.0}),
    later=Later("Make GIF and MP4", film_files, lambda found: (found,), lambda files: film_done(files),
                files=lambda files: files),
)  # fmt: skip


def film_done(files: tuple[tuple[str, str, bytes], ...]) -> Shown:
    """How large the files are."""
    sizes = " and ".join(f"{name} ({len(content) / 1e6:.1f} MB)" for _, name, content in files)
    return Shown((), f"Ready: {sizes}.")
