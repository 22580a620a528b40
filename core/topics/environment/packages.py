"""What pip brings along: the packages that a package needs and what they take on the disk, from their metadata."""

import csv
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.provenance import Measured, Sourced

CHOICES = ("torch", "torchvision", "numpy", "scikit-learn", "matplotlib", "streamlit", "gradio", "transformers",
           "diffusers", "accelerate", "ultralytics", "onnxruntime", "keras", "optuna", "safetensors",
           "gymnasium")  # fmt: skip


@dataclass(frozen=True)
class Closure(Sourced):
    """What installing ``chosen`` brings: megabytes (10⁶ bytes) on the disk by package, the largest first, and which of
    the chosen ones needs a package."""

    chosen: tuple[str, ...]
    sizes: dict[str, float]
    source: Measured

    @property
    def total(self) -> float:
        """Megabytes of all."""
        return sum(self.sizes.values())

    @property
    def own(self) -> float:
        """Megabytes of the chosen ones alone."""
        return sum(self.sizes[name] for name in self.chosen)


def installed(chosen: tuple[str, ...], seed: int) -> Closure:
    """Follow the requirements of some installed packages."""
    began = time.perf_counter()
    sizes = {name: size_of(name) for name in brought(chosen)}
    ordered = dict(sorted(sizes.items(), key=lambda pair: -pair[1]))
    source = Measured((seed,), time.perf_counter() - began, "Read live from the installed packages")
    return Closure(tuple(name for name in chosen if name in ordered), ordered, source)


def brought(chosen: Iterable[str]) -> set[str]:
    """All packages that some packages need here, themselves included, by their canonical names. What another system
    or an extra would need counts only where it is asked for."""
    found, waiting = set(), [(name, "") for name in chosen]
    seen = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            texts = distribution(name).requires or []
        except PackageNotFoundError:  # needed, but not installed
            continue
        found.add(canonicalize_name(name))
        for requirement in map(Requirement, texts):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                waiting += [(requirement.name, each) for each in ("", *sorted(requirement.extras))]
    return found


@lru_cache(maxsize=512)
def size_of(name: str) -> float:
    """Megabytes of a package's files, as its own record lists them."""
    record = distribution(name).read_text("RECORD") or ""
    return sum(int(row[2]) for row in csv.reader(record.splitlines()) if len(row) == 3 and row[2]) / 1e6
