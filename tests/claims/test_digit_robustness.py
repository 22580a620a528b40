"""What the page “Digit recognizer” states on shifted, turned and noisy digits."""

import itertools

import numpy as np
import pytest
import torch
from programs_run import distance, lines_of_code, results_of
from scipy import ndimage

from core.models.digits import training_digits
from core.projects.mnist import record, robustness, views
from core.projects.mnist.programs import program_of_disturbance

SHIFTS = robustness.KINDS["shift"].levels

# The record and what is read from it


def test_every_share_of_the_record_is_one():
    for kind, levels in record.RECORD.specification["kinds"].items():
        for rows in record.robustness(kind).accuracies.values():
            assert rows.shape[1] == len(levels) and ((rows >= 0) & (rows <= 1)).all()


def test_a_shift_blinds_an_mlp_but_not_the_cnn():
    known = record.robustness("shift")
    assert 0.97 <= known.at(robustness.PLAIN, 0) <= 0.99, "98 of 100 test digits"
    assert known.at(robustness.PLAIN, 4) < 0.5 and known.at(robustness.LINEAR, 4) < 0.5
    assert known.at(robustness.SHIPPED, 4) > 0.98
    question = views.question()
    assert question.truth == round(100 * known.at(robustness.PLAIN, 4)) and "98 of 100" in question.text


def test_noise_blinds_the_cnn_which_never_met_it():
    known = record.robustness("noise")
    assert known.at(robustness.SHIPPED, 0.3) < 0.5 < known.at(robustness.LINEAR, 0.3)


def test_varied_training_digits_help_the_mlp_and_the_cnn_stays_ahead():
    for kind in ("rotation", "shift"):
        known = record.robustness(kind)
        middle = known.levels[3]
        assert known.at(robustness.VARIED, middle) > known.at(robustness.PLAIN, middle) + 0.05
        assert known.at(robustness.SHIPPED, middle) > known.at(robustness.VARIED, middle)


def test_the_sentence_names_the_best_and_the_worst():
    known = record.robustness("noise")
    shares = {name: known.at(name, 0.4) for name in known.accuracies}
    said = known.sentence(0.4)
    assert f"**{max(shares, key=shares.get)}** reads" in said and f"**{min(shares, key=shares.get)}**" in said


def test_the_recorded_baseline_is_what_a_new_training_gives(seed):
    """A linear model trained again on fewer images ends near the record, undisturbed and shifted."""
    from core.data.images import MissingDataError, mnist

    try:
        known = mnist(10_000, seed=seed, test_samples=1000, flat=True)
    except MissingDataError:
        pytest.skip("MNIST is not on this machine")
    read = record.baseline(robustness.LINEAR, known, seed)
    x = known.x_test.view(-1, 1, 28, 28)
    again = robustness.shares(read, x, known.y_test, "shift", seed)
    stored = [record.robustness("shift").at(robustness.LINEAR, level) for level in SHIFTS]
    assert again[0] == pytest.approx(stored[0], abs=0.05) and again[4] == pytest.approx(stored[4], abs=0.08)


def test_the_shipped_part_of_the_record_can_be_measured_again(seed):
    from core.data.images import MissingDataError, mnist

    try:
        known = mnist(60, seed=seed, test_samples=300)
    except MissingDataError:
        pytest.skip("MNIST is not on this machine")
    for kind in ("rotation", "thickness"):
        again = robustness.shares(robustness.shipped, known.x_test, known.y_test, kind, seed)
        stored = [record.robustness(kind).at(robustness.SHIPPED, level) for level in robustness.KINDS[kind].levels]
        assert np.allclose(again, stored, atol=0.09), (again, stored)


# Disturbances


def test_disturbances_do_what_their_names_say(seed):
    pictures = training_digits()[0][seed % 100 :: 101]
    for kind in robustness.KINDS:
        same = robustness.disturbed(pictures, kind, 0, seed)
        assert torch.allclose(same, pictures, atol=1e-5)
        changed = robustness.disturbed(pictures, kind, robustness.KINDS[kind].levels[-1], seed)
        again = robustness.disturbed(pictures, kind, robustness.KINDS[kind].levels[-1], seed)
        assert torch.equal(changed, again) and changed.min() >= 0 and changed.max() <= 1.0001
        assert (changed - pictures).abs().mean() > 0.01
    ink = [robustness.disturbed(pictures, "thickness", level, seed).mean() for level in (-1, -0.5, 0, 0.5, 1, 1.5, 2)]
    assert all(one < other for one, other in itertools.pairwise(ink))


def test_a_shift_moves_the_centre_of_mass_and_a_rotation_agrees_with_scipy(seed):
    blob = torch.zeros(20, 1, 28, 28)
    blob[:, :, 11:17, 12:15] = 1
    moved = robustness.disturbed(blob, "shift", 3, seed)
    for one in moved:
        assert np.hypot(*(np.array(ndimage.center_of_mass(one[0].numpy())) - (13.5, 13))) == pytest.approx(3, abs=0.05)
    turned = robustness.disturbed(blob, "rotation", 30, seed)
    ways = [ndimage.rotate(blob[0, 0].numpy(), way, reshape=False, order=1) for way in (30, -30)]
    near = [[float(np.abs(one[0].numpy() - way).mean()) for way in ways] for one in turned]
    assert all(min(pair) < 0.01 for pair in near) and {pair.index(min(pair)) for pair in near} == {0, 1}


@pytest.mark.parametrize("kind", ["any", *(pytest.param(kind, marks=pytest.mark.long) for kind in robustness.KINDS)])
def test_the_live_measurement_is_what_its_program_measures(kind, seed, tmp_path):
    """Of one kind, by the seed; of each in the long run."""
    kind = list(robustness.KINDS)[seed % len(robustness.KINDS)] if kind == "any" else kind
    work, last = robustness.live(kind, (seed,)), 0.0
    while True:
        try:
            fraction, message = next(work)
            assert fraction > last and str(seed) in message
            last = fraction
        except StopIteration as end:
            found = end.value
            break
    programs = [program_of_disturbance(kind, level, seed, found) for level in found.levels[3::3]]
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) <= program.tolerance and set(program.shown) == set(robustness.LIVE)
        assert lines_of_code(program.text) <= 100
    if kind == "shift":
        assert found.at("CNN", 0) > 0.9 and found.at("CNN", 8) < found.at("CNN", 0) - 0.2
