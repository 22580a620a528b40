"""What the page “Receptive fields and sharing” states."""

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from core.lessons.controls import defaults
from core.probes import luck
from core.topics.receptive_field import sharing_view
from core.topics.receptive_field.comparison import LARGE, NAMES, SMALL, accuracy, compare, race, reader
from core.topics.receptive_field.comparison_view import COMPARISON, draw_race
from core.topics.receptive_field.field_view import FIELD
from core.topics.receptive_field.sharing import (
    BY_PLACE,
    DENSE,
    EVERYWHERE,
    FAR,
    LAYERS,
    LOCAL,
    SAMPLES,
    SHARED,
    SIDE,
    Counted,
    blocks,
    fitted,
    share,
    target,
)
from core.topics.receptive_field.sharing_view import COSTS, WEIGHTS, Count
from core.topics.receptive_field.stacks import (
    DILATED,
    DOUBLING,
    MARGIN,
    PLAIN,
    SPACINGS,
    STRIDED,
    Layer,
    boxes,
    core_of,
    field,
    network,
    stack_of,
)
from core.topics.receptive_field.training import NARROWER, WIDER, distance, trained
from core.topics.receptive_field.training import network as reading_network
from core.topics.receptive_field.training_view import TRAINING, outside

# Field ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("kernel", [3, 5])
def test_outside_the_box_the_gradient_is_exactly_zero_and_the_corners_are_reached(spacing, kernel, seeds):
    for seed, layers in zip(seeds, (1, 2, 3, 4), strict=False):
        for relu in (True, False):
            found = field(stack_of(layers, kernel, spacing), relu, seed)
            assert found.outside == 0.0
            assert found.inside[0].max() > 0 and found.inside[:, -1].max() > 0, "the box is no larger than it has to be"


def test_the_box_is_the_smallest_input_that_gives_an_answer(seeds):
    """Torch agrees, on random stacks: one pixel less and nothing is left."""
    for seed in seeds:
        draw = np.random.default_rng(seed)
        stack = tuple(
            Layer(*(int(value) for value in draw.integers((1, 1, 1), (5, 4, 4)))) for _ in range(draw.integers(1, 4))
        )
        box, model = boxes(stack)[-1], network(stack, 1, False, seed)
        assert model(torch.zeros(1, 1, box, box)).shape[2:] == (1, 1)
        if box > 1:
            with pytest.raises(RuntimeError):
                model(torch.zeros(1, 1, box - 1, box - 1))


def test_only_dilation_leaves_holes():
    for layers in (2, 3):
        assert field(stack_of(layers, 3, DILATED), True, 0).skipped > 0.5
        for spacing in (PLAIN, DOUBLING, STRIDED):
            assert field(stack_of(layers, 3, spacing), True, 0).skipped == 0


def test_a_deep_stack_looks_mostly_at_the_middle(seeds):
    """Half of the gradient lies in a square that an even field would need more for; the more layers, the more so."""
    for seed in seeds[:6]:
        shares = [field(stack_of(layers, 3, PLAIN), True, seed) for layers in (1, 3, 5)]
        sides = [found.core / found.box for found in shares]
        assert sides[2] < 0.7 and sides[2] < sides[0]
        columns = shares[2].inside.sum(axis=0)
        assert columns[5] > 3 * columns[[0, -1]].max()


def test_of_an_even_field_half_takes_seventy_one_percent_of_the_side():
    assert core_of(np.ones((101, 101))) / 101 == pytest.approx(0.5**0.5, abs=0.02)
    assert core_of(np.zeros((5, 5))) == 0
    one = np.zeros((9, 9))
    one[4, 4] = 1
    assert core_of(one) == 1


