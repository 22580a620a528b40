"""Styles mixed layer by layer: the form of one picture, the detail of another."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.figures.sheets import rows_of_pictures
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, slider
from core.lessons.view import Shown, View
from core.projects.art.lesson.nearest import above_nearest
from core.projects.art.lesson.programs import of_pictures
from core.projects.art.near import Nearest, learned, nearest_to
from core.projects.art.painter import mixed, painter
from core.projects.art.shipped import GROUPS
from core.provenance import Measured

Cells = Sequence | np.ndarray
MOST_FORM, LEAST_COLOUR = 0.9, 0.3  # of the challenge: shares of the mixtures
COARSE, DETAIL = 3, 6  # pictures that lend their form, pictures that lend their detail
LENT, OWNED = pick("Form of", GROUPS), pick("Detail of", GROUPS, GROUPS[4])
CHANGE = slider(
    "From layer", 1, 8, 4, help="Layers before it take the style of the row, later ones that of the column."
)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Pictures of rows (3,) and columns (6,), and of every pair (18,)."""

    rows: np.ndarray
    columns: np.ndarray
    pairs: np.ndarray
    groups: tuple[str, str]
    layer: int
    seed: int
    seconds: float

    @property
    def provenance(self) -> str:
        return Measured((self.seed,), self.seconds, "Painted live").provenance

    @cached_property
    def near(self) -> Nearest:
        """The training pictures nearest to rows, columns and pairs, in this order."""
        return nearest_to(learned().along(np.concatenate([self.rows, self.columns, self.pairs])))

    @property
    def likeness(self) -> tuple[float, float]:
        """How often a pair's mean colour is nearer to its row's than to its column's, and the same of its form: where
        it differs from paper."""
        rows, columns = np.repeat(self.rows, DETAIL, axis=0), np.tile(self.columns, (COARSE, 1, 1, 1))
        found = []
        for of in (colour, form):
            pair, row, column = of(self.pairs), of(rows), of(columns)
            near = np.linalg.norm(pair - row, axis=1) < np.linalg.norm(pair - column, axis=1)
            found.append(float(near.mean()))
        return found[0], found[1]


def colour(pixels: np.ndarray) -> np.ndarray:
    """Mean red, green, blue of pictures, (count, 3)."""
    return pixels.reshape(len(pixels), -1, 3).astype(np.float32).mean(axis=1)


def form(pixels: np.ndarray) -> np.ndarray:
    """How dark the 8 × 8 patches of pictures are, (count, 64), whatever their colours, to the same mean and spread."""
    count, side = pixels.shape[:2]
    patches = pixels.mean(axis=3).reshape(count, 8, side // 8, 8, side // 8).mean(axis=(2, 4)).reshape(count, -1)
    centred = patches - patches.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)


def mix(form_of: str, detail_of: str, from_layer: int, seed: int) -> Mixture:
    """Every pair of styles, changed at a layer."""
    start, own = time.perf_counter(), painter()
    rows = own.styles([9 * seed + place for place in range(COARSE)], own.weights({form_of: 1.0}))
    columns = own.styles([9 * seed + COARSE + place for place in range(DETAIL)], own.weights({detail_of: 1.0}))
    every = mixed(rows.repeat_interleave(DETAIL, 0), columns.repeat(COARSE, 1), own.generator.shape.layers, from_layer)
    return Mixture(
        own.painted(rows), own.painted(columns), own.painted(every), (form_of, detail_of), from_layer, seed,
        time.perf_counter() - start,
    )  # fmt: skip


def mix_view(found: Mixture) -> Shown:
    """A table: the form of its row, the detail of its column."""
    captions = ["", *["detail"] * DETAIL] + ["form", *[""] * DETAIL] * COARSE
    colours, forms = found.likeness
    alt = (
        f"A table of {COARSE} × {DETAIL} mixtures: layers before {found.layer} from the row ({found.groups[0]}), later "
        f"ones from the column ({found.groups[1]}). In colour {colours:.0%} of them are nearer to the row, in form "
        f"{forms:.0%}."
    )
    note = (
        f"Layers before **{found.layer}** take the style of the row, the others that of the column. Nearer to the row: "
        f"**{forms:.0%}** of the mixtures in form, **{colours:.0%}** in mean colour."
    )
    near = found.near
    close = (
        f"The training picture nearest to each picture of the table, in the same places, at a distance of "
        f"{near.distances.min():.2f} to {near.distances.max():.2f}."
    )
    small = table(near.pixels[:COARSE], near.pixels[COARSE : COARSE + DETAIL], near.pixels[COARSE + DETAIL :])
    away = [f"{distance:.2f}" for distance in near.distances]
    words = table(away[:COARSE], away[COARSE : COARSE + DETAIL], away[COARSE + DETAIL :], "")
    tables = (
        rows_of_pictures(table(found.rows, found.columns, found.pairs), captions, alt, DETAIL + 1),
        rows_of_pictures(small, words, close, DETAIL + 1),
    )
    told = " In the second table, in the same places, the training picture nearest to each and how far away it is."
    return Shown(((tables[0],), (tables[1],)), note + told)


def table(rows: Cells, columns: Cells, pairs: Cells, corner: object = None) -> list:
    """Rows, columns and pairs as the cells of a table, its corner first."""
    cells = [corner, *columns]
    for place, row in enumerate(rows):
        cells += [row, *pairs[place * DETAIL : (place + 1) * DETAIL]]
    return cells


def mix_goal(found: Mixture) -> Goal:
    """The form of one, the colours of the other."""
    colours, forms = found.likeness
    aim = (
        f"**The form of one, the colours of the other**: at least {MOST_FORM:.0%} of the mixtures nearer to the row in "
        f"form, and at most {LEAST_COLOUR:.0%} nearer to it in mean colour."
    )
    passed = forms >= MOST_FORM and colours <= LEAST_COLOUR
    return Goal(aim, passed, f"Now: {forms:.0%} in form, {colours:.0%} in colour.")


def mix_bare(found: Mixture) -> Shown:
    """The pictures that are mixed."""
    names = ["form"] * COARSE + ["detail"] * DETAIL
    alt = f"{COARSE} pictures of {found.groups[0]} that lend the form, {DETAIL} of {found.groups[1]} the detail."
    return Shown(((above_nearest([*found.rows, *found.columns], names, found.near, alt, COARSE + DETAIL),),))


def mix_question(found: Mixture) -> Question:
    """Whose form a mixture has."""
    colours, forms = found.likeness
    return Question(
        f"Layers before {found.layer} are given the style of one picture, the others that of a second. Of "
        f"{COARSE * DETAIL} such mixtures, what share has a form nearer to the first?",
        Scale(0, 100, 5, "%"),
        round(100 * forms),
        f"In form {forms:.0%} are nearer to the first, in mean colour {colours:.0%}: early layers paint at 4, 8 and 16 "
        "pixels and say where things are, the later ones add what is finer.",
    )


MIXING = View(
    (LENT, OWNED, CHANGE), mix, mix_view, before=mix_bare, question=mix_question, goal=mix_goal,
    program=lambda found: of_pictures([9 * found.seed + place for place in range(COARSE)], {found.groups[0]: 1.0}),
)  # fmt: skip
