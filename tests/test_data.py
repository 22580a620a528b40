"""Generated and image data: shapes, determinism, shares, provenance; nothing is downloaded unasked."""

import contextlib
import functools
import gc
import gzip
import hashlib
import http.server
import itertools
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

import core.data as sets
from core.data import (
    EXTENT,
    FASHION_MNIST,
    MNIST,
    PLANAR,
    REGRESSION,
    Data,
    MissingDataError,
    boundary,
    circle,
    digits,
    fashion_mnist,
    gaussians,
    mnist,
    moons,
    spiral,
    xor,
)
from core.data.sampling import drawn, held_out_mask, rank
from core.expressions import ExpressionError
from core.models import CNN
from core.training import Recipe, train

ROOT = Path(__file__).resolve().parent.parent
ALL = PLANAR | REGRESSION | {"boundary": boundary}
BALANCED = {"circle": circle, "xor": xor, "gaussians": gaussians, "moons": moons}


def repeated(source: str) -> Data:
    """The data that a source text makes."""
    return eval(source, vars(sets))


def same(one: Data, other: Data) -> bool:
    tensors = ("x", "y", "x_test", "y_test")
    return one.classes == other.classes and all(torch.equal(getattr(one, t), getattr(other, t)) for t in tensors)


def separable(data: Data) -> bool:
    """Whether a straight line separates two classes, decided by a linear program on all samples."""
    x = torch.cat([data.x, data.x_test]).double().numpy()
    sign = torch.cat([data.y, data.y_test]).numpy() * 2 - 1
    rows = -sign[:, None] * np.column_stack([x, np.ones(len(x))])
    return linprog(np.zeros(3), A_ub=rows, b_ub=-np.ones(len(x)), bounds=(None, None)).status == 0


# Planar sets


@pytest.mark.parametrize("name", ALL)
def test_shapes_and_extent(name, seed):
    data = ALL[name](samples=301, seed=seed)
    assert data.x.shape == (len(data.x), 2) and data.x.dtype == torch.float32 and data.x.is_contiguous()
    assert len(data.x) + len(data.x_test) == 301
    assert abs(len(data.x) - len(data.x_test)) == 1
    everything = torch.cat([data.x, data.x_test])
    assert (everything.abs() <= EXTENT).all(dim=1).float().mean() > 0.95
    assert everything.isfinite().all() and everything.abs().max(dim=0).values.min() > 1
    if data.classes:
        assert data.y.dtype == torch.int64 and data.outputs == len(data.classes)
        assert set(data.y.tolist()) == set(data.y_test.tolist()) == set(range(data.outputs))
    else:
        assert data.y.dtype == torch.float32 and data.y.shape == (len(data.x), 1) and data.outputs == 1


@pytest.mark.parametrize("name", ALL)
def test_the_source_makes_the_same_data_again(name, seeds):
    make, first, second = ALL[name], *seeds[:2]
    torch.manual_seed(0)
    data = make(samples=60, noise=0.15, seed=first, held_out=0.3)
    torch.manual_seed(1)  # the process-wide generator has no say
    assert data.source == f"{name}(samples=60, noise=0.15, seed={first}, held_out=0.3)"
    assert same(repeated(data.source), data)
    assert not same(make(samples=60, noise=0.15, seed=second, held_out=0.3), data)
    assert make().source == f"{name}()"


