"""Self-driving: a network drives CarRacing-v3 from pixels, taught by an expert that knows the track."""

from core.projects.driving.disturb import COLOURS, Disturbance
from core.projects.driving.drive import Moment, drive
from core.projects.driving.drivers import NAMES, Driver, Pixels, Teacher, attention, driver, trained_network
from core.projects.driving.film import film
from core.projects.driving.network import RoadNetwork, actions, mirrored, seen

__all__ = [
    "COLOURS",
    "NAMES",
    "Disturbance",
    "Driver",
    "Moment",
    "Pixels",
    "RoadNetwork",
    "Teacher",
    "actions",
    "attention",
    "drive",
    "driver",
    "film",
    "mirrored",
    "seen",
    "trained_network",
]
