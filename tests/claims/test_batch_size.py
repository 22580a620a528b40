"""What the page “Batch size” states, on fresh seeds."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from core.lessons.controls import defaults
from core.models import MLP
from core.objectives import cross_entropy
from core.probes import luck
from core.probes.gradients import sample_gradients
from core.topics.batch_size import generalisation, rules, steps
from core.topics.batch_size.accumulation import (
    BATCH,
    MEANS,
    NORMED,
    SUMMED,
    WEIGHTED,
    accumulated,
    at_once,
    parts,
)
from core.topics.batch_size.generalisation import FEW, LONG, SAME, compared
from core.topics.batch_size.noise import DRAWS, SIZES, noise, noise_scale, shares, variance_factor
from core.topics.batch_size.problems import EASY, network, problem
from core.topics.batch_size.rules import FIXED, LINEAR, RULES, scaled
from core.topics.batch_size.steps import COMPILED, TORCH, law, steps_to, sweep
from core.topics.batch_size.views import VIEWS

pytestmark = pytest.mark.usefixtures("compilation")


def first(view: str, seed: int, **changes):
    """What a view measures at first, with some controls moved."""
    return VIEWS[view].measure(**(defaults(VIEWS[view].controls) | changes), seed=seed)


def goal(view: str, measured) -> bool:
    """Whether a view's challenge is met."""
    return VIEWS[view].goal(measured, **defaults(VIEWS[view].looks(measured))).passed


# Noise ----------------------------------------------------------------------------------------------------------------


def test_gradients_of_samples_are_autograds(seed):
    model, learned = MLP(2, 5, 4, 3, activation="GELU", seed=seed), problem("circle", seed)
    rows = sample_gradients(model, learned.x[:7], learned.y[:7], cross_entropy)
    for place, row in enumerate(rows):
        model.zero_grad()
        cross_entropy(model, learned.x[place, None], learned.y[place, None]).backward()
        own = torch.cat([parameter.grad.flatten() for parameter in model.parameters()])
        assert torch.allclose(row, own, atol=1e-6)


def test_the_mean_of_an_epochs_batch_gradients_is_the_full_gradient(seeds):
    for seed in seeds[:5]:
        learned = problem("moons", seed)
        model = network(learned, seed)
        whole = at_once(model, learned.x, learned.y)
        order = torch.randperm(len(learned.x), generator=torch.Generator().manual_seed(seed))
        for size in (1, 8, 128):
            batches = [at_once(model, learned.x[rows], learned.y[rows]) for rows in order.split(size)]
            assert (torch.stack(batches).mean(dim=0) - whole).norm() < 1e-5 * whole.norm()


def test_the_noise_of_a_batch_is_the_formulas(seeds):
    """E |g_B − G|² = tr Σ / B with replacement, and times (N − B)/(N − 1) without."""
    for seed in seeds[:4]:
        for again in (False, True):
            measured = noise(epochs_trained=2, with_replacement=again, seed=seed)
            for size in SIZES[2:]:
                assert measured.measured(size) == pytest.approx(measured.expected(size), rel=0.15)
            ratio = measured.expected(16) / measured.expected(4)
            assert ratio == pytest.approx(0.5, rel=0.02), "four times the batch, half the noise"


def test_a_batch_holds_what_it_says(seed):
    once, again = (shares(100, 10, 50, each, seed) for each in (False, True))
    assert np.allclose(once.sum(axis=1), 1) and np.allclose(again.sum(axis=1), 1)
    assert ((once > 0).sum(axis=1) == 10).all() and again.max() >= 0.2
    assert variance_factor(100, 100, False) == 0 and variance_factor(100, 1, False) == 1


def test_two_batch_sizes_give_the_noise_scale(seeds):
    """With many pairs the estimate is near the exact one; from exact means it is the exact one."""
    for seed in seeds[:5]:
        measured = noise(epochs_trained=1, seed=seed)
        assert measured.estimate(DRAWS) == pytest.approx(measured.scale, rel=0.4)
        factors = measured.factor(8), measured.factor(128)
        lengths = [np.array([measured.length**2 + factor * measured.trace]) for factor in factors]
        assert noise_scale(*lengths, factors) == pytest.approx(measured.scale, rel=1e-6)
    assert math.isnan(noise_scale(np.array([1.0]), np.array([0.1]), (1.0, 0.5)))


def test_the_noise_scale_grows_while_a_network_learns(seeds):
    for data in EASY:
        rows = [[noise(data, epochs, seed=seed).scale for epochs in (0, 20)] for seed in seeds[:6]]
        before, behind = np.log(rows).mean(axis=0)
        assert behind > before + math.log(1.5), data


