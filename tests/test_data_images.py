"""MNIST and Fashion-MNIST: local first, downloaded only when asked, damaged files named."""

import contextlib
import functools
import gc
import gzip
import hashlib
import http.server
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from comparing import repeated, same

from core.data import (
    FASHION_MNIST,
    MNIST,
    Data,
    MissingDataError,
    fashion_mnist,
    mnist,
)


@pytest.fixture
def empty_machine(tmp_path, monkeypatch):
    """A machine with an empty data folder and an empty cache, on which any connection is an error."""
    monkeypatch.setenv("ROADMAP_LAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def refuse(*arguments, **keywords):
        raise AssertionError("A connection was opened without being asked for.")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tmp_path


def idx_files(seed: int = 0) -> dict[str, bytes]:
    """The four files of a made-up set with the right sizes; the class is written into the first pixel."""
    generator, files = np.random.default_rng(seed), {}
    for part, count in (("train", 60_000), ("t10k", 10_000)):
        labels = generator.integers(0, 10, count, dtype=np.uint8)
        pixels = np.zeros((count, 28, 28), np.uint8)
        pixels[:, 0, 0] = labels
        files[f"{part}-images-idx3-ubyte"] = struct.pack(">4I", 0x0803, count, 28, 28) + pixels.tobytes()
        files[f"{part}-labels-idx1-ubyte"] = struct.pack(">2I", 0x0801, count) + labels.tobytes()
    return files


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return idx_files()


def put(folder: Path, files: dict[str, bytes], packed: bool) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content, 1, mtime=0) if packed else content)


def holds_the_classes(data: Data) -> bool:
    """Whether each made-up image still has its own class number."""
    return all(
        torch.equal((x.flatten(1)[:, 0] * 255).round().long(), y)
        for x, y in ((data.x, data.y), (data.x_test, data.y_test))
    )


@pytest.mark.parametrize("make", [mnist, fashion_mnist])
def test_absent_images_are_one_sentence_and_no_connection(make, empty_machine):
    with pytest.raises(MissingDataError) as caught:
        make()
    message = str(caught.value)
    assert "is not on this machine" in message and "MB" in message and message.count(".") == 1
    assert isinstance(caught.value, FileNotFoundError)


@pytest.mark.parametrize(("folder", "packed"), [("mnist", True), ("mnist", False), ("MNIST/raw", False)])
def test_local_files_are_found(folder, packed, files, empty_machine):
    put(empty_machine / "data" / folder, files, packed)
    data = mnist(samples=300, test_samples=50, seed=1)
    assert data.x.shape == (300, 1, 28, 28) and data.x_test.shape == (50, 1, 28, 28) and holds_the_classes(data)
    assert same(repeated(data.source), data) and data.source == "mnist(samples=300, seed=1, test_samples=50)"
    flat = mnist(samples=300, test_samples=50, seed=1, flat=True)
    assert flat.x.shape == (300, 784) and torch.equal(flat.x, data.x.flatten(1))
    assert set(mnist(samples=20).y.tolist()) == set(range(10))
    assert not same(mnist(samples=300, test_samples=50, seed=2), data)
    for wrong in ({"samples": 9}, {"samples": 60_001}, {"test_samples": 10_001}, {"samples": -1}, {"seed": -1}):
        with pytest.raises(ValueError):
            mnist(**wrong)
    with pytest.raises(MissingDataError, match="Fashion-MNIST"):
        fashion_mnist()


