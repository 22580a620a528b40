"""The networks that are compiled, by a few words that another process understands as well."""

import json
import os
import platform
import shutil
from dataclasses import asdict
from pathlib import Path

from torch import Tensor, nn

from core.deployment.subjects import Digits, Playground, Subject, mixed_digits

YOURS, DIGITS = "a playground network", "the digits network"
NETWORKS = (YOURS, DIGITS)
COMPILER = "apt-get install g++"
CHOSEN = "CXX"  # the environment variable that names a compiler


def settings_of(subject: Subject) -> dict:
    """What determines a subject's network, as JSON can say it."""
    return {} if isinstance(subject, Digits) else asdict(subject)


def network_of(settings: dict) -> tuple[nn.Module, Tensor]:
    """The network of ``settings_of`` a subject, and samples of its inputs."""
    if not settings:
        from core.models.digits import recognizer

        return recognizer()[0].eval(), mixed_digits()[:128]
    subject = Playground(**settings)
    return subject.model, subject.samples


def named(network: str) -> tuple[nn.Module, Tensor]:
    """One of the ``NETWORKS`` in evaluation mode, and samples of its inputs."""
    return network_of({} if network == DIGITS else asdict(Playground()))


def opening(subject: Subject) -> str:
    """A subject's title as a sentence begins."""
    return subject.title[0].upper() + subject.title[1:]


def argument(**values: object) -> str:
    """What a process of its own is told."""
    return json.dumps(values)


def compiler() -> str:
    """The C++ compiler that Inductor would call; empty if there is none."""
    found = map(shutil.which, filter(None, (os.environ.get(CHOSEN), "g++", "clang++")))
    return next(filter(None, found), "")


def card() -> str:
    """This machine, its load, and the versions that matter."""
    from importlib.metadata import version

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if platform.system() == "Linux" else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    tools = ", ".join(f"{each} {version(each).partition('+')[0]}" for each in ("torch", "onnxruntime"))
    return f"{name}, {os.cpu_count()} cores{load}, one thread, {tools}"
