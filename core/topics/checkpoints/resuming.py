"""The same training twice: to its end, and killed and gone on with."""

import time
from functools import lru_cache

import numpy as np

from core.topics.checkpoints.resumable import (
    EPOCHS,
    PARTS,
    TAKEN,
    Resumed,
    begun,
    last_checkpoint,
    loaded,
    saved,
    sizes_of,
    weights_of,
)  # fmt: skip


@lru_cache(maxsize=32)
def unbroken(seed: int) -> tuple[tuple[float, ...], tuple[bytes, ...], np.ndarray]:
    """Losses after every epoch, a checkpoint from before the first and after every one, and the final weights."""
    training = begun(seed, seed)
    losses, files = [], [saved(training.state())]
    for _ in range(EPOCHS):
        losses.append(training.epoch())
        files.append(saved(training.state()))
    return tuple(losses), tuple(files), weights_of(training)


def resumed(killed: int, every: int, parts: tuple[str, ...], seed: int) -> Resumed:
    """Kill a training after ``killed`` epochs, with a checkpoint after ``every`` epochs that holds the weights and the
    named parts of its state, and go on from the last one in a new process' state: another seed."""
    began = time.perf_counter()
    losses, files, weights = unbroken(seed)
    checkpoint = last_checkpoint(killed, every)
    state = loaded(files[checkpoint])
    kept = {"weights": state["weights"], **{TAKEN[part]: state[TAKEN[part]] for part in PARTS if part in parts}}
    content = saved(kept)
    training = begun(seed + 1, seed)  # what is not loaded is another's
    training.load(loaded(content))
    again = tuple(training.epoch() for _ in range(EPOCHS - checkpoint))
    apart = float(np.abs(weights_of(training) - weights).max())
    seconds = time.perf_counter() - began
    sizes = sizes_of(state)
    return Resumed(losses, again, checkpoint, killed, every, apart, content, sizes, parts, seed, seconds)
