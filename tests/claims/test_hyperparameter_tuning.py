"""What the page “Hyperparameter tuning” states."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from programs_run import distance, results_of

from core.jobs import Job, crew, crews, start
from core.lessons.controls import defaults
from core.lessons.record import finished
from core.probes.luck import differs
from core.topics.hyperparameter_tuning import by_hand, landscape, races
from core.topics.hyperparameter_tuning.landscape import DECAYS, EPOCHS, MOMENTS, RATES, WIDTHS, recorded
from core.topics.hyperparameter_tuning.live import live
from core.topics.hyperparameter_tuning.ray_tune import RAY, is_installed
from core.topics.hyperparameter_tuning.searches import (
    ASHA,
    BUDGET,
    GRID,
    MEDIAN,
    RANDOM,
    SEARCHES,
    TPE,
    Counter,
    SpentError,
    levels,
    search,
)
from core.topics.hyperparameter_tuning.study import METHODS, OWN, Problem, grid_of, missing, run_of, study, validated
from core.topics.hyperparameter_tuning.study_view import studied
from core.topics.hyperparameter_tuning.views import VIEWS


class Spied:
    """A landscape's losses that count who looks where."""

    def __init__(self, losses: np.ndarray) -> None:
        self.losses, self.looked = losses, []

    def __getitem__(self, place):
        self.looked.append(place)
        return self.losses[place]


class Ground:
    """A landscape of which nothing but single losses can be had."""

    def __init__(self) -> None:
        self.loss = Spied(recorded().loss)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_sees_only_the_cells_it_asks_for_and_pays_for(name, seed):
    ground = Ground()
    found = search(name, ground, 9, seed)
    asked = [(*trial.cell, at) for trial in found.trials for at in range(len(trial.losses))]
    assert ground.loss.looked == asked, "every access is one that was asked for, in order"
    paid = sum(MOMENTS[len(trial.losses) - 1] for trial in found.trials if trial.losses)
    assert paid <= 9 * EPOCHS and found.cells == len({place[:3] for place in ground.loss.looked})


def test_whoever_has_spent_its_budget_sees_nothing_more():
    counter = Counter(recorded(), 1)
    assert counter.whole((0, 0, 0)) == recorded().ends[0, 0, 0]
    with pytest.raises(SpentError):
        counter.whole((1, 0, 0))
    assert counter.trials[-1].losses == []


def test_what_a_search_does_not_ask_for_does_not_change_it(seed):
    """The same search on a landscape whose other cells are spoilt."""
    for name in SEARCHES:
        first = search(name, recorded(), 9, seed)
        spoilt = np.full_like(recorded().loss, -1.0)
        for trial in first.trials:
            spoilt[trial.cell] = recorded().loss[trial.cell]
        again = search(name, landscape.Landscape(spoilt, recorded().fresh, recorded().source), 9, seed)
        assert [trial.cell for trial in again.trials] == [trial.cell for trial in first.trials]


def test_the_landscape_is_1600_trainings_and_small():
    ground = recorded()
    assert ground.loss.shape == (len(RATES), len(DECAYS), len(WIDTHS), len(MOMENTS)) and ground.ends.size >= 1600
    sizes = [each.path.stat().st_size for each in (landscape.RECORD, races.RECORD)]
    assert sum(sizes) < 200_000
    for axis in (0, 1, 2):
        best = ground.ends.min(axis=tuple({0, 1, 2} - {axis}))
        assert best.max() > 1.3 * best.min(), "every setting matters"


def test_recorded_cells_are_trainings_that_can_be_made_again(seeds):
    """At the beginning all, to the end five of six: where steps are large another processor's roundings grow."""
    ends = []
    for seed in seeds[:6]:
        draw = np.random.default_rng(seed)
        cell = int(draw.integers(8, 16)), int(draw.integers(10)), int(draw.integers(6))
        run = landscape.trained(cell)
        ends.append(run.last.test_loss == pytest.approx(recorded().ends[cell], abs=0.02))
        early = [run.recorded(moment).test_loss for moment in MOMENTS[:3]]
        assert early == pytest.approx(recorded().loss[cell][:3].tolist(), abs=2e-3)
    assert sum(ends) >= 5


