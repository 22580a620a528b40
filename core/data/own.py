"""The learner's own data: clicked points and uploaded tables."""

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

import torch
from torch import Tensor

from core.data.cells import INFINITE, is_missing
from core.data.data import Data, Tabular
from core.data.generated import names
from core.data.refusals import OwnDataError, short
from core.data.sampling import generator_of, held_out_mask, split
from core.data.sheets import Sheet, sheet
from core.provenance import written

POINTS, COORDINATE, CLASSES = 5000, 1e6, 10
TASKS = ("", "classification", "regression")


def points(rows: Sequence[tuple[float, float, int]], held_out: float = 0.3, seed: int = 0) -> Data:
    """Clicked points: rows of (x, y, class), classes 0 to 5 in the figures' colour order.

    A share is held out of every class; with ``held_out=0`` nothing is, and the points keep their order. Coordinates
    are rounded to 4 decimals. Raises ``OwnDataError`` naming the point that cannot be used.
    """
    if not 2 <= len(rows) <= POINTS:
        raise OwnDataError(f"Between 2 and {POINTS:,} points are needed; there are {len(rows):,}.")
    rows = [point(row, place) for place, row in enumerate(rows, start=1)]
    colours = sorted({colour for _, _, colour in rows})
    if len(colours) < 2:
        raise OwnDataError("All points are of one class: set some of a second class.")
    x = torch.tensor([row[:2] for row in rows], dtype=torch.float32)
    y = torch.tensor([colours.index(row[2]) for row in rows])
    classes = tuple(names(6)[colour] for colour in colours)
    source = written(points, (rows, held_out, seed), {})
    if held_out == 0:
        return Data(x, y, x[:0], y[:0], classes, source)
    check_classes(y, classes, "point")
    return replace(split(x, y, classes, held_out, generator_of(seed)), source=source)


def point(row: Sequence[float], place: int) -> tuple[float, float, int]:
    """One clicked point, rounded."""
    try:
        x, y, colour = row
        x, y, whole = round(float(x), 4), round(float(y), 4), int(colour)
        known = whole == float(colour) and 0 <= whole <= 5
    except (TypeError, ValueError, OverflowError) as error:
        raise OwnDataError(f"Point {place} is not made of two numbers and a class.") from error
    if not (abs(x) <= COORDINATE and abs(y) <= COORDINATE):
        raise OwnDataError(f"Point {place} lies at ({x}, {y}), where nothing can be drawn.")
    if not known:
        raise OwnDataError(f"Point {place} has the class {short(colour)}; classes are 0 to 5.")
    return x, y, whole


def table(
    text: str | bytes | BinaryIO,
    features: Sequence[str] | None = None,
    target: str | None = None,
    task: str = "",
    header: bool | None = None,
    decimal: str = "",
    drop_incomplete: bool = False,
    held_out: float = 0.2,
    seed: int = 0,
) -> Tabular:
    """A problem from a table: CSV as text, bytes or an open file, at most 2 MB and 20,000 rows.

    Separator (comma, semicolon, tab), encoding, decimal comma and header are recognised; ``header`` and ``decimal``
    ("," or ".") overrule that. ``target`` is a column's name, by default the last; ``features`` are by default all
    others that hold numbers, but for a first one that only numbers the rows. ``task`` ("classification", "regression")
    overrules the choice: words are classes, and so are up to 10 different whole numbers that come twice or more on
    average. ``drop_incomplete`` leaves rows with a missing value out instead of refusing them.

    ``x`` (rows, features) and a regression's ``y`` (rows, 1) are standardised by the training rows. Raises
    ``OwnDataError``, one sentence that names the row and the column as a spreadsheet numbers them.
    """
    if task not in TASKS or decimal not in ("", ",", "."):
        raise OwnDataError("The task is classification or regression, and the decimal sign a comma or a point.")
    page = sheet(text, header, decimal)
    goal = page.columns[-1] if target is None else page.column(target)
    chosen = page.inputs(goal) if features is None else [page.column(name) for name in features]
    check_columns(chosen, goal)
    complete = page.complete([*chosen, goal]) if drop_incomplete else page
    if len(complete.rows) < 4:
        raise OwnDataError(f"At least 4 usable rows are needed; there are {len(complete.rows)}.")
    x = torch.tensor([complete.numbers(name) for name in chosen], dtype=torch.float64).T
    y, classes = targets(complete, goal, task)
    listed = None if features is None else chosen
    call = (page.text, listed, target, task, header, decimal, drop_incomplete, held_out, seed)
    data = standardised(x, y, classes, held_out, seed)
    return replace(data, columns=tuple(chosen), target=goal, source=written(table, call, {}))


