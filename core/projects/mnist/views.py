"""What the recognizer's page shows: for each view its controls, its pictures and a sentence."""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.figures.chances import chances, chances_film
from core.figures.curves import bands, losses
from core.figures.galleries import gallery, table
from core.figures.picture import INK, Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import Control, pick, scale, slider, toggle
from core.lessons.view import Shown, View
from core.models.digits import NAMES, recognizer, training_digits
from core.projects.mnist import mistakes, record, robustness, trial
from core.projects.mnist.drawing import Empty
from core.projects.mnist.pictures import drawing, kernels, maps, spoken
from core.projects.mnist.recognizer import Reading, read_file
from core.projects.mnist.screen import DIGITS, edit_in_words, reading_of
from core.projects.mnist.why import Edit, neighbours, saliency, smallest_edit
from core.provenance import duration
from core.serving.uploads import Refused
from core.training import Run
from core.wording import article, counted

LONGEST = 1_000_000  # characters of a picture that a pad's canvas can need
MOST_SHOWN = 8  # digits of one picture that are shown
TILE = 180  # pixels of a step's picture
CELLS = tuple(f"{row} → {column}" for row in range(10) for column in range(10))


@dataclass(frozen=True)
class Drawn:
    """What stands on the pad: its reading, or one sentence why there is none."""

    reading: Reading | None
    problem: str
    seconds: float

    @property
    def provenance(self) -> str:
        weights = record.RECORD.made_by["weights"]
        return f"Live reading · shipped weights {str(weights)[:8]} · {duration(self.seconds)}"

    @property
    def sentence(self) -> str:
        """The answer, or why there is none."""
        return self.reading.sentence if self.reading else self.problem

    @property
    def seen(self) -> Tensor:
        """What the network sees, (28, 28); blank where nothing can be read."""
        return self.reading.seen if self.reading else torch.zeros(28, 28)


def drawn(picture: object) -> Drawn:
    """The reading of whatever a browser sent."""
    began = time.perf_counter()
    try:
        if isinstance(picture, str) and len(picture) > LONGEST:
            raise Refused("The picture is larger than this canvas can make it.")
        return Drawn(reading_of(picture), "", time.perf_counter() - began)
    except (Empty, Refused) as nothing:
        return Drawn(None, str(nothing), time.perf_counter() - began)


def photographed(file: bytes) -> Drawn:
    """The reading of a file that a learner sent."""
    began = time.perf_counter()
    try:
        return Drawn(read_file(file), "", time.perf_counter() - began)
    except (Empty, Refused) as nothing:
        return Drawn(None, str(nothing), time.perf_counter() - began)


# The drawing


def answer(reading: Reading) -> Shown:
    """What the network sees, and how probable each answer is."""
    rows = tuple(
        (drawing(one.seen, "What the network sees: 28 × 28"), chances(one.probabilities, NAMES))
        for one in reading.answers[:MOST_SHOWN]
    )
    return Shown(rows, " ".join(reading.notes))


