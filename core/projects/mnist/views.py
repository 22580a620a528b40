"""What the recognizer's page shows: for each view its controls, its pictures and a sentence."""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.controls import Control, Group
from core.figures.curves import bands, losses
from core.figures.digits import chances, chances_film, drawing, gallery, kernels, maps, spoken, table
from core.figures.picture import INK, Picture
from core.figures.playground import Shown
from core.projects.mnist import mistakes, robustness, trial
from core.projects.mnist.drawing import Empty
from core.projects.mnist.recognizer import NAMES, Reading, recognizer
from core.projects.mnist.screen import DIGITS, edit_in_words, reading_of
from core.projects.mnist.uploads import Refused
from core.projects.mnist.why import Edit, neighbours, saliency, shipped, smallest_edit
from core.provenance import duration
from core.training import Run

LONGEST = 1_000_000  # characters of a picture that a pad's canvas can need
CELLS = tuple(f"{row} → {column}" for row in range(10) for column in range(10))


@dataclass(frozen=True)
class Drawn:
    """What stands on the pad: its reading, or one sentence why there is none."""

    reading: Reading | None
    problem: str
    seconds: float

    @property
    def provenance(self) -> str:
        return f"Live reading · shipped weights {robustness.weights_hash()[:8]} · {duration(self.seconds)}"

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


# The drawing


def answer(found: Drawn) -> Shown:
    """What the network sees, and how probable each answer is."""
    pictures = drawing(found.seen, "What the network sees: 28 × 28"), chances(found.reading.probabilities, NAMES)
    return Shown((pictures,), " ".join(found.reading.notes))


def feature_maps(found: Drawn, convolution: int) -> Shown:
    """What one convolution answers to the drawing."""
    model, _ = recognizer()
    with torch.no_grad():
        answers = model.maps(found.seen.view(1, 1, 28, 28))[convolution - 1][0].numpy()
    count, side = answers.shape[:2]
    told = (
        f"Convolution {convolution} of {len(model.convolutions)}: **{count} filters**, each slid over all of the "
        f"layer below, leave {count} maps of {side} × {side}. Ink marks where a filter found what it looks for. Early "
        "maps follow edges; later ones are coarser and answer to parts of digits."
    )
    name = f"Convolution {convolution}"
    return Shown(((maps(answers, name),),), told)


def why(found: Drawn) -> Shown:
    """The pixels that spoke for the answer, and the training digits most like the drawing."""
    place = int(np.argmax(found.reading.probabilities))
    values, alike = saliency(found.seen, place), neighbours(found.seen)
    for_it = float(values.clamp_min(0).sum() / values.abs().sum().clamp_min(1e-9))
    alt = f"Which ink spoke for the answer “{NAMES[place]}”: {for_it:.0%} of what was said is for it (blue), the rest "
    pixels = spoken(values, found.seen, "Ink that spoke for (blue), against (orange)", alt + "against it (orange).")
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


def smallest(found: Drawn, change_it_into: str) -> Shown:
    """The smallest change of grey levels that makes the network answer another digit."""
    wanted = int(change_it_into)
    if found.reading.digit == wanted:
        return Shown(((drawing(found.seen, f"Already read as {wanted}"),),), f"It already reads as {wanted}.")
    edit = edited(found.seen.contiguous().numpy().tobytes(), wanted)
    change = edit.picture - found.seen
    added = float(change.clamp_min(0).sum() / change.abs().sum().clamp_min(1e-9))
    alt = f"The change towards {wanted}: {added:.0%} of it is ink added (blue), the rest ink taken away (orange)."
    after = f"Now read as {wanted}" if edit.reached else "Still not read as wished"
    pictures = (
        spoken(change, found.seen, "Ink added (blue), taken away (orange)", alt),
        drawing(edit.picture, after, 360),
    )
    return Shown((pictures,), edit_in_words(found.reading, edit, str(wanted)))


@dataclass(frozen=True)
class View:
    """One way to look at a drawing: its own controls, and what they show."""

    show: Callable[..., Shown]
    controls: tuple[Control, ...] = ()

    @property
    def groups(self) -> tuple[Group, ...]:
        """The controls as a form draws them."""
        return (Group("", self.controls),)

    def of(self, found: Drawn, **chosen) -> Shown:
        """What is shown of a drawing; of a bare canvas the bare frame, and why."""
        if found.reading is None:
            return Shown(((drawing(found.seen, "What the network sees: nothing"),),))
        return self.show(found, **chosen)


