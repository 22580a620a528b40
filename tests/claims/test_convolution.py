"""What the page “Convolution” states."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.data.photos import PHOTOGRAPHS, SHIPPED, SIDE, Photo, shipped
from core.lessons.controls import defaults
from core.topics.convolution import kernels, pooling
from core.topics.convolution.borders import CUT, MODES, borders
from core.topics.convolution.kernels import OWN, PRESETS, as_numbers, cosine, kernel_of, parsed
from core.topics.convolution.learning import CLOSE, NEVER, RATES, Task, findings, learn
from core.topics.convolution.learning_view import LEARNING
from core.topics.convolution.pooling import BLUR, FARTHEST, MAX, METHODS, PICTURE, POOLS, STRIDE, SUBJECTS, pool
from core.topics.convolution.response import convolved, respond
from core.topics.convolution.response_view import clicked, on_grey, products
from core.topics.convolution.size_view import sliding
from core.topics.convolution.sizes import CONVOLUTION, TRANSPOSED, Settings, sized
from core.topics.convolution.views import ON_A_PICTURE, SIZES


def task(kernel: np.ndarray, seed: int, **changes: object) -> Task:
    """The page's own training."""
    usual = {"learning_rate": 0.05, "momentum": 0.9, "steps": 400, "is_standardized": True, "noise": 0.0}
    return Task(kernel, **{**usual, **changes}, seed=seed)


def random_photo(seed: int) -> Photo:
    """Smooth random greys."""
    draw = np.random.default_rng(seed)
    rough = draw.random((SIDE + 8, SIDE + 8))
    smooth = convolved(rough, kernels.blur(5))[:SIDE, :SIDE]
    return Photo("random", (255 * smooth).astype(np.uint8).tobytes())


# Kernel --------------------------------------------------------------------------------------------------------------


def test_a_response_is_the_sum_of_products_at_every_place(seeds):
    for seed in seeds[:5]:
        draw = np.random.default_rng(seed)
        size = int(draw.integers(3, 8))
        response = respond(random_photo(seed), OWN, draw.normal(size=(size, size)), 1.0)
        assert response.values.shape == (SIDE - size + 1,) * 2, "it fits at 96 − size + 1 places"
        row, column = draw.integers(0, len(response.values), 2)
        by_hand = float((response.window(row, column) * response.kernel).sum())
        assert response.values[row, column] == pytest.approx(by_hand, abs=1e-6)
        assert len(products(response, row, column)) == size


def test_scipy_correlates_the_same(seed):
    from scipy.signal import correlate2d

    draw = np.random.default_rng(seed)
    picture, kernel = draw.normal(size=(20, 17)), draw.normal(size=(5, 5))
    assert np.allclose(convolved(picture, kernel), correlate2d(picture, kernel, mode="valid"))


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("size", [3, 5, 7])
def test_an_even_wall_is_multiplied_by_the_sum_of_the_weights(name, size, seed):
    grey = np.random.default_rng(seed).uniform(0.2, 0.9)
    kernel = PRESETS[name](size)
    answer = convolved(np.full((20, 20), grey), kernel)
    assert np.allclose(answer, grey * kernel.sum(), atol=1e-9)
    said = on_grey(respond(random_photo(seed), name, kernel, 1.0))
    assert said == ("0 everywhere" if abs(answer).max() < 1e-6 else "the same grey")


