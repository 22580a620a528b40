"""The playground: any small network on any problem of the plane, from one frozen setting."""

from core.topics.mlp.challenges import few_steps, few_units
from core.topics.mlp.presets import PRESETS, preset_of, reason, rivalry
from core.topics.mlp.runs import is_quick, is_waiting, trained, training, where_set, without_hidden
from core.topics.mlp.settings import CONTROLS, LEARNING_RATE, OWN, TABLE, Setting, setting_of

__all__ = [
    "CONTROLS", "LEARNING_RATE", "OWN", "PRESETS", "TABLE", "Setting", "few_steps", "few_units", "is_quick",
    "is_waiting", "preset_of", "reason", "rivalry", "setting_of", "trained", "training", "where_set", "without_hidden",
]  # fmt: skip