def test_at_the_noise_scale_noise_and_signal_are_equally_long(seeds):
    for seed in seeds[:5]:
        measured = noise(with_replacement=True, seed=seed)
        assert (measured.trace / measured.scale) ** 0.5 == pytest.approx(measured.length, rel=1e-6)
        below = [size for size in SIZES if size < measured.scale]
        assert all(measured.expected(size) > measured.length for size in below)


# Steps and seconds ----------------------------------------------------------------------------------------------------


def test_steps_to_a_target_lie_between_the_records():
    assert steps_to([1.0, 0.1, 0.01], [0, 1, 2], 10, 0.1) == pytest.approx(10)
    assert steps_to([1.0, 0.01], [0, 1], 10, 0.1) == pytest.approx(5)
    assert steps_to([0.1], [0], 10, 0.2) == 0 and steps_to([1.0, math.nan], [0, 1], 10, 0.2) == math.inf


def test_the_law_is_found_again(seed):
    draw = np.random.default_rng(seed)
    sizes = 2.0 ** np.arange(10)
    for _ in range(20):
        fewest, critical = draw.uniform(5, 50), draw.uniform(4, 200)
        assert law(sizes, fewest * (1 + critical / sizes)) == pytest.approx((fewest, critical), rel=1e-3)


def test_twice_the_batch_first_halves_the_steps_and_later_saves_nothing(seeds):
    for seed in seeds[:2]:
        for data in ("circle", "xor"):
            swept = sweep(data, 0.2, True, 0.1, seed)
            means = swept.steps.mean(axis=0)
            assert means[4] < means[0] / 4, "sixteen times the batch"
            assert 0.6 * means[7] < means[9] < 1.4 * means[7], "from 128 to 512"
            assert swept.rates[0] < swept.rates[-1], "a larger batch bears a larger rate"
            fewest, critical = swept.law
            drawn = swept.steps[:, swept.reached].mean(axis=0)
            assert np.abs(np.log(fewest * (1 + critical / swept.sizes) / drawn)).mean() < 0.3
            assert 3 < critical < 60


def test_a_lower_target_has_a_larger_critical_batch_size(seeds):
    for data, seed in zip(("circle", "xor"), seeds, strict=False):
        early, late = (sweep(data, target, True, 0.1, seed).law[1] for target in (0.4, 0.1))
        assert late > early


def test_pytorch_is_quickest_with_larger_batches_than_compiled_code(seed):
    swept = sweep("circle", 0.2, True, 0.1, seed)
    best = {name: swept.sizes[swept.seconds(name).mean(axis=0).argmin()] for name in (TORCH, COMPILED)}
    assert best[TORCH] > best[COMPILED]
    per_step = swept.seconds_per_step
    assert per_step[TORCH][-1] < 20 * per_step[TORCH][0], "512 samples cost far less than 512 times one"
    assert per_step[COMPILED][-1] > 5 * per_step[COMPILED][0]


# Scaling rule ---------------------------------------------------------------------------------------------------------


def test_the_linear_rule_repeats_the_small_batch_and_breaks_in_the_end(seeds):
    for seed in seeds[:2]:
        for data in EASY:
            found = scaled(data, 0.05, 20, seed)
            assert all(found.holds(LINEAR, place) for place in range(3)), "up to 32"
            assert abs(found.ratio(LINEAR, 1) - 1) < 0.02, "twice the batch"
            assert found.ratio(FIXED, 3) > found.ratio("square root", 3) > 1.1, "they get less far"
        assert not found.holds(FIXED, 3)
        assert scaled("circle", 0.2, 20, seed).largest(LINEAR) < rules.SIZES[-1]


def test_the_linear_rule_breaks_where_its_rate_nears_what_the_curvature_bears(seeds):
    for seed in seeds[:2]:
        found = scaled("circle", 0.1, 20, seed)
        place = rules.SIZES.index(found.largest(LINEAR))
        assert found.curvatures[place] * found.rate_of(LINEAR, place) / 2 < 1
        beyond = [found.curvatures[at] * found.rate_of(LINEAR, at) / 2 for at in range(place + 1, len(rules.SIZES))]
        assert max(beyond) > 0.5


def test_rules_are_what_they_are_called():
    rates = {rule: factor(16) for rule, (factor, _) in RULES.items()}
    assert rates == {FIXED: 1.0, "square root": 4.0, LINEAR: 16, "linear, warm-up": 16}


# Generalisation -------------------------------------------------------------------------------------------------------


