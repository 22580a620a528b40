"""Which digit is taken for which, and the pictures behind every number of that table."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.data.images import mnist
from core.projects.mnist.recognizer import probabilities
from core.provenance import Recorded
from core.training import Run
from core.wording import article, counted

EACH, ACROSS = 12, 30  # pictures kept for a cell; pictures in a row of the recorded sheet


@dataclass(frozen=True)
class Confusion:
    """``counts`` (10, 10), rows the digit, columns the answer; ``pictures`` (kept, side, side) with their digit, their
    answer and how sure the network was, in per cent, each (kept,)."""

    counts: np.ndarray
    pictures: Tensor
    digits: Tensor
    answers: Tensor
    sure: Tensor
    source: Recorded | Run

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float(np.trace(self.counts) / self.counts.sum())

    def cell(self, row: int, column: int) -> tuple[Tensor, list[str]]:
        """Up to twelve pictures of one cell, the surest answers first, and what is written under each."""
        places = ((self.digits == row) & (self.answers == column)).nonzero()[:, 0]
        return self.pictures[places], [f"{int(self.sure[place])}% sure" for place in places]

    def worst(self) -> tuple[int, int]:
        """The digit and the answer of the most frequent mistake."""
        wrong = self.counts * (1 - np.eye(10, dtype=int))
        row, column = np.unravel_index(wrong.argmax(), wrong.shape)
        return int(row), int(column)

    def sentence(self, row: int, column: int) -> str:
        """What one cell says."""
        count, of = int(self.counts[row, column]), int(self.counts[row].sum())
        told = f"{count or 'None'} of {counted(of, 'picture')} of **{article(row)}** {'is' if count < 2 else 'are'}"
        return f"{told} read right." if row == column else f"{told} taken for **{article(column)}**."


def sorted_out(images: Tensor, y: Tensor, chances: Tensor, origin: Recorded | Run) -> Confusion:
    """The table of images (samples, 1, side, side) with their digits and the network's probabilities (samples, 10)."""
    sure, answers = chances.max(dim=1)
    counts = torch.zeros(10, 10, dtype=torch.long).index_put_((y, answers), torch.ones_like(y), accumulate=True)
    cells = [((y == row) & (answers == column)).nonzero()[:, 0] for row in range(10) for column in range(10)]
    kept = torch.cat([places[sure[places].argsort(descending=True, stable=True)][:EACH] for places in cells])
    percent = (100 * sure[kept]).round()
    return Confusion(counts.numpy(), images[kept, 0], y[kept], answers[kept], percent, origin)


@torch.no_grad()
def of_run(run: Run) -> Confusion:
    """The table of a training's held-out digits."""
    data = run.data
    return sorted_out(data.x_test, data.y_test, torch.softmax(run.at()(data.x_test), dim=1), run)


def measured() -> dict:
    """The shipped network's table on MNIST's 10,000 test images, as the record keeps it."""
    known = mnist(60, test_samples=10_000)
    chances = torch.cat([probabilities(part)[:, :10] for part in known.x_test.split(250)])
    found = sorted_out(known.x_test, known.y_test, chances / chances.sum(dim=1, keepdim=True), Recorded("", ""))
    kept = len(found.pictures)
    sheet = torch.zeros(-(-kept // ACROSS) * ACROSS, 28, 28)
    sheet[:kept] = found.pictures
    tiles = (sheet * 255).round().byte().numpy().reshape(-1, ACROSS, 28, 28).swapaxes(1, 2)
    file = io.BytesIO()
    Image.fromarray(tiles.reshape(-1, ACROSS * 28)).save(file, "PNG", optimize=True)
    return {
        "counts": found.counts.tolist(), "digits": found.digits.tolist(), "answers": found.answers.tolist(),
        "sure": [int(value) for value in found.sure], "pictures": base64.b64encode(file.getvalue()).decode(),
        "licence": "The pictures are from MNIST (Y. LeCun, C. Cortes, C. Burges), usually cited as CC BY-SA 3.0.",
    }  # fmt: skip
