"""A school for drivers: frames with a teacher's answers are gathered, a network is cloned, driven, corrected, cloned.

The teacher is a person or the expert. While the student drives, an expert answers for every frame (DAgger; Ross, Gordon
and Bagnell 2011); a person answers where they take the wheel (Kelly and others 2019, HG-DAgger).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from core.data.data import Data
from core.projects.driving.drive import drive
from core.projects.driving.drivers import Pixels, Teacher
from core.projects.driving.network import RoadNetwork, seen
from core.projects.driving.simulator import STEPS
from core.projects.driving.train import Imitation
from core.training import Recipe, epochs

MOST, LEAST = 6000, 100  # frames that a school keeps, and fewer than which teach nothing
EXAM = 400_000  # the track every student is examined on; nobody is taught there
PASSES, UPDATES = 60, 1000  # most epochs, and about as many steps of training
HOPELESS = 150  # frames


@dataclass(frozen=True)
class Round:
    """One cloning and its exam. ``copied`` is the mean error of steering (radians) on the teacher's own frames,
    ``alone`` that against the expert on the frames which the student drove into by itself."""

    number: int
    frames: int
    copied: float
    alone: float
    score: float
    tiles: float
    finished: bool
    steps: int


class School:
    """What one visitor has recorded and whom they have taught. ``every``: one of so many frames is kept."""

    def __init__(self, every: int = 1) -> None:
        self.views, self.answers, self.every, self.heard = [], [], every, 0
        self.student: RoadNetwork | None = None
        self.rounds: list[Round] = []

    def __len__(self) -> int:
        return len(self.views)

    def listen(self, live, frame: np.ndarray, simulator, action: np.ndarray) -> None:
        """Keep this frame with the teacher's answer, if there is a teacher and an answer."""
        answer = self.answer(live, frame, simulator, action)
        if answer is None or len(self) >= MOST:
            return
        self.heard += 1
        if self.heard % self.every == 0:
            self.views.append(seen(frame))
            self.answers.append(np.asarray(answer, np.float32))

    def answer(self, live, frame: np.ndarray, simulator, action: np.ndarray) -> np.ndarray | None:
        """What the teacher would do here; None where the teacher keeps silent."""
        if live.order.teacher == "expert":
            if live.expert is None:
                live.expert = Teacher()
            return live.expert(frame, simulator)
        person = live.order.driver == "you" or live.taken
        return action if live.order.teacher == "you" and person and any(live.hands.wanted) else None

    @property
    def told(self) -> str:
        """How much has been recorded, in one sentence."""
        return f"Recorded so far: {len(self):,} frames of at most {MOST:,}. Rounds of cloning: {len(self.rounds)}."

    @property
    def provenance(self) -> str:
        return f"Taught and examined live · exam track {EXAM:,} · {len(self):,} frames"

    def within(self, frames: int) -> Round | None:
        """The first round that finished the exam's lap with at most so many frames."""
        return next((one for one in self.rounds if one.finished and one.frames <= frames), None)

    def forget(self) -> None:
        """Begin anew."""
        self.views, self.answers, self.rounds, self.student, self.heard = [], [], [], None, 0

    def clone(self, done: int = 0, seed: int = 0) -> Iterator[tuple[float, str]]:
        """Train a student on all frames, examine it, add a round to the ``done``; yields (fraction, message).

        Raises ``ValueError`` with one sentence if there is too little to learn from.
        """
        frames = len(self)
        if frames < LEAST:
            raise ValueError(f"{frames} frames teach nothing: record at least {LEAST} first.")
        views, answers = np.array(self.views[:frames]), np.array(self.answers[:frames])
        network = RoadNetwork(seed=seed)
        for fraction in taught(network, views, answers, seed):
            yield 0.6 * fraction, f"training on {frames:,} frames"
        exam: tuple[float, dict] = (0.0, {})
        for exam in examined(network, EXAM, STEPS):
            yield 0.6 + 0.4 * exam[0], "driving an unseen track"
        self.student = network.eval()
        self.rounds.append(Round(done + 1, frames, copied(network, views, answers), **exam[1]))


def taught(network: RoadNetwork, views: np.ndarray, answers: np.ndarray, seed: int) -> Iterator[float]:
    """Train a network on views (frames, 3, 48, 48) uint8 and answers (frames, 3), yielding the share done."""
    x, y = torch.from_numpy(views), torch.from_numpy(answers)
    count = int(min(PASSES, max(4, UPDATES * 64 // len(x))))
    recipe = Recipe(count, 64, "Adam", 1e-3, "cosine", seed=seed)
    for epoch in epochs(network, Data(x, y, x[::50], y[::50], source="lessons"), recipe, Imitation(seed)):
        yield epoch.number / count


@torch.inference_mode()
def copied(network: RoadNetwork, views: np.ndarray, answers: np.ndarray) -> float:
    """Mean error of steering, radians, on frames with answers."""
    outputs = torch.cat([network.eval()(part) for part in torch.from_numpy(views).split(256)])
    return float((outputs[:, 0] - torch.from_numpy(answers)[:, 0]).abs().mean())


def examined(network: RoadNetwork, seed: int, steps: int) -> Iterator[tuple[float, dict]]:
    """Let a network drive a track with the expert beside it: yields the share driven and how it goes.

    The exam ends early where the car has been on the grass for ``HOPELESS`` frames on end.
    """
    errors, lost = [], 0
    for moment in drive(Pixels(network), seed, teacher=Teacher(), steps=steps, fast=True):
        assert moment.advice is not None  # the teacher's
        errors.append(abs(float(moment.action[0] - moment.advice[0])))
        lost = lost + 1 if moment.wheels_off == 4 else 0
        told = {
            "alone": float(np.mean(errors)), "score": moment.score, "tiles": moment.tiles,
            "finished": moment.finished, "steps": moment.step + 1,
        }  # fmt: skip
        yield len(errors) / steps, told
        if lost == HOPELESS:
            return
