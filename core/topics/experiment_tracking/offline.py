"""Runs as offline Weights & Biases runs: written by wandb's own client in a process of its own, read back from its log.

Nothing is sent: WANDB_MODE=offline, no account, no error reports. ``wandb sync`` would upload the folder, if its owner
wants that.
"""

import base64
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

from core.jobs import extras
from core.topics.experiment_tracking.events import zipped
from core.training.logbook import Entry

PACKAGE = "wandb"
MOST = 10  # runs that are written
PROGRAM = '''
import base64, json, os, pathlib

os.environ |= {
    "WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false", "WANDB_CONSOLE": "off",
    "WANDB_DIR": ".", "WANDB_CACHE_DIR": "cache", "WANDB_CONFIG_DIR": "config", "WANDB_DATA_DIR": "data",
    "WANDB_DISABLE_GIT": "true", "WANDB_DISABLE_CODE": "true",
}
import wandb
from wandb.proto import wandb_internal_pb2

BLOCK, HEAD, START = 32768, 7, 7  # of the log's format, LevelDB's: bytes of a block, of a piece's head, of the file's

def records(content):
    """The records of a log, each put together from its pieces."""
    place, record = START, b""
    while place + HEAD <= len(content):
        if (left := BLOCK - place % BLOCK) < HEAD:
            place += left
            continue
        size, kind = int.from_bytes(content[place + 4 : place + 6], "little"), content[place + 6]
        record += content[place + HEAD : place + HEAD + size]
        place += HEAD + size
        if kind in (1, 4):  # whole, or the last piece
            yield wandb_internal_pb2.Record.FromString(record)
            record = b""

def read(content):
    """Settings and curves on record."""
    config, curves = {}, {}
    for record in records(content):
        for item in record.run.config.update:
            config[item.key] = json.loads(item.value_json)
        row = {(item.key or "/".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item}
        for name, value in row.items():
            if not name.startswith("_"):
                curves.setdefault(name, []).append([row["_step"], value])
    return {"settings": {name: value for name, value in config.items() if name != "_wandb"}, "curves": curves}

found, quiet = [], wandb.Settings(x_disable_stats=True, x_disable_meta=True, x_save_requirements=False, host="lab")
for number, entry in enumerate(json.loads(pathlib.Path("runs.json").read_text()), 1):
    run = wandb.init(project="roadmap-lab", name=entry["name"], config=entry["settings"], settings=quiet)
    names = list(entry["curves"])
    for place, epoch in enumerate(entry["curves"][names[0]][0]):
        run.log({name: entry["curves"][name][1][place] for name in names}, step=epoch)
    run.finish()
    print(json.dumps([number / 11, f"run {number}"]), flush=True)
wandb.teardown()  # waits for its service, which writes the last records
files = {
    str(path): base64.b64encode(path.read_bytes()).decode()
    for path in sorted(pathlib.Path("wandb").glob("offline-run-*/*.wandb"))
}
ordered = sorted(files, key=lambda name: pathlib.Path(name).stat().st_mtime_ns)
runs = [read(base64.b64decode(files[name])) for name in ordered]
print(json.dumps({"files": files, "runs": runs, "version": wandb.__version__}))
'''


@dataclass(frozen=True)
class Offline:
    """Runs as an offline run folder each, and what is on record in them."""

    entries: tuple[Entry, ...]
    files: Mapping[str, bytes]
    runs: Sequence[Mapping]
    version: str

    @property
    def provenance(self) -> str:
        """Where the numbers come from."""
        return f"Written by wandb {self.version} with WANDB_MODE=offline and read back here · {len(self.entries)} runs"

    @property
    def comes_back(self) -> bool:
        """Whether all settings and all curves are on record as they were, in all 64 bits."""
        return len(self.runs) == len(self.entries) and all(
            read["settings"] == dict(each.settings) and read["curves"] == rows_of(each)
            for each, read in zip(self.entries, self.runs, strict=True)
        )


def rows_of(one: Entry) -> dict[str, list[list[float]]]:
    """A run's curves as rows of (epoch, value)."""
    return {name: [list(pair) for pair in zip(*curve, strict=True)] for name, curve in one.curves.items()}


def offline(entries: Sequence[Entry]) -> Generator[tuple[float, str], None, Offline]:
    """Write the first ``MOST`` runs; yields (fraction, message). Raises ``ValueError``, one sentence, without wandb."""
    chosen = tuple(entries[:MOST])
    text = json.dumps([json.loads(each.text) for each in chosen])
    said = yield from extras.in_extras((PACKAGE,), PROGRAM, {"runs.json": text.encode()}, "writing with wandb")
    files = {name: base64.b64decode(content) for name, content in said["files"].items()}
    return Offline(chosen, files, said["runs"], said["version"])


def archive(found: Offline) -> bytes:
    """The folders in one archive."""
    return zipped(found.files)
