"""What the page “Vectors, matrices, dot products” states."""

import functools
import math

import numpy as np
import pytest
import scipy.linalg
import torch

from core.lessons import Scale
from core.lessons.controls import defaults
from core.topics.linear_algebra.numbers import (
    GROWS,
    SHRINKS,
    STAYS,
    STRETCHED,
    WIDTH,
    Map,
    Pair,
    digit_network,
    low_rank,
    mapped,
    pair,
    ranked,
    rotation,
)
from core.topics.linear_algebra.views import VIEWS, click, measure_matrix


@pytest.fixture
def matrices(seeds):
    """Two hundred random matrices, some singular, some mirrored."""
    draw = np.random.default_rng(seeds[0])
    return [*draw.uniform(-2, 2, (200, 2, 2)), np.zeros((2, 2)), np.ones((2, 2)), np.diag([1.0, -2.0])]


def test_rotate_scale_rotate_is_the_matrix(matrices):
    for matrix in matrices:
        mapping = Map(matrix)
        assert mapping.residual() < 1e-5
        assert sorted(np.abs(mapping.steps()[1])) == pytest.approx(sorted(scipy.linalg.svdvals(matrix)), abs=1e-9)
        assert mapping.rank == np.linalg.matrix_rank(matrix)


def test_a_negative_factor_is_a_mirror(matrices):
    for matrix in matrices:
        factors = Map(matrix).steps()[1]
        assert factors[0] >= 0
        assert (factors[1] < -1e-9) == (np.linalg.det(matrix) < -1e-12)


def test_the_area_is_the_determinant(matrices):
    for matrix in matrices:
        one, true = Map(matrix), abs(np.linalg.det(matrix))
        assert one.determinant == pytest.approx(np.linalg.det(matrix), abs=1e-9)
        if abs(true - 1) > 0.01:
            assert one.answer() == (GROWS if true > 1 else SHRINKS)
    assert Map(rotation(1.0)).answer() == STAYS


def test_no_direction_is_stretched_more_than_the_first_singular_value(matrices):
    circle = np.stack([np.cos(np.linspace(0, np.pi, 2000)), np.sin(np.linspace(0, np.pi, 2000))])
    seldom = []
    for matrix in matrices[:200]:
        lengths = np.linalg.norm(matrix @ circle, axis=0)
        assert lengths.max() == pytest.approx(Map(matrix).factors[0], rel=1e-5)
        seldom.append(Map(matrix).most_stretched() != STRETCHED[2])
    assert np.mean(seldom) < 0.1, "the most stretched direction is seldom one of the axes"


def test_the_dot_product_is_a_cosine_and_a_shadow(seeds):
    draw = np.random.default_rng(seeds[0])
    for _ in range(200):
        both = Pair(*draw.normal(size=(2, 2)))
        product = np.linalg.norm(both.w) * np.linalg.norm(both.x)
        assert both.dot == pytest.approx(product * math.cos(math.radians(both.angle)), abs=1e-9)
        assert both.dot == pytest.approx(torch.dot(*map(torch.from_numpy, (both.w, both.x))).item())
        assert (both.x - both.shadow) @ both.w == pytest.approx(0, abs=1e-9)
        assert both.dot == pytest.approx(np.linalg.norm(both.w) * np.linalg.norm(both.shadow) * np.sign(both.dot))


def test_a_matrix_is_many_dot_products_and_its_columns_say_where_the_units_go(matrices):
    for matrix in matrices[:50]:
        layer = functools.partial(torch.nn.functional.linear, weight=torch.from_numpy(matrix))
        point = torch.tensor([0.3, -0.7], dtype=torch.float64)
        products = [torch.dot(torch.from_numpy(row), point).item() for row in matrix]
        assert layer(point).tolist() == pytest.approx(products)
        units = torch.eye(2, dtype=torch.float64)
        assert layer(units).T.numpy() == pytest.approx(matrix)