@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "wrong", "bomb", "label"])
def test_damaged_files_are_named(damage, files, empty_machine):
    folder, name = empty_machine / "data" / "mnist", "train-images-idx3-ubyte.gz"
    put(folder, files, packed=True)
    whole = (folder / name).read_bytes()
    content = {
        "cut": whole[: len(whole) // 2], "empty": b"", "noise": bytes(range(256)) * 99,
        "wrong": gzip.compress(files["t10k-images-idx3-ubyte"], 1), "bomb": gzip.compress(bytes(10**8), 1),
        "label": gzip.compress(struct.pack(">2I", 0x0801, 60_000) + bytes([200]) * 60_000, 1),
    }[damage]  # fmt: skip
    (folder / (name if damage != "label" else "train-labels-idx1-ubyte.gz")).write_bytes(content)
    with pytest.raises(MissingDataError, match="damaged"):
        mnist()


@contextlib.contextmanager
def served(folder: Path):
    """The address of a local web server over a folder, and the list of the paths it was asked for."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *arguments) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def mirror(tmp_path, monkeypatch, files):
    """torchvision pointed at a local server with made-up files; yields what was asked for and the served folder."""
    from torchvision import datasets

    monkeypatch.setenv("ROADMAP_LAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    put(tmp_path / "served", files, packed=True)
    sums = [(path.name, hashlib.md5(path.read_bytes()).hexdigest()) for path in sorted((tmp_path / "served").iterdir())]
    with served(tmp_path / "served") as (address, asked):
        monkeypatch.setattr(datasets.MNIST, "mirrors", [address])
        monkeypatch.setattr(datasets.MNIST, "resources", sums)
        yield asked, tmp_path


def test_download_only_when_asked_and_once(mirror):
    asked, folder = mirror
    with pytest.raises(MissingDataError):
        mnist()
    assert asked == []
    data = mnist(samples=100, download=True)
    assert len(set(asked)) == 4 and holds_the_classes(data) and data.source == "mnist(samples=100)"
    asked.clear()
    assert same(mnist(samples=100), data) and same(mnist(samples=100, download=True), data) and asked == []
    assert [path.name for path in (folder / "cache" / "roadmap-lab").iterdir()] == ["mnist"], "nothing else is left"


def test_several_sessions_download_once(mirror):
    asked, _ = mirror
    results = []
    threads = [threading.Thread(target=lambda: results.append(mnist(50, download=True))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(asked)) == 4 and max(map(asked.count, asked)) <= 2, "torchvision asks for the address, then the file"
    assert len(results) == 4 and all(same(results[0], result) for result in results)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # torchvision leaves a 404 answer open
def test_failed_download_leaves_nothing_behind(mirror):
    _, folder = mirror
    changed = folder / "served" / "train-labels-idx1-ubyte.gz"
    original = changed.read_bytes()
    for content in (original[:-5], None):
        changed.write_bytes(content) if content else changed.unlink()
        with pytest.raises(MissingDataError, match=r"could not be downloaded: .*\.$"):
            mnist(download=True)
        assert list((folder / "cache" / "roadmap-lab").iterdir()) == []
    changed.write_bytes(original)
    assert holds_the_classes(mnist(download=True)), "the next attempt succeeds"
    gc.collect()


def test_an_incomplete_copy_does_not_stop_a_download(mirror):
    _, folder = mirror
    partial = folder / "cache" / "roadmap-lab" / "mnist"
    partial.mkdir(parents=True)
    (partial / "train-images-idx3-ubyte.gz").write_bytes(b"half")
    assert holds_the_classes(mnist(download=True))


def test_a_folder_that_cannot_be_written_is_one_sentence(empty_machine):
    (empty_machine / "cache").write_text("a file where the cache should be")
    with pytest.raises(MissingDataError, match="could not be downloaded"):
        mnist(download=True)


@pytest.mark.parametrize(("make", "images"), [(mnist, MNIST), (fashion_mnist, FASHION_MNIST)])
def test_real_images_where_they_are_here(make, images):
    try:
        data = make(samples=2000, test_samples=500)
    except MissingDataError:
        pytest.skip(f"{images.title} is not on this machine")
    assert data.classes == images.classes and data.x.min() == 0 and data.x.max() == 1
    assert 0.1 < data.x.mean() < 0.35, "mostly black"
    assert set(data.y.tolist()) == set(range(10))
    assert not set(map(bytes, data.x.mul(255).byte().flatten(1).numpy())) & set(
        map(bytes, data.x_test.mul(255).byte().flatten(1).numpy())
    ), "training and test images differ"
    middle = torch.stack([data.x[data.y == kind].mean(dim=0) for kind in range(10)])
    nearest = torch.cdist(data.x_test.flatten(1), middle.flatten(1)).argmin(dim=1)
    assert (nearest == data.y_test).float().mean() > 0.6, "images and labels belong together"
