"""Why the recognizer answers as it does: saliency, neighbours, and the smallest edit."""

import random

import numpy as np
import pytest
import torch
from mnist_hands import drawing

from core.models.digits import recognizer
from core.projects.mnist.drawing import digit
from core.projects.mnist.recognizer import probabilities
from core.projects.mnist.why import index, lag, neighbours, saliency, smallest_edit


def test_saliency_adds_up(seed: int) -> None:
    model, seen = recognizer()[0], digit(drawing(random.Random(seed), 3))[0]
    with torch.no_grad():
        difference = (model(seen.view(1, 1, 28, 28)) - model(torch.zeros(1, 1, 28, 28)))[0, 3].item()
    spoken = saliency(seen, 3, steps=512)
    assert spoken.sum().item() == pytest.approx(difference, abs=0.03 * max(abs(difference), 1))
    assert (spoken[seen == 0] == 0).all()


def test_a_training_digit_is_its_own_nearest(seed: int) -> None:
    pictures, digits, _ = index()
    assert len(pictures) >= 1000
    place = seed % len(pictures)
    nearest = neighbours(pictures[place, 0], 5)
    assert nearest[0].likeness == pytest.approx(1, abs=1e-4)
    assert torch.equal(nearest[0].picture, pictures[place, 0])
    assert nearest[0].digit == digits[place]
    assert [one.likeness for one in nearest] == sorted((one.likeness for one in nearest), reverse=True)


def test_neighbours_mostly_share_the_digit(seed: int) -> None:
    draw = random.Random(seed)
    same = [
        one.digit == number
        for number in range(10)
        for one in neighbours(digit(drawing(draw, number))[0], 8)
    ]  # fmt: skip
    assert np.mean(same) >= 0.85


def test_the_smallest_edit_reaches_its_digit_and_is_small(seed: int) -> None:
    draw = random.Random(seed)
    model, calibration = recognizer()
    offset = torch.zeros(11)
    offset[10] = calibration.shift
    pictures, digits, _ = index()
    for number, wanted in ((3, 8), (7, 1), (0, 6)):
        seen = digit(drawing(draw, number))[0]
        edit = smallest_edit(seen, wanted)
        assert edit.reached
        assert edit.picture.min() >= 0 and edit.picture.max() <= 1
        assert probabilities(edit.picture.view(1, 1, 28, 28)).argmax() == wanted
        rivals = pictures[digits == wanted, 0]  # turning it into any training digit of that class costs more
        assert (edit.picture - seen).norm() < (rivals - seen).flatten(1).norm(dim=1).min()
        nearly = seen.lerp(edit.picture, 0.9).view(1, 1, 28, 28)
        assert lag(model, nearly, wanted, offset)[0] > 0  # a tenth less would not do