def test_samples_of_one_seed_do_not_depend_on_other_sessions(seed):
    expected, wrong = spiral(seed=seed), []

    def session(other: int) -> None:
        for _ in range(20):
            moons(seed=other)
            wrong.append(not same(spiral(seed=seed), expected))

    threads = [threading.Thread(target=session, args=(other,)) for other in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == 80 and not any(wrong)


def test_a_line_separates_the_clouds_and_nothing_else(seeds):
    for seed in seeds:
        assert separable(gaussians(noise=0, seed=seed))
        for make in (xor, circle, moons, spiral):
            assert not separable(make(noise=0, seed=seed)), make


def test_without_noise_every_point_has_the_class_its_place_says(seed):
    data = xor(noise=0, seed=seed)
    assert torch.equal(data.y, (data.x.prod(dim=1) > 0).long())
    data = circle(noise=0, seed=seed)
    assert torch.equal(data.y, (data.x.norm(dim=1) < 1.1).long())
    data = boundary("x**2 + y**2 < 2", noise=0, seed=seed)
    assert torch.equal(data.y, (data.x.square().sum(dim=1) < 2).long())
    data = boundary(noise=0, seed=seed)
    assert torch.equal(data.y, (data.x[:, 1] > (2 * data.x[:, 0]).sin()).long())
    heights = REGRESSION["wave"](noise=0, seed=seed)
    x, y = heights.x.T
    assert torch.allclose(heights.y[:, 0], (2 * x).sin() * (1.5 * y).cos(), atol=1e-6)


@pytest.mark.parametrize("name", BALANCED)
def test_balance_is_the_first_class_share(name, seed):
    for share in (0.1, 0.25, 0.5, 0.9):
        data = BALANCED[name](samples=400, balance=share, seed=seed)
        for y in (data.y, data.y_test):
            assert (y == 0).sum() == round(200 * share)
    assert same(repeated(data.source), data) and "balance=0.9" in data.source
    for wrong in (0, 1, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="balance"):
            BALANCED[name](balance=wrong)


@pytest.mark.parametrize("name", ["rings", "spiral", "blobs"])
def test_classes_are_alike(name, seed):
    for classes in range(2, 7):
        data = PLANAR[name](samples=60 * classes, classes=classes, seed=seed)
        assert data.y.bincount().tolist() == data.y_test.bincount().tolist() == [30] * classes
        assert len(data.classes) == classes
    for wrong in (0, 1, 7, -3):
        with pytest.raises(ValueError, match="between 2 and 6 classes"):
            PLANAR[name](classes=wrong)


@pytest.mark.parametrize("name", PLANAR)
def test_tiny_sets_keep_every_class_on_both_sides(name, seeds):
    for seed, held_out in itertools.product(seeds, (0.01, 0.3, 0.5, 0.99)):
        least = 6 if name == "rings" else 8 if name == "blobs" else 4
        data = PLANAR[name](samples=least, held_out=held_out, seed=seed)
        everything = set(range(len(data.classes)))
        assert set(data.y.tolist()) == set(data.y_test.tolist()) == everything


IMPOSSIBLE = [
    {"samples": 0}, {"samples": -5}, {"samples": 10**12}, {"samples": 2.5}, {"samples": float("nan")}, {"samples": 3},
    {"noise": -1}, {"noise": float("nan")}, {"noise": float("inf")}, {"noise": 1e300}, {"held_out": 0},
    {"held_out": 1}, {"held_out": float("nan")}, {"seed": -1}, {"seed": 2**70}, {"seed": 0.5},
]  # fmt: skip


@pytest.mark.parametrize("setting", IMPOSSIBLE, ids=str)
@pytest.mark.parametrize("name", ALL)
def test_impossible_settings_are_one_sentence(name, setting):
    with pytest.raises(ValueError) as caught:
        ALL[name](**setting)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 100


def test_typed_border():
    for text in ("y > 100", "x*x < -1", "y > 1/x*0 + 9", "0*x", "log(x) > 9"):
        with pytest.raises(ValueError, match="almost nowhere true"):
            boundary(text)
    with pytest.raises(ValueError, match="almost nowhere false"):
        boundary("x > -9")
    for text in ("", "y >", "__import__('os')", "z > x", "x > 0 > y"):
        with pytest.raises(ExpressionError):
            boundary(text)
    assert same(boundary("y - sin(2*x)", seed=3), boundary("y > sin(2*x)", seed=3))
    data = boundary("y > sin(2*x) + cos(x)", seed=1)
    assert same(repeated(data.source), data)


# Drawing and holding out


def test_holding_out_keeps_shares(seeds):
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        classes = int(torch.randint(1, 7, (), generator=generator))
        group = torch.randint(0, classes, (int(torch.randint(8, 300, (), generator=generator)),), generator=generator)
        share = float(torch.rand((), generator=generator) * 0.8 + 0.1)
        held = held_out_mask(group, share)
        counts, taken = group.bincount(), group[held].bincount(minlength=group.max() + 1)
        several = counts >= 2
        assert (taken[several] >= 1).all() and (taken[several] < counts[several]).all()
        assert (taken[~several] == 0).all()
        exact = counts * share
        unbound = several & (exact >= 1) & (exact <= counts - 1)
        assert ((taken - exact).abs()[unbound] < 1).all()
        if unbound.all():
            assert held.sum() == round(len(group) * share)


def test_rank_counts_earlier_members(seed):
    group = torch.randint(0, 5, (200,), generator=torch.Generator().manual_seed(seed))
    expected = [group[:place].tolist().count(int(kind)) for place, kind in enumerate(group)]
    assert rank(group).tolist() == expected


def test_drawn_samples_are_distinct_and_keep_shares(seeds):
    y = torch.tensor([0] * 600 + [1] * 300 + [2] * 100)
    for seed in seeds:
        chosen = drawn(y, 50, torch.Generator().manual_seed(seed))
        assert len(set(chosen.tolist())) == 50
        assert y[chosen].bincount().tolist() == [30, 15, 5]


# Digits


def test_digits(seed):
    from sklearn.datasets import load_digits

    data = digits(seed=seed)
    assert data.x.shape == (1438, 1, 8, 8) and data.x_test.shape == (359, 1, 8, 8) and data.outputs == 10
    everything = torch.cat([data.x, data.x_test]).flatten(1)
    assert everything.min() == 0 and everything.max() == 1
    original = torch.from_numpy(load_digits().data).float() / 16
    assert torch.equal(everything.sum(dim=1).sort().values, original.sum(dim=1).sort().values)
    assert len(torch.unique(everything, dim=0)) == len(torch.unique(original, dim=0))
    flat = digits(seed=seed, flat=True)
    assert flat.x.shape == (1438, 64) and torch.equal(flat.x, data.x.flatten(1)) and torch.equal(flat.y, data.y)


def test_few_digits_of_every_class(seeds):
    for seed in seeds[:5]:
        data = digits(samples=20, seed=seed)
        assert set(data.y.tolist()) == set(data.y_test.tolist()) == set(range(10))
        assert same(repeated(data.source), data) and data.source.startswith("digits(samples=20")
    for wrong in (19, 1798, -1, 10**9, 20.5):
        with pytest.raises(ValueError, match=r"between 20 and 1,797\."):
            digits(samples=wrong)


def test_a_data_set_is_not_changed_by_its_user():
    data = digits(seed=1)
    data.x.zero_()
    assert digits(seed=1).x.max() == 1


def test_convolutions_learn_digits(seed):
    run = train(CNN(channels=(8, 16), seed=seed), digits(seed=seed), Recipe(epochs=5, seed=seed, frames=2))
    assert run.last.test_score > 0.85


# The convolutional network


def test_cnn_shapes():
    x = torch.zeros(3, 2, 13, 13)
    model = CNN(classes=4, channels=(5, 6, 7, 8), size=13, inputs=2, batch_norm=True, dropout=0.5)
    answers = [tuple(answer.shape) for answer in model.eval().layers(x)]
    assert answers == [(3, 5, 6, 6), (3, 6, 3, 3), (3, 7, 1, 1), (3, 8, 1, 1), (3, 4)]
    assert torch.equal(model.layers(x)[-1], model(x))
    assert CNN(pool=False).layers(torch.zeros(1, 1, 8, 8))[1].shape == (1, 16, 8, 8)


def test_cnn_seed_and_source():
    def weights(seed: int) -> torch.Tensor:
        return torch.cat([parameter.flatten() for parameter in CNN(seed=seed).parameters()])

    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))
    assert CNN(3, (4,), seed=2).source == "CNN(classes=3, channels=(4,), seed=2)"
    assert CNN().source == "CNN()"
    for wrong in ({"channels": ()}, {"classes": 0}, {"size": 0}, {"activation": "none"}, {"dropout": 1}):
        with pytest.raises(ValueError):
            CNN(**wrong)


# MNIST and Fashion-MNIST


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


def test_importing_data_loads_nothing_heavy():
    heavy = {"sklearn", "torchvision", "pandas", "scipy", "streamlit", "gradio"}
    code = f"import sys, core.data, core.expressions, core.models; print(sorted({heavy!r} & set(sys.modules)))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"
