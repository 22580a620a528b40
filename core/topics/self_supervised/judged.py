"""What features are worth, and whether embeddings have collapsed. Labels come in here, after all training."""

import torch
from torch import Tensor
from torch.nn import functional

from core.topics.self_supervised.networks import Network

COLLAPSED = 0.2  # the spread below which the alarm goes off; 1 is as wide as embeddings can point


@torch.no_grad()
def features_of(model: Network, x: Tensor) -> Tensor:
    """The encoder's features (count, 64) of pictures, batch norm as it answers later."""
    trained = model.training
    model.eval()
    found = torch.cat([model.encoder(part) for part in x.split(500)])
    model.train(trained)
    return found


@torch.no_grad()
def embeddings_of(model: Network, x: Tensor) -> Tensor:
    """The embeddings (count, 32) of pictures, batch norm as it answers later."""
    features = features_of(model, x)
    trained = model.training
    model.eval()
    found = model.projector(features)
    model.train(trained)
    return found


def nearest_labelled(features: Tensor, y: Tensor, others: Tensor, y_others: Tensor, labelled: int) -> float:
    """The share of ``others`` (tests, width) whose nearest by cosine among so many labelled pictures is of their class.

    ``features`` (count, width) are used up in groups of ``labelled`` pictures; the share is the mean over all groups.
    """
    groups = len(features) // labelled
    cosines = functional.normalize(others, dim=1) @ functional.normalize(features[: groups * labelled], dim=1).T
    nearest = cosines.unflatten(1, (groups, labelled)).argmax(dim=2) + labelled * torch.arange(groups)
    return (y[nearest] == y_others[:, None]).float().mean().item()


def spread(embeddings: Tensor) -> float:
    """How widely embeddings (count, width) point: √width times the deviation of each of their numbers at length 1.

    1 where all directions are as frequent, 0 where all pictures get the same (Chen and He 2021, figure 2).
    """
    rows = functional.normalize(embeddings, dim=1)
    return (rows.std(dim=0, correction=0).mean() * rows.shape[1] ** 0.5).item()


def effective_rank(embeddings: Tensor) -> float:
    """In how many directions embeddings (count, width) differ: the exponential of the entropy of the singular values'
    shares (Roy and Vetterli 2007), the mean taken off; 1 … width."""
    rows = functional.normalize(embeddings, dim=1)
    values = torch.linalg.svdvals((rows - rows.mean(dim=0)).double())
    shares = values / values.sum().clamp_min(1e-12)
    return torch.special.entr(shares).sum().exp().item()