def test_random_search_reaches_the_best_share_as_the_formula_says():
    """1 − (1 − q)ⁿ over many searches, whatever the shape."""
    for count, share in ((9, 10.0), (27, 5.0)):
        found = [search(RANDOM, recorded(), count, seed).best.losses[-1] for seed in range(600)]
        hit = np.mean([recorded().better(loss) < share for loss in found])
        assert hit == pytest.approx(1 - (1 - share / 100) ** count, abs=0.07)


def test_recorded_races_are_the_searches_of_this_code(seed):
    for name in (GRID, RANDOM, TPE, ASHA):
        one = seed % 50
        again = races.found_by_then(search(name, recorded(), BUDGET, one)) / 1000
        assert np.allclose(again, races.recorded().found[name][one])


def test_tpe_and_pruning_beat_random_search_on_fresh_seeds(seeds):
    rivals = {
        name: [search(name, recorded(), BUDGET, seed).best for seed in seeds[:8]]
        for name in (RANDOM, TPE, ASHA, MEDIAN)
    }
    ends = {name: np.array([best.losses[-1] for best in found]) for name, found in rivals.items()}
    for name in (TPE, ASHA, MEDIAN):
        assert ends[name].mean() < ends[RANDOM].mean(), {key: value.mean() for key, value in ends.items()}


def test_in_the_record_too_by_more_than_seed_noise():
    losses = races.recorded().at(BUDGET)
    assert len(losses[TPE]) == 50
    for name in (TPE, ASHA, MEDIAN, RAY):
        assert losses[name].mean() < losses[RANDOM].mean() and differs(losses[name], losses[RANDOM], 4), name
    assert (np.diff(races.recorded().found[RANDOM], axis=1) <= 0).all(), "the lowest so far never rises"


def test_whoever_stops_early_looks_at_many_more_settings(seeds):
    for seed in seeds[:2]:
        assert search(ASHA, recorded(), BUDGET, seed).cells > 5 * BUDGET
        assert search(TPE, recorded(), BUDGET, seed).cells <= BUDGET


def test_what_was_chosen_by_validation_is_a_little_worse_on_fresh_samples():
    """Over forty searches: the chosen network's validation loss flatters it."""
    best = [search(name, recorded(), BUDGET, seed).best for seed in range(20) for name in (RANDOM, TPE)]
    fresh = np.mean([recorded().fresh[each.cell] for each in best])
    assert fresh > np.mean([each.losses[-1] for each in best])


def test_a_grid_is_as_even_as_its_budget():
    assert (
        levels(27) == (3, 3, 3) and levels(1) == (1, 1, 1) and levels(12) == (3, 2, 2) and levels(10**6) == (20, 10, 8)
    )
    found = search(GRID, recorded(), 27, 3)
    assert [len({trial.cell[k] for trial in found.trials}) for k in range(3)] == [3, 3, 3] and found.cells == 27
    assert len(grid_of(20)) == math.prod(levels(20)) and len({tuple(each.values()) for each in grid_of(20)}) == 18


def test_a_search_by_hand_is_read_clicked_and_refused():
    assert by_hand.cells("") == () and by_hand.cells("0.0001 0.00032 2, 1e-4 3e-4 2") == ((0, 0, 0),)
    text = by_hand.with_click((), 12.3, 1.8, 4)
    assert by_hand.cells(text) == ((12, 2, 4),) and by_hand.with_click(((12, 2, 4),), 12, 2, 4) == text
    assert by_hand.with_click(((12, 2, 4),), -3, 40, 4) == text, "beside the plane"
    full = tuple((k, 0, 0) for k in range(15))
    assert by_hand.with_click(full, 19, 0, 0) == by_hand.as_text(full), "the budget is spent"
    assert by_hand.cells(by_hand.as_text(full)) == full
    for words in ("a", "1 2", "0.1 0.1 8,", "nan 1 1", "0 0.1 8", ". . .", "-1 1 1", "1e 1 1", "٣ 1 1"):
        with pytest.raises(ValueError, match="learning rate, weight decay and hidden units"):
            by_hand.cells(words)
    with pytest.raises(ValueError, match="budget of 15"):
        by_hand.cells(by_hand.as_text((*full, (19, 9, 7))))


