"""What the page on the perceptron says, on fresh points."""

import math
import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from core.data.clicked import from_text
from core.probes.layers import activations
from core.topics.perceptron.numbers import (
    MOST_MISTAKES,
    SETS,
    hull,
    placed,
    rosenblatt,
    rows_of,
    trial,
    two_hidden_units,
    verdict,
)
from core.topics.perceptron.pictures import (
    CORNERS,
    border,
    folded,
    judgement,
    lifted,
    mistakes,
    side,
    squeeze,
    unjudged,
)


def any_rows(seed: int) -> tuple:
    """A few points of random classes: on a coarse grid, where ties and touching hulls abound, or anywhere."""
    draw = random.Random(seed)
    coarse = draw.random() < 0.6
    place = (lambda: draw.randrange(-2, 3)) if coarse else (lambda: round(draw.uniform(-2.4, 2.4), 2))
    tilt, shift, orderly = draw.uniform(0, 2 * math.pi), draw.uniform(-1, 1), draw.random() < 0.5
    rows = [(place(), place()) for _ in range(draw.randrange(2, 12))]
    above = [x * math.cos(tilt) + y * math.sin(tilt) > shift for x, y in rows]
    return tuple(
        (float(x), float(y), int(up) if orderly else draw.randrange(2)) for (x, y), up in zip(rows, above, strict=True)
    )


def separable_by_trying(rows) -> bool:
    """Exact brute force: between two neighbouring directions that are square to a difference of two points, the order
    of the points along a direction does not change, so one direction of each interval decides."""
    sides = [[(Fraction(str(x)), Fraction(str(y))) for x, y, colour in rows if colour == one] for one in (0, 1)]
    if not (sides[0] and sides[1]):
        return True
    everyone = [*sides[0], *sides[1]]
    steps = {(b[0] - a[0], b[1] - a[1]) for a in everyone for b in everyone if a != b} or {(1, 0)}
    turns = sorted({math.atan2(x, -y) for x, y in steps})
    tried = [(a + b) / 2 for a, b in pairwise([*turns, turns[0] + 2 * math.pi])]
    for turn in tried:
        along, across = Fraction(math.cos(turn)), Fraction(math.sin(turn))
        low, high = ([x * along + y * across for x, y in one] for one in sides)
        if max(low) < min(high):
            return True
    return False


def test_the_verdict_equals_brute_force_on_200_random_sets(seeds):
    answers = []
    for seed in (seeds[place % 20] + 10**6 * place for place in range(200)):
        rows = any_rows(seed)
        answers.append(verdict(rows).separable)
        assert answers[-1] == separable_by_trying(rows), rows
    assert 40 < sum(answers) < 160, "both answers must come up often"


def test_at_most_four_points_prove_that_no_line_exists(seeds):
    for seed in (seeds[place % 20] + 10**6 * place for place in range(100)):
        rows = any_rows(seed)
        judged = verdict(rows)
        if judged.separable:
            continue
        chosen = [rows[place] for place in judged.witnesses]
        assert len(chosen) <= 4 and not separable_by_trying(chosen)
        for one in (0, 1):
            corners = hull(np.array([row[:2] for row in chosen if row[2] == one]))
            assert distance_to(corners, judged.crossing) < 1e-6


def distance_to(corners: np.ndarray, point: np.ndarray) -> float:
    """How far a point lies from a convex polygon, a segment or a point."""
    edges = np.roll(corners, -1, 0) - corners
    away = point - corners
    if len(corners) > 2 and (edges[:, 0] * away[:, 1] - edges[:, 1] * away[:, 0] >= -1e-9).all():
        return 0.0
    lengths = np.maximum((edges**2).sum(axis=1), 1e-12)
    share = np.clip((away * edges).sum(axis=1) / lengths, 0, 1)
    return float(np.linalg.norm(away - share[:, None] * edges, axis=1).min())


