"""Long work: progress, cancel, bounded concurrency; threads here, Ray where ``RAY_ADDRESS`` is set."""

from core.jobs.crews import Crew, crew, spreading
from core.jobs.jobs import Job, Pool, start
from core.jobs.visits import BusyError, Owner, Visit

__all__ = ["BusyError", "Crew", "Job", "Owner", "Pool", "Visit", "crew", "spreading", "start"]
