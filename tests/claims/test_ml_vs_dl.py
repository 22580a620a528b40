"""What the page “Machine learning or deep learning” states."""

import numpy as np
import pytest
import torch
from programs_run import distance, results_of
from torch.nn import functional

from core.data.images import MissingDataError
from core.provenance import Measured
from core.topics.ml_vs_dl.numbers import CHOICES, NAMES, SIZES, Race, accuracy, images, live, recorded
from core.topics.ml_vs_dl.programs import program_of_live


def race(source, size, seeds, names=NAMES) -> Race:
    data = [images(source, size, seed) for seed in seeds]
    found = {
        name: np.array([[accuracy(name, one, seed)] for one, seed in zip(data, seeds, strict=True)]) for name in names
    }
    return Race((size,), found, Measured(tuple(seeds), 0.0))


def test_the_record_says_what_the_page_says():
    record = recorded()
    assert record.sizes == SIZES and set(record.accuracies) == set(NAMES)
    assert record.crossover() == 500 and record.answer() == CHOICES[2]
    assert not record.is_ahead(20), "with 20 images the lead drowns in the luck of the draw"
    assert "inside seed noise" in record.sentence(20) and "inside seed noise" not in record.sentence(500)


@pytest.mark.parametrize("size", [20, pytest.param(1000, marks=pytest.mark.long)])
def test_the_stored_ranking_holds_on_new_seeds(size, seeds):
    """Learners that the record holds 4 points apart keep their order."""
    try:
        new = race("fashion_mnist", size, seeds[: 6 if size == 20 else 2])
    except MissingDataError:
        pytest.skip("Fashion-MNIST is not on this machine")
    column, record = SIZES.index(size), recorded()
    means = {name: values[:, column].mean() for name, values in record.accuracies.items()}
    again = {name: values.mean() for name, values in new.accuracies.items()}
    pairs = [(one, other) for one in NAMES for other in NAMES if means[one] > means[other] + 0.04]
    assert len(pairs) >= 3
    for one, other in pairs:
        assert again[one] > again[other] - 0.01, (one, other, again)


def test_on_small_digits_comparing_whole_images_is_hard_to_beat(seeds):
    names = ("k nearest neighbours", "logistic regression", "MLP")
    new = race("digits", 500, seeds[:4], names)
    assert new.winner(500) == "k nearest neighbours"


def test_the_live_race_is_what_its_program_measures_and_the_challenge_can_be_met(seed, tmp_path):
    work, last = live(200, (seed,)), 0.0
    while True:
        try:
            fraction, message = next(work)
            assert fraction >= last and "200 images" in message
            last = fraction
        except StopIteration as end:
            found = end.value
            break
    program = program_of_live(200, seed, found)
    (result,) = results_of([program], tmp_path)
    assert distance(result, program.shown) <= program.tolerance and set(program.shown) == set(NAMES)
    assert found.best(200) >= 0.85


def test_the_challenge_can_be_met(seeds):
    three = seeds[:3]
    assert race("digits", 200, three, ("k nearest neighbours", "random forest")).best(200) >= 0.9


def test_a_convolution_is_the_sum_in_the_text(seed):
    generator = torch.Generator().manual_seed(seed)
    x, kernel = torch.randn(6, 6, generator=generator), torch.randn(3, 3, generator=generator)
    by_hand = torch.stack([(kernel * x[i : i + 3, j : j + 3]).sum() for i in range(4) for j in range(4)]).view(4, 4)
    assert torch.allclose(functional.conv2d(x[None, None], kernel[None, None])[0, 0], by_hand, atol=1e-5)