def test_xor_is_impossible_for_every_line_and_every_training(seeds):
    rows = rows_of("XOR")
    assert not verdict(rows).separable and not separable_by_trying(rows)
    x, sides = placed(rows)
    lines = np.random.default_rng(seeds[0]).normal(size=(20_000, 3))
    assert ((lines @ x.T * sides > 0).sum(axis=1) <= 3).all()
    for seed in seeds:
        learning = rosenblatt(rows, seed)
        assert not learning.ended and len(learning.wrong) == MOST_MISTAKES and learning.repeats
        assert "circles" in trial("XOR", (), seed).summary


def test_the_rule_is_rosenblatts(seeds):
    """The same lines as the rule carried out point by point, in exact numbers: a point may lie on a line."""
    for seed in seeds:
        rows = any_rows(seed)
        learning = rosenblatt(rows, seed, 50)
        order, weights, bias, lines = np.random.default_rng(seed).permutation(len(rows)), [Fraction(0)] * 2, 0, []
        for place in list(order) * 60:
            *point, colour = (Fraction(str(value)) for value in rows[place])
            y = 1 if colour else -1
            if y * (weights[0] * point[0] + weights[1] * point[1] + bias) <= 0 and len(lines) < 50:
                weights, bias = [w + y * value for w, value in zip(weights, point, strict=True)], bias + y
                lines.append([*map(float, weights), float(bias)])
        assert learning.lines[1:] == pytest.approx(np.array(lines).reshape(-1, 3), abs=1e-9)


def test_where_a_line_exists_the_mistakes_end_and_stay_below_the_bound(seeds):
    counts = []
    for place in range(60):
        seed = seeds[place % 20] + 10**6 * place
        rows = rows_of(("narrow gap", "wide gap")[place % 2], seed) if place % 3 else any_rows(seed)
        judged = verdict(rows)
        if not judged.separable or judged.bound > 20_000:
            continue
        for order in range(3):
            learning = rosenblatt(rows, order, most=20_001)
            x, sides = placed(rows)
            assert learning.ended and ((x @ learning.lines[-1]) * sides > 0).all()
            assert len(learning.wrong) <= judged.bound + 1e-6
            count, lengths = np.arange(len(learning.lines)), np.linalg.norm(learning.lines, axis=1)
            radius = np.linalg.norm(x, axis=1).max()
            assert (judged.margin * count <= lengths + 1e-6).all()
            assert (lengths <= radius * np.sqrt(count) + 1e-9).all()
            counts.append(len(learning.wrong))
    assert len(counts) > 60 and max(counts) > 5


def test_where_no_line_exists_it_never_ends_and_the_weights_stay_bounded(seeds):
    for seed in seeds[:6]:
        rows = rows_of("overlap", seed)
        if verdict(rows).separable:
            continue
        learning = rosenblatt(rows, seed, most=5000)
        lengths = np.linalg.norm(learning.lines, axis=1)
        assert not learning.ended and lengths[2500:].max() < 3 * lengths[:2500].max()


def test_the_margin_is_the_widest(seeds):
    from scipy.optimize import minimize

    for seed in seeds[:8]:
        x, sides = placed(rows := rows_of("wide gap", seed))
        judged, signed = verdict(rows), x * sides[:, None]
        unit = judged.line / np.linalg.norm(judged.line)
        assert (signed @ unit).min() == pytest.approx(judged.margin, rel=1e-6)
        walls = {"type": "ineq", "fun": lambda w, signed=signed: signed @ w - 1, "jac": lambda w, signed=signed: signed}
        other = minimize(lambda w: w @ w / 2, judged.line * 1.5, jac=lambda w: w, constraints=walls, method="SLSQP")
        assert judged.margin == pytest.approx(1 / np.linalg.norm(other.x), rel=1e-4)


