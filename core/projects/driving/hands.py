"""A person's hands on the wheel: keys or a finger say where to, the hands move there as fast as hands do.

Keys know only on and off. Steering therefore swings to its goal, the gas is eased where the rear wheels would spin, and
above ``TOP`` there is none: a person can then hold the road with four keys.
"""

import math

import numpy as np

from core.projects.driving.expert import WHEEL_RADIUS

TOP = 60.0  # simulator units per second
SWING, RETURN = 0.035, 0.06  # how far the wheel turns in a frame, outwards and back
WIDEST, SLIP = 0.35, 7.0


class Hands:
    """``wanted`` is (steering −1…1, gas 0…1, brake 0…1); a driver that looks at neither road nor track."""

    def __init__(self) -> None:
        self.wanted, self.steering = (0.0, 0.0, 0.0), 0.0

    def want(self, values: object) -> None:
        """Take what keys or a finger say; ``ValueError`` if it is not three finite numbers."""
        sound = isinstance(values, list | tuple) and len(values) == 3
        if not sound or not all(type(one) in (int, float) and math.isfinite(one) for one in values):
            raise ValueError("Hands are three finite numbers: steering, gas and brake.")
        low = (-1, 0, 0)
        self.wanted = tuple(min(max(float(one), least), 1.0) for one, least in zip(values, low, strict=True))

    def __call__(self, frame: np.ndarray, simulator) -> np.ndarray:
        goal = WIDEST * self.wanted[0]
        most = RETURN if abs(goal) < abs(self.steering) or goal * self.steering < 0 else SWING
        self.steering += min(max(goal - self.steering, -most), most)
        speed = math.hypot(*simulator.car.hull.linearVelocity)
        slip = WHEEL_RADIUS * max(wheel.omega for wheel in simulator.car.wheels[2:]) - speed
        gas = 0.8 * self.wanted[1] * min(max(1.5 - slip / SLIP, 0.0), 1.0) * min(max((TOP - speed) / 10, 0.0), 1.0)
        return np.array([self.steering, gas, 0.6 * self.wanted[2]], np.float32)
