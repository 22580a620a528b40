"""What the page “Diffusion models” states."""

import numpy as np
import pytest
import torch

from core.data import silhouettes
from core.lessons.controls import defaults
from core.probes.coverage import mmd
from core.topics.diffusion.exact import exact_noise, log_density, score
from core.topics.diffusion.noising import OWN, SHAPES, TIMES, centres, drawn, kept, noised, told
from core.topics.diffusion.numbers import (
    ANY,
    Setting,
    error_at,
    forward,
    guide,
    learn,
    race,
    seen_by,
    start_of,
    trained,
)
from core.topics.diffusion.samplers import APART, SAMPLERS, STEPS, calls_of, walk_times, walked
from core.topics.diffusion.views import CALLS, CLOSE, VIEWS, even, few_calls, half_way, setting_of, source_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers on NumPy 2


@pytest.fixture(scope="module")
def run():
    """One trained network for the tests that only look at it."""
    return trained(Setting(), 0)


def test_the_schedule_is_diffusers():
    from diffusers import DDPMScheduler

    assert torch.allclose(kept(), DDPMScheduler().alphas_cumprod, atol=1e-6)
    assert (kept().diff() < 0).all() and kept()[0] > 0.999 and kept()[-1] < 1e-4


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers' own
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_own_samplers_walk_as_diffusers_do(sampler, seeds):
    from diffusers import DDIMScheduler, DDPMScheduler, HeunDiscreteScheduler

    plain = {"clip_sample": False, "timestep_spacing": "trailing"}
    for seed, steps in zip(seeds, STEPS, strict=False):
        if sampler == "Heun":
            scheduler = HeunDiscreteScheduler(beta_start=0.0001, beta_end=0.02, timestep_spacing="trailing")
        else:
            scheduler = {"DDPM": DDPMScheduler, "DDIM": DDIMScheduler}[sampler](**plain)
        scheduler.set_timesteps(steps)
        start, source = start_of(seed, 50), torch.Generator().manual_seed(seed + APART)
        x, asked = start * (scheduler.init_noise_sigma**2 + 1) ** 0.5 if sampler == "Heun" else start, 0
        more = {"generator": source} if sampler == "DDPM" else {}
        for time in scheduler.timesteps:
            seen = exact_noise(scheduler.scale_model_input(x, time), int(time), SHAPES[0])
            x, asked = scheduler.step(seen, time, x, **more).prev_sample, asked + 1
        ours = walked(lambda x, at: exact_noise(x, at, SHAPES[0]), start, sampler, steps, seed)
        assert asked == calls_of(sampler, steps) and len(ours) == steps + 1
        assert (ours[-1] - x).abs().median() < 1e-5
        assert (ours[-1] - x).abs().max() < 1e-3, "where two centres are as near, a rounding decides"