def test_with_equal_epochs_large_batches_are_worse_and_with_equal_steps_they_are_not(seeds):
    for seed in seeds[:2]:
        found = compared("moons", 100, 0.0, seed)
        scores = found.scores
        assert scores[SAME].mean() < scores[FEW].mean() - 0.02 and luck.differs(scores[SAME], scores[FEW], 3)
        assert abs(scores[LONG].mean() - scores[FEW].mean()) < 0.02
        assert found.losses[SAME].mean() > found.losses[FEW].mean(), "it was stopped too early"
        counts = {name: runs[0].last.step for name, runs in found.runs.items()}
        assert counts[LONG] == counts[FEW] == 25 * counts[SAME]


def test_a_sharper_minimum_need_not_score_worse(seeds):
    found = compared("moons", 100, 0.2, seeds[0])
    assert found.sharpness[LONG].mean() > 1.5 * found.sharpness[FEW].mean()
    assert found.scores[LONG].mean() > found.scores[FEW].mean() - 0.02


# In parts -------------------------------------------------------------------------------------------------------------


def test_a_batch_in_parts_is_the_batch(seeds):
    for seed in seeds[:5]:
        for size in (2, 16, 48, 60):
            found = parts("circle", size, seed)
            assert found.apart[WEIGHTED] < 1e-5
            if BATCH % size == 0:
                assert found.apart[SUMMED] == pytest.approx(BATCH / size - 1, rel=1e-3), "as many times as long"
            assert (found.apart[MEANS] < 1e-5) == (BATCH % size == 0), "a mean of unequal parts is another mean"
            assert found.apart[NORMED] > 0.001, "batch norm sees each part alone"
            share = found.saved[size] / found.saved[BATCH]
            assert share == pytest.approx(size / BATCH, rel=0.1)


def test_parts_are_torchs_own_gradients(seed):
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(10, 3, generator=generator), torch.randint(0, 2, (10,), generator=generator)
    slopes = torch.autograd.grad(nn.functional.cross_entropy(model(x), y), list(model.parameters()))
    whole = torch.cat([slope.flatten() for slope in slopes])
    assert torch.allclose(at_once(model, x, y), whole, atol=1e-7)
    assert torch.allclose(accumulated(model, x, y, 4, "samples"), whole, atol=1e-6)


# Challenges -----------------------------------------------------------------------------------------------------------


def test_no_challenge_is_met_at_first(seeds):
    for seed in [0, *seeds[:1]]:
        assert not [name for name in VIEWS if goal(name, first(name, seed))]


def test_every_challenge_can_be_met(seeds):
    seed = seeds[0]
    trained = itertools.product((0.0, 0.3), ("moons", "circle", "spiral"), (2, 10, 50))
    noisy = (
        first("Noise", seed, data=data, epochs_trained=epochs, flipped_labels=wrong) for wrong, data, epochs in trained
    )
    assert any(goal("Noise", found) for found in noisy)
    deep = (first("Steps and seconds", seed, data=data, target_loss=0.1) for data in ("moons", "xor", "circle"))
    assert any(goal("Steps and seconds", swept) for swept in deep)
    slow = (first("Scaling rule", seed, data=data, base_rate=0.02) for data in ("xor", "moons", "circle"))
    assert any(goal("Scaling rule", found) for found in slow)
    wrong = (
        first("Generalisation", seed, data="digits", large_batch=20, flipped_labels=share) for share in (0.2, 0.3, 0.1)
    )
    assert any(goal("Generalisation", found) for found in wrong)
    assert any(goal("In parts", first("In parts", seed, part_size=size)) for size in (48, 60))


def test_sizes_divide_and_budgets_suffice():
    for size in steps.SIZES:
        epochs = steps.epochs_of(size, 512)
        assert epochs * math.ceil(512 / size) >= steps.STEPS and epochs >= steps.EPOCHS
    assert generalisation.arms(100)[LONG] == (100, 0.1, 1000)


def test_a_target_that_no_size_reaches_is_not_answered_with_a_share_of_steps(seed):
    found = sweep("circle", 0.1, False, 0.02, seed)
    nowhere = dataclasses.replace(found, steps=np.full_like(found.steps, np.inf))
    asked = VIEWS["Steps and seconds"].question(nowhere)
    assert asked.truth == 0 and "reach the target" in asked.text


def test_noise_is_blamed_where_steps_still_halve(seed):
    found = sweep("circle", 0.2, False, 0.2, seed)
    for share, is_noisy in ((0.52, True), (0.9, False), (1.05, False)):
        steps = np.outer(np.ones(len(found.steps)), 1000 * share ** np.arange(len(SIZES)))
        asked = VIEWS["Steps and seconds"].question(dataclasses.replace(found, steps=steps))
        assert asked.truth == pytest.approx(100 * share, abs=0.06)
        assert ("still noisy" in asked.because, "quiet already" in asked.because) == (is_noisy, not is_noisy)
