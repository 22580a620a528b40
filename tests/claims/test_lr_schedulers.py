"""What the page “Learning-rate schedules” states, on fresh seeds."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from programs_run import distance, results_of
from torch import nn

from core.lessons.controls import defaults
from core.probes import luck
from core.programs import Program
from core.topics.lr_schedulers import noise, races
from core.topics.lr_schedulers.controls import DRAWING, redrawn
from core.topics.lr_schedulers.drawing import FIRST, breakpoints, percents, with_click
from core.topics.lr_schedulers.noise import noisy_descent
from core.topics.lr_schedulers.plateaus import FACTOR, PATIENCE, reductions, stairs, train_on_plateaus
from core.topics.lr_schedulers.races import CONSTANT, DRAWN, NAMES, OPTIMIZERS, PLATEAU, RATES, Ground, race
from core.topics.lr_schedulers.range_tests import AT_LOWEST, FINE, TENTH, range_test
from core.topics.lr_schedulers.steps import step_by_step, trained_by_torch
from core.topics.lr_schedulers.views import VIEWS, above_constant, against_best
from core.training import Recipe, train
from core.training.recipe import learning_rates

LINEAR = "0: 100, 100: 0"


def found_by(name: str, seed: int, **changes):
    """What a view of the page measures, with some of its controls changed."""
    return VIEWS[name].measure(**{**defaults(VIEWS[name].controls), **changes}, seed=seed)


@pytest.mark.parametrize("name", NAMES)
def test_a_schedule_equals_torchs_scheduler_step_by_step(name, seeds):
    for seed, optimizer, epochs in zip(seeds, OPTIMIZERS, (3, 7, 12, 24), strict=False):
        found = step_by_step(name, "0: 5, 20: 100, 60: 100, 60: 30, 100: 1", 0.1, optimizer, epochs, seed)
        assert found.difference < 1e-12 and len(found.logged) == len(found.formula) == 7 * epochs
        assert found.apart < 1e-4, "the same rates make the same weights"


@pytest.mark.parametrize("engine", ["compiled", "torch"])
@pytest.mark.parametrize("schedule", [*NAMES[1:-1], "warm-up", "range test", breakpoints("0: 0, 30: 100, 90: 2")])
def test_the_schedule_is_the_rate_that_the_training_logs(schedule, engine, seed):
    model, data, recipe = Ground(epochs=6, batch_size=32).parts(0.1, schedule, seed)
    run = train(model, data, recipe, engine=engine)
    for epoch in run.history[1:]:
        assert epoch.learning_rate == pytest.approx(learning_rates(recipe, epoch.step - 1, epoch.step, 42)[0], rel=1e-9)


def test_a_plateau_reduces_where_torchs_reduces(seeds):
    for seed in seeds:
        draw = np.random.default_rng(seed)
        losses = np.exp(-0.1 * np.arange(60)) + draw.normal(0, 0.2, 60) ** 2
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1.0)
        judge = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=FACTOR, patience=PATIENCE, eps=0)
        rates = []
        for loss in losses:
            judge.step(loss)
            rates.append(optimizer.param_groups[0]["lr"])
        assert [k + 1 for k, (a, b) in enumerate(zip([1.0, *rates], rates, strict=False)) if b < a] == reductions(
            losses
        )


def test_a_plateaus_schedule_is_what_its_own_losses_ask_for(seed):
    parts = [Ground(epochs=40).parts(rate, CONSTANT, seed + k) for rate in (0.1, 0.3) for k in range(3)]
    counts = []
    for run in train_on_plateaus(*map(list, zip(*parts, strict=True))):
        places = [place for place in reductions(run.curve("train_loss")[1][1:]) if place < 40]
        assert run.recipe.schedule == stairs(places, 40)
        counts.append(len(places))
    assert max(counts) >= 2


def test_a_falling_rate_pays_where_noise_is_what_is_left(seeds):
    """On moons with momentum, each at its own best peak, over seeds together (log₁₀ of the loss)."""
    leads = []
    for seed in seeds[:4]:
        ends = race(schedules=(CONSTANT, "step", "cosine"), seed=seed).ends
        leads.append(ends[CONSTANT].mean() - (ends["step"].mean() + ends["cosine"].mean()) / 2)
    assert np.mean(leads) > 0.02


def test_a_rate_that_only_rises_is_never_alone_in_front(seeds):
    for seed in seeds[:3]:
        found = race(schedules=(DRAWN, "cosine", "step"), seed=seed)
        assert found.best != DRAWN or found.equals


def test_often_the_shape_of_the_decay_is_inside_seed_noise(seeds):
    """In at least half of some races between shapes that fall."""
    falling, equal = ("exponential", "cosine", "warm-up + linear"), []
    for seed in seeds[:3]:
        for data, optimizer in (("xor", "SGD"), ("moons", "Momentum")):
            equal.append(bool(race(data=data, optimizer=optimizer, schedules=falling, seed=seed).equals))
    assert sum(equal) >= len(equal) / 2


def test_each_schedule_runs_at_the_peak_that_did_best_on_other_seeds(seed):
    found = race(schedules=(CONSTANT, "cosine"), seed=seed)
    for one in found.entrants.values():
        assert one.rate == RATES[int(one.tuned.mean(axis=0).argmin())] == one.run.recipe.learning_rate
        assert one.tuned.shape == (races.TUNING, len(RATES)) and one.losses.shape == (races.SEEDS, 25)
    same = race(own_best_peak=False, learning_rate=0.3, schedules=(CONSTANT, "cosine"), seed=seed)
    assert {one.rate for one in same.entrants.values()} == {0.3}
    assert not VIEWS["Race"].goal(race(LINEAR, own_best_peak=False, seed=seed, epochs=12)).passed


def test_all_schedules_meet_the_same_starts_and_batches(seed):
    found = race(schedules=(CONSTANT, "cosine", PLATEAU), epochs=12, seed=seed)
    runs = [one.run for one in found.entrants.values()]
    assert len({(run.recipe.seed, run.data.source, run.model.source) for run in runs}) == 1
    assert len({one.losses[:, 0].tobytes() for one in found.entrants.values()}) == 1


def test_what_falls_may_begin_with_a_higher_rate(seeds):
    """Over several seeds: schedules that fall have a best peak above the constant rate's more often than below."""
    above = below = 0
    for seed in seeds[:4]:
        found = race(schedules=(CONSTANT, "exponential", "cosine", "one-cycle", "step"), seed=seed)
        constant = found.entrants[CONSTANT].best
        above += above_constant(found)
        below += sum(one.best < constant for one in found.entrants.values())
    assert above > below


