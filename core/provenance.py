"""Where things come from: the call that made a data set or a network, and the run behind a figure."""

import hashlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any


def name_of(function: Callable) -> str:
    """The name of a function, or of the class of whatever else can be called."""
    return getattr(function, "__name__", type(function).__name__)


def written(function: Callable, arguments: tuple, keywords: dict) -> str:
    """A call as Python source, as short as it can be: ``moons(noise=0.3, seed=1)``.

    Positional arguments of a plain signature are named, arguments equal to their default are left out.
    """
    signature = signature_of(function)
    parameters, bound = signature.parameters, signature.bind(*arguments, **keywords).arguments
    parts = []
    for name, value in bound.items():
        if parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            parts += [repr(item) for item in value]
        elif value != parameters[name].default:
            parts.append(f"{name}={value!r}")
    return f"{name_of(function)}({', '.join(parts)})"


@lru_cache(maxsize=256)
def signature_of(function: Callable) -> inspect.Signature:
    """What a function or a class takes, read once: a sweep makes seventy networks of one class."""
    return inspect.signature(function)


def fingerprint(specification: object) -> str:
    """Eight hexadecimal digits that change when the specification (anything JSON can say) changes."""
    return hashlib.sha256(json.dumps(specification, sort_keys=True, default=str).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Measured:
    """The source of numbers measured just now: with which seeds, in how many seconds."""

    seeds: tuple[int, ...]
    seconds: float
    what: str = "Measured live"

    @property
    def provenance(self) -> str:
        seeds = f"seed {self.seeds[0]}" if len(self.seeds) == 1 else f"{len(self.seeds)} seeds from {self.seeds[0]}"
        return f"{self.what} · {seeds} · {duration(self.seconds)}"


@dataclass(frozen=True)
class Recorded:
    """The source of numbers measured earlier and shipped: a hash of what was run, and when."""

    specification: object
    date: str

    @property
    def provenance(self) -> str:
        return f"Recorded run · spec {fingerprint(self.specification)} · {self.date}"


@dataclass(frozen=True)
class ClosedForm:
    """The source of numbers that a formula gives."""

    formula: str

    @property
    def provenance(self) -> str:
        return f"Closed form · {self.formula}"


class Sourced:
    """Numbers of one ``source``, which tells where they come from."""

    if TYPE_CHECKING:  # at run time the attribute of a frozen data class

        @property
        def source(self) -> Any: ...

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return self.source.provenance


def duration(seconds: float) -> str:
    """Seconds as a person reads them: milliseconds below one second, tenths of one below that."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.{0 if seconds >= 0.001 else 1}f} ms"
