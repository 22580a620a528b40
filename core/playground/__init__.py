"""The playground: any small network on any problem of the plane, from one frozen setting."""

from core.playground.presets import PRESETS, preset_of, reason, rivalry
from core.playground.runs import is_quick, is_waiting, linear_rival, trained, training, where_set
from core.playground.settings import GROUPS, OWN, TABLE, Setting, setting_of

__all__ = [
    "GROUPS", "OWN", "PRESETS", "TABLE", "Setting", "is_quick", "is_waiting", "linear_rival", "preset_of", "reason",
    "rivalry", "setting_of", "trained", "training", "where_set",
]  # fmt: skip
