"""A biological neuron in its simplest honest form, leaky integrate-and-fire, and the artificial unit fitted to it.

Times in milliseconds, voltages in millivolts, currents in nanoamperes, resistances in megaohms, rates in spikes per
second (Gerstner, Kistler, Naud and Paninski, *Neuronal Dynamics*, chapters 1, 5, 6 and 8).
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.programs import Program, Step
from core.provenance import Measured

STEP = 0.5  # ms between two computed moments; a spike inside a step is placed by interpolation
LARGEST = 5.0  # nA, the strongest input current that is tried
SHAPES = ("steady", "pulse", "wave")
OVERSHOOT = 0.5826  # −ζ(½)/√(2π): how far a sampled random walk oversteps a threshold (Broadie et al. 1997)


@dataclass(frozen=True)
class Neuron:
    """A leaky integrate-and-fire neuron: τ dV/dt = rest − V + R·I, a spike and a reset where V reaches the threshold.

    ``leak=False`` drops the term rest − V. ``refractory`` is how long the neuron is silent after a spike, ``noise`` the
    standard deviation that random input gives the membrane, ``adaptation`` the current by which every spike lowers the
    input, forgotten within ``memory``.
    """

    refractory: float = 2.0
    noise: float = 0.0
    leak: bool = True
    adaptation: float = 0.0
    time_constant: float = 20.0
    resistance: float = 10.0
    rest: float = -70.0
    threshold: float = -55.0
    memory: float = 100.0

    @property
    def habits(self) -> str:
        """What keeps its firing rate from growing in step with the current, in a sentence each."""
        said = (
            "The leak swallows a fixed part of every current." * self.leak,
            "The silence after each spike holds the rate back." * (self.refractory > 0),
            "Adaptation makes every spike harder than the one before." * (self.adaptation > 0),
        )
        return " ".join(filter(None, said)) or "Nothing leaks and no spike is followed by silence: all charge counts."

    def moved(
        self, voltage: np.ndarray, current: np.ndarray, duration: np.ndarray | float, luck: np.ndarray
    ) -> np.ndarray:
        """The voltage after ``duration`` at a constant current, exactly; ``luck`` is standard normal."""
        elapsed = duration / self.time_constant
        if not self.leak:
            return voltage + self.resistance * current * elapsed + self.noise * np.sqrt(2 * elapsed) * luck
        kept, goal = np.exp(-elapsed), self.rest + self.resistance * current
        return goal + (voltage - goal) * kept + self.noise * np.sqrt(1 - kept * kept) * luck


def responses(neuron: Neuron, current: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Voltages and times of spikes (nan where none) at the end of every step, both (steps, neurons), for input
    currents (steps, neurons)."""
    generator = np.random.default_rng(seed)
    luck = generator.standard_normal(current.shape) if neuron.noise else np.zeros((len(current), 1))
    threshold = neuron.threshold - OVERSHOOT * neuron.noise * math.sqrt(2 * STEP / neuron.time_constant)
    voltage = np.full(current.shape[1], neuron.rest)
    waiting, tired, forgotten = np.zeros_like(voltage), np.zeros_like(voltage), math.exp(-STEP / neuron.memory)
    voltages, spikes = np.empty_like(current), np.full_like(current, np.nan)
    for step, given in enumerate(current):
        resting = waiting.any()  # or all have the whole step
        free = np.maximum(STEP - waiting, 0) if resting else STEP  # longer than a step just after a fresh reset
        after = neuron.moved(voltage, given - tired, free, luck[step])
        tired = tired * forgotten
        waiting = np.maximum(waiting - STEP, 0) if resting else waiting
        fired = after >= threshold
        if fired.any():
            late = (free * (after - threshold) / np.maximum(after - voltage, 1e-12))[fired]
            spikes[step, fired] = (step + 1) * STEP - late
            waiting[fired], tired[fired] = neuron.refractory - late, tired[fired] + neuron.adaptation
            after = np.where(fired, neuron.rest, after)
        voltages[step] = voltage = after
    return voltages, spikes