def test_the_field_is_the_gradient(seed):
    """Finite differences of one answer agree with what is drawn."""
    stack = (Layer(3), Layer(3, 1, 2))
    model = network(stack, 1, False, seed).double()
    x = torch.zeros(1, 1, 7, 7, dtype=torch.float64)
    base = model(x).item()
    bumped = [[(model(x + bump(row, column)) - base).abs().item() for column in range(7)] for row in range(7)]
    looks = field(stack, False, seed, channels=1).inside
    assert np.allclose(looks, bumped, atol=1e-5)


def bump(row: int, column: int) -> torch.Tensor:
    """One pixel brighter."""
    x = torch.zeros(1, 1, 7, 7, dtype=torch.float64)
    x[0, 0, row, column] = 1
    return x


def test_the_challenge_of_the_field_takes_dilation_or_strides():
    assert not FIELD.goal(FIELD.measure(**defaults(FIELD.controls), seed=0)).passed
    for spacing, passes in ((PLAIN, False), (DILATED, False), (DOUBLING, True), (STRIDED, True)):
        assert FIELD.goal(field(stack_of(4, 3, spacing), True, 0)).passed == passes
    assert not FIELD.goal(field(stack_of(4, 5, DOUBLING), True, 0)).passed


# Training ------------------------------------------------------------------------------------------------------------


def test_training_on_digits_pulls_the_field_together_and_the_box_holds(seeds):
    answers = []
    for seed in seeds[:6]:
        found = trained(b"", 3, 500, 10, seed)
        assert found.distances[-1] < found.distances[0] and found.run.last.test_score > 0.85
        for looks in found.fields:
            assert outside(looks, 3) == 0.0 and looks[0].max() == 0.0 and looks[1:].max() > 0
        answers.append(found.answer())
    assert answers.count(NARROWER) >= 4 and WIDER not in answers


def test_own_weights_are_looked_at_the_same_way(seed):
    """The file that can be taken away comes back with the same field; so do the shown program's names."""
    found = trained(b"", 2, 200, 2, seed)
    back = trained(found.file, 2, 200, 2, seed)
    assert np.allclose(back.own, found.fields[-1], atol=1e-6) and not back.refusal
    names = ("0.weight", "0.bias", "2.weight", "2.bias", "5.weight", "5.bias")
    ours = load(found.file)
    renamed = {name: ours[old] for name, old in zip(names, reading_network(2, 0).state_dict(), strict=True)}
    assert np.array_equal(trained(save(renamed), 2, 200, 2, seed).own, back.own)


@pytest.mark.parametrize("kind", ["pickle", "zip", "text", "layers", "nan", "shape", "whole numbers", "cut"])
def test_any_other_file_is_refused_in_one_sentence(kind, tmp_path):
    good = {name: part.clone() for name, part in reading_network(2, 0).state_dict().items()}
    torch.save(good, tmp_path / "weights.pt")
    files = {
        "pickle": b"\x80\x04K\x01.", "zip": (tmp_path / "weights.pt").read_bytes(), "text": b"<script>" * 9,
        "layers": save({name: part.contiguous() for name, part in reading_network(3, 0).state_dict().items()}),
        "nan": save(good | {"output.bias": torch.full((10,), torch.nan)}),
        "shape": save(good | {"output.bias": torch.zeros(11)}),
        "whole numbers": save({name: part.int() for name, part in good.items()}), "cut": save(good)[:-50],
    }  # fmt: skip
    found = trained(files[kind], 2, 200, 2, 0)
    assert found.own is None and 20 < len(found.refusal) < 250 and found.refusal.endswith(".")
    shown = TRAINING.draw(found)
    assert found.refusal in shown.note and len(shown.pictures[0]) == 1


def test_the_challenge_of_the_training_can_be_met_and_is_not_at_first(seed):
    usual = defaults(TRAINING.controls)
    assert not TRAINING.goal(TRAINING.measure(b"", **usual, seed=seed)).passed
    better = usual | {"convolutions": 1, "training_images": 1000, "epochs": 20}
    assert TRAINING.goal(TRAINING.measure(b"", **better, seed=seed)).passed