def test_the_gap_sets_keep_what_their_names_promise(seeds):
    narrow, wide, overlap = (
        [verdict(rows_of(name, seed)) for seed in seeds] for name in ("narrow gap", "wide gap", "overlap")
    )
    assert all(judged.separable for judged in narrow + wide)
    assert sum(not judged.separable for judged in overlap) >= 15
    assert np.median([judged.bound for judged in narrow]) > np.median([judged.bound for judged in wide])


def test_two_hidden_units_fold_the_plane_so_that_a_line_is_enough_for_xor(seeds):
    for seed in seeds[:4]:
        run, starts = two_hidden_units(rows_of("XOR"), seed)
        assert run.last.train_score == 1 and 1 <= starts <= 6
        hidden = activations(run.at(), run.data.x)[0].double().numpy()
        assert not verdict(rows_of("XOR")).separable
        assert verdict(tuple((*point, int(y)) for point, y in zip(hidden.tolist(), run.data.y, strict=True))).separable
        assert "4 of 4" in lifted(run).alt and "100% of 4" in folded(run).alt


def test_two_hidden_units_need_both_classes():
    with pytest.raises(ValueError, match="class"):
        two_hidden_units(((0.0, 0.0, 1), (1.0, 1.0, 1)))


def test_the_hull_is_scipys(seeds):
    from scipy.spatial import ConvexHull

    for seed in seeds:
        points = np.random.default_rng(seed).normal(size=(20, 2))
        truth = ConvexHull(points)
        corners = hull(points)
        assert sorted(map(tuple, corners)) == sorted(map(tuple, points[truth.vertices]))
        following = np.roll(corners, -1, 0)
        assert (corners[:, 0] * following[:, 1] - following[:, 0] * corners[:, 1]).sum() / 2 == pytest.approx(
            truth.volume
        )


def test_the_coloured_side_is_the_answers(seeds):
    for seed in seeds:
        generator = np.random.default_rng(seed)
        weights = generator.normal(size=3)
        part, ends = side(weights), border(weights)
        assert np.abs(ends @ weights[:2] + weights[2]).max(initial=0) < 1e-9
        share = (generator.uniform(-2.4, 2.4, (40_000, 2)) @ weights[:2] + weights[2] > 0).mean()
        x, y = (part if len(part) else CORNERS[:1]).T
        area = abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2
        assert area / 4.8**2 == pytest.approx(share, abs=0.015)


def test_challenges_are_open_at_first_and_attainable():
    wide, first = trial("wide gap"), trial("narrow gap")
    assert wide.verdict.separable and first.learning.ended and len(first.learning.wrong) < 100
    for text in ("o", "b"):
        stray = [trial("wide gap", from_text(f"{text}{x}_{y}")) for x in (-1, 0, 1) for y in (-1, 0, 1)]
        assert any(not one.verdict.separable for one in stray)
    hard = trial("empty", from_text("o2_2b2.1_2.1"))
    assert hard.learning.ended and len(hard.learning.wrong) >= 100


@pytest.mark.parametrize("own", ["", "o0_0", "b0_0b0_0", "o1_1b1_1", "o0_0o1_1b2_2b-1_-1"])
@pytest.mark.parametrize("name", SETS)
def test_pictures_are_sound(name, own, seed):
    found = trial(name, from_text(own), seed)
    pictures = [unjudged(found.learning.rows), mistakes(found.learning), judgement(found.learning, found.verdict)]
    if found.verdict.separable and len(found.learning.wrong):
        pictures.append(squeeze(found.learning, found.verdict))
    for picture in pictures:
        picture.plotly()
        assert "nan" not in picture.alt and str(len(found.learning.rows)) in pictures[0].alt
    assert len(pictures[1].frames) == len(pictures[1].labels) <= 121
    assert found.summary.endswith(".")


def test_the_summary_counts_one_point_and_none():
    assert "1 of 4 points is still" in trial("XOR", (), 0).summary
    assert trial("empty", (), 0).summary == "No points yet: click to set some."
