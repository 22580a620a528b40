"""The playground: any small network on any problem of the plane, from one frozen setting."""

from core.playground.challenges import few_steps, few_units
from core.playground.presets import PRESETS, preset_of, reason, rivalry
from core.playground.runs import is_quick, is_waiting, trained, training, where_set, without_hidden
from core.playground.settings import GROUPS, OWN, TABLE, Setting, setting_of

__all__ = [
    "GROUPS", "OWN", "PRESETS", "TABLE", "Setting", "few_steps", "few_units", "is_quick", "is_waiting", "preset_of",
    "reason", "rivalry", "setting_of", "trained", "training", "where_set", "without_hidden",
]  # fmt: skip
