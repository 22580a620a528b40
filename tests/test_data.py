"""Generated data and digits: shapes, determinism, shares, provenance."""

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from comparing import repeated, same
from scipy.optimize import linprog

from core.data import (
    EXTENT,
    PLANAR,
    REGRESSION,
    Data,
    boundary,
    circle,
    digits,
    gaussians,
    moons,
    spiral,
    xor,
)
from core.data.sampling import drawn, held_out_mask, rank
from core.formulas.expressions import ExpressionError
from core.models import CNN
from core.training import Recipe, train

ROOT = Path(__file__).resolve().parent.parent
ALL = PLANAR | REGRESSION | {"boundary": boundary}
BALANCED = {"circle": circle, "xor": xor, "gaussians": gaussians, "moons": moons}


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


def test_importing_data_loads_nothing_heavy():
    heavy = {"sklearn", "torchvision", "pandas", "scipy", "streamlit", "gradio"}
    code = f"import sys, core.data, core.formulas.expressions, core.models; print(sorted({heavy!r} & set(sys.modules)))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"
