"""What the page “Optimizers” states, on fresh seeds."""

import numpy as np
import pytest
import torch
from programs_run import distance, results_of

from core.lessons.controls import defaults
from core.probes.landscapes import start_of
from core.probes.loss_planes import losses_at
from core.probes.luck import differs
from core.programs import Program
from core.topics.optimizers import races, steps
from core.topics.optimizers.counterexample import amsgrad, game
from core.topics.optimizers.races import GROUND, NAMES, RATES, network_plane, network_race, race
from core.topics.optimizers.views import ENDS, VIEWS, by_luck, clicked
from core.training import Recipe


def found_by(name: str, seed: int, **changes):
    """What a view of the page measures, with some of its controls changed."""
    return VIEWS[name].measure(**{**defaults(VIEWS[name].controls), **changes}, seed=seed)


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_by_hand_equal_torchs_step_for_step(name, seeds):
    for seed, memory in zip(seeds[:6], (0.0, 0.5, 0.9, 0.9, 0.95, 0.99), strict=True):
        assert steps.judged(name, 10 ** -(1 + seed % 3), memory, 60, seed) < 1e-6


def test_amsgrad_equals_torchs_step_for_step(seeds):
    for seed in seeds[:4]:
        generator = torch.Generator().manual_seed(seed)
        mine = torch.randn(9, generator=generator, dtype=torch.float64)
        theirs, memory = mine.clone().requires_grad_(), torch.zeros(3, 9, dtype=torch.float64)
        judge = torch.optim.Adam([theirs], lr=0.05, amsgrad=True)
        for step in range(40):
            theirs.grad = torch.randn(9, generator=generator, dtype=torch.float64)
            amsgrad(mine, theirs.grad, memory, step + 1, 0.05, Recipe())
            judge.step()
            assert torch.allclose(mine, theirs.detach(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["SGD", "Nesterov", "Adam", "Nadam"])
def test_a_way_down_a_surface_equals_torchs(name, seed):
    surface, _ = races.ground(GROUND[seed % 4])
    place = races.starts(surface.start, surface, [seed, seed + 1])[1:]
    way = races.descents(surface, [races.recipe_of(name)], [0.003, 0.01], place, torch.zeros(30, 1, 2))[:, 0, 1, 0]
    point = place[0].clone().requires_grad_()
    judge = steps.judge(name, point, lr=0.01, momentum=0.9)
    for spot in way[1:]:
        judge.zero_grad()
        surface.height(point).backward()
        judge.step()
        assert torch.allclose(spot, point.detach(), atol=1e-5)


def test_all_meet_the_same_start_and_the_same_noise_and_batches_quieten_it(seed):
    found = race("noisy bowl", gradient_noise=1.0, batch_size=4, steps=50, seed=seed)
    first = {tuple(rows[:, 0].ravel().tolist()) for rows in found.ways.values()}
    assert len(first) == 1 and tuple(found.ways["SGD"][0, 0].tolist()) == pytest.approx(found.start)
    noise = races.noises(4000, found.noise, [seed])
    assert noise.std().item() == pytest.approx((1.0 + 4.0) ** 0.5 / 2, rel=0.05)


def test_every_optimizer_walks_at_the_step_that_did_best_on_other_seeds(seed):
    found = race("ravine", seed=seed)
    for name, tuned in found.tuned.items():
        assert np.log10(tuned[RATES.index(found.rates[name])]) <= np.log10(tuned).min() + 0.1
    same = race("ravine", own_best_step=False, learning_rate=0.03, seed=seed)
    assert set(same.rates.values()) == {0.03}


def test_no_optimizer_is_best_everywhere(seeds):
    best = {ground: race(ground, seed=seeds[0]).best for ground in GROUND}
    assert len(set(best.values())) >= 2, best


def test_often_the_difference_is_inside_seed_noise(seeds):
    races = [race("noisy bowl", seed=seed, **noise) for seed in seeds[:5] for noise in ({}, {"gradient_noise": 4.0})]
    assert sum(bool(each.equals) for each in races) >= 8


def test_momentum_is_faster_than_plain_descent_in_a_ravine(seeds):
    for seed in seeds[:3]:
        ends = race("ravine", seed=seed).ends
        for name in ("Momentum", "Nesterov"):
            assert ends[name].mean() < ends["SGD"].mean() and differs(ends[name], ends["SGD"])


def test_a_start_is_two_numbers_inside_the_picture():
    surface, _ = races.ground("ravine")
    assert start_of("", surface) == surface.start and start_of(" -1.5, .8 ", surface) == (-1.5, 0.8)
    for text in ("1", "a, b", "1,2,3", "9, 9", "nan, 1", "1e9, 0"):
        with pytest.raises(ValueError, match="two numbers"):
            start_of(text, surface)
    found = race("ravine", "1.00, -1.00", steps=50, optimizers=("SGD",))
    assert start_of(clicked(found, {"panel": 0, "x": 0.25, "y": -0.5})[0][1], surface) == (0.25, -0.5)
    assert start_of(clicked(found, {"panel": 1, "x": 99, "y": 99})[0][1], surface) == (1.0, -1.0)
    with pytest.raises(ValueError, match="at least one"):
        race(optimizers=())


def test_the_surface_on_the_path_equals_the_logged_loss(seeds):
    for seed in seeds[:2]:
        found = network_race("moons", own_best_step=False, epochs=20, seed=seed)
        for run in found.runs.values():
            weights = torch.stack([epoch.weights for epoch in run.history])
            logged = torch.tensor(run.curve("train_loss")[1])
            assert torch.allclose(losses_at(run, weights), logged, rtol=1e-4, atol=1e-5)
        land = network_plane(found, ("SGD", "Adam"))
        for name in ("SGD", "Adam"):
            run = found.runs[name]
            for epoch in (run.history[0], run.last):
                assert land.plane.distances(epoch.weights[None]) < 1e-4
                there = land.plane.weights(land.plane.coordinates(epoch.weights[None]))
                assert losses_at(run, there).item() == pytest.approx(epoch.train_loss, rel=1e-3, abs=1e-4)


def test_networks_start_alike_and_meet_the_same_batches(seed):
    found = network_race("circle", own_best_step=False, epochs=10, seed=seed)
    runs = list(found.runs.values())
    assert all(torch.equal(run.history[0].weights, runs[0].history[0].weights) for run in runs)
    assert len({(run.recipe.seed, run.recipe.batch_size, run.data.source) for run in runs}) == 1


def test_twenty_seeds_are_a_job_with_progress(seed):
    work = races.network_seeds("moons", (("SGD", 0.1), ("Adam", 0.03)), 32, 0.9, 10, seed)
    shares = []
    try:
        while True:
            shares.append(next(work)[0])
    except StopIteration as end:
        ends = end.value
    assert shares[-1] == 1 and all(len(one) == 20 for one in ends.values())
    assert "20 seeds" in by_luck(ends).note


@pytest.mark.parametrize("rule", ["Momentum", "Nesterov"])
def test_the_best_measured_point_lies_where_theory_says(rule):
    for condition in (10, 100, 300):
        found = steps.rate_plane(rule, condition, 1.0, 0.9)
        rate, memory, speed = found.theory
        assert abs(found.lowest[0] - rate) <= 4 * (found.rates[1] - found.rates[0]), "a tenth of the picture"
        assert abs(found.lowest[1] - memory) <= 2 * (found.momenta[1] - found.momenta[0])
        at = steps.measured_rate(rule, torch.tensor([rate]), torch.tensor([memory]), condition, 4000).item()
        assert at == pytest.approx(speed, rel=0.01) and found.lowest[2] >= speed - 1e-3


def test_without_momentum_the_flip_and_the_best_rate_are_the_closed_forms(seed):
    condition = 2 + seed % 50
    rates = torch.tensor([0.99 * 2 / condition, 1.01 * 2 / condition, 2 / (1 + condition)]).double()
    below, above, best = steps.measured_rate("SGD", rates, torch.zeros(3), condition).tolist()
    assert below < 1 < above and best == pytest.approx((condition - 1) / (condition + 1), abs=1e-3)


def test_adam_gives_every_weight_a_step_of_its_own_and_sgd_does_not(seeds):
    for seed in seeds[:3]:
        assert steps.effective_steps("SGD", "moons", 0.1, 0.9, seed).spread == pytest.approx(1)
        for name in ("RMSProp", "Adam", "AdamW", "Nadam"):
            assert steps.effective_steps(name, "moons", 0.01, 0.9, seed).spread > 3


def test_the_step_of_each_weight_is_what_the_rule_does(seed):
    found = steps.effective_steps("RMSProp", "moons", 0.01, 0.9, seed)
    epoch = found.run.history[5]
    factor = steps.factors(epoch, found.run)
    assert torch.allclose(factor, 0.01 / (epoch.moments[-1].sqrt() + 1e-8), rtol=1e-4)


@pytest.mark.parametrize("beta2", [0.9, 0.99, 0.999])
def test_the_first_uncorrected_step_is_wrong_by_the_stated_factor(beta2):
    found = steps.bias_correction(0.01, 0.9, beta2)
    assert found.lengths["corrected"][0] == pytest.approx(1, rel=1e-3)
    assert found.lengths["not corrected"][0] == pytest.approx(0.1 / (1 - beta2) ** 0.5, rel=1e-3)


def test_adam_ends_at_the_worst_point_where_sgd_finds_the_minimum(seeds):
    for seed in seeds[:3]:
        found = game(seed=seed)
        assert found.slope > 0 and found.loser and np.median(found.ends["Adam"]) > 0.5
        assert np.median(found.ends["SGD"]) < -0.5
        assert differs(found.ends["Adam"], found.ends["SGD"]), "by more than seed noise"
        assert np.median(found.ends["AMSGrad"]) < np.median(found.ends["Adam"])


def test_the_memory_is_praised_only_where_adam_arrives(seed):
    for beta2 in (0.9, 0.999):
        found = game(beta2=beta2, learning_rate=0.02, seed=seed)
        asked = VIEWS["When Adam loses"].question(found)
        arrives = bool(np.median(found.ends["Adam"]) < -0.5)
        assert (
            arrives == (beta2 == 0.999) == ("outlasts the gaps" in asked.because) == (asked.truth == asked.options[0])
        )
        assert ("shrinks exactly the rare" in asked.because) == (not arrives)
        sign = "−" if np.median(found.ends["Adam"]) < 0 else ""
        assert f"Adam at {sign}{abs(np.median(found.ends['Adam'])):.2f}." in VIEWS["When Adam loses"].goal(found).now


@pytest.mark.parametrize("rate", [0.005, 0.05])
def test_no_step_size_rescues_adam_but_a_longer_memory_does(rate, seed):
    assert game(learning_rate=rate, seed=seed).loser
    assert VIEWS["When Adam loses"].goal(game(beta2=0.999, learning_rate=0.02, seed=seed)).passed


def test_challenges_are_open_at_first_and_attainable(seeds):
    beat, near = VIEWS["Race"].goal, VIEWS["Step and momentum"].goal
    assert not beat(found_by("Race", 0)).passed and not near(found_by("Step and momentum", 0)).passed
    assert not VIEWS["When Adam loses"].goal(found_by("When Adam loses", 0)).passed
    assert any(beat(found_by("Race", seeds[0], surface=ground)).passed for ground in ("plateau", "saddle"))
    assert near(found_by("Step and momentum", 0, step_times_curvature=3.3, momentum=0.67)).passed


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_draws_what_it_says_and_its_program_runs(name, seed, tmp_path):
    changes = {"plane": ENDS} if name == "Real network" else {}
    found = found_by(name, seed % 9999, **changes)
    view = VIEWS[name]
    for shown in (view.draw(found), *([view.before(found)] if view.before else [])):
        for picture in (one for row in shown.pictures for one in row):
            picture.plotly()
            assert "nan" not in picture.alt and len(picture.alt) > 40
            assert len(picture.frames) == len(picture.labels)
    program = view.program(found)
    if isinstance(program, Program):  # a run's is held against its beginning in tests/test_pages.py
        (result,) = results_of([program], tmp_path)
        assert distance(result, program.shown) <= program.tolerance, (result, program.shown)
