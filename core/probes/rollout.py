"""Attention followed through all layers of a transformer."""

import numpy as np


def rollout(weights: np.ndarray) -> np.ndarray:
    """How much of each token's last state came from each token: the heads' mean, half of it the token itself, from
    layer to layer (Abnar and Zuidema 2020). weights (layers, heads, tokens, tokens) → (tokens, tokens)."""
    stay = np.eye(weights.shape[-1])
    flow = stay
    for layer in weights.mean(axis=1):
        flow = (0.5 * layer + 0.5 * stay) @ flow
    return flow
