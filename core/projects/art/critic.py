"""The discriminator after training: a rival for whoever guesses which of two pictures was painted by hand."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from core.projects.art.network import Discriminator, one_hot, shape_of
from core.projects.art.painter import FOLDER, LARGEST_SEED, Painter
from core.projects.art.projected import Projected

GROUP = 4  # pictures that the discriminator compares with each other
Critic = Discriminator | Projected
OWNER = "discriminator."  # how its tensors begin in a checkpoint


def save_critic(checkpoint: Path, path: Path) -> None:
    """Take the discriminator out of a training's checkpoint, in float16."""
    with safe_open(checkpoint, "pt") as file:
        about = json.loads(file.metadata()["about"])
        every = {name.removeprefix(OWNER): file.get_tensor(name) for name in file.keys() if name.startswith(OWNER)}  # noqa: SIM118
    tensors = {name: tensor.half().contiguous() for name, tensor in every.items() if not name[0].isdigit()}
    kind = "projected" if "across0" in tensors else "plain"
    save_file(tensors, path, {"shape": json.dumps(about["shape"]), "kind": kind})


def critic_of(path: Path) -> Critic:
    """A discriminator that was kept so, ready to judge."""
    with safe_open(path, "pt") as file:
        kind = Projected if file.metadata()["kind"] == "projected" else Discriminator
        network = kind(shape_of(json.loads(file.metadata()["shape"])))
        network.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
    return network.to(memory_format=torch.channels_last).eval().requires_grad_(False)


@functools.lru_cache(maxsize=1)
def critic() -> Critic:
    """The shipped one."""
    return critic_of(FOLDER / "critic.safetensors")


@torch.no_grad()
def judged(critic: Critic, pixels: np.ndarray, labels: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Its answers to pictures (count, side, side, 3) uint8 of groups (count,), large for real.

    It compares the four pictures of a group with each other; so each is judged ``beside`` the same three real pictures,
    (3, side, side, 3), and says nothing of its neighbours.
    """
    fours = np.concatenate([pixels[:, None], np.broadcast_to(beside, (len(pixels), *beside.shape))], axis=1)
    flat = np.ascontiguousarray(fours.reshape(-1, *pixels.shape[1:]).transpose(0, 3, 1, 2))
    pictures = torch.from_numpy(flat).float() / 127.5 - 1
    classes = one_hot(labels.repeat(GROUP).tolist(), critic.shape.classes)
    return critic(pictures, classes)[::GROUP].numpy()


@dataclass(frozen=True, eq=False)
class Round:
    """Two pictures of one group (2, side, side, 3), which of them was painted by hand, what the critic answered to
    each."""

    pictures: np.ndarray
    group: str
    real: int
    answers: tuple[float, float]

    @property
    def machine(self) -> int:
        """The one that the critic takes for real."""
        return int(self.answers[1] > self.answers[0])


def rounds(
    painter: Painter, critic: Critic, pixels: np.ndarray, labels: np.ndarray, count: int, seed: int
) -> list[Round]:
    """So many rounds with real pictures (many, side, side, 3) of groups (many,): the same for everybody of a seed."""
    draw = np.random.default_rng(seed)
    chosen = draw.permutation(len(pixels))[:count]
    own, sides = labels[chosen], draw.integers(0, 2, len(chosen))
    seeds = draw.integers(0, LARGEST_SEED, len(chosen)).tolist()
    painted = painter.painted(painter.styles(seeds, one_hot(own.tolist(), painter.classes)))
    answers = judged(critic, np.concatenate([pixels[chosen], painted]), np.concatenate([own, own]), pixels[:3])
    found = []
    for place, side in enumerate(sides.tolist()):
        both = (pixels[chosen[place]], painted[place]), (float(answers[place]), float(answers[place + len(own)]))
        ordered = both if side == 0 else tuple(pair[::-1] for pair in both)
        found.append(Round(np.stack(ordered[0]), painter.names[own[place]], side, ordered[1]))
    return found


@dataclass(frozen=True)
class Score:
    """How many of some rounds were told right, by whoever guessed and by the critic."""

    rounds: int
    yours: int
    machines: int

    @classmethod
    def of(cls, played: Sequence[Round], guesses: Sequence[int]) -> "Score":
        """Rounds and what was taken for real in each, 0 or 1."""
        yours = sum(one.real == guess for one, guess in zip(played, guesses, strict=True))
        return cls(len(played), yours, sum(one.real == one.machine for one in played))

    @property
    def sentence(self) -> str:
        """The state of the game."""
        return f"You told {self.yours} of {self.rounds} right, the machine's own critic {self.machines}."
