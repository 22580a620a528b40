"""Scenes to begin with, composed from the shipped test drawings."""

import functools

from core.projects.detection.drawings import shipped
from core.projects.detection.scenes import Scene, scene

SEEDS = {"White paper": 111, "Ruled paper": 126, "Squared paper": 142, "A blackboard": 143, "Photographed": 139}


@functools.lru_cache(maxsize=16)
def example(seed: int, side: int = 512, camera: bool | None = None) -> Scene:
    """The scene of a seed from drawings that the network never saw."""
    return scene(shipped(), seed, (side, side), camera)