def test_challenges_are_open_at_first_and_attainable(seeds):
    assert not VIEWS["By hand"].goal(by_hand.by_hand(""), 8).passed
    tried = "0.001 0.001 8, 0.01 0.001 8, 0.063 0.001 8, 0.063 0.001 16, 0.063 0.001 12"
    won = VIEWS["By hand"].goal(by_hand.by_hand(tried), 8)
    assert won.passed and won.fewest == 5
    goal = VIEWS["One search"].goal
    assert not goal(live(ASHA, 27, 0)).passed
    assert any(goal(live(name, 9, seed)).passed for seed in range(12) for name in (TPE, ASHA))


@pytest.mark.parametrize("method", METHODS)
def test_a_study_is_a_job_with_progress_whose_best_is_trained_again(method, seed):
    problem = Problem("circle", 0.1, 20, seed=seed)
    job = start(study, problem, method, 10).wait(60)
    assert job.status == "done", job.error
    found, count = job.result, (math.prod(levels(10)) if method == "grid" else 10)
    assert len(found.tried) == count and job.progress == 1 and found.at_once == 1
    best = found.best
    assert best.loss == pytest.approx(validated(problem, best.rate, best.decay, best.units), abs=1e-6)
    assert found.run.last.test_loss == pytest.approx(best.loss, abs=1e-6)
    assert [each.loss for each in finished(study(problem, method, 10)).tried] == [each.loss for each in found.tried]
    for row in studied(found).pictures:
        for picture in row:
            json.dumps([picture.traces, picture.layout])
            assert len(picture.alt) > 40 and "nan" not in picture.alt


def test_a_study_of_own_points_waits_for_them():
    rows = tuple((float(x), float(y), int(x > 0)) for x in (-1, 1) for y in (-1.0, -0.5, 0.5, 1.0))
    assert "8 points" in missing(Problem(OWN)) and not missing(Problem(OWN, rows=rows)) and not missing(Problem())
    assert len(finished(study(Problem(OWN, epochs=20, rows=rows), RANDOM, 4)).tried) == 4
    assert validated(Problem("moons", epochs=20), 1e9, 0.0, 4) <= 10, "a broken training is a bad one, not an error"
    assert run_of(Problem(epochs=2), 0.01, 0.0, 3).recipe.epochs == 2


def test_a_crew_of_one_does_its_pieces_in_turn_and_a_spreading_job_stays_here(monkeypatch):
    workers = crew(divmod)
    for number in range(3):
        workers.send(number, 7, number + 2)
    assert workers.busy == 3 and [workers.next() for _ in range(2)] == [(0, (3, 1)), (1, (2, 1))]
    workers.close()
    assert workers.busy == 0
    assert crews.spreads(study) and not crews.spreads(divmod) and not crews.spreads(Job)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(not is_installed(), reason="ray is not installed: pip install -r requirements-extra.txt")
def test_a_node_that_is_killed_takes_no_trial_with_it():
    """Two nodes of a cluster with token authentication, of which one is killed in the middle of a study."""
    script = Path(__file__).parents[2] / "benchmarks" / "tuning_cluster.py"
    command = [sys.executable, str(script), "--dry", "--trials", "16", "--epochs", "60"]
    environment = {**os.environ, "PYTHONPATH": str(script.parents[1])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout[done.stdout.index("{") :])
    assert found["at once on two nodes"] == 2 and found["trials lost with it"] == 0
    assert found["the same losses as without"]


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_draws_what_it_says_and_its_program_runs(name, seed, tmp_path):
    view = VIEWS[name]
    found = view.measure(**defaults(view.controls), seed=seed % 9999)
    looked = defaults(view.looks(found))
    for shown in (view.draw(found, **looked), view.before(found, **looked)):
        for picture in (one for row in shown.pictures for one in row):
            json.dumps([picture.traces, picture.layout])
            assert "nan" not in picture.alt and len(picture.alt) > 40
    assert found.provenance
    if view.program:
        program = view.program(found, **looked)
        (result,) = results_of([program], tmp_path)
        if program.shown:
            assert distance(result, program.shown) <= program.tolerance, (result, program.shown)
        else:  # a search of its own, of trainings with other starts
            assert 0 < result["validation loss"] < 0.69, result
