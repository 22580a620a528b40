"""Controls described as data: what can be set, in which range, and when it matters. The screen draws them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass


def always(values: Mapping[str, object]) -> bool:
    """A control that matters whatever the others say."""
    return True


@dataclass(frozen=True)
class Control:
    """One setting. ``kind`` is "slider" (``options`` are low, high and perhaps the step), "scale" (ordered values),
    "pick" (one of some words), "choose" (any number of them), "toggle" or "text". ``when`` says, from the values of
    the controls before it, whether it matters; otherwise it keeps its value and is not drawn."""

    label: str
    kind: str
    value: object
    options: tuple = ()
    help: str | None = None
    when: Callable[[Mapping[str, object]], bool] = always

    @property
    def name(self) -> str:
        """The label in snake case: ``learning_rate``."""
        return re.sub(r"[^a-z0-9]+", "_", self.label.lower()).strip("_")


@dataclass(frozen=True)
class Group:
    """Controls that belong together; the one without a label is always in sight."""

    label: str
    controls: tuple[Control, ...]


@dataclass(frozen=True)
class Preset:
    """Named values of some controls, the others at their defaults, and why this works or fails."""

    name: str
    values: tuple[tuple[str, object], ...]
    reason: str
    good: bool = True


def defaults(groups: tuple[Group, ...]) -> dict[str, object]:
    """Every control's first value, by name."""
    return {control.name: control.value for group in groups for control in group.controls}


def preset_values(groups: tuple[Group, ...], preset: Preset) -> dict[str, object]:
    """The values of all controls that a preset asks for."""
    return defaults(groups) | dict(preset.values)


def labelled(groups: tuple[Group, ...]) -> dict[str, Control]:
    """Every control by its label."""
    return {control.label: control for group in groups for control in group.controls}
