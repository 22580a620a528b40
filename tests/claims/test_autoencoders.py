"""What the page “Autoencoders” states."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from programs_run import distance, lines_of_code, results_of
from safetensors.torch import load_file, save
from torch.distributions import Normal, kl_divergence
from torch.nn import functional

from core.data import drawings as own
from core.data.data import Data
from core.data.held_out import held_out
from core.diagnosis.findings import Finding
from core.lessons.controls import defaults
from core.models.autoencoder import VAE, autoencoder, decode, encode
from core.models.judge import judge
from core.objectives import gaussian_divergence
from core.topics.autoencoders import records
from core.topics.autoencoders.denoising import DENOISING, LATENT, NOISY, PLAIN, denoise, noisy_pictures
from core.topics.autoencoders.linear import components, pca_error
from core.topics.autoencoders.plane_views import (
    ACROSS,
    SURE,
    UP,
    chosen,
    how_clear,
    measure_brought,
    point,
    rarest,
    wanted,
    weights_of,
)
from core.topics.autoencoders.planes import CLEAR, CLOTHES, GRID, LARGE, SETS, SMALL, path, places_of, plane
from core.topics.autoencoders.programs import program_of_plane
from core.topics.autoencoders.sizes import LATENTS, sizes
from core.topics.autoencoders.variational import COLLAPSED, MENDED, findings, terms, variational
from core.topics.autoencoders.views import OWN, VIEWS
from core.training import Recipe, train


@pytest.fixture(scope="module")
def small():
    """One plane for the tests that only look at it."""
    return plane(SMALL, 0)


# Networks and objectives ---------------------------------------------------------------------------------------------


def test_the_closed_form_is_the_divergence_of_torch(seed):
    draw = torch.Generator().manual_seed(seed)
    mean, log_variance = (torch.randn(50, 3, generator=draw, dtype=torch.float64) for _ in range(2))
    theirs = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(torch.zeros(3), torch.ones(3)))
    assert torch.allclose(gaussian_divergence(mean, log_variance), theirs, atol=1e-6)


def test_both_terms_are_those_of_the_bound(seed):
    """Reconstruction is −log p(x|z) of Bernoulli pixels; for binary pictures torch says the same."""
    draw = torch.Generator().manual_seed(seed)
    x, noise = torch.rand(20, 64, generator=draw).round(), torch.randn(20, 2, generator=draw)
    model = VAE(64, 16, 2, seed=seed)
    lost, divergence = terms(model, x, noise)
    logits, mean, log_variance = model(x, noise)
    wanted = -torch.distributions.Bernoulli(logits=logits).log_prob(x).sum(dim=1).mean()
    assert lost.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert divergence.sum().item() == pytest.approx(gaussian_divergence(mean, log_variance).sum().item() / 20, rel=1e-5)


def test_a_linear_autoencoder_spans_the_plane_of_principal_components(seeds):
    for seed in seeds[:3]:
        draw = torch.Generator().manual_seed(seed)
        x = torch.randn(200, 6, generator=draw) * torch.tensor([3.0, 2.0, 0.5, 0.4, 0.3, 0.2])
        x = (x - x.mean(dim=0)) @ torch.linalg.qr(torch.randn(6, 6, generator=draw))[0]
        recipe = Recipe(1500, 100, learning_rate=0.05, schedule="cosine", seed=seed, frames=2)
        run = train(autoencoder(6, (), 2, "linear", seed), Data(x, x, x[:20], x[:20]), recipe)
        _, directions = components(x, 2)
        learned = torch.linalg.qr(run.at().output.weight.detach())[0]
        assert torch.linalg.svdvals(directions.T @ learned).min() > 0.999, "the angles between both planes are zero"
        assert run.last.train_loss == pytest.approx(pca_error(x, x, 2), rel=0.03)


def test_principal_components_are_those_of_scikit_learn(seed):
    from sklearn.decomposition import PCA

    draw = np.random.default_rng(seed)
    x, x_test = draw.normal(size=(80, 9)) * np.arange(1, 10), draw.normal(size=(30, 9))
    fitted = PCA(3).fit(x)
    theirs = np.square(fitted.inverse_transform(fitted.transform(x_test)) - x_test).mean()
    assert pca_error(torch.from_numpy(x), torch.from_numpy(x_test), 3) == pytest.approx(theirs, rel=1e-6)


def test_encoder_and_decoder_are_the_halves_of_the_network(seed):
    model = autoencoder(64, (24, 12), 3, "GELU", seed)
    assert model.widths == (64, 24, 12, 3, 12, 24, 64)
    x = torch.rand(7, 64, generator=torch.Generator().manual_seed(seed))
    assert encode(model, x).shape == (7, 3) and torch.allclose(decode(model, encode(model, x)), model(x))


# Plane ---------------------------------------------------------------------------------------------------------------


def test_two_bent_numbers_beat_two_straight_ones(seeds):
    for seed in seeds[:5]:
        found = plane(SMALL, seed)
        data = found.run.data
        assert found.error < 0.85 * pca_error(data.x, data.x_test, 2)
        assert found.judge_accuracy > 0.9


def test_places_and_pictures_are_two_ways_of_saying_the_same(small):
    assert torch.allclose(small.at(small.places(small.pictures)), small.decoded(small.codes(small.pictures)), atol=1e-4)
    inside = (small.places(small.pictures).abs() <= 1).all(dim=1).float().mean()
    assert inside > 0.94, "between −1 and 1 lie almost all codes"


def test_the_share_of_clear_pictures_is_counted(small):
    answers = small.judge(small.at(places_of(GRID))).softmax(dim=1).amax(dim=1)
    assert small.clear == pytest.approx((answers >= CLEAR).float().mean().item(), abs=1e-6)
    assert how_clear(small, 0.0, 0.0).truth == 100 * small.clear


def test_parts_of_every_plane_are_clear_and_others_are_not(seeds):
    for found in [*(plane(SMALL, seed) for seed in seeds[:5]), plane(LARGE, 0), plane(CLOTHES, 0)]:
        assert 0.2 < found.clear < 0.95


def test_the_challenge_can_be_met_and_is_not_at_first(seeds):
    for found in [*(plane(SMALL, seed) for seed in seeds[:5]), plane(LARGE, 0), plane(CLOTHES, 0)]:
        assert not rarest(found, 0.0, 0.0).passed
        answers = found.judged(found.at(places_of(41)))[:, wanted(found)]
        across, up = (round(value, 2) for value in places_of(41)[int(answers.argmax())].tolist())
        assert answers.max() >= SURE and rarest(found, across, up).passed, "a place that the sliders reach"


def test_a_click_sets_the_place():
    assert chosen({"panel": 1, "x": 0.314, "y": -7.0}) == ((ACROSS, 0.31), (UP, -1.0))
    assert chosen({"panel": 2, "x": 3, "y": 4}) == (), "the decoded picture is no plane"


@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_the_shipped_planes_are_what_their_card_says(name):
    known, card = records.measures()[name], (records.FOLDER / "card.md").read_text(encoding="utf-8")
    pictures, labels = held_out(name)
    with torch.no_grad():
        error = (records.network(name)(pictures) - pictures).square().mean().item()
        right = (judge(name)(pictures).argmax(dim=1) == labels).float().mean().item()
    assert error == pytest.approx(known["error"], rel=0.12) and right == pytest.approx(
        known["accuracy of the judge"], abs=0.06
    )
    assert known["error"] < 0.8 * known["error of PCA"] < known["error of the mean picture"]
    assert f"{known['error']:.4f}" in card and f"{name}.safetensors" in card
    assert (records.FOLDER / f"{name}.safetensors").stat().st_size < 500_000
    assert all(weight.dtype == torch.float16 for weight in load_file(records.FOLDER / f"{name}.safetensors").values())


@pytest.mark.parametrize("name", SETS)
def test_every_class_has_pictures_to_choose_from(name, seed):
    found = plane(name, seed)
    assert len(found.classes) == 10 and found.labels.bincount().min() >= 20


# Path ----------------------------------------------------------------------------------------------------------------


def test_both_ways_share_their_ends_and_differ_between(small):
    way = path(small, small.pictures[0], small.pictures[1])
    for place in (0, -1):
        assert torch.allclose(way.decoded[place], way.faded[place], atol=1e-6)
    assert torch.allclose(way.faded[4], (way.decoded[0] + way.decoded[-1]) / 2, atol=1e-6)
    codes = small.codes(small.pictures[:2])
    assert torch.allclose(way.decoded[4], small.decoded(codes.mean(dim=0, keepdim=True))[0], atol=1e-5)
    nearest = np.sqrt(((small.pictures - way.decoded[3]).square().mean(dim=1)).min().item())
    assert way.distances[0][3].item() == pytest.approx(nearest, abs=1e-3)


# Noise ---------------------------------------------------------------------------------------------------------------


def test_a_network_trained_to_denoise_beats_a_plain_one_and_the_noise(seeds):
    for level in (0.3, 0.5, 0.8):
        errors = denoise(level, tuple(seeds[:3])).errors
        assert (errors[DENOISING] < 0.6 * errors[PLAIN]).all() and (errors[DENOISING] < 0.6 * errors[NOISY]).all()


def test_a_little_noise_does_less_harm_than_a_narrow_code(seeds):
    errors = denoise(0.05, tuple(seeds[:3])).errors
    assert (errors[NOISY] < errors[DENOISING]).all() and LATENT < 64


def test_noise_has_the_stated_strength_and_targets_are_clean(seed):
    data = noisy_pictures(0.5, seed)
    assert (data.x - data.y).std().item() == pytest.approx(0.5, rel=0.02)
    assert data.y.min() >= 0 and data.y.max() <= 1
    assert (data.x_test - data.y_test).std().item() == pytest.approx(0.5, rel=0.02)


# β-VAE ---------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_larger_beta_buys_less_divergence_with_worse_reconstruction(seeds):
    for seed in seeds[:3]:
        ends = [variational(beta, seed).history[-1] for beta in (0.05, 0.5, 2.0, 8.0)]
        assert (np.diff([end[1:].sum() for end in ends]) < 0).all()
        assert ends[0][0] < ends[-1][0]


def test_collapse_is_named_and_the_fix_mends_it(seeds):
    for seed in seeds[:4]:
        ill = variational(8.0, seed)
        (finding,) = findings(ill)
        assert isinstance(finding, Finding) and finding.name == "posterior collapse"
        assert (ill.history[-1, 1:] < COLLAPSED).all() and ill.means.std() < 0.1
        assert finding.changes == {"beta": MENDED} and findings(variational(MENDED, seed)) == []
        assert findings(variational(1.0, seed)) == [], "the first view is healthy"


def test_a_second_term_without_weight_only_would_pull(seed):
    found = variational(1.0, seed)
    for beta in (0.0, 0.05, 1.0):
        note = VIEWS["β-VAE"].draw(replace(found, beta=beta)).note
        assert ("a second term would pull all" in note, "a second term pulls all" in note) == (beta == 0, beta > 0)
    lost, *each = found.history[-1]
    assert f"**−{lost + sum(each):.1f}**" in VIEWS["β-VAE"].draw(found).note


@pytest.mark.long
def test_without_the_second_term_the_codes_leave_the_prior(seeds):
    for seed in seeds[:3]:
        assert variational(0.0, seed).means.std() > 2 > 1.5 > variational(1.0, seed).means.std() > 0.5


# Size ----------------------------------------------------------------------------------------------------------------


def test_reconstruction_improves_with_latent_size(seeds):
    found = sizes(tuple(seeds[:3]))
    assert (np.diff(found.errors.mean(axis=0)) < 0).all(), found.errors.mean(axis=0)
    assert (np.diff(found.linear.mean(axis=0)) < 0).all()
    small = [LATENTS.index(latent) for latent in (2, 3, 4)]
    assert (found.errors[:, small] < found.linear[:, small]).all(), "few bent numbers beat as many straight ones"


def test_principal_components_are_ahead_from_the_stated_size_on(seed):
    found = sizes((seed, seed + 1))
    gaps = found.errors.mean(axis=0) - found.linear.mean(axis=0)
    start = LATENTS.index(found.crossing) if found.crossing else len(LATENTS)
    assert (gaps[start:] > 0).all() and gaps[start - 1] <= 0


def test_who_is_ahead_is_said_only_beyond_seed_noise(seed):
    view, found = VIEWS["Size"], sizes((seed, seed + 1))
    for latent in LATENTS:
        ours, theirs = (rows[:, LATENTS.index(latent)] for rows in (found.errors, found.linear))
        gap = ours - theirs
        ahead = (
            "neither, beyond seed noise" if abs(gap.mean()) <= gap.std() else "the network" if gap.mean() < 0 else "PCA"
        )
        assert f"ahead: **{ahead}**" in view.draw(found, latent).note
    for shift, ahead in ((-0.001, "the network"), (0.001, "PCA"), (0.0, "neither, beyond seed noise")):
        moved = found.linear + shift + np.array([[1e-4], [-1e-4]])
        note = view.draw(replace(found, errors=moved), 2).note
        assert f"ahead: **{ahead}**" in note and ("still ahead" in note) == (shift <= 0)
        assert ("From 1 number on PCA is ahead" in note) == (shift > 0)


# Own picture ---------------------------------------------------------------------------------------------------------


def file_of(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def stroke(seed: int, is_dark: bool = True) -> Image.Image:
    """A bar somewhere on a sheet."""
    draw = np.random.default_rng(seed)
    pixels = np.full((120, 160), 255 if is_dark else 0, np.uint8)
    top, left = draw.integers(5, 40, 2)
    pixels[top : top + 60, left : left + 12] = 0 if is_dark else 255
    return Image.fromarray(pixels)


def test_a_drawing_is_cut_out_and_centred_whatever_its_colours(seed):
    dark, light = (own.framed("drawing", file_of(stroke(seed, is_dark))) for is_dark in (True, False))
    assert dark.pixels == light.pixels and len(dark.pixels) == 784
    ink = np.frombuffer(dark.pixels, np.uint8).reshape(28, 28) / 255
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0.5) for axis in (1, 0))
    assert len(rows) == own.BOX and len(columns) == 4
    assert abs(rows.mean() - 13.5) <= 0.5 and abs(columns.mean() - 13.5) <= 0.5
    assert dark.values(28).shape == (1, 784) and dark.values(8).shape == (1, 64)


def test_what_is_no_picture_gets_one_sentence():
    answers = [own.drawn(None), own.drawn("nonsense"), own.drawn(7), own.uploaded(None), own.uploaded(b"PK\x03\x04")]
    answers.append(own.uploaded(file_of(Image.new("RGB", (50, 50), "white"))))
    for answer in answers:
        assert answer.pixels == b"" and answer.sentence.endswith((".", "…"))


def test_a_held_out_digit_comes_back_as_it_is_drawn(small):
    placed = OWN.measure(own.sample(own.SAMPLE), SMALL, 0)
    assert torch.equal(placed.picture, small.pictures[:1]) and placed.provenance
    shown = OWN.draw(placed)
    assert "a held-out picture" in shown.note and len(shown.pictures[0]) == 2


def test_what_is_unlike_the_training_comes_back_worse():
    digits, clothes = plane(LARGE, 0), plane(CLOTHES, 0)
    for found, strange in ((digits, clothes), (clothes, digits)):
        known, unknown = (
            (found.decoded(found.codes(pictures)) - pictures).square().mean().item()
            for pictures in (found.pictures, strange.pictures)
        )
        assert unknown > 1.5 * known


def test_all_views_can_be_drawn(small):
    for view in VIEWS.values():
        found = view.measure(**defaults(view.controls), seed=0)
        looks = defaults(view.looks(found))
        for draw in filter(None, (view.draw, view.before)):
            for picture in (each for row in draw(found, **looks).pictures for each in row):
                picture.plotly()
                assert len(picture.alt) > 30 and "nan" not in picture.alt
    assert point(small, 0.5, 0.5).shape == (1, 64)


def test_the_programs_of_the_shipped_planes_place_the_pictures_as_the_page_does(tmp_path):
    programs = [program_of_plane(plane(name, 0)) for name in (LARGE, CLOTHES)]
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) <= program.tolerance and lines_of_code(program.text) <= 100


# The learner's weights -----------------------------------------------------------------------------------------------


def test_own_weights_make_a_plane_and_its_program_whatever_the_layers_are_called(seed, tmp_path):
    torch.manual_seed(seed)
    sides = (784, 128, 48, 2, 48, 128, 784)
    theirs = torch.nn.Sequential(*(torch.nn.Linear(*pair) for pair in pairwise(sides)))
    brought = measure_brought(save(theirs.state_dict()), LARGE, seed)
    assert "your weights" in brought.sentence and brought.provenance.startswith("Your weights")
    codes = brought.plane.pictures
    for place, layer in enumerate(theirs[:3]):
        codes = layer(codes) if place == 2 else functional.gelu(layer(codes))
    assert torch.allclose(brought.plane.codes(brought.plane.pictures), codes.detach(), atol=1e-5)
    program = program_of_plane(brought.plane)
    (result,) = results_of([program], tmp_path)
    assert distance(result, program.shown) <= program.tolerance
    ((_, _, again),) = weights_of(brought)
    assert measure_brought(again, LARGE, seed).plane.error == brought.plane.error


@pytest.mark.parametrize("file", [b"nonsense", b"PK\x03\x04", save({"0.weight": torch.zeros(3, 3)}), bytes(6_000_000)])
def test_other_files_are_refused_in_one_sentence_and_the_shipped_plane_stays(file):
    brought = measure_brought(file, CLOTHES, 0)
    assert brought.sentence.startswith("**Your file was not read.**") and len(brought.sentence) < 300
    assert brought.plane.error == plane(CLOTHES, 0).error