@dataclass(frozen=True)
class Trace:
    """One neuron over time: ``time``, ``current`` and ``voltage`` (steps,), and when it fired, ``spikes`` (spikes,)."""

    neuron: Neuron
    time: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    spikes: np.ndarray

    @property
    def intervals(self) -> np.ndarray:
        """Times between spikes, (spikes − 1,)."""
        return np.diff(self.spikes)


def trace(neuron: Neuron, current: float, shape: str = "steady", duration: float = 300.0, seed: int = 0) -> Trace:
    """A neuron driven by a current that is steady, a pulse in the middle, or a wave of period 150 ms."""
    moments = np.arange(1, round(duration / STEP) + 1) * STEP
    course = {
        "steady": np.ones_like(moments),
        "pulse": ((moments > duration / 6) & (moments < duration * 2 / 3)).astype(float),
        "wave": 0.5 - 0.5 * np.cos(2 * np.pi * moments / 150),
    }[shape]
    voltages, spikes = responses(neuron, current * course[:, None], seed)
    return Trace(neuron, moments, current * course, voltages[:, 0], spikes[~np.isnan(spikes)])


def firing_rates(
    neuron: Neuron,
    currents: Sequence[float] | np.ndarray,
    duration: float = 1000.0,
    neurons: int = 8,
    seed: int = 0,
    rest: float = 200.0,
) -> np.ndarray:
    """Measured firing rates at steady currents, (currents,), after ``rest`` ms to settle.

    Without noise all intervals are alike and one neuron's mean interval is the measure; with noise the spikes of
    several ``neurons`` are counted.
    """
    currents, copies = np.asarray(currents, dtype=float), neurons if neuron.noise else 1
    drive = np.broadcast_to(np.repeat(currents, copies), (round((rest + duration) / STEP), len(currents) * copies))
    spikes = responses(neuron, drive, seed)[1]
    spikes[spikes < rest] = np.nan
    count = (~np.isnan(spikes)).sum(axis=0)
    if neuron.noise:
        return 1000 * count.reshape(-1, copies).mean(axis=1) / duration
    first = np.where(count > 0, np.nanmin(np.where(np.isnan(spikes), np.inf, spikes), axis=0), 0)
    last = np.where(count > 0, np.nanmax(np.where(np.isnan(spikes), -np.inf, spikes), axis=0), 0)
    return 1000 * np.where(count > 1, (count - 1) / np.maximum(last - first, STEP), count / duration)


def closed_form(neuron: Neuron, current: float) -> float:
    """The rate that theory gives for a steady current, in spikes per second; nan with adaptation.

    Without noise 1/(refractory + τ ln(RI/(RI − (threshold − rest)))); with noise Siegert's integral (1951).
    """
    push, gap, tau = neuron.resistance * current, neuron.threshold - neuron.rest, neuron.time_constant
    if neuron.adaptation:
        return math.nan
    if not neuron.leak:
        return 1000 / (neuron.refractory + tau * gap / push) if push > 0 else 0.0
    if not neuron.noise:
        return 1000 / (neuron.refractory + tau * math.log(push / (push - gap))) if push > gap else 0.0
    from scipy.integrate import quad
    from scipy.special import erfcx

    low, high = -push / (neuron.noise * math.sqrt(2)), (gap - push) / (neuron.noise * math.sqrt(2))
    if high > 20:
        return 0.0  # the mean time to a spike is beyond e⁴⁰⁰ time constants
    return 1000 / (neuron.refractory + tau * math.sqrt(math.pi) * quad(lambda u: erfcx(-u), low, high)[0])


ACTIVATIONS = {
    "ReLU": lambda z: np.maximum(z, 0),
    "softplus": lambda z: np.logaddexp(0, z),
    "sigmoid": lambda z: 1 / (1 + np.exp(-np.clip(z, -500, 500))),
}


