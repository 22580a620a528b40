"""TensorBoard itself, on this machine: the program that starts it, and the event files it shows."""

import sys

from core.provenance import fingerprint
from core.topics.experiment_tracking.events import Packed

PROGRAM = """import os

from tensorboard import program

board = program.TensorBoard()
where = ["--host", os.environ["HOST"], "--port", os.environ["PORT"]]
board.configure(argv=["tensorboard", "--logdir", "logs", *where, "--load_fast=false", "--reload_interval=0"])
board.main()
"""


def berthed(found: Packed) -> tuple:
    """The server that a visitor may start: its name, command, files, health check, settings, and what is missing."""
    mark = fingerprint([each.specification for each in found.entries])
    files = {"board.py": PROGRAM.encode(), **found.files}
    return (
        f"TensorBoard with {len(found.entries)} runs ({mark})",
        (sys.executable, "board.py"),
        files,
        "/data/runs",
        {},
        "",
    )