def test_a_field_knows_how_far_it_looks():
    looks = np.zeros((8, 8))
    looks[4, 4] = looks[4, 6] = 1
    assert distance(looks) == 1.0


# 3 × 3 or 7 × 7 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [5, 7, 9, 11])
def test_stacked_small_kernels_see_as_much_for_less(kernel, seed):
    found = compare(kernel, 16, seed)
    assert found.fields[LARGE].box == found.fields[SMALL].box == kernel
    assert found.weights[SMALL] < found.weights[LARGE]
    assert found.ratio == pytest.approx(kernel**2 / (9 * (kernel - 1) / 2))
    large, small = found.fields[LARGE].inside, found.fields[SMALL].inside
    assert small[kernel // 2, kernel // 2] > 1.5 * small[[0, 0, -1, -1], [0, -1, 0, -1]].mean(), "mostly the middle"
    assert large.std() < 0.6 * large.mean(), "all alike"
    assert found.fields[SMALL].core <= found.fields[LARGE].core


def test_both_readers_see_the_same_and_learn_digits(seed):
    for name in NAMES:
        model = reader(name, 7, seed)
        assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
        assert accuracy(name, 7, seed) > 0.8


def test_the_race_says_what_is_luck(seed):
    work = race(5, seed)
    while True:
        try:
            share, _ = next(work)
            assert 0 <= share < 1
        except StopIteration as end:
            found = end.value
            break
    best = max(NAMES, key=lambda name: found.accuracies[name].mean())
    said = "Inside seed noise" in draw_race(found).note
    assert said == bool(luck.equals(found.accuracies, best))


# Sharing -------------------------------------------------------------------------------------------------------------


def test_the_counts_are_torchs(seed):
    draw = np.random.default_rng(seed)
    side, maps, kernel = (int(value) for value in draw.integers((3, 1, 1), (9, 4, 4)))
    counted = Counted(side, maps, kernel).weights
    assert counted[SHARED] == torch.nn.Conv2d(maps, maps, kernel, bias=False).weight.numel()
    assert counted[DENSE] == torch.nn.Linear(maps * side**2, maps * side**2, bias=False).weight.numel()
    assert counted[LOCAL] == counted[SHARED] * side**2


def test_twice_the_picture_costs_a_convolution_nothing_and_a_dense_layer_sixteen_times():
    small, large = Counted(28, 8, 3).weights, Counted(56, 8, 3).weights
    assert small[SHARED] == large[SHARED] and large[DENSE] == 16 * small[DENSE] and large[LOCAL] == 4 * small[LOCAL]
    assert WEIGHTS.question(Count(28, 8, 3)).truth == 1


def test_where_the_rule_is_the_same_everywhere_sharing_wins(seeds):
    found = share(EVERYWHERE, 0.5, tuple(seeds[:4]))
    for samples in SAMPLES:
        assert found.best(samples) == SHARED and found.here(samples)[SHARED].mean() < 0.01


def test_where_it_depends_on_the_place_sharing_cannot_answer_however_much_it_learns(seeds):
    found = share(BY_PLACE, 0.5, tuple(seeds[:4]))
    assert (found.errors[SHARED] > 0.8).all()
    assert found.best(400) == LOCAL and found.is_clear(400)
    assert found.here(400)[DENSE].mean() < 0.1, "a dense layer learns it too, from more pictures"


def test_what_lies_far_away_only_a_dense_layer_answers(seeds):
    found = share(FAR, 0.5, tuple(seeds[:4]))
    assert found.best(200) == DENSE and found.is_clear(200) and COSTS.goal(found, 200).passed
    assert found.here(200)[SHARED].mean() > 0.8 and found.here(200)[LOCAL].mean() > 0.6
    assert not COSTS.goal(COSTS.measure(**defaults(COSTS.controls), seed=0), 50).passed


def test_a_layer_is_praised_only_for_the_rule_that_it_is_made_for(seeds):
    """Elsewhere there is no noise, or pictures are too few; every reason occurs."""
    own, reasons = dict(zip((EVERYWHERE, BY_PLACE, FAR), LAYERS, strict=True)), set()
    for rule, layer in own.items():
        for noise in (0.0, 0.5, 1.0):
            found = share(rule, noise, tuple(seeds[:4]))
            for samples in SAMPLES:
                asked, best = COSTS.question(found, samples), found.best(samples)
                because = asked.because
                assert ("noisy" in asked.text) == (noise > 0)
                error = found.here(samples)[best].mean()
                reasons.add(because)
                assert (because in sharing_view.ADVICE.values()) == (best == layer)
                assert (because == sharing_view.TOO_FEW) == (rule == FAR and best != DENSE)
                assert because != sharing_view.EXACT or error < 1e-12
                assert because != sharing_view.NONE or error > 0.7
    assert reasons == {*sharing_view.ADVICE.values(), sharing_view.TOO_FEW, sharing_view.NONE, sharing_view.EXACT}


def test_one_map_and_one_weight_are_no_plurals():
    note = WEIGHTS.draw(Count(8, 1, 1)).note
    assert note.startswith("From 1 map of 8") and "**1 weight**, however" in note
    assert "16.4 kB against 4 bytes." in note, "64 · 64 numbers of 4 bytes"


def test_fits_are_least_squares(seed):
    """Against scikit-learn, and each layer is what it says it is."""
    from sklearn.linear_model import LinearRegression

    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(150, SIDE**2, generator=generator, dtype=torch.float64)
    y = target(x, BY_PLACE) + torch.randn(150, SIDE**2, generator=generator, dtype=torch.float64)
    dense = LinearRegression(fit_intercept=False).fit(x, y)
    assert np.allclose(fitted(x, y, DENSE)[0].numpy(), dense.coef_.T, atol=1e-8)
    windows = blocks(x)
    for place in (0, 27, 63):
        local = LinearRegression(fit_intercept=False).fit(windows[:, place], y[:, place])
        answer = (x @ fitted(x, y, LOCAL)[0])[:, place]
        assert np.allclose(answer, local.predict(windows[:, place]), atol=1e-8)
    shared = LinearRegression(fit_intercept=False).fit(windows.flatten(0, 1), y.flatten())
    kernel = torch.from_numpy(shared.coef_).view(1, 1, 3, 3)
    answer = torch.nn.functional.conv2d(x.view(-1, 1, SIDE, SIDE), kernel, padding=1).flatten(1)
    assert torch.allclose(x @ fitted(x, y, SHARED)[0], answer, atol=1e-8)
    assert [fitted(x, y, layer)[1] for layer in LAYERS] == [9, 576, 4096]


def test_rules_are_what_the_page_says(seed):
    x = torch.randn(1, SIDE**2, generator=torch.Generator().manual_seed(seed))
    picture, (same, sides, far) = (
        x.view(SIDE, SIDE),
        (target(x, rule).view(SIDE, SIDE) for rule in (EVERYWHERE, BY_PLACE, FAR)),
    )
    assert torch.allclose(same[3, 2], picture[3, 3] - picture[3, 1])
    assert torch.equal(sides[:, :4], same[:, :4]) and torch.equal(sides[:, 4:], -same[:, 4:])
    assert torch.equal(far[2, 1], picture[2, 6])


@pytest.mark.parametrize("view", [FIELD, COMPARISON, COSTS, WEIGHTS])
def test_views_can_be_drawn(view, seed):
    found = view.measure(**defaults(view.controls), seed=seed)
    looks = defaults(view.looks(found))
    for shown in (view.draw(found, **looks), view.before(found, **looks)):
        for drawn in (each for row in shown.pictures for each in row):
            drawn.plotly()
            assert len(drawn.alt) > 30 and "nan" not in drawn.alt
    assert MARGIN > 0 and view.question(found, **looks).because