def test_well_known_kernels_are_what_books_print():
    assert as_numbers(kernels.sobel(3)) == "-1 0 1; -2 0 2; -1 0 1"
    assert np.allclose(kernels.blur(3) * 16, [[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert as_numbers(kernels.outline(3)) == "-1 -1 -1; -1 8 -1; -1 -1 -1"
    assert as_numbers(kernels.emboss(3)) == "-2 -1 0; -1 1 1; 0 1 2"


def test_moving_to_the_right_takes_a_weight_on_the_left(seed):
    """The challenge: one weight of 1, two places left of the middle, whatever the picture; nothing else passes."""
    photo = random_photo(seed)
    mover = np.zeros((5, 5))
    mover[2, 0] = 1
    response = respond(photo, OWN, mover, 1.0)
    assert response.moves
    assert np.allclose(response.values[:, :90], photo.values[2 : 2 + 92, :90], atol=1e-6)
    for other in (np.roll(mover, 1, 1), mover.T, mover * 1.01, kernels.centre(5), kernels.centre(3)):
        assert not respond(photo, OWN, other, 1.0).moves
    assert not respond(photo, "blur", kernels.blur(5), 1.0).moves
    wide = np.zeros((7, 7))
    wide[3, 1] = 1
    assert respond(photo, OWN, wide, 1.0).moves


def test_a_click_writes_into_the_kernel_and_one_into_the_picture_moves_the_window(seed):
    response = respond(random_photo(seed), "blur", kernels.blur(3), 2.5)
    (_, name), (_, numbers) = clicked(response, {"panel": 2, "x": 1.8, "y": 0.2})
    assert name == OWN and parsed(numbers)[0, 2] == 2.5
    assert np.allclose(np.delete(parsed(numbers).ravel(), 2), np.delete(kernels.blur(3).ravel(), 2), atol=1e-4)
    assert [value for _, value in clicked(response, {"panel": 0, "x": 20.3, "y": 10.0})] == [9, 19]
    assert [value for _, value in clicked(response, {"panel": 1, "x": 20.3, "y": 10.0})] == [10, 20]


def test_own_numbers_survive_the_way_through_the_link(seeds):
    for seed in seeds:
        draw = np.random.default_rng(seed)
        size = int(draw.integers(3, 8))
        kernel = draw.integers(-4, 5, (size, size)) / 2
        assert np.array_equal(kernel_of(OWN, 3, as_numbers(kernel)), kernel)


@pytest.mark.parametrize(
    "numbers", ["", ";", "1 2; 3 4", "1 2 3; 4 5 6", "a b c; 1 2 3; 1 2 3", "1 2 3; 4 nan 6; 7 8 9",
                "1 2 3; 4 inf 6; 7 8 9", "1e9 0 0; 0 0 0; 0 0 0", ";".join(["1 " * 8] * 8), "<b>; 1; 2", "1 2 3;" * 99]
)  # fmt: skip
def test_what_is_no_kernel_gets_one_sentence(numbers):
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        parsed(numbers)
    assert len(str(refusal.value)) < 250


# Learning ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", SHIPPED)
def test_every_well_known_kernel_is_learned(picture, seeds):
    """At the page's own settings, from any start."""
    for seed in seeds[:4]:
        for make in PRESETS.values():
            learning = learn(shipped(picture), task(make(3), seed))
            assert learning.cosines[-1] > CLOSE and learning.learned_at is not None
            assert learning.losses[-1] < 1e-2 * learning.losses[0]
            assert not findings(learning)


def test_what_is_said_of_the_way_fits_cosines_and_steepness(seed):
    whole = learn(shipped("coins"), task(kernels.emboss(3), seed))
    short = learn(shipped("coins"), task(kernels.emboss(3), seed, steps=1, learning_rate=0.001))
    for learning in (whole, short):
        note = LEARNING.draw(learning).note
        assert (f"from step **{learning.learned_at}** on" in note) == (learning.cosines[-1] > CLOSE)
        assert ("not close to its target" in note) == (learning.cosines[-1] <= CLOSE)
    assert short.learned_at is None and whole.learned_at is not None
    for stretch, said in ((1.2, "almost equally steep"), (1.6, "2 times as steep"), (2345.0, "2,345 times as steep")):
        assert said in LEARNING.draw(replace(whole, eigenvalues=np.array([1.0, stretch]))).note


def test_an_own_kernel_is_learned_too(seeds):
    for seed in seeds[:6]:
        kernel = np.random.default_rng(seed).normal(size=(3, 3))
        assert learn(shipped("rings"), task(kernel, seed)).cosines[-1] > CLOSE


def test_the_recorded_descent_is_torchs(seed):
    """The same steps with a convolution, autograd and torch.optim.SGD."""
    learning = learn(shipped("coins"), task(kernels.emboss(5), seed, steps=30, noise=0.3, learning_rate=0.02))
    x = torch.from_numpy(learning.picture)[None, None]
    wanted = torch.from_numpy(learning.wanted)
    kernel = torch.from_numpy(learning.kernels[0].copy())[None, None].requires_grad_()
    optimizer = torch.optim.SGD([kernel], lr=0.02, momentum=0.9)
    for step in range(30):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(nn.functional.conv2d(x, kernel)[0, 0], wanted)
        loss.backward()
        optimizer.step()
        assert loss.item() == pytest.approx(learning.losses[step], rel=1e-8)
    assert np.allclose(kernel.detach()[0, 0].numpy(), learning.kernels[30], atol=1e-9)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_bound_of_the_learning_rate_is_where_it_tips(momentum, seeds):
    for seed in seeds[:4]:
        usual = {"momentum": momentum, "steps": 1000}
        bound = learn(shipped("cat"), task(kernels.sobel(3), seed, **usual)).bound
        below, above = (
            learn(shipped("cat"), task(kernels.sobel(3), seed, learning_rate=share * bound, **usual))
            for share in (0.97, 1.03)
        )
        assert not below.diverged and above.diverged


def test_alike_pixels_teach_slowly(seeds):
    """The picture whose loss is more stretched takes plain gradient descent longer; raw, it is not learned."""
    for seed in seeds[:4]:
        plain = {"momentum": 0.0, "steps": 1000}
        rings, cat = (
            learn(shipped(name), task(kernels.blur(3), seed, learning_rate=rate, **plain))
            for name, rate in (("rings", 0.5), ("cat", 0.05))  # both near half of what they bear
        )
        assert rings.stretch < 2 < 100 < cat.stretch
        assert 20 * rings.learned_at < (cat.learned_at or 1000)
        raw = learn(shipped("cat"), task(kernels.blur(3), seed, is_standardized=False))
        assert raw.stretch > 10 * cat.stretch and raw.answer() == NEVER


def test_what_went_wrong_is_named_and_the_fix_mends_it(seeds):
    for seed in seeds[:4]:
        for picture in PHOTOGRAPHS:
            lost = learn(shipped(picture), task(kernels.sobel(7), seed, learning_rate=0.5))
            (finding,) = findings(lost)
            assert finding.name == "divergence" and finding.changes["learning_rate"] in RATES
            mended = learn(shipped(picture), task(kernels.sobel(7), seed, **finding.changes))
            assert not mended.diverged and mended.losses[-1] < mended.losses[0]
        (finding,) = findings(learn(shipped("cat"), task(kernels.blur(3), seed, is_standardized=False)))
        assert finding.changes == {"standardize_the_picture": True}
        assert learn(shipped("cat"), task(kernels.blur(3), seed)).learned_at is not None
        flat = learn(Photo("flat", bytes([200]) * SIDE * SIDE), task(kernels.blur(3), seed))
        (finding,) = findings(flat)
        assert finding.changes == {"picture": "rings"} and finding.changes["picture"] in SHIPPED


def test_the_challenge_can_be_met_and_is_not_at_first(seed):
    usual = defaults(LEARNING.controls)
    first = LEARNING.measure(shipped("cat"), **usual, seed=seed)
    assert not LEARNING.goal(first).passed
    hard = {**usual, "kernel_size": 7, "steps": 25}
    assert not LEARNING.goal(LEARNING.measure(shipped("cat"), **hard, seed=seed)).passed
    assert LEARNING.goal(
        LEARNING.measure(shipped("noise"), **hard | {"learning_rate": 0.5, "momentum": 0.0}, seed=seed)
    ).passed


# Pooling -------------------------------------------------------------------------------------------------------------


def test_pools_are_torchs_and_blur_pool_blurs_before_it_drops(seed):
    x = torch.randn(1, 1, 20, 20, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(POOLS[MAX](x, 3, 2), nn.MaxPool2d(3, 2)(x))
    one = torch.zeros(1, 1, 3, 3)
    one[..., 0, 0] = 1
    assert torch.equal(POOLS[STRIDE](x, 3, 2), nn.functional.conv2d(x, one, stride=2))
    assert torch.allclose(POOLS[BLUR](torch.ones(1, 1, 20, 20), 2, 2), torch.ones(1)), "the blur's weights add up to 1"
    assert torch.equal(POOLS[BLUR](x, 2, 3), POOLS[BLUR](x, 2, 1)[..., ::3, ::3])


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_a_move_by_whole_strides_moves_the_answer_along(subject, stride, seeds):
    for seed in seeds[:3]:
        pooled = pool(random_photo(seed), subject, 2, stride)
        for method in METHODS:
            left = pooled.misfits[method]
            assert left[::stride].max() < 1e-6
            if stride > 1:
                assert left[1] > 0.01, "in between, no shift of the answer undoes it"


def test_blur_pool_changes_least_on_photographs(seeds):
    for name in PHOTOGRAPHS:
        for subject in SUBJECTS:
            assert pool(shipped(name), subject, 2, 2).steadiest == BLUR
    for seed in seeds[:5]:
        assert pool(random_photo(seed), PICTURE, 2, 2).steadiest == BLUR


def test_the_culprit_is_the_stride():
    goal = ON_A_PICTURE["Pooling"].goal
    looks = {"method": MAX, "move_the_picture_by": 1}
    assert not goal(pool(shipped("cat"), PICTURE, 2, 2), **looks).passed
    assert not goal(pool(shipped("cat"), PICTURE, 1, 2), **looks).passed
    assert goal(pool(shipped("cat"), PICTURE, 3, 1), **looks).passed
    assert not goal(pool(Photo("flat", bytes([9]) * SIDE * SIDE), PICTURE, 3, 1), **looks).passed


def test_what_moves_in_is_real(seed):
    x = pooling.subject_of(random_photo(seed), PICTURE)
    for by in (0, 1, FARTHEST):
        assert torch.equal(pooling.moved(x, by)[..., by:], pooling.moved(x, 0)[..., : pooling.CUT - by])


# Padding -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2, 5])
@pytest.mark.parametrize("size", [3, 5, 7])
def test_padding_is_felt_as_deep_as_half_a_kernel_per_layer(layers, size, seed):
    photo = random_photo(seed)
    measured = borders(photo, kernels.box(size), layers)
    reach = layers * (size // 2)
    assert measured.depth == reach
    for rows in measured.errors.values():
        assert (rows[reach:] < 1e-9).all() and rows[0] > 1e-4


def test_repeating_the_last_pixel_invents_least_in_photographs_and_zeros_most():
    for name in PHOTOGRAPHS:
        for kernel in ("Sobel, left to right", "blur", "sharpen", "outline"):
            errors = borders(shipped(name), PRESETS[kernel](3), 1).errors
            assert errors["replicate"][0] == min(rows[0] for rows in errors.values())
            assert errors["zeros"][0] == max(rows[0] for rows in errors.values())


def test_paddings_are_those_of_conv2d(seed):
    """nn.Conv2d pads by itself; so does the measurement."""
    photo = random_photo(seed)
    kernel = np.random.default_rng(seed).normal(size=(5, 5))
    measured = borders(photo, kernel, 1)
    for mode in MODES:
        layer = nn.Conv2d(1, 1, 5, padding=2, padding_mode=mode, bias=False, dtype=torch.float64)
        layer.weight.data = torch.from_numpy(kernel / np.abs(kernel).sum())[None, None]
        inner = torch.from_numpy(photo.values[16 : 16 + CUT, 16 : 16 + CUT].astype(np.float64))[None, None]
        assert np.allclose(measured.responses[mode], layer(inner)[0, 0].detach().numpy(), atol=1e-12)


# Sizes ---------------------------------------------------------------------------------------------------------------


def test_the_size_rule_is_torchs_on_a_thousand_random_settings(seed):
    draw, refused = np.random.default_rng(seed), 0
    for _ in range(1000):
        kind = (CONVOLUTION, TRANSPOSED)[draw.integers(2)]
        height, width = (int(length) for length in draw.integers(1, 40, 2))
        stride, dilation = int(draw.integers(1, 6)), int(draw.integers(1, 4))
        settings = Settings(
            kind, int(draw.integers(1, 8)), stride, int(draw.integers(0, 6)), dilation, int(draw.integers(0, 6))
        )
        found = sized(height, width, settings)
        given = {"stride": stride, "padding": settings.padding, "dilation": dilation, "bias": False}
        if kind == TRANSPOSED:
            given["output_padding"] = found.settings.output_padding
        layer = (nn.ConvTranspose2d if kind == TRANSPOSED else nn.Conv2d)(1, 1, settings.kernel, **given)
        try:
            truth = tuple(layer(torch.zeros(1, 1, height, width)).shape[2:])
            truth = truth if min(truth) > 0 else (0, 0)  # of some settings it makes an empty tensor
        except RuntimeError:
            truth, refused = (0, 0), refused + 1
        assert found.size == truth, settings
    assert 0 < refused < 500


def test_the_floor_drops_the_pixels_that_no_window_reaches(seeds):
    """An input whose dropped pixels are changed gives the same answer; one more pixel in front of them does not."""
    checked = 0
    for seed in seeds:
        draw = np.random.default_rng(seed)
        settings = Settings(CONVOLUTION, int(draw.integers(1, 6)), int(draw.integers(2, 6)), 0)
        length = int(draw.integers(12, 40))
        left = settings.left_over(length)
        layer = nn.Conv1d(1, 1, settings.kernel, stride=settings.stride, bias=False)
        x = torch.rand(1, 1, length, requires_grad=True)
        layer(x).sum().backward()
        reached = x.grad[0, 0] != 0
        assert not reached[length - left :].any() and reached[length - left - 1]
        checked += left > 0
        names = [trace.get("name") for trace in sliding(length, settings, "width").traces]
        assert ("never reached" in names) == (left > 0)
    assert checked


def test_a_stride_shrinks_as_many_sizes_to_one_as_it_has_pixels(seed):
    for stride in range(1, 6):
        settings = Settings(CONVOLUTION, 3, stride, 1)
        sizes = [settings.size(length) for length in range(10, 10 + 4 * stride)]
        assert {sizes.count(size) for size in sizes[stride:-stride]} <= {stride} or stride == 1
        back = [Settings(TRANSPOSED, 3, stride, 1, 1, extra).size(settings.size(17)) for extra in range(stride)]
        assert 17 in back and len(set(back)) == stride


def test_the_stride_can_be_undone():
    found = sized(7, 7, Settings(TRANSPOSED, 3, 2, 1, 1, 1))
    assert SIZES.goal(found).passed
    assert not SIZES.goal(sized(7, 7, Settings(TRANSPOSED, 3, 2, 1))).passed
    assert not SIZES.goal(sized(7, 7, Settings(TRANSPOSED, 2, 2))).passed, "it has to be a 3 × 3 kernel"


# All views -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ON_A_PICTURE)
@pytest.mark.parametrize("picture", ["one dot", "checks", "flat"])
def test_views_can_be_drawn_of_any_picture(name, picture, seed):
    view = ON_A_PICTURE[name]
    photo = Photo("flat", bytes([255]) * SIDE * SIDE) if picture == "flat" else shipped(picture)
    found = view.measure(photo, **defaults(view.controls), seed=seed)
    looks = defaults(view.looks(found))
    for shown in (view.draw(found, **looks), view.before(found, **looks)):
        for drawn in (each for row in shown.pictures for each in row):
            drawn.plotly()
            assert len(drawn.alt) > 40 and "nan" not in drawn.alt
    assert view.question(found, **looks).truth in view.question(found, **looks).options
    assert not view.goal(found, **looks).passed


def test_cosine_of_nothing_is_nothing():
    assert cosine(np.zeros((3, 3)), kernels.sobel(3)) == 0
