"""What a visitor is told who waits in line for a simulator."""

import math

from core.jobs import Job, Pool


def in_line(job: Job) -> str:
    """One sentence while a drive waits: the place in line and about how long; nothing for one that drives."""
    place, pool, seconds = job.place, job.pool, job.wait_expected
    if not place or pool is None:
        return ""
    return f"All {pool.places} simulators are in use: you are number {place} in line{about(seconds)}."


def about(seconds: float | None) -> str:
    """How long to wait, in tens of seconds: a screen that is paused can hold a simulator for minutes."""
    if seconds is None:
        return ""
    return f", about {10 * max(1, math.ceil(seconds / 10))} seconds" if seconds <= 120 else ", more than two minutes"


def full(pool: Pool) -> str:
    """One sentence for a visitor who finds no place in the line."""
    return f"All {pool.places} simulators are in use and {pool.length} people wait in line: try again later."
