"""A training in a process of its own that is really killed: ``python -m core.topics.checkpoints.killing SETTINGS``.

The parent starts the training, kills it (SIGKILL: it gets no chance to clean up) once it has said that the epoch is
done, starts it again with the same command, and prints how far its end is from that of a training never stopped. On
Windows the process is ended by ``TerminateProcess``, which asks it as little.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from core.topics.checkpoints.resumable import EPOCHS, begun, loaded, saved, weights_of

MODULE = "core.topics.checkpoints.killing"


def write(path: Path, content: bytes) -> None:
    """Write beside the old checkpoint, make sure that it is on the disk, then put it in its place in one step: whoever
    is killed meanwhile leaves the old one whole."""
    aside = path.with_suffix(".new")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def work(folder: Path, every: int, seed: int) -> None:
    """Train to the end, from the checkpoint in the folder if there is one; says every epoch that is done."""
    path, training, done = folder / "checkpoint.pt", begun(seed, seed), 0
    if path.exists():
        state = loaded(path.read_bytes())
        training.load(state)
        done = state["epoch"]
    print(json.dumps({"from": done}), flush=True)
    while done < EPOCHS:
        training.epoch()
        done += 1
        if done % every == 0:
            write(path, saved({**training.state(), "epoch": done}))
        print(json.dumps({"epoch": done}), flush=True)
    torch.save(torch.from_numpy(weights_of(training)), folder / "weights.pt")


def started(folder: Path, every: int, seed: int) -> subprocess.Popen:
    """The training as a process."""
    settings = json.dumps({"folder": str(folder), "every": every, "seed": seed})
    return subprocess.Popen([sys.executable, "-m", MODULE, settings], text=True, stdout=subprocess.PIPE)


def killed_and_resumed(killed: int, every: int, seed: int) -> dict:
    """Kill at an epoch, start again, compare with a training that ran through in a third process."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        process = started(Path(first), every, seed)
        said = spoken(process, until=killed)
        process.kill()
        code = process.wait()
        tell(0.4, f"killed after epoch {said[-1]['epoch']}")
        again = spoken(started(Path(first), every, seed))
        tell(0.7, f"went on from epoch {again[0]['from']}")
        spoken(started(Path(second), every, seed))
        ends = [torch.load(Path(folder) / "weights.pt", weights_only=True) for folder in (first, second)]
    return {
        "killed": said[-1]["epoch"], "code": code, "from": again[0]["from"], "epochs": len(again) - 1,
        "apart": float((ends[0] - ends[1]).abs().max()),
    }  # fmt: skip


def spoken(process: subprocess.Popen, until: int = EPOCHS) -> list[dict]:
    """What a training has said by the end of an epoch."""
    said: list[dict] = []
    assert process.stdout
    for row in process.stdout:
        said.append(json.loads(row))
        if said[-1].get("epoch", 0) >= until:
            break
    if until == EPOCHS:
        process.wait()
    return said


def tell(share: float, words: str) -> None:
    """Progress for whoever listens."""
    print(json.dumps([share, words]), flush=True)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    if "folder" in given:
        work(Path(given["folder"]), given["every"], given["seed"])
    else:
        print(json.dumps(killed_and_resumed(**given)))
