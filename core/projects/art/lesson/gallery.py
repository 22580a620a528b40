"""Pictures of seeds and groups, the training picture nearest to each, and the trade that truncation makes."""

import numpy as np

from core.figures.curves import line
from core.figures.marks import vertical
from core.figures.picture import BLUE, INK, ORANGE, Picture, layout
from core.figures.sheets import photo
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.programs import Program
from core.projects.art.lesson.nearest import above_nearest
from core.projects.art.lesson.programs import of_pictures
from core.projects.art.shipped import GROUPS, measures
from core.projects.art.studio import COUNT, Painted, paint
from core.projects.art.takeaway import RESAMPLING, SIDES, poster

ALIKE = 0.05  # of a mixture's nearest pictures: a distance (half the squared one) that counts as near
OWN = 0.12  # how far from all training pictures the poster of the challenge is
EACH = 3  # pictures that the challenge wants from each of two groups
FRUIT = pick("Fruit", GROUPS)
OTHER = pick("Mixed with", GROUPS, GROUPS[1])
SHARE = slider("Share of the other", 0.0, 1.0, 0.0, 0.05, help="How much of the second group is mixed in.")
TRUNCATION = slider(
    "Truncation", 0.0, 1.3, 1.0, 0.05, help="ψ: 0 paints the mean of the group, 1 what was learned, more exaggerates."
)


def pictures(found: Painted) -> Picture:
    """Two rows of pictures, under each the training picture nearest to it."""
    of = " and ".join(f"{share:.0%} {name}" for name, share in found.mix.items())
    alt = f"Twelve painted pictures of {of}; nearest are {', '.join(found.near.groups)}."
    return above_nearest(found.pixels, [f"seed {seed}" for seed in found.seeds], found.near, alt)


def trade(truncation: float | None = None) -> Picture:
    """Recorded precision and recall over truncation; a line at the learner's."""
    rows = measures()["truncation"]
    x = np.array([float(name) for name in rows])
    curves = [
        line(x, np.array([row[name] for row in rows.values()]), words, color, dash, mode="lines+markers",
             marker={"symbol": symbol, "size": 9, "color": color})
        for name, words, color, dash, symbol in (
            ("precision", "Precision: painted near a held-out one", ORANGE, "solid", "circle"),
            ("recall", "Recall: held-out near a painted one", BLUE, "dash", "diamond"))
    ]  # fmt: skip
    told = "; ".join(f"at {name} {row['precision']:.2f} and {row['recall']:.2f}" for name, row in rows.items())
    here = [] if truncation is None else [
        vertical(truncation, INK, 2)
    ]  # fmt: skip
    plan = layout("Truncation", "Share of pictures", 300, shapes=here, yaxis={"range": [0, 1.02]},
                  xaxis={"range": [-0.02, 1.32]})  # fmt: skip
    return Picture(curves, plan, f"Precision and recall over truncation, recorded: {told}.")


def draw(found: Painted) -> Shown:
    """The pictures, what is measured of them, and what the whole collection was measured to give."""
    away = found.near.distances.mean()
    note = (
        f"Of these twelve: mean distance to the nearest training picture **{away:.3f}** (quality: "
        f"the smaller, the more like a watercolour), mean distance between two of them **{found.variety:.3f}** "
        f"(diversity). Below each its nearest training picture, at 32 pixels; {measures()['credit']}"
    )
    return Shown(((pictures(found),), (trade(found.truncation),)), note)


def bare(found: Painted) -> Shown:
    """The pictures alone, while the question is open."""
    return Shown(((pictures(found),),))


def question(found: Painted) -> Question:
    """What truncation costs."""
    rows = measures()["truncation"]
    whole, half = rows["1.0"], rows["0.5"]
    truth = 100 * half["recall"] / max(whole["recall"], 1e-9)
    return Question(
        "Recall is the share of held-out watercolours that lie near a painted picture. Truncation 0.5 pulls every "
        "style half way to the mean of its group. How much of the recall is left?",
        Scale(0, 100, 5, "%"),
        round(truth),
        f"Recall falls from {whole['recall']:.2f} to {half['recall']:.2f}, while the variety within a group goes from "
        f"{whole['variety']:.3f} to {half['variety']:.3f}: what is pulled to the mean leaves the rare pictures out.",
    )


def goal(found: Painted) -> Goal:
    """A mixture that is a little of both."""
    counts = {name: found.near.groups.count(name) for name in found.mix}
    aim = (
        f"Mix two groups so that among the twelve nearest training pictures **at least {EACH} belong to each** of the "
        "two."
    )
    passed = len(counts) == 2 and min(counts.values()) >= EACH
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    return Goal(aim, passed, f"Now: {told}, {COUNT - sum(counts.values())} of other groups.")


def program(found: Painted) -> Program:
    """The first six."""
    return of_pictures(found.seeds[:6], found.mix, found.truncation, found.pixels[:6])


GALLERY = View(
    (FRUIT, OTHER, SHARE, TRUNCATION), paint, draw, before=bare, question=question, goal=goal, program=program
)

# Poster --------------------------------------------------------------------------------------------------------------

NUMBER = slider("Picture", 1, COUNT, 1, help="Which of the twelve of the gallery.")
SIDE = pick("Pixels a side", tuple(map(str, SIDES)), "1024")
WAY = pick("Resampling", RESAMPLING, help="Smooth: Lanczos between the pixels. Squares: each pixel repeated.")


def poster_view(found: Painted, picture: int, **_: str) -> Shown:
    """The picture that is made a poster of."""
    own = found.pixels[picture - 1]
    note = (
        f"The painter's pictures have {own.shape[0]} × {own.shape[1]} pixels. A poster is **the same pixels "
        "resampled**: nothing is invented, and nothing becomes sharper than it was painted."
    )
    colours = ", ".join(f"{value:.0f}" for value in own.mean(axis=(0, 1)))
    alt = f"The picture of seed {found.seeds[picture - 1]}; its mean red, green and blue are {colours}."
    near = found.near
    beside = (
        f"The training picture nearest to it, of the group {near.groups[picture - 1]}, at a distance of "
        f"{near.distances[picture - 1]:.2f}."
    )
    row = (
        photo(own, f"seed {found.seeds[picture - 1]}", alt, 420),
        photo(near.pixels[picture - 1], f"nearest: {near.captions[picture - 1]}", beside, 420),
    )
    return Shown((row,), note)


def poster_goal(found: Painted, picture: int, **_: str) -> Goal:
    """A picture that is far from all that was learned."""
    away = float(found.near.distances[picture - 1])
    aim = (
        f"**Nobody's copy**: make a poster of a picture that is at least **{OWN}** away from every training picture. "
        "Mixtures and a truncation beyond 1 lead away from what was learned."
    )
    return Goal(
        aim, away >= OWN, f"Now: {away:.3f}, nearest is a picture of the group {found.near.groups[picture - 1]}."
    )


def poster_file(
    found: Painted, picture: int, pixels_a_side: str, resampling: str
) -> tuple[tuple[str, str, bytes], ...]:
    """The poster as PNG."""
    content = poster(found.pixels[picture - 1], int(pixels_a_side), resampling)
    return ((f"Poster, {pixels_a_side} pixels", f"poster-{found.seeds[picture - 1]}.png", content),)
