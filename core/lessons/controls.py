"""Controls described as data: what can be set, in which range, and when it matters. The screen draws them."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST, FEW = 16, 8  # values of a control that a sweep tries; of a slider with more than MOST steps


def always(values: Mapping[str, object]) -> bool:
    """A control that matters whatever the others say."""
    return True


@dataclass(frozen=True)
class Control:
    """One setting, and the only description of it: make one with ``slider``, ``scale``, ``pick``, ``choose``,
    ``toggle`` or ``text`` below.

    ``options`` are a slider's low, high and step, a text's greatest length, else what there is to choose from. ``when``
    says, from the values of the controls before it, whether it matters; otherwise it keeps its value and is not drawn.
    """

    label: str
    kind: str
    value: Any
    options: tuple = ()
    help: str | None = None
    when: Callable[[Mapping[str, object]], bool] = always
    format: str | None = None

    @property
    def name(self) -> str:
        """The label in snake case, which is the control's name in links, presets and recipes: ``learning_rate``."""
        return name_of(self.label)

    def mended(self, value: object) -> Any:
        """The valid value nearest to one that a link, a preset, a fix or a change of the options has brought."""
        if self.kind == "toggle":
            return bool(value)
        if self.kind == "text":
            return value[: self.options[0]] if isinstance(value, str) else self.value
        if self.kind == "choose":
            return tuple(each for each in value if each in self.options) if isinstance(value, list | tuple) else ()
        if self.kind == "pick":
            return value if value in self.options else self.value
        return self.nearest(value)

    def nearest(self, value: object) -> Any:
        """The number of a slider's range or of a scale that is nearest to a value; the first value for no number."""
        if not isinstance(value, int | float) or math.isnan(value):
            return self.value
        low, high = (min(self.options), max(self.options)) if self.kind == "scale" else self.options[:2]
        inside = min(max(value, low), high)
        if self.kind == "scale":
            return min(self.options, key=lambda option: abs(option - inside))
        return round(inside) if isinstance(low, int) else float(inside)

    def tried(self) -> list:
        """The values that a sweep over this control tries: all of few, an even choice of many."""
        if self.kind == "toggle":
            return [False, True]
        if self.kind != "slider":
            return [self.options[place] for place in spread(len(self.options), min(MOST, len(self.options)))]
        low, high, step = self.options
        count = round((high - low) / step) + 1
        steps = spread(count, count if count <= MOST else FEW)
        return [low + place * step if isinstance(low, int) else round(low + place * step, 10) for place in steps]


def name_of(label: str) -> str:
    """A label in snake case: "Learning rate" is ``learning_rate``."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def spread(count: int, most: int) -> list[int]:
    """So many of the places 0 … count − 1, evenly spread, the first and the last among them."""
    return sorted({round(place * (count - 1) / max(1, most - 1)) for place in range(most)})


def slider(label: str, low: float, high: float, value: float, step: float | None = None, **more) -> Control:
    """A number between ``low`` and ``high``, all of them int or all float; ``more``: help, when, format ("%.1f nA")."""
    return Control(label, "slider", value, (low, high, step or (1 if isinstance(low, int) else 0.01)), **more)


def scale(label: str, options: Sequence[float], value: float, **more) -> Control:
    """One of ordered numbers that are not evenly spaced, such as step sizes; ``more``: help, when."""
    return Control(label, "scale", value, tuple(options), **more)


def pick(label: str, options: Iterable[str], value: str | None = None, **more) -> Control:
    """One of some words, at first ``value`` or the first of them; ``more``: help, when."""
    options = tuple(options)
    return Control(label, "pick", options[0] if value is None else value, options, **more)


def choose(label: str, options: Iterable[str], value: Sequence[str] = (), **more) -> Control:
    """Any number of several words; ``more``: help, when."""
    return Control(label, "choose", tuple(value), tuple(options), **more)


def toggle(label: str, value: bool = False, **more) -> Control:
    """On or off; ``more``: help, when."""
    return Control(label, "toggle", value, **more)


def text(label: str, value: str = "", *, longest: int = 200, wrapped: bool = False, **more) -> Control:
    """One line of text, or several where it is ``wrapped`` so that a long one is seen whole; ``more``: help, when."""
    return Control(label, "text", value, (longest, *(["wrapped"] if wrapped else [])), **more)


@dataclass(frozen=True)
class Group:
    """Controls under a fold of their own."""

    label: str
    controls: tuple[Control, ...]


def folded(*controls: Control, label: str = "More settings") -> Group:
    """Controls that most learners do not need at first."""
    return Group(label, controls)


@dataclass(frozen=True)
class Preset:
    """Named values of some controls, the others at their defaults, and why this works or fails."""

    name: str
    values: tuple[tuple[str, object], ...]
    reason: str
    good: bool = True


def flat(controls: Iterable[Control | Group]) -> tuple[Control, ...]:
    """All controls, those under folds too."""
    return tuple(each for part in controls for each in (part.controls if isinstance(part, Group) else (part,)))


def defaults(controls: Iterable[Control | Group]) -> dict[str, Any]:
    """Every control's first value, by name."""
    return {control.name: control.value for control in flat(controls)}