def test_what_is_said_of_peaks_and_plateaus_fits_their_number(seed):
    peaks, plateau = VIEWS["Peak rates"], VIEWS["Step by step"]
    found = found_by("Peak rates", seed)
    mostly = above_constant(found) > (len(found.entrants) - 1) / 2
    assert ("may begin boldly" in peaks.draw(found).note) == mostly
    assert ("bold already" in peaks.question(found).because) != mostly
    steps = found_by("Step by step", seed, schedule=PLATEAU)
    assert "**1** times" not in plateau.draw(steps, 50).note


def test_a_falling_rate_is_praised_only_where_it_is_ahead(seeds):
    """At a peak of 0.01 steps that become shorter fall behind; at 1 they are what is needed."""
    ahead = []
    for seed in seeds[:3]:
        for rate in (0.01, 1.0):
            found = race(own_best_peak=False, learning_rate=rate, schedules=(CONSTANT, "cosine"), epochs=12, seed=seed)
            ahead.append(found.best != CONSTANT and luck.differs(found.ends["cosine"], found.ends[CONSTANT]))
            asked = VIEWS["Race"].question(found)
            assert ("no schedule is ahead of the constant rate" in asked.because) == (not ahead[-1])
    assert set(ahead) == {True, False}
    best = found_by("Why it helps", seeds[0]), noisy_descent("0: 10, 100: 10", 0.05, 0.5, seeds[0])
    lone = replace(best[1], predicted={**best[1].predicted, CONSTANT: 0 * best[1].predicted[CONSTANT]})
    for walks in (*best, lone):
        note = VIEWS["Why it helps"].draw(walks).note
        assert ("sink further, given time" in note) == (walks.lowest == CONSTANT) == (walks is lone)