def test_a_walk_goes_through_evenly_spaced_times():
    for steps in STEPS:
        times = walk_times(steps)
        assert len(times) == steps and times[0] == TIMES - 1 and set(np.diff(times)) <= {-TIMES // steps}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_score_is_the_slope_of_the_log_density(shape, seed):
    x = start_of(seed, 20).double().requires_grad_()
    for at in (0, 200, 600, 999):
        for kind in (0, 1, ANY):
            slope = torch.autograd.grad(log_density(x, at, shape, "", kind).sum(), x)[0]
            found = score(x, at, shape, "", kind)
            assert torch.allclose(found, slope, rtol=1e-4, atol=1e-4)
            noise = exact_noise(x, torch.full((20,), at), shape, "", kind)
            assert torch.allclose(noise, -(1 - kept()[at]).sqrt() * found, rtol=1e-4, atol=1e-5)


def test_the_density_is_a_density():
    line = torch.linspace(-6, 6, 241)
    for at in (100, 600):
        total = log_density(torch.cartesian_prod(line, line), at, SHAPES[0]).exp().sum() * 0.05**2
        assert total.item() == pytest.approx(1, abs=1e-3)


def test_the_exact_noise_is_the_best_answer(seeds):
    """It is the conditional mean: whatever is added to it costs."""
    for seed in seeds[:5]:
        data = noised(SHAPES[1], samples=4000, seed=seed)
        points, at = drawn(SHAPES[1], "", 4000, seed)[0], 300
        noise = start_of(seed + 1, 4000)
        x = kept()[at].sqrt() * points + (1 - kept()[at]).sqrt() * noise
        best = exact_noise(x, at, SHAPES[1])
        cost = (best - noise).square().mean()
        assert cost < (0.9 * best - noise).square().mean()
        assert cost < (1.1 * best - noise).square().mean()
        assert data.x.shape[1] == 7


def test_the_forward_variance_is_that_of_the_formula(seeds):
    for seed in seeds[:8]:
        for shape in SHAPES:
            found = forward(Setting(shape), seed)
            assert torch.allclose(found.variance, found.expected, rtol=0.12)
            assert found.expected[-1].item() == pytest.approx(1, abs=1e-3)


def test_little_signal_is_left_half_way_and_one_time_is_even():
    found = forward(Setting(), 0)
    assert half_way(found, 499).truth == round(100 * kept()[499].item()) < 20
    times = [at for at in range(TIMES) if even(found, at).passed]
    assert len(times) > 2 and times[-1] < 400 and not even(found, VIEWS["Noise"].look[0].value).passed


def test_one_label_in_five_is_withheld(seeds):
    for seed in seeds[:5]:
        labels = noised(SHAPES[0], seed=seed).x[:, 5:]
        assert (labels.sum(dim=1) == 0).float().mean().item() == pytest.approx(0.2, abs=0.03)


def test_the_distance_falls_with_training_on_every_seed(seeds):
    for seed in seeds[:3]:
        found = learn(Setting(), seed)
        assert found.distances[-1] < 0.5 * found.distances[0]
        assert found.best < found.distances[0]
        assert found.floor < found.run.last.test_loss < 1.3 * found.floor + 0.05


def test_guidance_one_is_the_conditional_answer_and_nought_the_unconditional(run, seed):
    network, x = run.at(), start_of(seed, 30)
    times = torch.full((30,), 400)
    with torch.no_grad():
        given, free = (network(told(x, times, torch.full((30,), kind))) for kind in (1, ANY))
    assert torch.equal(seen_by(network, 1, 1.0)(x, 400), given)
    assert torch.allclose(seen_by(network, 1, 0.0)(x, 400), free, atol=1e-6)
    assert torch.allclose(seen_by(network, 1, 3.0)(x, 400), free + 3 * (given - free), atol=1e-5)


def test_a_label_is_heard_from_guidance_one_on():
    found = guide(Setting(), 0)
    assert found.own[0] == pytest.approx(0.5, abs=0.1)
    assert found.own[1] > 0.8 and found.own[2] > 0.8


def test_learned_noise_is_near_the_exact_one(run):
    setting = Setting()
    for at in (299, 599, 999):
        learned = error_at(setting, seen_by(run.at()), at, 0)
        assert learned < 0.5 * error_at(setting, lambda x, at: torch.zeros_like(x), at, 0)


def test_with_the_exact_formula_more_steps_lead_nearer(seeds):
    for seed in seeds[:2]:
        rows = race(Setting(), True, seed).distances
        assert all(row.mean(dim=0)[-1] < row.mean(dim=0)[0] for row in rows.values())


def test_the_challenge_can_be_passed_and_does_not_pass_by_itself():
    found = race(Setting(), False, 0)
    chosen = {control.name: control.value for control in VIEWS["Samplers"].look}
    assert not few_calls(found, **chosen).passed
    goals = {(name, steps): few_calls(found, name, steps) for name in SAMPLERS for steps in (8, 10, 20)}
    assert any(goal.passed for goal in goals.values()), {key: goal.now for key, goal in goals.items()}
    assert not few_calls(race(Setting(), True, 0), "DDIM", 20).passed
    assert [source_of(race(Setting(), exact, 0)) for exact in (True, False)] == ["the exact formula", "the network"]
    assert CALLS == 20 and CLOSE < 0.2


def test_mmd_is_that_of_all_pairs(seed):
    one, other = start_of(seed, 30), 0.5 * start_of(seed + 1, 20)

    def mean(a, b):
        squares = np.square(a.numpy()[:, None] - b.numpy()[None]).sum(axis=-1)
        return np.mean([np.exp(-squares / (2 * width**2)).mean() for width in (0.1, 0.3, 1.0)])

    expected = np.sqrt(mean(one, one) + mean(other, other) - 2 * mean(one, other))
    assert mmd(one, other).item() == pytest.approx(expected, rel=1e-3)
    assert mmd(one, one[torch.randperm(30)]).item() < 1e-3
    assert mmd(torch.stack([one, one]), other).shape == (2,)


def test_a_drawing_is_a_target(seed):
    cells = silhouettes.drawn(silhouettes.examples()["heart"]).cells
    setting = Setting(OWN, epochs=5, cells=cells)
    assert len(centres(OWN, cells)[0]) == bin(int(cells, 16)).count("1")
    found = learn(setting, seed)
    assert found.distances[-1] < found.distances[0]
    with pytest.raises(ValueError, match="Draw a shape"):
        Setting(OWN).real(0)


def test_all_views_can_be_drawn():
    setting = setting_of({"target": SHAPES[0], "units_per_layer": 64})
    for view in VIEWS.values():
        found = view.measure(setting, **defaults(view.controls), seed=0)
        shown = view.draw(found, **defaults(view.look))
        for picture in (picture for row in shown.pictures for picture in row):
            picture.plotly()
            assert len(picture.alt) > 40 and "nan" not in picture.alt
