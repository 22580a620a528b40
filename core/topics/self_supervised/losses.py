"""What the three methods minimise: no function here has a parameter for labels."""

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """SimCLR's loss of the embeddings (batch, width) of two views of the same pictures (Chen et al. 2020, equation 1).

    Of the 2·batch − 1 other embeddings each has to pick its partner, by a softmax over cosines / temperature.
    """
    z = functional.normalize(torch.cat([first, second]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    partner = torch.arange(len(z)).roll(len(first))
    return functional.cross_entropy(logits, partner)


def against_queue(query: Tensor, key: Tensor, queue: Tensor, temperature: float) -> Tensor:
    """MoCo's loss (He et al. 2020, equation 1): each query (batch, width) has to pick its own key (batch, width) among
    the keys of earlier batches (queue, width)."""
    query, key, queue = (functional.normalize(part, dim=1) for part in (query, key, queue))
    logits = torch.cat([(query * key).sum(dim=1, keepdim=True), query @ queue.T], dim=1) / temperature
    return functional.cross_entropy(logits, torch.zeros(len(query), dtype=torch.long))


def unlike(prediction: Tensor, target: Tensor) -> Tensor:
    """BYOL's loss of (batch, width) each (Grill et al. 2020, equation 2): 2 − 2·cosine. Nothing is pushed apart."""
    return 2 - 2 * functional.cosine_similarity(prediction, target, dim=1).mean()
