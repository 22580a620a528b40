"""Scenes to begin with, composed from the shipped test drawings."""

import functools

from core.projects.detection.drawings import shipped
from core.projects.detection.scenes import Scene, scene

SEEDS = {"On squared paper": 32, "Photographed": 7, "A blackboard": 14, "Crowded": 40}


@functools.lru_cache(maxsize=16)
def example(seed: int, side: int = 512, camera: bool | None = None) -> Scene:
    """The scene of a seed from drawings that the network never saw."""
    return scene(shipped(), seed, (side, side), camera)
