"""The learner's own points: the figures' colours, order, and a sentence for every mistake."""

import random

import numpy as np
import pytest
import torch

import core.data as sets
from core.data import OwnDataError, points
from core.models import MLP
from core.training import Recipe, train


def same(one, other) -> bool:
    return one.classes == other.classes and all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in ("x", "y", "x_test", "y_test")
    )


def test_points_in_the_figures_colours(seed):
    draw = random.Random(seed)
    rows = [(draw.uniform(-2, 2), draw.uniform(-2, 2), draw.choice([0, 1, 4])) for _ in range(60)]
    data = points(rows, seed=seed)
    assert data.classes == ("orange", "blue", "yellow") and data.x.shape[0] + data.x_test.shape[0] == 60
    assert same(eval(data.source, vars(sets)), data)
    expected = {(round(x, 4), round(y, 4)): [0, 1, 4].index(colour) for x, y, colour in rows}
    for x, y in ((data.x, data.y), (data.x_test, data.y_test)):
        for place, number in zip(x.tolist(), y.tolist(), strict=True):
            assert expected[tuple(round(value, 4) for value in place)] == number


def test_points_without_a_held_out_share_keep_their_order():
    data = points([(0, 0, 1), (1, 2.00004, 0)], held_out=0)
    assert data.x.tolist() == [[0, 0], [1, 2]] and data.y.tolist() == [1, 0] and len(data.x_test) == 0
    assert data.source == "points(rows=[(0.0, 0.0, 1), (1.0, 2.0, 0)], held_out=0)"
    run = train(MLP(2, 4, 2, seed=1), data, Recipe(epochs=50, learning_rate=0.05))
    assert run.last.train_score == 1


def test_points_from_arrays_have_a_plain_source():
    rows = [(np.float32(0.1), np.float64(0.2), np.int64(place % 2)) for place in range(8)]
    assert "np." not in points(rows).source and same(eval(points(rows).source, vars(sets)), points(rows))


@pytest.mark.parametrize(
    ("row", "why"),
    [((1, 2), "Point 3 is not made of"), ((1, 2, 3, 4), "Point 3 is not"), (("a", 1, 0), "Point 3 is not"),
     (None, "Point 3 is"),
     ((float("nan"), 0, 0), "Point 3 lies at"), ((0, float("inf"), 0), "Point 3 lies"), ((1e300, 0, 0), "Point 3 lies"),
     ((0, 0, 6), "Point 3 has the class"), ((0, 0, -1), "Point 3 has"), ((0, 0, 0.5), "Point 3 has"),
     ((0, 0, float("nan")), "Point 3 is not"), ((0, 0, float("inf")), "Point 3 is not"), ("abc", "Point 3 is not")],
)  # fmt: skip
def test_a_wrong_point_is_named(row, why):
    with pytest.raises(OwnDataError, match=why):
        points([(0, 0, 0), (1, 1, 1), row, (0, 1, 0), (1, 0, 1)])


def test_too_few_and_too_many_points():
    for rows, why in (([], "2 and 5,000"), ([(0, 0, 0)] * 5001, "5,001"), ([(0, 0, 0)] * 9, "one class"),
                      ([(0, 0, 0), (0, 1, 0), (1, 1, 1)], "“blue” has a single point")):  # fmt: skip
        with pytest.raises(OwnDataError, match=why):
            points(rows)
    with pytest.raises(ValueError, match="held-out"):
        points([(0, 0, 0), (1, 1, 1)] * 5, held_out=1.5)
