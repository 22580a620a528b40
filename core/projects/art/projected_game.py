"""The game against a discriminator that looks through a network which has seen ImageNet."""

import torch
from torch import Tensor
from torch.nn import functional

from core.projects.art.augmentation import augmented
from core.projects.art.game import BETAS, Game, Step
from core.projects.art.projected import Projected, seeing

RATE = 0.0002  # of the heads
OUTSIDE = 10.0  # weight of the squared distance of values from what a screen shows
ALONE = 40  # steps that the heads learn before the generator follows them


class ProjectedGame(Game):
    """The same game against such a discriminator, with the hinge loss.

    Both networks step on the same generated pictures: painting and looking at them is most of the work.
    """

    def rivals(self) -> Projected:
        with torch.random.fork_rng([]):
            torch.manual_seed(self.settings.seed)
            return Projected(self.shape).to(memory_format=torch.channels_last)

    def rules(self) -> list[torch.optim.Adam]:
        pairs = ((self.generator, self.settings.rate), (self.discriminator, RATE))
        return [torch.optim.Adam(net.parameters(), rate, BETAS, fused=True) for net, rate in pairs]

    def play(self) -> Step:
        """One step of the discriminator, one of the generator on the same pictures, and the average follows."""
        draw = torch.Generator().manual_seed(self.settings.seed * 10_000_019 + self.number)
        real, classes = self.batch(draw)
        with self.precision():
            painted = self.painted(classes, draw)
        fake = as_shown(painted)
        pictures = augmented(torch.cat([real, fake]), draw)
        with self.precision():
            with torch.no_grad():
                true = self.discriminator.mixed(seeing()(pictures[: len(real)]))
            false = self.discriminator.mixed(seeing()(pictures[len(real) :]))
        loss, right = self.told(true, [one.detach() for one in false], classes)
        outside = (painted - painted.clamp(-1, 1)).square().mean()
        fooling = self.answered(false, classes, outside) if self.number >= ALONE else 0.0
        self.follow()
        self.number += 1
        return Step(self.number, loss, fooling, *right)

    def told(self, true: list[Tensor], false: list[Tensor], classes: Tensor) -> tuple[float, tuple[float, float]]:
        """A step of the heads: their loss, and the shares of real and generated pictures told right."""
        with self.precision():
            yes = self.discriminator.answers(true, classes)
            no = self.discriminator.answers(false, classes)
        losses = [functional.relu(1 - a).mean() + functional.relu(1 + b).mean() for a, b in zip(yes, no, strict=True)]
        loss = torch.stack(losses).mean()
        self.optimizers[1].zero_grad()
        loss.backward()
        self.optimizers[1].step()
        return loss.item(), (told_right(yes, 1), told_right(no, -1))

    def answered(self, false: list[Tensor], classes: Tensor, outside: Tensor) -> float:
        """A step of the generator, which also pays for values that no screen shows: unpaid they run away."""
        self.discriminator.requires_grad_(False)
        with self.precision():
            answers = self.discriminator.answers(false, classes)
        loss = -torch.stack([one.mean() for one in answers]).mean()
        self.optimizers[0].zero_grad()
        (loss + OUTSIDE * outside).backward()
        self.optimizers[0].step()
        self.discriminator.requires_grad_(True)
        return loss.item()


def as_shown(pictures: Tensor) -> Tensor:
    """Values as a screen would show them, −1 to 1; slopes pass as if nothing had been cut off."""
    return pictures + (pictures.clamp(-1, 1) - pictures).detach()


def told_right(answers: list[Tensor], sign: int) -> float:
    """The share of pictures whose mean answer over heads and places has this sign."""
    means = torch.stack([one.mean(dim=1) for one in answers]).mean(dim=0)
    return (sign * means > 0).float().mean().item()
