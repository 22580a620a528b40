"""Principal components: the best that a linear autoencoder can do."""

import torch
from torch import Tensor


def components(x: Tensor, latent: int) -> tuple[Tensor, Tensor]:
    """The mean of pictures x (pictures, pixels) and their first principal directions, (pixels, latent)."""
    mean = x.mean(dim=0)
    _, directions = torch.linalg.eigh((x - mean).T @ (x - mean))
    return mean, directions[:, -latent:]


def pca_error(x: Tensor, x_test: Tensor, latent: int) -> float:
    """Mean squared error per pixel of unseen pictures, rebuilt from so many principal components of x."""
    mean, directions = components(x, latent)
    centred = x_test - mean
    return (centred - centred @ directions @ directions.T).square().mean().item()
