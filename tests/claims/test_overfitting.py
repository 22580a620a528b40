"""What the page “Overfitting and underfitting” states."""

import numpy as np
import pytest
import torch

from core.data.rules import loud_and_quiet, ripple, truth
from core.topics.overfitting.numbers import (
    CHOICES,
    FUTURES,
    RECORD,
    WIDTHS,
    descending,
    recorded,
    single,
    sweep,
)
from core.topics.overfitting.pictures import decomposed, descents, fan, fitted


def finished(work):
    """What a generator returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_the_three_parts_add_up_to_the_test_error(seeds):
    """Within 4 %: the test error is measured on noisy labels that no network has seen."""
    for seed, samples, noise in zip(seeds[:4], (15, 20, 50, 100), (0.6, 0.4, 0.5, 0.3), strict=True):
        found = sweep(samples, noise, 300, seed)
        for ensemble in found.ensembles:
            assert ensemble.test_error == pytest.approx(ensemble.bias + ensemble.variance + noise**2, rel=0.04)


def test_bias_and_variance_are_those_of_networks_trained_one_by_one(seed):
    found = sweep(20, 0.4, 100, seed, members=4).at(3)
    x = torch.from_numpy(found.x)[:, None]
    runs = [single(3, 20, 0.4, 100, 1000 * seed + member) for member in range(4)]
    with torch.no_grad():
        curves = torch.cat([run.at()(x) for run in runs], dim=1).double()
    rule = torch.sin(2.2 * x)[:, 0].double()
    assert found.bias == pytest.approx((curves.mean(dim=1) - rule).square().mean().item(), rel=1e-3)
    assert found.variance == pytest.approx(curves.var(dim=1, correction=0).mean().item(), rel=1e-3)


def test_too_few_units_have_bias_and_many_have_variance(seeds):
    for seed in seeds[:4]:
        found = sweep(20, 0.5, 1000, seed)
        small, large = found.at(1), found.at(32)
        assert small.bias > 5 * large.bias and small.bias > small.variance
        assert large.variance > 2 * large.bias
        assert small.train_error > 2 * large.train_error


def test_more_samples_lower_the_variance_and_more_units_the_bias(seeds):
    for seed in seeds[:3]:
        few, many = sweep(15, 0.5, 1000, seed), sweep(200, 0.5, 1000, seed)
        assert many.at(32).variance < 0.5 * few.at(32).variance
        assert many.at(16).bias < 0.2 * many.at(1).bias


def test_no_width_does_better_than_the_noise(seeds):
    for seed in seeds[:3]:
        assert sweep(50, 0.6, 300, seed).best.test_error > 0.9 * 0.6**2


def test_the_best_width_lies_in_the_middle_where_samples_are_few_and_noisy(seeds):
    answers = [sweep(20, 0.5, 1000, seed).answer() for seed in seeds[:5]]
    assert answers.count(CHOICES[1]) == len(answers)


def test_the_challenge_can_be_met_and_the_first_view_does_not_meet_it(seeds):
    assert sweep(20, 0.4, 1000, 0).excess(32) > 0.03
    assert all(sweep(200, 0.4, 300, seed).excess(32) <= 0.03 for seed in seeds[:3])


def test_the_record_falls_rises_and_falls_again():
    record = recorded()
    assert RECORD.path.stat().st_size < 100_000
    assert record.falls_twice and record.answer() == FUTURES[2]
    assert sum(record.twice()) >= 8 and "of 10" in record.sentence()


def test_epoch_wise_double_descent_happens_again_on_fresh_seeds(seeds):
    """In most runs; at least half of any eight."""
    again = finished(descending(0.1, 0.3, 12_000, tuple(seeds[:8])))
    assert sum(again.twice()) >= 4, again.sentence()


def test_without_quiet_inputs_the_error_hardly_ever_falls_twice(seeds):
    flat = finished(descending(1.0, 0.3, 4_000, tuple(seeds[:6])))
    assert not flat.falls_twice and sum(flat.twice()) <= 1, flat.sentence()


def test_loud_inputs_are_learned_first(seed):
    """After the first valley the network leans on the loud inputs; at the end on both."""
    from core.topics.overfitting.numbers import long_run

    run = long_run(0.1, 0.3, 12_000, seed)
    quiet = torch.zeros(85)
    quiet[80:] = 1
    worth = []
    for number in (100, 12_000):
        model = run.at(number)
        with torch.no_grad():
            whole, cut = (model(x) for x in (run.data.x_test, run.data.x_test * (1 - quiet)))
        worth.append((whole - cut).square().mean().item())
    assert worth[0] < 0.2 * worth[1]


def test_the_data_are_what_they_say(seed):
    noisy = ripple(200, 0.3, seed)
    assert noisy.x.shape == (200, 1) and (noisy.y - truth(noisy.x)).std().item() == pytest.approx(0.3, rel=0.2)
    two = loud_and_quiet(seed=seed)
    assert two.x.shape == (240, 85)
    assert two.x[:, 80:].std().item() == pytest.approx(0.1, rel=0.1)
    assert two.y_test.var().item() == pytest.approx(1 + 1.3**2, rel=0.2)


def test_every_picture_says_what_it_shows(seed):
    run, found = single(4, 15, 0.4, 100, seed), sweep(15, 0.4, 100, seed, members=3)
    for picture in (fitted(run), fan(found.at(4)), decomposed(found, 4), descents(recorded())):
        picture.plotly()
        assert len(picture.alt) > 40 and "nan" not in picture.alt
    assert np.isfinite(found.at(4).answers).all()
    assert "With **1 unit** per layer" in found.sentence(1) and "With **4 units** per layer" in found.sentence(4)
    assert [ensemble.units for ensemble in found.ensembles] == list(WIDTHS)