def test_turning_by_a_right_angle_decides_the_sign(seeds):
    draw = np.random.default_rng(seeds[0])
    for _ in range(100):
        both = pair(draw.integers(72) * 5, 1.0, draw.integers(72) * 5, 1.5)
        turned = both.angle + 90
        expected = math.cos(math.radians(turned))
        assert both.answer() == ("zero" if abs(expected) < 1e-9 else "positive" if expected > 0 else "negative")


def test_full_rank_reproduces_the_accuracy_and_few_directions_carry_the_answer(seeds):
    for seed in seeds[:3]:
        run = digit_network(seed)
        layer = ranked(run, 8)
        assert layer.accuracies[WIDTH] == pytest.approx(layer.full, abs=1e-6) and layer.full > 0.93
        assert layer.accuracies[1] < 0.6 < layer.accuracies[WIDTH // 2]
        assert layer.accuracies[WIDTH // 2] > layer.full - 0.03 and layer.needed > 4
        assert layer.accuracies[layer.needed] >= layer.full - 0.01 > layer.accuracies[layer.needed - 1]


def test_the_closest_matrix_of_a_rank_misses_by_the_next_singular_value(seed):
    matrix = torch.randn(9, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    values = torch.linalg.svdvals(matrix)
    for rank in range(6):
        miss = torch.linalg.matrix_norm(matrix - low_rank(matrix, rank), ord=2)
        assert miss == pytest.approx(values[rank].item())
    assert torch.allclose(low_rank(matrix, 6), matrix)


def test_every_goal_can_be_met_and_the_first_view_meets_none(seed):
    start = measure_matrix(**defaults(VIEWS["Matrix"].controls), seed=seed)
    assert not VIEWS["Matrix"].goal(start).passed and not VIEWS["Rotate, scale, rotate"].goal(start).passed
    assert VIEWS["Matrix"].goal(mapped(1.0, 0.5, 2.0, 1.0)).passed
    assert VIEWS["Rotate, scale, rotate"].goal(mapped(0.8, 0.6, -0.6, 0.8)).passed
    assert not VIEWS["Rotate, scale, rotate"].goal(mapped(1.0, 0.0, 0.0, 1.0)).passed
    assert (
        VIEWS["Dot product"].goal(pair(30, 1.5, 120, 1.8)).passed
        and not VIEWS["Dot product"].goal(pair(30, 1, 75, 1)).passed
    )
    run = digit_network(seed)
    assert any(VIEWS["Rank"].goal(ranked(run, rank)).passed for rank in range(9, 16)), ranked(run, 8).accuracies
    assert not VIEWS["Rank"].goal(ranked(run, 2)).passed


def test_a_click_sets_both_coordinates_of_a_column():
    pairs = click("first column", {"x": 1.234, "y": -9.0})
    assert {control.name: control.mended(value) for control, value in pairs} == {
        "first_column_x": 1.2, "first_column_y": -2.0,
    }  # fmt: skip


@pytest.mark.parametrize("name", list(VIEWS))
def test_every_view_can_be_drawn(name, seed):
    view = VIEWS[name]
    measured = view.measure(**defaults(view.controls), seed=seed)
    question = view.question(measured)
    choices = range(1, WIDTH + 1) if isinstance(question.options, Scale) else question.options
    assert question.truth in choices
    for shown in (view.draw(measured), (view.before or view.draw)(measured)):
        for picture in (one for row in shown.pictures for one in row):
            picture.plotly()
            assert len(picture.alt) > 40 and len(picture.frames) == len(picture.labels)


def test_no_factor_is_minus_zero_and_negative_ones_stand_in_brackets():
    note = VIEWS["Rotate, scale, rotate"].draw(mapped(2, 2, 2, 2)).note
    assert "-0.00" not in note and "mirror" not in note
    assert "\\cdot (-0.17)" in VIEWS["Dot product"].draw(pair(-5, 2, -5, 2)).note
