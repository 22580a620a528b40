"""The zip that a classifier is taken away in: it runs alone, comes back the same, and says when it is damaged."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from core.models.imagenet import efficientnet_lite0
from core.projects.classifier import export, incoming, sketches
from core.projects.classifier.gallery import Album
from core.projects.classifier.incoming import finished, unzipped
from core.projects.classifier.study import Settings, trained
from core.projects.classifier.why import answered
from core.serving.uploads import Refused


def made(album: Album, settings: Settings, with_pictures: bool = True) -> export.Export:
    work = export.exported(album, settings, with_pictures)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


@pytest.fixture(scope="module")
def taken() -> tuple[Album, Settings, export.Export]:
    """A classifier with awkward names, packed."""
    album = sketches.clean().renamed(0, "bo/at: ../é").renamed(1, "<b>cat</b>")
    settings = Settings(side=96)
    return album, settings, made(album, settings)


@pytest.mark.filterwarnings("ignore")
def test_the_export_runs_alone_and_says_the_same(taken, tmp_path: Path):
    album, settings, out = taken
    assert out.difference < export.TOLERANCE and out.compared == export.TRIED
    with zipfile.ZipFile(io.BytesIO(out.content)) as archive:
        archive.extractall(tmp_path)
        assert all(".." not in name and not name.startswith("/") for name in archive.namelist())
    assert sum(bool(line.strip()) for line in export.CLASSIFY.splitlines()) <= 30
    tried = {name: sketches.fresh(name) for name in ("a new cat", "a new house", "a key")}
    for name, one in tried.items():
        (tmp_path / f"{name}.png").write_bytes(one.content)
    words = [sys.executable, "-I", "classify.py", *(f"{name}.png" for name in tried)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = trained(album, settings)
    for line, one in zip(done.stdout.splitlines(), tried.values(), strict=True):
        reply = answered(found, one)
        assert f": {reply.name} (" in line and f"{max(reply.probabilities):.1%}" in line


@pytest.mark.filterwarnings("ignore")
def test_an_export_comes_back_as_the_same_classifier(taken):
    album, settings, out = taken
    came = finished(unzipped(out.content))
    again = came.into(Album())
    assert came.refused == () and again.names == album.names and again.counts == album.counts
    head, known = trained(again, settings).study.head, trained(album, settings).study.head
    assert torch.allclose(head.weights, known.weights, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_the_weights_in_the_zip_are_the_classifiers(taken):
    from safetensors.torch import load

    album, settings, out = taken
    study = trained(album, settings).study
    with zipfile.ZipFile(io.BytesIO(out.content)) as archive:
        tensors, about = load(archive.read(export.WEIGHTS)), json.loads(archive.read(incoming.ABOUT))
    assert torch.equal(tensors["weights"], study.head.weights) and torch.equal(tensors["references"], study.references)
    assert about["names"] == list(album.names) and about["threshold"] == study.threshold()
    assert torch.equal(tensors["network.stem.weights.weight"], efficientnet_lite0().stem.weights.weight)


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return file.getvalue()


def test_a_damaged_export_says_so():
    with pytest.raises(Refused, match="without its pictures"):
        finished(unzipped(zipped({"classes.json": b'{"folders": {}}', "classifier.onnx": b"x"})))
    for about in (b"{", b"[]", b'{"folders": 3}', b"[" * 50_000):
        with pytest.raises(Refused, match="list of classes"):
            finished(unzipped(zipped({"classes.json": about, "pictures/01/1.png": sketches.sketch("cat", 0).content})))
