"""What the expert teaches: views of the road with the action it would take there, along drives that go astray.

An expert that drives alone never shows how to come back. So its drives are disturbed, and from the second round on the
network itself drives while the expert answers for every frame (DAgger; Ross, Gordon and Bagnell 2011).
"""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.projects.driving.expert import Expert
from core.projects.driving.network import RoadNetwork, actions, seen
from core.projects.driving.simulator import STEPS, FastRacing

LOST, FOUND = 9.0, 3.0  # distances from the line at which the expert takes over, and hands back


@dataclass(frozen=True)
class Lesson:
    """One labelled drive: ``views`` (frames, 3, 48, 48) uint8, ``answers`` (frames, 3) float32, and how it went."""

    seed: int
    views: np.ndarray
    answers: np.ndarray
    score: float
    takeovers: int


class Trouble:
    """Disturbances at random moments: a hand on the wheel and pedals for a while, or a push to the car.

    About one in ``gap`` frames starts one; ``gap`` 0 means none.
    """

    def __init__(self, gap: int, random: np.random.Generator) -> None:
        self.gap, self.random, self.left, self.hand = gap, random, 0, np.zeros(3, np.float32)

    def applied(self, simulator: FastRacing, action: np.ndarray) -> np.ndarray:
        """The action that reaches the car."""
        if not self.gap:
            return action
        if self.left == 0 and self.random.random() < 1 / self.gap:
            self.begin(simulator)
        if self.left == 0:
            return action
        self.left -= 1
        return np.clip(action + self.hand, [-1, 0, 0], [1, 1, 0.8]).astype(np.float32)

    def begin(self, simulator: FastRacing) -> None:
        """Choose what goes wrong, and push the car at once if it is a push."""
        kind = self.random.random()
        self.left = int(self.random.integers(4, 20))
        self.hand = self.random.normal(0, [0.12, 0.4, 0.1]).astype(np.float32)
        if kind < 0.3:
            self.left = 0
            pushed(simulator, self.random.normal(0, 8), self.random.normal(0, 0.8))


def pushed(simulator: FastRacing, sideways: float, turn: float) -> None:
    """Change the car's velocity at once: ``sideways`` units per second to its right, ``turn`` radians per second."""
    car = simulator.car
    across = car.hull.GetWorldVector((float(sideways), 0.0))
    for body in [car.hull, *car.wheels]:
        body.linearVelocity = body.linearVelocity + across
    car.hull.angularVelocity += float(turn)


def lesson(seed: int, network: RoadNetwork | None = None, gap: int = 0, steps: int = STEPS) -> Lesson:
    """Drive track ``seed`` and note the expert's answer to every frame; deterministic by its arguments.

    Without a network the expert drives; with one the network does, and the expert takes the wheel only where the car
    has lost the road. Frames are kept in the simulator's own pixels.
    """
    simulator, expert = FastRacing(), Expert()
    trouble = Trouble(gap, np.random.default_rng(seed))
    views, answers, score, takeovers, helped = [], [], 0.0, 0, network is None
    frame, _ = simulator.reset(seed=seed)
    for _ in range(steps):
        view, answer = seen(frame), expert.action(simulator)
        views.append(view)
        answers.append(answer)
        if network is not None:
            away = expert.distance(simulator)
            takeovers += away > LOST and not helped
            helped = away > LOST or (helped and away > FOUND)
        action = answer if helped or network is None else answered(network, view)
        frame, reward, over, _, _ = simulator.step(trouble.applied(simulator, action))
        score += reward
        if over:
            break
    return Lesson(seed, np.array(views), np.array(answers), score, takeovers)


def answered(network: RoadNetwork, view: np.ndarray) -> np.ndarray:
    """The network's action for one view (3, 48, 48): (3,) float32."""
    import torch

    with torch.inference_mode():
        return actions(network(torch.from_numpy(view)[None]))[0].numpy()


def lessons(seeds: list[int], network: RoadNetwork | None, gap: int, processes: int) -> Iterator[Lesson]:
    """One lesson per seed, in the order of the seeds, several at a time; every second one is disturbed more."""
    jobs = [(seed, network, gap if index % 2 else 2 * gap) for index, seed in enumerate(seeds)]
    if processes <= 1:
        yield from map(_one, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(processes, initializer=_single_thread) as pool:
        yield from pool.imap(_one, jobs)


def _single_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _one(job: tuple) -> Lesson:
    return lesson(*job)
