"""The Fréchet distance of two sets of features."""

import torch
from torch import Tensor


def frechet(a: Tensor, b: Tensor) -> float:
    """Distance of the normal distributions that fit two sets of rows (samples, features) (Heusel et al. 2017).

    ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½), the trace of the root by the eigenvalues of Σ₁^½ Σ₂ Σ₁^½. Small samples bias
    it upwards: compare only numbers of as many rows.
    """
    a, b = a.double(), b.double()
    first, second = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(first)
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T
    shared = torch.linalg.eigvalsh(root @ second @ root).clamp_min(0).sqrt().sum()
    apart = (a.mean(dim=0) - b.mean(dim=0)).square().sum()
    return (apart + first.trace() + second.trace() - 2 * shared).item()