@dataclass(frozen=True)
class Unit:
    """An artificial neuron, height · φ(weight · current + bias), and the share of a curve's variance it explains."""

    activation: str
    weight: float
    bias: float
    height: float
    explained: float

    def __call__(self, current: np.ndarray) -> np.ndarray:
        """Its answer to a current, same shape, in spikes per second."""
        return self.height * ACTIVATIONS[self.activation](self.weight * np.asarray(current) + self.bias)


def fitted(activation: str, currents: np.ndarray, rates: np.ndarray) -> Unit:
    """The artificial neuron whose answers come closest to measured rates (least squares)."""
    from scipy.optimize import leastsq  # the routine under least_squares, without a check of every call

    phi, top = ACTIVATIONS[activation], max(rates.max(), 1e-9)
    free = 2 if activation == "ReLU" else 3  # the height of a ReLU is part of its weight

    def missing(p: np.ndarray) -> np.ndarray:
        return (p[2] if free == 3 else 1) * phi(p[0] * currents + p[1]) - rates / top

    starts = [(slope, -slope * knee, 1 / max(slope, 1)) for slope, knee in ((0.3, 0.1), (1.0, 1.0), (3.0, 2.0))]
    ends = [leastsq(missing, start[:free], full_output=True)[0] for start in starts]  # warns of none that ends far off
    left, found = min(((missing(end) ** 2).sum(), tuple(map(float, end))) for end in ends)
    spread = ((rates - rates.mean()) ** 2).sum() / top**2
    explained = float(1 - left / spread) if spread else 0.0
    weight, bias, *height = found
    if height:
        return Unit(activation, weight, bias, height[0] * float(top), explained)
    return Unit(activation, weight * float(top), bias * float(top), 1.0, explained)


@dataclass(frozen=True)
class RateCurve:
    """Firing rates over the input current: ``measured`` (currents,), and the artificial neurons fitted to them."""

    neuron: Neuron
    currents: np.ndarray
    measured: np.ndarray
    units: dict[str, Unit]
    source: Measured

    @property
    def closest(self) -> Unit:
        """The unit that explains most; the simplest one where the others are no better than by a twentieth."""
        least = min(1 - unit.explained for unit in self.units.values())
        return next(unit for unit in self.units.values() if 1 - unit.explained <= 1.05 * least + 1e-6)

    def growth(self, current: float) -> float:
        """By which factor the measured rate grows when a current is doubled; infinite from silence."""
        before, after = np.interp([current, 2 * current], self.currents, self.measured)
        return float(after / before) if before else math.inf


def rate_curve(neuron: Neuron, points: int = 26, seed: int = 0) -> RateCurve:
    """Measure a neuron at steady currents from 0 to ``LARGEST`` and fit the artificial neurons to what it did."""
    began, currents = time.perf_counter(), np.linspace(0, LARGEST, points)
    measured = firing_rates(neuron, currents, seed=seed)
    units = {name: fitted(name, currents, measured) for name in ACTIVATIONS}
    source = Measured((seed,), time.perf_counter() - began, "Simulated live")
    return RateCurve(neuron, currents, measured, units, source)


def program(curve: RateCurve) -> Program:
    """The neuron's firing rates over the current, as the page draws them."""
    seed = curve.source.seeds[0]
    lines = [
        f"neuron = {curve.neuron!r}",
        f"currents = np.linspace(0, {LARGEST!r}, {len(curve.currents)})  # nA",
        f"rates = firing_rates(neuron, currents, seed={seed!r})  # spikes per second",
        'result = {"rates": rates.tolist()}',
    ]
    step = Step("Firing rates", "\n".join(lines))
    functions = (Neuron, responses, firing_rates)
    return Program("A leaky neuron's firing rates", (step,), functions, {"rates": curve.measured.tolist()})
