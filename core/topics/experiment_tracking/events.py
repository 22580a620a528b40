"""Runs as TensorBoard event files: written by torch's own writer and read back by TensorBoard's own reader."""

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.topics.experiment_tracking.seen import Seen
from core.topics.experiment_tracking.sweep import Sweep
from core.training.logbook import Entry, Value

FOLDER = "logs"
MOST = 100  # runs that are written
HYPERPARAMETERS = "_hparams_/session_start_info"
END = "at the end"
CURVES_FILE, SETTINGS_FILE = "events.out.tfevents.0.curves", "events.out.tfevents.1.settings"


@dataclass(frozen=True)
class Read:
    """What TensorBoard reads of one run: curves as (steps, values), and settings."""

    curves: Mapping[str, tuple[tuple[int, ...], tuple[float, ...]]]
    settings: Mapping[str, Value]


@dataclass(frozen=True)
class Packed:
    """Runs as event files: ``files`` by their path, and what is ``read`` back of each run; the ``sweep`` among them."""

    sweep: Sweep
    entries: tuple[Entry, ...]
    files: Mapping[str, bytes]
    read: tuple[Read, ...]
    provenance: str

    @property
    def points(self) -> int:
        """Points of all curves on record."""
        return sum(len(values) for each in self.entries for _, values in each.curves.values())

    @property
    def differ(self) -> int:
        """Points that do not come back as they were, in 32 bits."""
        return sum(
            np.float32(value).tobytes() != np.float32(back).tobytes()
            for each, read in zip(self.entries, self.read, strict=True)
            for name, (_, values) in each.curves.items()
            for value, back in zip(values, read.curves[name][1], strict=True)
        )

    @property
    def rounded(self) -> int:
        """Points that are rounded, because an event file keeps 32 of their 64 bits."""
        values = [value for each in self.entries for _, row in each.curves.values() for value in row]
        return sum(float(np.float32(value)) != value for value in values)

    @property
    def settings_come_back(self) -> bool:
        """Whether all settings are read as they were written."""
        return all(
            dict(read.settings) == dict(each.settings) for each, read in zip(self.entries, self.read, strict=True)
        )

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))

    @property
    def per_point(self) -> float:
        """Bytes of the scalars' files per point."""
        return sum(len(content) for name, content in self.files.items() if name.endswith(CURVES_FILE)) / self.points

    @property
    def zip(self) -> bytes:
        """All files in one archive."""
        return zipped(self.files)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files in one archive, the same bytes for the same files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def packed(found: Seen) -> Packed:
    """The first ``MOST`` runs of a visit as event files, read back."""
    entries = found.all.entries[:MOST]
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / FOLDER
        for number, each in enumerate(entries, 1):
            write(root / folder_of(number, each), each)
        files = {path.relative_to(place).as_posix(): path.read_bytes() for path in sorted(root.rglob("events.*"))}
        read = tuple(read_back(root / folder_of(number, each)) for number, each in enumerate(entries, 1))
    return Packed(found.sweep, entries, files, read, f"Written and read back here · {len(entries)} runs")


def folder_of(number: int, one: Entry) -> str:
    """A run's folder, as TensorBoard names the run: its place and its name, in letters that a path can bear."""
    return f"{number:03d}-{re.sub('[^A-Za-z0-9.]+', '-', one.name)[:60]}"


def write(folder: Path, one: Entry) -> None:
    """One run: its curves as scalars, its settings and results as hyperparameters. The two files get names of their
    own, because the writer would put this machine's into them."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder), max_queue=10_000) as writer:
        for name, (epochs, values) in one.curves.items():
            for epoch, value in zip(epochs, values, strict=True):
                writer.add_scalar(name, value, epoch)
        (curves,) = folder.iterdir()
        ends = {f"{name} {END}": value for name, value in one.results.items()}
        writer.add_hparams(dict(one.settings), ends, run_name=".")
    (settings,) = set(folder.iterdir()) - {curves}
    curves.rename(folder / CURVES_FILE)
    settings.rename(folder / SETTINGS_FILE)


def read_back(folder: Path) -> Read:
    """What TensorBoard finds in a run's folder."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    log = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    log.Reload()
    tags = [tag for tag in log.Tags()["scalars"] if not tag.endswith(END)]
    events = {tag: log.Scalars(tag) for tag in tags}
    curves = {
        tag: (tuple(each.step for each in rows), tuple(each.value for each in rows)) for tag, rows in events.items()
    }
    start = (
        vars(plugin_data_pb2)["HParamsPluginData"]
        .FromString(log.PluginTagToContent("hparams")[HYPERPARAMETERS])
        .session_start_info
    )
    settings = {name: getattr(value, str(value.WhichOneof("kind"))) for name, value in start.hparams.items()}
    return Read(curves, settings)
