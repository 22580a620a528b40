"""The learner's own scores: a table with a column of labels and one of scores."""

import numpy as np

from core.data.refusals import OwnDataError, short
from core.data.sheets import Sheet, sheet
from core.data.tables import plainly
from core.lessons.controls import Control, pick
from core.topics.metrics.detector import Detector
from core.topics.metrics.programs import scores_file
from core.topics.metrics.threshold_view import Looked
from core.topics.metrics.threshold_view import measure as detect

LEAST = 2  # positives and negatives each
GUESSED = ("score", "scores", "probability", "prob", "p", "prediction")
LIKELY = ("1", "yes", "true", "positive", "pos", "ill", "spam")
WANTED = "A CSV file with a column of labels (two different ones) and a column of scores, higher for the positives."


def read(content: bytes) -> Sheet:
    """The table in a file. Raises ``OwnDataError``, one sentence, for what is no table or holds no scores."""
    page = sheet(content)
    if not page.numeric_columns():
        raise OwnDataError("No column of this table holds numbers, so none of them can be the scores.")
    return page


def columns_of(page: Sheet) -> tuple[Control, Control]:
    """Which column holds the scores, and which the labels."""
    numeric = page.numeric_columns()
    scores = next((name for name in numeric if name.lower() in GUESSED), numeric[-1])
    others = [name for name in page.columns if name != scores]
    two = [name for name in others if len(set(page.cells(name))) == 2]
    return pick("Scores", tuple(numeric), scores), pick("Labels", page.columns, (two or others)[0])


def positive_of(page: Sheet, labels: str) -> Control:
    """Which label is the positive one: one that is called so, else the rarer."""
    found = sorted({cell for cell in page.cells(labels) if cell})[:20]
    called = [name for name in found if name.lower() in LIKELY]
    cells = page.cells(labels)
    return pick("Positive label", tuple(found) or ("",), (called or [min(found, key=cells.count, default="")])[0])


def detector(page: Sheet, scores: str, labels: str, positive_label: str) -> Looked:
    """The table's rows as a detector; scores outside 0 to 1 are brought there, in their order.

    Raises ``OwnDataError``, one sentence.
    """
    if scores == labels:
        raise OwnDataError("Choose two different columns for labels and scores.")
    kept = page.complete((scores, labels))
    values = np.array(kept.numbers(scores))
    names = kept.cells(labels)
    if len(set(names)) > 2:
        raise OwnDataError(f"Column {short(labels)} holds {len(set(names))} different labels; a detector has two.")
    truth = np.array([name == positive_label for name in names], int)
    for count, what in ((truth.sum(), "positives"), (len(truth) - truth.sum(), "negatives")):
        if count < LEAST:
            raise OwnDataError(f"There are {count} {what} in these rows; at least {LEAST} of each are needed.")
    other = next(name for name in names if name != positive_label)
    source = f"Your file · {len(truth):,} rows"
    if values.min() < 0 or values.max() > 1:
        values = (values - values.min()) / max(values.max() - values.min(), 1e-300)
        source += " · scores brought to the range from 0 to 1"
    return Looked(Detector(truth, values, plainly(positive_label)[:24], plainly(other)[:24], source))


def example(seed: int) -> Looked:
    """The network's own scores, to begin with."""
    return detect("8", seed, pixel_noise=0.3, hidden_units=24, epochs=30, training_pictures=500)


def example_file(looked: Looked) -> tuple[str, str, bytes]:
    """Scores as a file that can be brought back: label, file name, content."""
    ((name, content),) = scores_file(looked.detector).items()
    return "These scores as CSV", name, content.encode()
