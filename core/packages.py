"""All of core's packages, imported by one thread.

A package that imports its own modules cannot be imported by two threads at once: one holds the package and waits for a
module, the other holds that module and waits for the package, which every module needs. Python (3.11 to 3.13) lets one
of them go on with what is half imported, and it fails with an ``ImportError`` or a ``KeyError``.
"""

import threading
from functools import cache
from importlib import import_module
from pathlib import Path

CORE = Path(__file__).resolve().parent
ALONE = "topics"  # their packages are imported by one page each, in one order
IMPORTING = threading.Lock()


def imported() -> None:
    """Import every package, or wait until another thread has: a moment after torch, nothing from then on."""
    with IMPORTING:
        every_package()


@cache
def every_package() -> None:
    """Import them, once."""
    for file in sorted(CORE.glob("**/__init__.py")):
        parts = file.parent.relative_to(CORE.parent).parts
        if ALONE not in parts:
            import_module(".".join(parts))
