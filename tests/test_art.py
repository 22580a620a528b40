"""The painter: its layers, its game, what is measured of it; beside other people's formulas on random numbers."""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import linalg, stats
from sklearn.metrics.pairwise import polynomial_kernel
from torch.nn import functional

from core.projects.art import measures, projected
from core.projects.art.augmentation import augmented, cut, shifted
from core.projects.art.game import Game, Settings
from core.projects.art.network import (
    Shape,
    Styled,
    as_pixels,
    enlarged,
    loaded,
    networks,
    numbered,
    one_hot,
    saved,
    variety,
)
from core.projects.art.pictures import Pictures
from core.projects.art.projected_game import ALONE, ProjectedGame, as_shown
from core.projects.art.train import Diary, kept, moments, seeds_of, tiled, widths

STEPS = 250  # of the game on discs
SMALL = Shape(16, 3, (16, 16, 8), (16, 16, 8), 8, 16)


@functools.cache
def discs() -> Pictures:
    """Coloured discs of three classes on white, 16 × 16."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, 240)
    across = np.arange(16) - 7.5
    inside = across[:, None] ** 2 + across**2 < draw.uniform(9, 40, 240)[:, None, None]
    colours = np.array([[200, 40, 30], [40, 160, 60], [60, 60, 190]])[labels] + draw.integers(-20, 20, (240, 3))
    pixels = np.where(inside[..., None], colours[:, None, None], 245).astype(np.uint8)
    return Pictures("discs", pixels, labels, ("red", "green", "blue"), "drawn here")


def rows(count: int, seed: int, size: int = 6) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, size, generator=draw) @ torch.randn(size, size, generator=draw) + seed % 3


def test_frechet_is_scipys(seeds):
    for seed in seeds:
        a, b = rows(80, seed).double(), rows(90, seed + 1).double()
        first, second = np.cov(a.numpy().T), np.cov(b.numpy().T)
        root = linalg.sqrtm(first @ second).real
        apart = ((a.mean(0) - b.mean(0)) ** 2).sum().item()
        expected = apart + np.trace(first) + np.trace(second) - 2 * np.trace(root)
        assert measures.frechet(a, b) == pytest.approx(expected, rel=1e-6)
        assert measures.frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_is_scikit_learns(seeds):
    for seed in seeds:
        a, b = rows(40, seed).numpy().astype(float), rows(50, seed + 1).numpy().astype(float)
        own = [polynomial_kernel(one, degree=3, coef0=1) for one in (a, b)]
        expected = sum((one.sum() - np.trace(one)) / (len(one) * (len(one) - 1)) for one in own)
        expected -= 2 * polynomial_kernel(a, b, degree=3, coef0=1).mean()
        assert measures.kernel_distance(torch.tensor(a), torch.tensor(b)) == pytest.approx(expected, rel=1e-9)


def test_two_samples_of_one_distribution_have_no_kernel_distance(seeds):
    found = [measures.kernel_distance(*torch.randn(600, 8, generator=torch.Generator().manual_seed(seed)).chunk(2))
             for seed in seeds]  # fmt: skip
    assert abs(np.mean(found)) < 0.05


def test_precision_and_recall_tell_a_collapse_from_nonsense(seeds):
    for seed in seeds:
        draw = torch.Generator().manual_seed(seed)
        real = torch.randn(1000, 3, generator=draw)
        collapsed = 0.05 * torch.randn(200, 3, generator=draw)
        nonsense = torch.randn(200, 3, generator=draw) + 30
        assert measures.covered(collapsed, real) > 0.4 > 0.05 > measures.covered(real, collapsed)
        assert measures.covered(nonsense, real) == measures.covered(real, nonsense) == 0


def test_precision_is_the_definition_word_by_word(seeds):
    for seed in seeds:
        points, by = rows(15, seed, 3), rows(20, seed, 3) + 0.3
        inside = 0
        for point in points:
            for centre in by:
                reach = sorted((centre - other).norm().item() for other in by)[3]
                if (point - centre).norm().item() <= reach + 1e-5:
                    inside += 1
                    break
        assert measures.covered(points, by) == pytest.approx(inside / 15)


def test_copies_are_found_and_new_pictures_are_not():
    draw = torch.Generator().manual_seed(0)
    learned, held_out, fresh = (torch.randn(300, 20, generator=draw) for _ in range(3))
    copied = learned[:200] + 0.01 * torch.randn(200, 20, generator=draw)
    far = measures.nearest(held_out, learned)[0].numpy()
    theft = measures.Copies(measures.nearest(copied, learned)[0].numpy(), far)
    honest = measures.Copies(measures.nearest(fresh, learned)[0].numpy(), far)
    assert theft.nearer > 0.95 and theft.suspects > 150 and "200 are nearer than any" in theft.sentence
    assert 0.4 < honest.nearer < 0.6
    assert measures.nearest(copied, learned)[1].tolist() == list(range(200))


def test_nearer_is_mann_and_whitneys_share(seeds):
    for seed in seeds:
        draw = np.random.default_rng(seed)
        a, b = draw.integers(0, 9, 30) / 9, draw.integers(0, 9, 40) / 9
        expected = stats.mannwhitneyu(b, a).statistic / (30 * 40)
        assert measures.Copies(a, b).nearer == pytest.approx(expected)


def test_variety_within_a_class_ignores_other_classes():
    one = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    assert measures.variety(one, np.array([0, 0, 1, 1])) == pytest.approx(0)
    assert measures.variety(one, np.array([0, 1, 0, 1])) == pytest.approx(1)


def test_features_are_the_networks_own():
    pixels = discs().pixels[:3]
    found = measures.features(pixels)
    assert found.shape == (3, 1280) and found.isfinite().all()
    assert torch.allclose(measures.features(pixels[1:2])[0], found[1], atol=1e-4)


def test_styled_convolution_is_one_with_weights_of_its_own_for_each_picture(seeds):
    for seed in seeds:
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            layer, x, style = Styled(5, 7, 4), torch.randn(3, 5, 8, 8), torch.randn(3, 4)
        scales = layer.affine(style)
        expected = []
        for picture, scale in zip(x, scales, strict=True):
            weight = layer.convolution.weight * layer.convolution.scale * scale[None, :, None, None]
            weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
            answer = functional.conv2d(picture[None], weight, layer.convolution.bias, padding=1)
            expected.append(functional.leaky_relu(answer, 0.2) * 2**0.5)
        assert torch.allclose(layer(x, style), torch.cat(expected), atol=1e-5)


def test_one_style_for_all_layers_is_the_same_style_for_each():
    generator = networks(SMALL, 0)[0]
    style = generator.mapping(torch.randn(2, 8), one_hot([0, 2], 3))
    each = style[:, None].expand(-1, SMALL.layers, -1)
    assert torch.equal(generator.painted(style), generator.painted(each))


def test_each_layer_takes_its_own_style():
    generator = networks(SMALL, 0)[0].eval()
    with torch.no_grad():
        a, b = generator.mapping(torch.randn(2, 8, generator=torch.Generator().manual_seed(1)), one_hot([0, 0], 3))
        mixed = [a.expand(SMALL.layers, -1).clone() for _ in range(2)]
        mixed[0][0], mixed[1][-1] = b, b
        base, early, late = generator.painted(torch.stack([a.expand(SMALL.layers, -1), *mixed]))
    assert not torch.equal(early, base) and not torch.equal(late, base)
    assert (early - base).abs().mean() != (late - base).abs().mean()


def test_variety_channel_is_zero_where_all_pictures_are_one():
    assert variety(torch.ones(8, 3, 4, 4)).abs().max() < 1e-3
    assert variety(torch.randn(8, 3, 4, 4)).min() > 0.1
    halves = torch.cat([torch.randn(4, 3, 4, 4), torch.ones(4, 3, 4, 4)])  # varied real ones before a collapse
    assert variety(halves)[:4].min() > 0.1 and variety(halves)[4:].max() < 1e-3
    assert enlarged(torch.ones(1, 1, 4, 4)).shape == (1, 1, 8, 8)


@pytest.mark.parametrize("change", [augmented, shifted, cut])
def test_augmentation_passes_slopes_back_and_depends_on_its_draw_alone(change):
    x = torch.rand(4, 3, 16, 16, requires_grad=True)
    first, again = (change(x, torch.Generator().manual_seed(3)) for _ in range(2))
    other = change(x, torch.Generator().manual_seed(4))
    assert first.shape == x.shape and torch.equal(first, again) and not torch.equal(first, other)
    first.sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


def game(**changes) -> Game:
    return Game(discs(), SMALL, replace(Settings(batch=8, mirror=False), **changes))


def test_a_stopped_game_goes_on_as_if_it_had_not_stopped(tmp_path: Path):
    whole, first, second = game(), game(), game()
    for _ in range(9):
        whole.play()
    for _ in range(4):
        first.play()
    first.save(tmp_path / "half")
    second.restore(tmp_path / "half")
    assert second.number == 4
    for _ in range(5):
        second.play()
    for name, tensor in whole.tensors().items():
        assert torch.equal(tensor, second.tensors()[name]), name


def test_a_checkpoint_of_another_shape_is_refused(tmp_path: Path):
    game().save(tmp_path / "kept")
    other = Game(discs(), replace(SMALL, style=12), Settings(batch=8))
    with pytest.raises(ValueError, match="another shape"):
        other.restore(tmp_path / "kept")


def test_shapes_without_channels_for_their_sides_are_refused():
    with pytest.raises(ValueError, match="sides 4, 8"):
        Shape(64, 3, (8, 8), (8, 8))


@functools.cache
def played() -> Game:
    """A game on the discs, long enough to be seen."""
    found = game(batch=16, memory=400)
    for _ in range(STEPS):
        found.play()
    return found


def test_the_game_learns_colours_of_classes():
    found = played()
    noise, labels = numbered(found.average, list(range(60))), np.repeat([0, 1, 2], 20)
    painted = found.sheet(noise, one_hot(labels.tolist(), 3))
    middles = painted[:, 6:10, 6:10].reshape(60, -1, 3).mean(axis=1)
    means = np.stack([middles[labels == one].mean(axis=0) for one in range(3)])
    inner, own = discs().pixels[:, 6:10, 6:10].reshape(len(discs()), -1, 3).mean(axis=1), discs().labels
    real = np.stack([inner[own == one].mean(axis=0) for one in range(3)])
    apart = np.linalg.norm(means[:, None] - real, axis=2)
    assert (apart.argmin(axis=1) == [0, 1, 2]).all(), means
    corner = painted[:, :2, :2].mean()
    assert corner > 180, corner


def test_saved_generators_paint_the_same_to_a_grey_level_or_two(tmp_path: Path):
    found = played()
    saved(found.average, tmp_path / "g.safetensors", {"step": found.number})
    again, about = loaded(tmp_path / "g.safetensors")
    noise, classes = numbered(again, [1, 2, 3]), one_hot([0, 1, 2], 3)
    with torch.no_grad():
        difference = np.abs(as_pixels(again(noise, classes)).astype(int) - found.sheet(noise, classes))
    assert about == {"step": STEPS} and difference.mean() < 1 and again.shape == SMALL


def test_held_out_pictures_are_never_learned_from():
    learned, held_out = discs().parted()
    assert len(learned) == 192 and len(held_out) == 48
    again = discs().parted()[0]
    assert np.array_equal(learned.pixels, again.pixels)


def test_diary_goes_on_after_an_interruption(tmp_path: Path):
    found = game()
    diary = Diary(tmp_path)
    for _ in range(4):
        diary.note(found.play(), every=2)
    kept(found, tmp_path)
    again = Diary(tmp_path)
    again.rewound(2)
    assert [line["step"] for line in again.lines()] == [2] and again.spent >= again.lines()[0]["processor"]
    assert (tmp_path / "sheet-000004.png").is_file() and (tmp_path / "moment-000004.safetensors").is_file()


def test_moments_are_dense_at_first_and_end_with_the_end():
    found = moments(5000)
    assert found[0] == 100 and found[-1] == 5000 and len(found) < 40 and sorted(set(found)) == found


def test_sheets_show_every_class_and_end_in_white():
    assert set(seeds_of(discs())[1]) == {0, 1, 2}
    sheet = np.asarray(tiled(discs().pixels[:5], 3))
    assert sheet.shape == (32, 48, 3) and (sheet[16:, 32:] == 255).all()
    assert widths(64, 128, 32) == (128, 128, 128, 64, 32)


def test_a_projected_game_learns_stops_and_goes_on(tmp_path: Path):
    """Its heads learn, the features they look at do not; a checkpoint and a moment of another run are taken up."""
    shape = replace(SMALL, layout=True)
    one, other = (ProjectedGame(discs(), shape, Settings(4, seed=1)) for _ in range(2))
    plain = Game(discs(), SMALL, Settings(4, seed=1))
    kept(plain, tmp_path)
    one.begin_with(next(tmp_path.glob("moment-*.safetensors")))
    assert torch.allclose(one.generator.start, plain.generator.start, atol=1e-2)
    before = one.discriminator.get_buffer("across0").clone()
    one.number = ALONE  # from here on the generator learns too
    steps = [one.play() for _ in range(3)]
    assert all(np.isfinite((step.discriminator, step.generator)).all() for step in steps)
    assert torch.equal(before, one.discriminator.get_buffer("across0"))
    one.save(tmp_path / "checkpoint.safetensors")
    other.restore(tmp_path / "checkpoint.safetensors")
    assert one.play() == other.play()
    with pytest.raises(ValueError, match="another shape"):
        ProjectedGame(discs(), replace(shape, style=24), Settings(4)).begin_with(
            next(tmp_path.glob("moment-*.safetensors"))
        )


def test_features_are_the_networks_at_four_scales():
    from core.models.efficientnet import MIDDLE, SPREAD
    from core.models.imagenet import efficientnet_lite0

    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    x = functional.interpolate((pictures * 127.5 + 127.5 - MIDDLE) / SPREAD, (96, 96), mode="bilinear")
    found = projected.seeing()(pictures)
    for end, ours in zip(projected.ENDS, found, strict=True):
        assert torch.allclose(ours, efficientnet_lite0().through(x, end), atol=1e-3)
    assert [one.shape[1] for one in found] == list(projected.FOUND)


def test_what_is_cut_off_still_has_a_slope():
    x = torch.tensor([-3.0, 0.5, 2.0], requires_grad=True)
    shown = as_shown(x)
    shown.sum().backward()
    assert shown.tolist() == [-1, 0.5, 1] and x.grad.tolist() == [1, 1, 1]