def check_columns(chosen: list[str], goal: str) -> None:
    """Raise ``OwnDataError`` for a choice of features that makes no problem."""
    if goal in chosen:
        raise OwnDataError(f"Column {short(goal)} cannot be a feature and the target at once.")
    if not chosen or len(set(chosen)) < len(chosen):
        raise OwnDataError("At least one column of numbers is needed beside the target, and each only once.")


def targets(page: Sheet, goal: str, task: str) -> tuple[Tensor, tuple[str, ...]]:
    """Class numbers (rows,) and the classes' names, or targets (rows, 1) and no names."""
    cells = page.cells(goal)
    values = [page.number(cell) for cell in cells]
    if (task or suggested(values)) == "regression":
        y = torch.tensor(page.numbers(goal), dtype=torch.float64)[:, None]
        if y.max() == y.min():
            raise OwnDataError(f"Column {short(goal)} has the same value in every row: there is nothing to learn.")
        return y, ()
    numeric = 2 * values.count(None) < len(values)
    for place, cell in enumerate(cells):
        if is_missing(cell) or (numeric and cell.lower() in INFINITE):
            raise page.complaint(place, goal)
    keys = page.numbers(goal) if None not in values else cells
    kinds = sorted(set(keys))
    if not 2 <= len(kinds) <= CLASSES:
        raise OwnDataError(f"Between 2 and {CLASSES} classes are possible; column {short(goal)} has {len(kinds):,}.")
    y = torch.tensor([kinds.index(key) for key in keys])
    classes = tuple(kind if isinstance(kind, str) else digits(kind) for kind in kinds)
    check_classes(y, classes, "row")
    return y, classes


def digits(value: float) -> str:
    """A number with all its digits, as short as it can be: 2 rather than 2.0."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e16 else repr(value)


def suggested(values: list[float | None]) -> str:
    """What a target column looks like, going by its numbers if most cells are numbers."""
    known = [value for value in values if value is not None]
    if 2 * len(known) <= len(values):
        return "classification"
    few = len(set(known)) <= min(CLASSES, len(known) // 2)
    return "classification" if few and all(float(value).is_integer() for value in known) else "regression"


def check_classes(y: Tensor, classes: tuple[str, ...], what: str) -> None:
    """Raise ``OwnDataError`` unless every class has a sample to train on and one to hold out."""
    for name, count in zip(classes, torch.bincount(y, minlength=len(classes)).tolist(), strict=True):
        if count < 2:
            raise OwnDataError(f"Class {short(name)} has a single {what}: one is for training, one is held out.")


def standardised(x: Tensor, y: Tensor, classes: tuple[str, ...], held_out: float, seed: int) -> Tabular:
    """Shuffled, split, and every column moved and scaled by the mean and deviation of its training rows."""
    turn = torch.randperm(len(x), generator=generator_of(seed))
    x, y = x[turn], y[turn]
    held = held_out_mask(y if classes else torch.zeros(len(y), dtype=torch.long), held_out)
    scales, target_scale = scales_of(x[~held]), (0.0, 1.0) if classes else scales_of(y[~held])[0]
    x, y = scaled(x, scales), y if classes else scaled(y, [target_scale])
    parts = (x[~held], y[~held], x[held], y[held], classes)
    return Tabular(*parts, labels=classes, scales=scales, target_scale=target_scale)


def scales_of(values: Tensor) -> tuple[tuple[float, float], ...]:
    """Mean and deviation of each column of (rows, columns); a constant column has the deviation 1."""
    deviation = values.std(dim=0, correction=0)
    deviation = torch.where(deviation > 0, deviation, 1.0)
    return tuple(zip(values.mean(dim=0).tolist(), deviation.tolist(), strict=True))


def scaled(values: Tensor, scales: Sequence[tuple[float, float]]) -> Tensor:
    """(rows, columns) as float32, each column less its mean and divided by its deviation."""
    mean, deviation = torch.tensor(scales, dtype=torch.float64).T
    return ((values - mean) / deviation).float()
