"""An expert that knows the track: a racing line, a speed for every point of it, and a controller that follows both.

It reads what the network may not: the centre line and the car's position, heading, velocity and wheel speeds.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

WHEEL_BASE = 3.24  # between the axles, simulator units
WHEEL_RADIUS = 0.54


@dataclass(frozen=True)
class Style:
    """How the expert drives. Lengths in simulator units, speeds per second, angles in radians."""

    offset: float = 4.2  # the line stays this close to the centre line
    shortness: float = 0.014  # weight of a short line against a straight one
    grip: float = 225.0  # sideways acceleration the line's speed may ask for
    braking: float = 105.0  # deceleration it may ask for
    thrust: float = 68.0  # acceleration it may ask for
    top: float = 97.0
    near: float = 3.8  # look-ahead at rest, and its growth in seconds
    reach: float = 0.168
    gain: float = 1.11  # steering angle over the pure-pursuit angle
    damping: float = 0.027  # steering against yaw that the pursuit did not ask for
    lead: float = 0.04  # seconds ahead at which the target speed is read
    push: float = 0.13  # gas per unit of missing speed
    press: float = 0.045  # brake per unit of excess speed
    hardest: float = 0.58  # most brake
    slip: float = 7.0  # wheel slip at which the gas is taken away
    ease: float = 0.93  # gas cut by steering angle
    margin: float = 1.63  # sideways acceleration the steering arc may ask for, over ``grip``: slows a car off its line


@dataclass(frozen=True)
class Line:
    """What the expert drives on one track: points (points, 2), speeds (points,) and spacing, all around the lap."""

    x: list[float]
    y: list[float]
    speed: list[float]
    spacing: np.ndarray


def racing_line(track: list, style: Style) -> Line:
    """The line and its speeds for a track as CarRacing describes it: (angle, heading, x, y) per tile.

    Offsets from the centre line minimise the sum of squared second differences (curvature) and, a little, length, by
    projected gradient descent with momentum; speeds follow from curvature, then from braking and thrust.
    """
    tiles = np.array(track)
    centre = doubled(tiles[:, 2:4])
    along = np.roll(centre, -1, 0) - np.roll(centre, 1, 0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    normal = np.stack([along[:, 1], -along[:, 0]], 1)  # to the right of the driving direction
    offsets = smooth_offsets(centre, normal, style)
    points = centre + offsets[:, None] * normal
    spacing = np.linalg.norm(np.roll(points, -1, 0) - points, axis=1)
    speed = speeds(curvature(points), spacing, style)
    return Line(points[:, 0].tolist(), points[:, 1].tolist(), speed.tolist(), spacing)


def doubled(points: np.ndarray) -> np.ndarray:
    """A closed polyline with a midpoint in every gap, on a cubic through its neighbours."""
    before, after, beyond = np.roll(points, 1, 0), np.roll(points, -1, 0), np.roll(points, -2, 0)
    middle = (9 * (points + after) - before - beyond) / 16
    return np.stack([points, middle], 1).reshape(-1, 2)


def smooth_offsets(centre: np.ndarray, normal: np.ndarray, style: Style, rounds: int = 1500) -> np.ndarray:
    """Sideways offsets (points,) within ±``style.offset`` that make the line as straight as they can."""
    offsets, velocity = np.zeros(len(centre)), np.zeros(len(centre))
    for _ in range(rounds):
        points = centre + offsets[:, None] * normal
        second = np.roll(points, -1, 0) - 2 * points + np.roll(points, 1, 0)
        fourth = np.roll(second, -1, 0) - 2 * second + np.roll(second, 1, 0)
        slope = ((fourth - style.shortness * second) * normal).sum(1)
        velocity = 0.95 * velocity - 0.06 * slope
        moved = np.clip(offsets + velocity, -style.offset, style.offset)
        velocity, offsets = moved - offsets, moved
    return offsets


def curvature(points: np.ndarray) -> np.ndarray:
    """Curvature at every point of a closed line, over two points either side; positive to the left."""
    before, after = points - np.roll(points, 2, 0), np.roll(points, -2, 0) - points
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    chord = np.linalg.norm(before + after, axis=1)
    return 2 * cross / (np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1) * chord)


def speeds(bend: np.ndarray, spacing: np.ndarray, style: Style) -> np.ndarray:
    """The highest speed at every point that grip allows there and that braking and thrust can connect."""
    speed = np.minimum(np.sqrt(style.grip / np.maximum(np.abs(bend), 1e-6)), style.top)
    count = len(speed)
    for index in range(2 * count - 1, -1, -1):  # twice around, because the lap is closed
        here, ahead = index % count, (index + 1) % count
        spare = math.sqrt(max(0.0, 1 - (speed[ahead] ** 2 * bend[ahead] / style.grip) ** 2))
        slack = 2 * style.braking * max(spare, 0.2) * spacing[here]
        speed[here] = min(speed[here], math.sqrt(speed[ahead] ** 2 + slack))
    for index in range(2 * count):
        here, ahead = index % count, (index + 1) % count
        speed[ahead] = min(speed[ahead], math.sqrt(speed[here] ** 2 + 2 * style.thrust * spacing[here]))
    return speed


class Expert:
    """Drives one simulator. ``action(env)`` is what it would do now, wherever the car is; same state, same action."""

    def __init__(self, style: Style | None = None) -> None:
        self.style, self.track, self.place = style or Style(), None, 0
        self.line: Line  # of this track, once it has been planned

    def start(self, simulator: Any) -> None:
        """Plan the line of the track that the simulator was just reset to."""
        self.track, self.place = simulator.track, 0
        self.line = racing_line(simulator.track, self.style)

    def action(self, simulator: Any) -> np.ndarray:
        """Steering, gas and brake, (3,) float32."""
        if self.track is not simulator.track:
            self.start(simulator)
        style, hull = self.style, simulator.car.hull
        (x, y), (vx, vy), heading = hull.position, hull.linearVelocity, hull.angle
        self.place = self.nearest(x, y)
        speed = math.hypot(vx, vy)
        ahead, side = self.target(x, y, heading, style.near + style.reach * speed)
        arc = 2 * side / max(ahead * ahead + side * side, 1.0) if ahead > 0 else math.copysign(0.1, side)
        steer = style.gain * math.atan(WHEEL_BASE * arc) + style.damping * (hull.angularVelocity + speed * arc)
        steer = min(max(steer, -0.4), 0.4)
        return self.pedals(simulator, speed, steer, abs(arc))

    def distance(self, simulator: Any) -> float:
        """How far the car is from its line, simulator units."""
        (x, y), line = simulator.car.hull.position, self.line
        return math.hypot(line.x[self.place] - x, line.y[self.place] - y)

    def nearest(self, x: float, y: float) -> int:
        """The line's point nearest to a position, searched around the last one: a track may cross itself."""
        line, count = self.line, len(self.line.x)

        def square(index: int) -> float:
            return (line.x[index] - x) ** 2 + (line.y[index] - y) ** 2

        best = min(((self.place + step) % count for step in range(-30, 31)), key=square)
        return best if square(best) < 40**2 else min(range(count), key=square)

    def target(self, x: float, y: float, heading: float, distance: float) -> tuple[float, float]:
        """The line's first point beyond ``distance``, as the car sees it: how far ahead, how far to the right."""
        line, count = self.line, len(self.line.x)
        for step in range(60):
            index = (self.place + step) % count
            dx, dy = line.x[index] - x, line.y[index] - y
            if dx * dx + dy * dy >= distance * distance:
                break
        sine, cosine = math.sin(heading), math.cos(heading)
        return -sine * dx + cosine * dy, cosine * dx + sine * dy

    def pedals(self, simulator: Any, speed: float, steer: float, arc: float) -> np.ndarray:
        """Gas and brake for the speed wanted a moment ahead, less gas while the wheels slip or turn."""
        style, line = self.style, self.line
        ahead = self.place + round(style.lead * speed / 1.75)
        sound = math.sqrt(style.margin * style.grip / max(arc, 1e-3))
        missing = min(line.speed[ahead % len(line.speed)], sound) - speed
        slip = WHEEL_RADIUS * max(wheel.omega for wheel in simulator.car.wheels[2:]) - speed
        spare = min(max(1.5 - slip / style.slip, 0.0), 1.0) * max(0.0, 1 - style.ease * abs(steer))
        gas = min(max(style.push * missing + 0.05, 0.0), 1.0) * spare
        brake = min(max(-style.press * (missing + 1), 0.0), style.hardest)
        return np.array([steer, gas if brake == 0 else 0.0, brake], np.float32)
