"""A drive, frame by frame: for watching live, recording, disturbing and measuring."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.projects.driving.disturb import Disturbance, Disturber
from core.projects.driving.drivers import Driver, Pixels, attention, driver
from core.projects.driving.simulator import STEPS, FastRacing, checked_seed, environment


@dataclass(frozen=True)
class Moment:
    """One frame of a drive and what was done in it.

    ``frame`` (96, 96, 3) uint8 is the simulator's, ``shown`` what the driver got of it. ``action`` (3,): steering
    (positive turns right), gas, brake. ``advice`` (3,) is the teacher's, if there is one. ``score`` and ``reward``
    count this action. ``wheels_off`` wheels are on the grass. ``speed`` is in simulator units per second. ``attention``
    (96, 96) in 0…1. The last moment has ``over``; ``finished`` says whether the lap was completed.
    """

    step: int
    frame: np.ndarray = field(repr=False)
    shown: np.ndarray = field(repr=False)
    action: np.ndarray
    reward: float
    score: float
    speed: float
    tiles: float
    wheels_off: int
    struck: bool = False
    over: bool = False
    finished: bool = False
    advice: np.ndarray | None = None
    attention: np.ndarray | None = field(default=None, repr=False)


def drive(
    who: "Driver | str",
    seed: int,
    disturb: Disturbance | Disturber | None = None,
    *,
    look: bool = False,
    teacher: Driver | None = None,
    steps: int = STEPS,
    fast: bool = False,
) -> Iterator[Moment]:
    """Drive track ``seed`` and yield every moment; ``who`` is a driver or one of the names "cnn" and "expert".

    A ``Disturber`` instead of a disturbance may be changed while it drives.
    ``look`` adds the network's attention, ``teacher`` its advice. ``fast`` takes the quicker simulator with the same
    physics and pixels; else Gymnasium's own. Each call has its own simulator, freed when the drive is over, when the
    iterator is closed (``.close()``) or forgotten. Raises ``ValueError`` with one sentence, before the first frame,
    for a seed, a name or a number of steps that cannot be.
    """
    seed = checked_seed(seed)
    if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or not 1 <= steps <= STEPS:
        raise ValueError(f"A drive has 1 to {STEPS} steps.")
    at_the_wheel = driver(who) if isinstance(who, str) else who
    if not callable(at_the_wheel):
        raise ValueError("A driver is a name or a function of the frame and the simulator.")
    disturber = disturb if isinstance(disturb, Disturber) else Disturber(disturb or Disturbance(), seed)
    return _moments(at_the_wheel, seed, disturber, look, teacher, int(steps), fast)


def _moments(who, seed, disturber, look, teacher, steps, fast) -> Iterator[Moment]:
    world: Any = FastRacing() if fast else environment()
    try:
        simulator, score = world.unwrapped, 0.0
        frame, _ = world.reset(seed=seed)
        for step in range(steps):
            struck = disturber.struck(simulator, step)
            shown = disturber.shown(frame)
            advice = teacher(frame, simulator) if teacher else None
            action = checked_action(who(shown, simulator))
            seeing = attention(who.network, shown) if look and isinstance(who, Pixels) else None
            following, reward, over, late, told = world.step(action)
            score += reward
            last = bool(over or late or step == steps - 1)
            yield Moment(
                step, frame, shown, action, float(reward), score, speed(simulator), visited(simulator),
                wheels_off(simulator), struck, last, bool(told.get("lap_finished")), advice, seeing,
            )  # fmt: skip
            if last:
                return
            frame = following
    finally:
        world.close()


def checked_action(action: object) -> np.ndarray:
    """An action as CarRacing takes it, (3,) float32 within its bounds; ``ValueError`` if it is no action."""
    action = np.asarray(action, dtype=np.float32)
    if action.shape != (3,) or not np.isfinite(action).all():
        raise ValueError("An action is three finite numbers: steering, gas and brake.")
    return np.clip(action, [-1, 0, 0], 1).astype(np.float32)


def speed(simulator) -> float:
    """The car's speed, simulator units per second."""
    return float(np.hypot(*simulator.car.hull.linearVelocity))


def visited(simulator) -> float:
    """Share of the track's tiles that a wheel has touched."""
    return simulator.tile_visited_count / len(simulator.track)


def wheels_off(simulator) -> int:
    """How many of the four wheels touch no road."""
    return sum(not wheel.tiles for wheel in simulator.car.wheels)
