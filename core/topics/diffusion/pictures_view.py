"""The view in which pictures come out of noise: a class, guidance, steps, a sampler; every step to be looked at."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.figures.galleries import table
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale, slider
from core.lessons.view import Later, Shown, View
from core.provenance import Measured, Sourced
from core.topics.diffusion import sheets
from core.topics.diffusion.latent import CLASSES, decoded, networks, noise_of, seen_in_codes
from core.topics.diffusion.painting import ANYTHING, COUNT, Painted, Walk, judged, painted
from core.topics.diffusion.picture_programs import program_of_painting
from core.topics.diffusion.records import RECORD
from core.topics.diffusion.samplers import SAMPLERS

CLOTHES = pick("Clothes", (*CLASSES, ANYTHING), "Sneaker", help="The label that the U-Net is given.")
GUIDANCE = slider("Guidance", 0.0, 8.0, 2.0, 0.5, help="0: the label is not heard; 1: as learned; above: exaggerated.")
SAMPLER = pick("Sampler", SAMPLERS, "DDIM")
SAMPLING_STEPS = scale("Sampling steps", (2, 4, 5, 8, 10, 20, 50, 100), 20)
PAINTING = "Painting…"
ANSWERS = 10  # of the U-Net, for each picture: the challenge


def paint(clothes: str, guidance: float, sampler: str, sampling_steps: int, seed: int) -> Painted:
    """Six pictures of a class."""
    return painted(clothes, guidance, Walk(sampler, sampling_steps, seed))


def answers_of(found: Painted) -> int:
    """How many answers of the U-Net a picture took: two at a time where it is guided."""
    return found.calls * (1 if found.guidance == 1 else 2)


def pictures_view(found: Painted) -> Shown:
    """The walk, and what was recorded of walks with other guidance."""
    steps = len(found.stations) - 1
    note = (
        f"Noise of 4 × 8 × 8 numbers becomes a code in **{steps}** steps, **{answers_of(found)}** answers of the U-Net "
        "for each picture; only then does the decoder turn it into 28 × 28 pixels. "
    )
    if found.kind == ANYTHING:
        note += "No class is asked for, so guidance has nothing to exaggerate."
    else:
        note += (
            f"A classifier that was trained apart takes **{found.right()} of {COUNT}** for {found.kind.lower()}: it "
            "judges what kind of thing it is, not whether it looks good."
        )
    return Shown((sheets.film(found), curves(found)), note)


def curves(found: Painted) -> tuple[sheets.Picture, ...]:
    """Recorded: what guidance buys and costs, and how many steps are needed."""
    measured = RECORD.contents
    by_guidance, by_steps = measured["guidance"], measured["steps"]
    bought = sheets.recorded(
        by_guidance["values"],
        {"taken for what was asked": by_guidance["right"], "variety, of real ones": by_guidance["variety"]},
        ("guidance", "share"), found.guidance,
    )  # fmt: skip
    steps = by_steps["values"]
    raced = sheets.recorded(
        steps, {name: by_steps[name] for name in SAMPLERS}, ("steps", "distance, of training pictures"),
        len(found.stations) - 1, xaxis=logarithmic(steps), yaxis=logarithmic((1, 2, 5, 10, 20, 50, 100)),
    )  # fmt: skip
    return bought, raced


def logarithmic(ticks: Sequence[float]) -> dict:
    """An axis of factors, with numbers where they are told."""
    return {"type": "log", "tickvals": list(ticks), "ticktext": [f"{each:g}" for each in ticks]}


def before(found: Painted) -> Shown:
    """The noise."""
    start = sheets.pictures(
        decoded(found.stations[0]), "noise, decoded", f"{COUNT} codes of pure noise, decoded before the first step."
    )
    return Shown(((start,),), f"Where {COUNT} pictures of {found.kind} begin:")


def how_many(found: Painted) -> Question:
    """How many are what was asked for?"""
    if found.kind == ANYTHING:
        kinds = len(set(judged(found.pictures).argmax(dim=1).tolist()))
        text = f"No class is asked for. How many different ones will a classifier see in {COUNT} pictures?"
        return Question(text, Scale(1, COUNT), kinds, "Without a label each noise leads to a class of its own.")
    text = f"How many of {COUNT} pictures will a classifier, trained apart on real ones, take for {found.kind.lower()}?"
    because = "The more guidance, the more of them are typical of the class; too few steps leave pictures like none."
    return Question(text, Scale(0, COUNT), found.right(), because)


def few_answers(found: Painted) -> Goal:
    """All right with few answers."""
    answers, right = answers_of(found), found.right()
    text = f"All {COUNT} taken for what was asked for, with at most **{ANSWERS}** answers of the U-Net for each."
    passed = found.kind != ANYTHING and right == COUNT and answers <= ANSWERS
    return Goal(text, passed, f"Now: {right} of {COUNT}, {answers} answers.", answers)


# Many of them ------------------------------------------------------------------------------------------------------

EACH = 10  # pictures of every class


@dataclass(frozen=True)
class Many(Sourced):
    """Ten pictures of every class (100, 1, 28, 28), in its order, and what the classifier takes them for, (100,)."""

    pictures: Tensor
    answers: Tensor
    source: Measured

    @property
    def counts(self) -> np.ndarray:
        """How often each class was taken for each, (asked, taken)."""
        asked = torch.arange(len(CLASSES)).repeat_interleave(EACH)
        return torch.bincount(asked * len(CLASSES) + self.answers, minlength=len(CLASSES) ** 2).view(10, 10).numpy()


def paint_many(guidance: float, walk: Walk) -> Generator[tuple[float, str], None, Many]:
    """Ten of every class in one walk; yields (fraction, message)."""
    began, codes = time.perf_counter(), noise_of(walk.seed, 1)
    kinds = torch.arange(len(CLASSES)).repeat_interleave(EACH)
    noise = seen_in_codes(networks()[1], kinds, guidance)
    for place, station in enumerate(walk.stations(noise, noise_of(walk.seed, len(kinds)))):
        codes = station
        yield place / (walk.steps + 1), f"step {place} of {walk.steps}"
    pictures = decoded(codes)
    source = Measured((walk.seed,), time.perf_counter() - began, "Painted live by a recorded network")
    return Many(pictures, judged(pictures).argmax(dim=1), source)


def many_view(found: Many) -> Shown:
    """All of them, a row for each class, and the table of answers."""
    right = int(np.trace(found.counts))
    alt = f"A hundred painted pictures, a row of {EACH} for each class: {', '.join(CLASSES)}."
    note = f"Of {len(found.pictures)} pictures the classifier takes **{right}** for what was asked for."
    painted_ones = sheets.pictures(found.pictures, "ten of every class", alt, EACH, 470)
    return Shown(((painted_ones, table(found.counts, None, 470, CLASSES, "Asked for")),), note)


PICTURES = View(
    (CLOTHES, GUIDANCE, SAMPLER, SAMPLING_STEPS),
    paint,
    pictures_view,
    waiting=PAINTING,
    before=before,
    question=how_many,
    goal=few_answers,
    program=program_of_painting,
    later=Later("Paint ten of every class", paint_many, lambda found: (found.guidance, found.walk), many_view),
)
