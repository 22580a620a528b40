"""The game of generator and discriminator, step by step; it can be stopped after any step and taken up again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core.adversarial_losses import LOSSES
from core.projects.art.augmentation import augmented
from core.projects.art.network import Shape, as_pixels, networks, one_hot, parts
from core.projects.art.pictures import Pictures

EVERY_PENALTY = 8  # discriminator steps from one penalty to the next (lazy regularisation, Karras et al. 2020)
BETAS = (0.0, 0.99)


@dataclass(frozen=True)
class Settings:
    """How the game is played: pictures of a batch, Adam's rate of both, weight of the R1 penalty (Mescheder et al.
    2018), pictures after which the average has forgotten half, share of batches whose styles are mixed, how much the
    rare classes are preferred (0: as often as they are, 1: all alike), whether pictures are mirrored."""

    batch: int = 16
    rate: float = 0.002
    penalty: float = 0.1
    memory: int = 5000
    mixing: float = 0.5
    balance: float = 0.3
    mirror: bool = True
    narrow: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Step:
    """What one step measured: both losses, share of real and of generated pictures the discriminator told right."""

    number: int
    discriminator: float
    generator: float
    real: float
    fake: float


class Game:
    """Both networks, their optimizers, and the running average of the generator, which is what paints."""

    def __init__(self, pictures: Pictures, shape: Shape, settings: Settings) -> None:
        self.pictures, self.shape, self.settings, self.number = pictures, shape, settings, 0
        self.generator = networks(shape, settings.seed)[0]
        self.average = networks(shape, settings.seed)[0].requires_grad_(False)
        self.discriminator = self.rivals()
        self.optimizers = self.rules()
        counts = np.bincount(pictures.labels, minlength=shape.classes)[pictures.labels]
        self.chances = torch.from_numpy(counts**-settings.balance)
        self.pixels = torch.from_numpy(np.ascontiguousarray(pictures.pixels.transpose(0, 3, 1, 2)))
        self.labels = torch.from_numpy(pictures.labels)

    def rivals(self) -> Any:
        """The discriminator."""
        return networks(self.shape, self.settings.seed)[1]

    def rules(self) -> list[torch.optim.Adam]:
        """Adam for the generator and for the discriminator, which takes a penalty's step now and then too."""
        rate, lazy = self.settings.rate, EVERY_PENALTY / (EVERY_PENALTY + 1)
        return [
            torch.optim.Adam(net.parameters(), rate * part, (BETAS[0] ** part, BETAS[1] ** part), fused=True)
            for net, part in ((self.generator, 1.0), (self.discriminator, lazy))
        ]

    def begin_with(self, path: Path) -> None:
        """Take the generator's weights from a moment of another run; what that one did not have stays as drawn.

        Raises ``ValueError`` where its layers have other sizes.
        """
        with safe_open(path, "pt") as file:
            found = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        try:
            for net in (self.generator, self.average):
                net.load_state_dict(found, strict=False)
        except RuntimeError as error:
            raise ValueError(f"{path.name} holds a generator of another shape.") from error

    def play(self) -> Step:
        """One step of the discriminator, one of the generator, and the average follows."""
        draw = torch.Generator().manual_seed(self.settings.seed * 10_000_019 + self.number)
        real, classes = self.batch(draw)
        loss, right = self.judged(real, classes, draw)
        fooling = self.fooled(classes, draw)
        self.follow()
        self.number += 1
        return Step(self.number, loss, fooling, *right)

    def batch(self, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Real pictures from −1 to 1 and their classes."""
        places = torch.multinomial(self.chances, self.settings.batch, replacement=True, generator=draw)
        real = self.pixels[places].float() / 127.5 - 1
        if self.settings.mirror:
            turned = torch.rand(len(real), 1, 1, 1, generator=draw) < 0.5
            real = torch.where(turned, real.flip(3), real)
        return real, one_hot(self.labels[places], self.shape.classes)

    def painted(self, classes: Tensor, draw: torch.Generator) -> Tensor:
        """Generated pictures; of some batches with one noise up to a random layer and another one after it."""
        noise = torch.randn(2, len(classes), self.shape.noise, generator=draw)
        first, layers = self.generator.mapping(noise[0], classes), self.shape.layers
        if torch.rand((), generator=draw) > self.settings.mixing:
            return self.generator.painted(first)
        second = self.generator.mapping(noise[1], classes)
        change = int(torch.randint(1, layers, (), generator=draw))
        late = torch.arange(layers)[None, :, None] >= change
        return self.generator.painted(torch.where(late, second[:, None], first[:, None]))

    def judged(self, real: Tensor, classes: Tensor, draw: torch.Generator) -> tuple[float, tuple[float, float]]:
        """A step of the discriminator: its loss, and the shares it told right."""
        with self.precision(), torch.no_grad():
            fake = self.painted(classes, draw)
        pictures = augmented(torch.cat([real, fake]), draw)
        with self.precision():
            answers = self.discriminator(pictures, classes.repeat(2, 1)).chunk(2)
        loss = LOSSES["non-saturating"][0](*answers)
        self.optimizers[1].zero_grad()
        loss.backward()
        if self.number % EVERY_PENALTY == 0 and self.settings.penalty:
            self.steepness(augmented(real, draw), classes)
        self.optimizers[1].step()
        right = tuple((sign * one > 0).float().mean().item() for sign, one in zip((1, -1), answers, strict=True))
        return loss.item(), right

    def steepness(self, real: Tensor, classes: Tensor) -> None:
        """R1: the squared slope of the discriminator at real pictures, its gradient added to what there is."""
        real.requires_grad_(True)
        slope = torch.autograd.grad(self.discriminator(real, classes).sum(), real, create_graph=True)[0]
        penalty = slope.square().sum(dim=(1, 2, 3)).mean() * self.settings.penalty / 2
        (penalty * EVERY_PENALTY).backward()

    def fooled(self, classes: Tensor, draw: torch.Generator) -> float:
        """A step of the generator."""
        self.discriminator.requires_grad_(False)
        with self.precision():
            answers = self.discriminator(augmented(self.painted(classes, draw), draw), classes)
        loss = LOSSES["non-saturating"][1](answers)
        self.optimizers[0].zero_grad()
        loss.backward()
        self.optimizers[0].step()
        self.discriminator.requires_grad_(True)
        return loss.item()

    @torch.no_grad()
    def follow(self) -> None:
        """Move the average; early on it forgets faster, so that the start is not remembered for long."""
        seen = (self.number + 1) * self.settings.batch
        keep = 0.5 ** (self.settings.batch / max(min(self.settings.memory, 0.05 * seen), 1e-8))
        for average, current in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            average.lerp_(current, 1 - keep)

    def precision(self) -> torch.autocast:
        """bfloat16 where that was chosen."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self.settings.narrow)

    @torch.no_grad()
    def sheet(self, noise: Tensor, classes: Tensor) -> np.ndarray:
        """Pictures of the averaged generator, (count, side, side, 3) uint8."""
        return as_pixels(torch.cat([self.average(*part) for part in parts(noise, classes)]))

    def save(self, path: Path) -> None:
        """A checkpoint: everything an exact continuation needs. Written aside first: a crash leaves the old one."""
        aside = path.with_suffix(".new")
        about = {"number": self.number, "shape": asdict(self.shape), "settings": asdict(self.settings)}
        tensors = {name: tensor.detach().contiguous() for name, tensor in self.tensors().items()}
        save_file(tensors, aside, {"about": json.dumps(about)})
        aside.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint. Raises ``ValueError`` where it belongs to networks of another shape."""
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["about"])
            if about["shape"] != json.loads(json.dumps(asdict(self.shape))):
                raise ValueError(f"{path.name} holds networks of another shape: {about['shape']}.")
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        self.number = about["number"]
        for optimizer, net in zip(self.optimizers, (self.generator, self.discriminator), strict=True):
            for parameter in net.parameters():
                empty = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
                optimizer.state[parameter] = {"step": torch.zeros(()), **empty}
        with torch.no_grad():
            for name, tensor in self.tensors().items():
                tensor.copy_(found[name])

    def tensors(self) -> dict[str, Tensor]:
        """All that changes, by name."""
        nets: dict[str, nn.Module] = {
            "generator": self.generator, "discriminator": self.discriminator, "average": self.average
        }  # fmt: skip
        found = {f"{owner}.{name}": tensor for owner, net in nets.items() for name, tensor in net.state_dict().items()}
        for owner, optimizer in zip(nets, self.optimizers, strict=False):
            for place, state in enumerate(optimizer.state.values()):
                found |= {f"{owner}.{place}.{name}": tensor for name, tensor in state.items()}
        return found
