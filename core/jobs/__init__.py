"""Long work: progress, cancel, bounded concurrency; threads here, Ray where ``RAY_ADDRESS`` is set."""

from core.jobs.jobs import Job, Pool, start
from core.jobs.visits import BusyError, Owner, Visit

__all__ = ["BusyError", "Job", "Owner", "Pool", "Visit", "start"]