VIEWS = {
    "Answer": View(answer),
    "Feature maps": View(feature_maps, (Control("Convolution", "slider", 1, (1, 6)),)),
    "Why": View(why),
    "Smallest edit": View(smallest, (Control("Change it into", "pick", "8", tuple(DIGITS)),)),
}


def two_minds(found: Drawn) -> tuple[str, bool, str]:
    """The challenge to draw what two digits claim: goal, whether it is met, where it stands."""
    goal = "Draw something of two minds: the network must find **two digits** at least **30 %** probable each."
    if found.reading is None:
        return goal, False, "Now: nothing is drawn."
    digits = found.reading.probabilities[:10]
    first, second = sorted(range(10), key=lambda place: -digits[place])[:2]
    return goal, digits[second] >= 0.3, f"Now: {first} {digits[first]:.0%}, {second} {digits[second]:.0%}."


def question() -> tuple[str, tuple[str, ...], str, str]:
    """The prediction: what a shift does to an MLP, with the recorded truth."""
    share = robustness.recorded("shift").at(robustness.PLAIN, 4)
    options = ("more than 90 %", "50 to 90 %", "less than 50 %")
    truth = options[0] if share > 0.9 else options[1] if share >= 0.5 else options[2]
    return (
        "An MLP reads 98 of 100 test digits. Now each is shifted by 4 of 28 pixels. How many does it still read?",
        options, truth,
        f"It reads {share:.0%}: each of its weights belongs to one pixel, so that a shifted digit meets other weights. "
        "A convolution slides the same weights over every place.",
    )  # fmt: skip


# Training


def training_controls(data: str) -> tuple[Group, ...]:
    """What can be set before a training."""
    amounts = trial.AMOUNTS[data]
    controls = (
        Control("Training images", "scale", amounts[-1] if data == trial.SMALL else 2000, amounts),
        Control("Filters", "slider", 8, (2, 16), "In the first convolution; the second has twice as many."),
        Control("Epochs", "slider", 20 if data == trial.SMALL else 4, (1, 30 if data == trial.SMALL else 10)),
        Control("Learning rate", "scale", 0.003, trial.RATES),
        *([Control("Allow download", "toggle", False, help=trial.missing())] if data == trial.LARGE else []),
    )
    return (Group("", controls),)


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


def few_weights(settings: trial.Trial, run: Run | None) -> tuple[str, bool, str]:
    """The challenge to train a small network well: goal, whether it is met, where it stands."""
    goal = "Train a network with at most **1,000 weights** that reads **95 %** of the held-out 8×8 digits."
    size = trial.weights(settings)
    if run is None:
        return goal, False, f"Now: {size:,} weights, not trained yet."
    passed = settings.side == 8 and size <= 1000 and run.last.test_score >= 0.95
    return goal, passed, f"Now: {size:,} weights, {run.last.test_score:.1%} on {settings.data}."


# Mistakes and robustness


TABLES = ("this page's, on MNIST's test images", "your own, on held-out digits")


def cell_control(found: mistakes.Confusion) -> tuple[Group, ...]:
    """Which cell of the table is opened; at first the most frequent mistake."""
    row, column = found.worst()
    return (Group("", (Control("Cell", "pick", f"{row} → {column}", CELLS, "Digit → answer. Or click a cell."),)),)


def confusion(found: mistakes.Confusion, cell: str) -> Shown:
    """The table of digits and answers, and the pictures of one cell."""
    row, column = (int(part) for part in cell.split(" → "))
    pictures, captions = found.cell(row, column)
    shown = [table(found.counts, (row, column))]
    if captions:
        told = f"{len(captions)} pictures of a {row} answered {column}: " + ", ".join(captions) + "."
        shown.append(gallery(pictures, captions, told, columns=4, height=470))

    def clicked(spot: dict) -> tuple[str, object]:
        place = spot if not spot["panel"] else {"y": row, "x": column}
        return "Cell", CELLS[10 * min(max(round(place["y"]), 0), 9) + min(max(round(place["x"]), 0), 9)]

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
    pictures, digits = shipped()
    places = torch.arange(1, 8) * (len(digits) // 10) + 5
    before = torch.cat([found.seen.view(1, 1, 28, 28), pictures[places]])
    after = robustness.disturbed(before, kind, level, 0)
    answers = [str(int(one)) for one in robustness.shipped(after)]
    told = f"The drawing and seven training digits, disturbed; the network reads them as {', '.join(answers)}."
    return gallery(after[:, 0], [f"read: {one}" for one in answers], told, columns=4, height=320)