def test_a_suggestion_is_said_to_be_where_it_is_and_no_better_is_called_worse(seed):
    found, view = range_test("circle", "Momentum", 32, seed=seed), VIEWS["Range test"]
    ends = found.ends[found.ends.mean(axis=1).argmin()]
    for factor, place in ((1.0, "is the same."), (1.04, "is the same."), (8.0, "a factor of 8 above it."),
                          (0.125, "a factor of 8 below it.")):  # fmt: skip
        moved = replace(found, suggested=dict.fromkeys(found.suggested, factor * found.best))
        assert view.draw(moved, AT_LOWEST).note.endswith(place)
    for shift, said in (
        (0.0, "inside seed noise of the best"),
        (0.5, "worse than the best"),
        (-0.5, "better than the"),
    ):
        tried = replace(found, tried=dict.fromkeys(found.tried, ends + shift))
        shown = view.draw(tried, AT_LOWEST)
        assert f"**{said}" in shown.note and against_best(tried, AT_LOWEST) in said
        assert {row["Against the best"] for row in shown.tables[0]} == {against_best(tried, AT_LOWEST)}


def test_roundings_are_blamed_where_they_grow_and_one_reduction_is_once(seed):
    view, grown = VIEWS["Step by step"], []
    for rate in (0.1, 3.0):
        found = found_by("Step by step", seed, learning_rate=rate, optimizer="Adam", epochs=24)
        grown.append(found.apart > 0.01)
        assert ("so high a rate lets roundings grow" in view.draw(found, 50).note) == grown[-1]
    assert grown == [False, True]
    found = found_by("Step by step", seed, schedule=PLATEAU)
    for drops, said in ((0, "**0** times"), (1, "**once**"), (2, "**2** times")):
        rates = 0.1 ** np.minimum(np.arange(len(found.formula)) // 9, drops)
        assert f"here {said}." in view.draw(replace(found, formula=rates), 50).note


def test_the_suggested_rate_is_nearer_to_the_best_than_a_tenth_of_it(seeds):
    """Over data and seeds together, on a logarithmic scale; and what it trains ends lower."""
    apart, lower = [], []
    for seed in seeds[:3]:
        for data in ("circle", "spiral"):
            found = range_test(data, "Momentum", 32, seed=seed)
            apart.append([abs(math.log10(found.off(rule))) for rule in (AT_LOWEST, TENTH)])
            lower.append(found.tried[AT_LOWEST].mean() < found.tried[TENTH].mean())
    first, second = np.mean(apart, axis=0)
    assert first < second and sum(lower) > len(lower) / 2


def test_a_range_test_rises_a_millionfold_and_its_loss_falls_then_rises(seeds):
    for seed in seeds[:3]:
        found = range_test("circle", "Adam", 32, seed=seed)
        assert found.rates[0] == pytest.approx(1e-5 * 10 ** (6 / 60), rel=1e-6)
        assert np.allclose(np.diff(np.log10(found.rates)), 6 / 60)
        low = int(found.smooth.argmin())
        assert 5 < low < len(found.smooth) - 2
        assert found.smooth[low] < 0.5 * found.smooth[0] and found.smooth[-1] > 2 * found.smooth[low]
        assert found.ends.shape == (len(FINE), 5)


def test_a_constant_rate_hovers_where_the_formula_says(seeds):
    for seed, rate in zip(seeds[:5], noise.PEAKS, strict=False):
        found = noisy_descent(LINEAR, rate, 2.0, seed)
        assert noise.hovering(found.measured[CONSTANT]) == pytest.approx(found.floor, rel=0.1)
        halved = noise.floor(rate / 2, 2.0) / noise.floor(rate, 2.0)
        assert found.remaining == pytest.approx(100 * halved, rel=0.2)


def test_every_walk_follows_the_recursion_and_falling_rates_end_below_the_floor(seeds):
    for seed in seeds[:3]:
        found = noisy_descent(LINEAR, 0.5, 1.0, seed)
        for name, squares in found.measured.items():
            assert squares[-1] == pytest.approx(found.predicted[name][-1], rel=0.35), name
        for name in ("step", "exponential", "cosine", "one-cycle", "warm-up + linear", DRAWN):
            assert found.measured[name][-1] < 0.3 * found.floor, name


def test_a_drawing_is_read_clicked_and_refused():
    assert percents("30: 100") == [(0.0, 100.0), (30.0, 100.0), (100.0, 100.0)]
    assert breakpoints("100:0,0:50") == ((0.0, 0.5), (1.0, 0.0))
    assert with_click(FIRST, 50, 80) == "0: 10, 50: 80, 100: 100"
    assert with_click("0: 10, 50: 80, 100: 100", 52, 20) == "0: 10, 50: 20, 100: 100", "moved"
    assert with_click("0: 10, 50: 80, 100: 100", 51, 83) == FIRST, "removed"
    assert with_click(FIRST, -7, 400) == "0: 100, 100: 100", "an end moves and stays"
    full = ", ".join(f"{9 * k}: 50" for k in range(11))
    assert len(percents(with_click(full, 58.5, 90))) == 12, "there is room for no more"
    assert len(percents(with_click(full, 54, 50))) == 11 and with_click(full, 54, 90).count("90") == 2
    for text in ("", "a", "0: 10,", "0: 10; 100: 3", "0: 101, 100: 3", "nan: 1", "0: 1e9", "٠: 5", "-5: 10"):
        with pytest.raises(ValueError, match="percent of the training"):
            breakpoints(text)
    with pytest.raises(ValueError, match="at most 12"):
        breakpoints(", ".join(f"{k}: 50" for k in range(13)))
    assert redrawn(FIRST, {"row": 0, "x": 50, "y": 80}) == ((DRAWING, "0: 10, 50: 80, 100: 100"),)
    assert redrawn(FIRST, {"row": 1, "x": 5, "y": 8}) == ((DRAWING, FIRST),)


def test_breakpoints_that_are_no_schedule_are_refused_in_one_sentence():
    for points in (
        ((0.0, 1.0),),
        ((0.1, 1.0), (1.0, 0.0)),
        ((0.0, 1.0), (0.7, 1), (0.6, 1), (1.0, 0.0)),
        ((0.0, 1.0), (1.0, 2.0)),
    ):
        with pytest.raises(ValueError, match="schedule"):
            Recipe(schedule=points)
    with pytest.raises(ValueError, match="at least one schedule"):
        race(schedules=())


def test_challenges_are_open_at_first_and_attainable(seeds):
    for name in ("Race", "Why it helps"):
        assert not VIEWS[name].goal(found_by(name, 0)).passed
    assert not VIEWS["Range test"].goal(found_by("Range test", 0), "at the lowest loss").passed
    assert any(VIEWS["Race"].goal(race(LINEAR, seed=seed)).passed for seed in (0, *seeds[:3]))
    assert VIEWS["Why it helps"].goal(noisy_descent("0: 100, 4: 50, 10: 17, 30: 6, 100: 1", seed=0)).passed
    odd = [range_test("moons", "SGD", 32, seed=seed) for seed in (0, *seeds[:2])]
    assert any(VIEWS["Range test"].goal(found, "at the lowest loss").passed for found in odd)


def test_a_training_is_not_changed_by_torch_training_it_too(seed):
    found = step_by_step("cosine", epochs=3, seed=seed)
    before = copy.deepcopy(found.run.model.state_dict())
    trained_by_torch(found.run, "cosine", breakpoints(FIRST))
    assert all(torch.equal(value, before[name]) for name, value in found.run.model.state_dict().items())


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_draws_what_it_says_and_its_program_runs(name, seed, tmp_path):
    found, view = found_by(name, seed % 9999), VIEWS[name]
    looked = defaults(view.looks(found))
    for shown in (view.draw(found, **looked), view.before(found, **looked)):
        for picture in (one for row in shown.pictures for one in row):
            picture.plotly()
            assert "nan" not in picture.alt and len(picture.alt) > 40
    program = view.program(found, **looked)
    if isinstance(program, Program):
        (result,) = results_of([program], tmp_path)
        assert distance(result, program.shown) <= program.tolerance, (result, program.shown)