def steps(reading: Reading) -> Shown:
    """What was done to the picture before the network saw it, step by step."""
    done = reading.steps
    if not done:
        return Shown(((drawing(reading.seen, "What the network sees"),),), "So small a picture is taken as it is.")
    tiles = [tile(step.picture) for step in done] + [tile(one.seen.numpy()) for one in reading.answers[:MOST_SHOWN]]
    names = [step.name for step in done] + [f"Seen: {one.short}" for one in reading.answers[:MOST_SHOWN]]
    told = "The steps from the picture to what the network sees: " + ", ".join(names) + "."
    note = " ".join(f"**{step.name}**: {step.told}" for step in done)
    return Shown(((gallery(np.stack(tiles), names, told, columns=4, height=260 * -(-len(tiles) // 4)),),), note)


def tile(picture: np.ndarray) -> np.ndarray:
    """A picture (height, width) made to fit a square of ``TILE`` pixels, (TILE, TILE)."""
    import cv2

    scale = TILE / max(picture.shape)
    small = cv2.resize(picture.astype(np.float32), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    square = np.zeros((TILE, TILE), np.float32)
    top, left = ((TILE - min(side, TILE)) // 2 for side in small.shape)
    square[top : top + small.shape[0], left : left + small.shape[1]] = small[:TILE, :TILE]
    return square


def feature_maps(reading: Reading, convolution: int) -> Shown:
    """What one convolution answers to the drawing."""
    model, _ = recognizer()
    with torch.no_grad():
        answers = model.maps(reading.seen.view(1, 1, 28, 28))[convolution - 1][0].numpy()
    count, side = answers.shape[:2]
    told = (
        f"Convolution {convolution} of {len(model.convolutions)}: **{count} filters**, each slid over all of the "
        f"layer below, leave {count} maps of {side} × {side}. Ink marks where a filter found what it looks for. Early "
        "maps follow edges; later ones are coarser and answer to parts of digits."
    )
    name = f"Convolution {convolution}"
    return Shown(((maps(answers, name),),), told)


def why(reading: Reading) -> Shown:
    """The pixels that spoke for the answer, and the training digits most like the drawing."""
    place = int(np.argmax(reading.probabilities))
    values, alike = saliency(reading.seen, place), neighbours(reading.seen)
    for_it = float(values.clamp_min(0).sum() / values.abs().sum().clamp_min(1e-9))
    alt = f"Which ink spoke for the answer “{NAMES[place]}”: {for_it:.0%} of what was said is for it (blue), the rest "
    pixels = spoken(values, reading.seen, "Ink that spoke for (blue), against (orange)", alt + "against it (orange).")
    captions = [f"{one.digit} ({one.likeness:.2f})" for one in alike]
    told = "The training digits whose features are most like the drawing's: " + ", ".join(captions) + "."
    near = gallery(torch.stack([one.picture for one in alike]), captions, told, columns=4, height=360)
    note = (
        "Left: integrated gradients share the answer's logit out among the pixels. "
        "Right: the training digits that the network finds most alike (1 is the same)."
    )
    return Shown(((pixels, near),), note)


@functools.lru_cache(maxsize=64)
def edited(pixels: bytes, wanted: int) -> Edit:
    """The smallest edit of a picture, kept for the next look at it."""
    return smallest_edit(torch.frombuffer(bytearray(pixels), dtype=torch.float32).view(28, 28), wanted)


def smallest(reading: Reading, change_it_into: str) -> Shown:
    """The smallest change of grey levels that makes the network answer another digit."""
    wanted = int(change_it_into)
    if reading.digit == wanted:
        return Shown(((drawing(reading.seen, f"Already read as {wanted}"),),), f"It already reads as {wanted}.")
    edit = edited(reading.seen.contiguous().numpy().tobytes(), wanted)
    change = edit.picture - reading.seen
    added = float(change.clamp_min(0).sum() / change.abs().sum().clamp_min(1e-9))
    alt = f"The change towards {wanted}: {added:.0%} of it is ink added (blue), the rest ink taken away (orange)."
    after = f"Now read as {wanted}" if edit.reached else "Still not read as wished"
    pictures = (
        spoken(change, reading.seen, "Ink added (blue), taken away (orange)", alt),
        drawing(edit.picture, after, 360),
    )
    return Shown((pictures,), edit_in_words(reading, edit, str(wanted)))


def of_reading(draw: Callable[..., Shown]) -> Callable[..., Shown]:
    """A function that draws a reading, for what stands on the pad: the bare frame where nothing can be read."""

    @functools.wraps(draw)
    def drawn(found: Drawn, **chosen: object) -> Shown:
        nothing = Shown(((drawing(found.seen, "What the network sees: nothing"),),))
        return draw(found.reading, **chosen) if found.reading else nothing

    return drawn


VIEWS = {
    "Answer": View(draw=of_reading(answer)),
    "Steps": View(draw=of_reading(steps)),
    "Feature maps": View(draw=of_reading(feature_maps), look=(slider("Convolution", 1, 6, 1),)),
    "Why": View(draw=of_reading(why)),
    "Smallest edit": View(draw=of_reading(smallest), look=(pick("Change it into", DIGITS, "8"),)),
}


def two_minds(found: Drawn) -> Goal:
    """Draw what two digits claim."""
    goal = "Draw something of two minds: the network must find **two digits** at least **30%** probable each."
    if found.reading is None:
        return Goal(goal, False, "Now: nothing is drawn.")
    digits = found.reading.probabilities[:10]
    first, second = sorted(range(10), key=lambda place: -digits[place])[:2]
    return Goal(goal, digits[second] >= 0.3, f"Now: {first} {digits[first]:.0%}, {second} {digits[second]:.0%}.")


def question() -> Question:
    """What a shift does to an MLP, with the recorded truth."""
    share = record.robustness("shift").at(robustness.PLAIN, 4)
    return Question(
        "An MLP reads 98 of 100 test digits. Now each is shifted by 4 of 28 pixels. How many of 100 does it still "
        "read?",
        Scale(0, 100, 1, "digits"),
        round(100 * share),
        "Each of its weights belongs to one pixel, so that a shifted digit meets other weights. A convolution slides "
        "the same weights over every place.",
    )


# Training


def training_controls(data: str) -> tuple[Control, ...]:
    """What can be set before a training."""
    amounts = trial.AMOUNTS[data]
    return (
        scale("Training images", amounts, amounts[-1] if data == trial.SMALL else 2000),
        slider("Filters", 2, 16, 8, help="In the first convolution; the second has twice as many."),
        slider("Epochs", 1, 30 if data == trial.SMALL else 10, 20 if data == trial.SMALL else 4),
        scale("Learning rate", trial.RATES, 0.003),
        *([toggle("Allow download", help=trial.missing())] if data == trial.LARGE else []),
    )


def untrained(found: Drawn, settings: trial.Trial) -> Shown:
    """What a network of these settings will be given of the drawing."""
    side = settings.side
    given = drawing(trial.sized(found.seen, side)[0, 0], f"Your drawing in {side} × {side}")
    return Shown(((given,),), "Train a network of your own; its filters and its answer to your drawing appear here.")


def of_training(run: Run, found: Drawn) -> tuple[Picture, Picture, Picture]:
    """A recorded training: its filters, what it says of the drawing, its scores; they replay together."""
    picture = trial.sized(found.seen, run.data.x.shape[-1])
    labels = [f"epoch {epoch.number}" for epoch in run.history]
    said = chances_film(trial.answers(run, picture), DIGITS, labels, 330)
    return kernels(trial.filters(run), labels), said, losses(run, quantity="score", height=330)


def training_in_words(run: Run) -> str:
    """What came of a training, and what it has to do with the drawing."""
    size, side = sum(parameter.numel() for parameter in run.model.parameters()), run.data.x.shape[-1]
    far = (
        " Your drawing, made as small as those digits, comes from another pen: expect more mistakes on it than the "
        "held-out score says."
    )
    return (
        f"**{size:,} weights**, trained on {len(run.data.x):,} digits of {side} × {side}, read "
        f"**{run.last.test_score:.1%}** of {len(run.data.x_test):,} held-out digits. The bars are its answer to your "
        f"drawing: play the training.{far if side == 8 else ''}"
    )


def few_weights(settings: trial.Trial, run: Run | None) -> Goal:
    """Train a small network well."""
    goal = "Train a network with at most **1,000 weights** that reads **95%** of the held-out 8×8 digits."
    size = trial.weights(settings)
    if run is None:
        return Goal(goal, False, f"Now: {size:,} weights, not trained yet.")
    passed = settings.side == 8 and size <= 1000 and run.last.test_score >= 0.95
    return Goal(goal, passed, f"Now: {size:,} weights, {run.last.test_score:.1%} on {settings.data}.")


# Mistakes and robustness


TABLES = ("this page's, on MNIST's test images", "your own, on held-out digits")


def cell_of(found: mistakes.Confusion) -> Control:
    """Which cell of the table is opened; at first the most frequent mistake."""
    row, column = found.worst()
    return pick("Cell", CELLS, f"{row} → {column}", help="Digit → answer. Or click a cell.")


def confusion(found: mistakes.Confusion, cell: str) -> Shown:
    """The table of digits and answers, and the pictures of one cell."""
    row, column = (int(part) for part in cell.split(" → "))
    pictures, captions = found.cell(row, column)
    shown = [table(found.counts, (row, column))]
    if captions:
        told = f"{counted(len(captions), 'picture')} of {article(row)} answered {column}: {', '.join(captions)}."
        shown.append(gallery(pictures, captions, told, columns=4, height=470))

    def clicked(spot: dict) -> tuple[tuple[Control, str]]:
        place = spot if not spot["panel"] else {"y": row, "x": column}
        digit, answered = (min(max(round(place[axis]), 0), 9) for axis in "yx")
        return ((cell_of(found), CELLS[10 * digit + answered]),)

    note = f"**{found.accuracy:.2%}** of the digits are read right. {found.sentence(row, column)} Click another cell."
    return Shown((tuple(shown),), note, (), clicked)


def curves(found: robustness.Robustness, level: float, height: int = 400) -> Picture:
    """Share of right answers at every level of one disturbance, a level marked."""
    picture = bands(found.levels, found.accuracies, (robustness.KINDS[found.kind].axis, "Digits read right"), height)
    line = {"color": INK, "width": 1, "dash": "dot"}
    mark = {"type": "line", "x0": level, "x1": level, "yref": "paper", "y0": 0, "y1": 1, "line": line}
    picture.layout.update(shapes=[mark])
    picture.layout["yaxis"] |= {"range": [0, 1.02], "tickformat": ".0%"}
    return picture


def examples(found: Drawn, kind: str, level: float) -> Picture:
    """The drawing and seven training digits at one level, with what the network answers to each."""
    pictures, digits = training_digits()
    places = torch.arange(1, 8) * (len(digits) // 10) + 5
    before = torch.cat([found.seen.view(1, 1, 28, 28), pictures[places]])
    after = robustness.disturbed(before, kind, level, 0)
    answers = [str(int(one)) for one in robustness.shipped(after)]
    told = f"The drawing and seven training digits, disturbed; the network reads them as {', '.join(answers)}."
    return gallery(after[:, 0], [f"read: {one}" for one in answers], told, columns=4, height=320)
