"""What the page on biological and artificial neurons says, on fresh numbers."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from core.topics.biological_vs_artificial.numbers import (
    ACTIVATIONS,
    LARGEST,
    SHAPES,
    Neuron,
    closed_form,
    firing_rates,
    fitted,
    rate_curve,
    trace,
)
from core.topics.biological_vs_artificial.pictures import membrane, rate_against_current


def anyone(seed: int, **fixed) -> Neuron:
    """A neuron with random constants and no noise."""
    draw = random.Random(seed)
    rest = draw.uniform(-75, -60)
    given = {
        "refractory": draw.uniform(0, 20), "leak": draw.random() < 0.7, "time_constant": draw.uniform(10, 40),
        "resistance": draw.uniform(5, 15), "rest": rest, "threshold": rest + draw.uniform(8, 20),
    }  # fmt: skip
    return Neuron(**(given | fixed))


def test_the_measured_rate_equals_the_closed_form_within_two_percent(seeds):
    for seed in seeds:
        neuron, currents = anyone(seed), np.random.default_rng(seed).uniform(0, LARGEST, 8)
        theory = np.array([closed_form(neuron, current) for current in currents])
        measured, firing = firing_rates(neuron, currents, duration=2000), theory > 2
        assert measured[firing] == pytest.approx(theory[firing], rel=0.02)
        assert (measured[theory == 0] == 0).all()


def test_the_voltage_follows_its_differential_equation(seeds):
    from scipy.integrate import solve_ivp

    for seed in seeds[:5]:
        neuron = anyone(seed, threshold=1e9)
        seen = trace(neuron, 2.0, "wave", seed=seed)
        drive = lambda t, seen=seen: np.interp(t + 0.25, seen.time, seen.current)  # noqa: E731

        def slope(t, v, neuron=neuron, drive=drive):
            leak = neuron.rest - v if neuron.leak else 0
            return (leak + neuron.resistance * drive(t)) / neuron.time_constant

        truth = solve_ivp(slope, (0, 300), [neuron.rest], t_eval=seen.time, rtol=1e-8, max_step=1.0).y[0]
        assert seen.voltage == pytest.approx(truth, abs=0.05)


def test_with_noise_the_measured_rate_equals_siegerts_integral(seeds):
    for seed in seeds[:4]:
        neuron = Neuron(noise=random.Random(seed).uniform(1, 6))
        currents = np.array([1.0, 1.5, 2.0, 3.5, 5.0])
        theory = np.array([closed_form(neuron, current) for current in currents])
        measured = firing_rates(neuron, currents, duration=4000, neurons=40, seed=seed)
        error = np.sqrt(theory / (40 * 4))  # of counting, if spikes were independent
        assert (np.abs(measured - theory) < 0.05 * theory + 4 * error).all()


def test_without_leak_and_refractory_period_the_curve_is_exactly_a_relu(seeds):
    for seed in seeds[:5]:
        curve = rate_curve(anyone(seed, leak=False, refractory=0.0))
        relu = curve.units["ReLU"]
        assert relu.explained > 1 - 1e-7 and abs(relu.bias) < 1e-3 * curve.measured.max()
        assert curve.closest is relu and curve.growth(2.0) == pytest.approx(2, rel=1e-3)


def test_the_leak_is_a_negative_bias_and_swallows_weak_currents():
    with_leak, without = rate_curve(Neuron(refractory=0.0)), rate_curve(Neuron(refractory=0.0, leak=False))
    assert with_leak.units["ReLU"].bias < -10 < without.units["ReLU"].bias
    swallowed = with_leak.currents < 1.5
    assert (with_leak.measured[swallowed] == 0).all() and (without.measured[1:] > 0).all()
    assert with_leak.growth(2.0) > 2.05 > 2.0 > rate_curve(Neuron(leak=False)).growth(2.0)


def test_noise_rounds_the_corner(seeds):
    for seed in seeds[:5]:
        curve = rate_curve(Neuron(refractory=0.0, noise=4.0), seed=seed)
        assert curve.units["softplus"].explained > curve.units["ReLU"].explained
        assert curve.closest.activation == "softplus"
        for loud in (curve, rate_curve(Neuron(noise=3.0), seed=seed)):  # it fires where without noise it is silent
            below = (loud.currents > 0.9) & (loud.currents < 1.5)
            assert (loud.measured[below] > 0).all()


def test_a_long_refractory_period_bends_the_curve_like_a_sigmoid(seeds):
    for seed, refractory in zip(seeds, (12.0, 16.0, 20.0), strict=False):
        for noise in (0.0, 3.0):
            curve = rate_curve(Neuron(refractory=refractory, noise=noise), seed=seed)
            assert curve.closest.activation == "sigmoid"
            assert curve.measured.max() <= 1000 / refractory + 1


def test_adaptation_lowers_the_rate_and_lengthens_the_intervals(seed):
    neuron = Neuron(adaptation=0.15)
    tired, fresh = rate_curve(neuron), rate_curve(replace(neuron, adaptation=0.0))
    firing = fresh.measured > 5
    assert (tired.measured[firing] < fresh.measured[firing]).all()
    intervals = trace(neuron, 3.0, seed=seed).intervals
    assert intervals[-1] > 1.1 * intervals[0] and math.isnan(closed_form(neuron, 3.0))


def test_only_what_a_neuron_has_is_named_as_a_reason():
    assert "leak" in Neuron().habits and "silence" in Neuron().habits and "Adaptation" not in Neuron().habits
    assert "Adaptation" in Neuron(adaptation=0.5).habits and "leak" not in Neuron(leak=False).habits
    assert Neuron(refractory=0.0, leak=False).habits.startswith("Nothing leaks")


def test_fits_are_the_best_ones(seeds):
    """No random other unit comes closer than the fitted one."""
    for seed in seeds[:3]:
        curve, generator = rate_curve(Neuron(noise=3.0), seed=seed), np.random.default_rng(seed)
        for name, phi in ACTIVATIONS.items():
            unit = fitted(name, curve.currents, curve.measured)
            least = ((unit(curve.currents) - curve.measured) ** 2).sum()
            assert 1 - least / ((curve.measured - curve.measured.mean()) ** 2).sum() == pytest.approx(unit.explained)
            for _ in range(300):
                answer = phi(
                    unit.weight * generator.normal(1, 0.2) * curve.currents + unit.bias * generator.normal(1, 0.2)
                )
                other = unit.height * generator.normal(1, 0.2) if name != "ReLU" else 1
                assert ((other * answer - curve.measured) ** 2).sum() >= least * (1 - 1e-6)


def test_challenges_are_open_at_first_and_attainable():
    first = rate_curve(Neuron())
    assert first.units["ReLU"].explained < 0.9999 and first.closest.activation != "sigmoid"
    assert rate_curve(Neuron(refractory=0.0, leak=False)).units["ReLU"].explained >= 0.9999
    assert rate_curve(Neuron(refractory=20.0)).closest.activation == "sigmoid"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("neuron", [Neuron(), Neuron(0.0, 6.0, False, 0.15)])
@pytest.mark.parametrize("current", [0.0, LARGEST])
def test_pictures_are_sound(shape, neuron, current, seed):
    curve, seen = rate_curve(neuron, seed=seed), trace(neuron, current, shape, seed=seed)
    for unit in curve.units.values():
        picture = membrane(seen, unit)
        assert len(picture.plotly().frames) == len(picture.labels) == 50
        assert f"{len(seen.spikes)} spikes" in picture.alt
        assert f"{100 * unit.explained:.2f}%" in rate_against_current(curve, unit, current).alt
        rate_against_current(curve, unit, current).plotly()


def test_the_same_seed_gives_the_same_neuron(seed):
    neuron = Neuron(noise=3.0)
    assert np.array_equal(rate_curve(neuron, seed=seed).measured, rate_curve(neuron, seed=seed).measured)
    assert not np.array_equal(rate_curve(neuron, seed=seed).measured, rate_curve(neuron, seed=seed + 1).measured)
