"""The painter in use, its release, films and posters, and a painter of the learner's own."""

import functools
import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.decomposition import PCA
from test_art import SMALL, STEPS, discs, game, played

from core.jobs import start
from core.projects.art import critic, own, pictures, release
from core.projects.art.card import WANTED, card, ratio, verdict
from core.projects.art.game import Step
from core.projects.art.network import networks, one_hot
from core.projects.art.painter import (
    LARGEST_SEED,
    MOST,
    TRAITS,
    Painter,
    between,
    effect,
    mixed,
    painter_of,
    plane,
    principal,
    traits,
)
from core.projects.art.takeaway import gif, poster, video
from core.projects.art.train import Diary, kept
from core.serving.uploads import Refused


@functools.cache
def painter() -> Painter:
    """The generator that learned discs."""
    return Painter(played().average.eval(), discs().names, (0.5, 0.3, 0.2))


def test_seeds_paint_the_same_alone_and_in_company():
    found, red = painter(), painter().weights({"red": 1})
    together = found.painted(found.styles([5, 6, 7], red))
    alone = found.painted(found.styles([6], red))
    assert np.abs(together[1].astype(int) - alone[0]).max() <= 1
    assert np.abs(together[0].astype(int) - together[2]).max() > 3


def test_hostile_seeds_and_groups_get_one_sentence():
    found, red = painter(), painter().weights({"red": 1})
    for seed in (-1, LARGEST_SEED + 1, 1.5, True, "7", None, 10**30):
        with pytest.raises(ValueError, match="whole number"):
            found.styles([seed], red)
    with pytest.raises(ValueError, match="At most"):
        found.styles(list(range(MOST + 1)), red)
    for mix in ({"red": -1.0}, {}, {"red": 0}, {"red": float("nan")}, {"red": float("inf")}):
        with pytest.raises(ValueError, match="above zero"):
            found.weights(mix)
    with pytest.raises(ValueError, match="no group 'pear'"):
        found.weights({"pear": 1})
    assert found.painted(found.styles([0, LARGEST_SEED], red)).shape == (2, 16, 16, 3)


def test_truncation_goes_from_the_class_mean_to_the_style_itself():
    found, seeds = painter(), [1, 2, 3]
    classes = one_hot([0, 1, 2], 3)
    whole, none, half = (found.styles(seeds, classes, share) for share in (1.0, 0.0, 0.5))
    assert torch.allclose(none, found.means, atol=1e-5)
    assert torch.allclose(half, (whole + none) / 2, atol=1e-5)


def test_truncation_makes_pictures_of_one_class_more_alike():
    found, green = painter(), painter().weights({"green": 1})
    spreads = [found.painted(found.styles(range(40), green, share)).std(axis=0).mean() for share in (0.0, 0.4, 1.0)]
    assert spreads[0] < spreads[1] < spreads[2]


def test_mixed_classes_lie_between_them():
    found = painter()
    means = [found.painted(found.styles(range(30), found.weights(mix)))[:, 6:10, 6:10, 0].mean()
             for mix in ({"red": 1}, {"red": 1, "blue": 1}, {"blue": 1})]  # fmt: skip
    assert means[0] > means[1] > means[2]


def test_styles_mix_by_layer():
    a, b = torch.zeros(2, 4), torch.ones(2, 4)
    found = mixed(a, b, 5, 3)
    assert found.shape == (2, 5, 4) and found[:, :3].max() == 0 and found[:, 3:].min() == 1


def test_films_begin_at_each_stop_and_close():
    stops = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    found = between(stops, 10)
    assert found.shape == (30, 4) and torch.allclose(found[::10], stops)
    steps = (found - found.roll(1, 0)).norm(dim=1)
    assert steps[0] < steps.mean() and between(stops, 10, closed=False).shape == (20, 4)


def test_directions_are_scikit_learns_principal_components(seeds):
    for seed in seeds[:3]:
        rows = torch.randn(80, 6, generator=torch.Generator().manual_seed(seed)) * torch.arange(1, 7)
        found, theirs = principal(rows, 3), PCA(3).fit(rows.numpy())
        assert np.allclose(np.abs((found.rows.numpy() * theirs.components_).sum(axis=1)), 1, atol=1e-4)
        assert np.allclose(found.deviations**2, theirs.explained_variance_, rtol=1e-4)
        assert np.allclose(found.shares, theirs.explained_variance_ratio_, rtol=1e-4)


def disc(colour: tuple[int, int, int], wide: float, high: float, up: float = 31.5) -> np.ndarray:
    """An ellipse on pale paper, 64 × 64."""
    rows, columns = np.mgrid[0:64, 0:64]
    inside = ((rows - up) / high) ** 2 + ((columns - 31.5) / wide) ** 2 < 1
    return np.where(inside[..., None], np.array(colour), np.array((240, 232, 215))).astype(np.uint8)


@pytest.mark.parametrize(
    ("trait", "less", "more"),
    [
        ("redness", disc((60, 150, 60), 15, 15), disc((190, 40, 30), 15, 15)),
        ("warmth", disc((70, 70, 160), 15, 15), disc((220, 190, 60), 15, 15)),
        ("lightness", disc((60, 30, 30), 15, 15), disc((200, 150, 150), 15, 15)),
        ("colourfulness", disc((120, 110, 100), 15, 15), disc((220, 40, 30), 15, 15)),
        ("size", disc((190, 40, 30), 10, 10), disc((190, 40, 30), 20, 20)),
        ("height", disc((190, 40, 30), 10, 10, 40), disc((190, 40, 30), 10, 10, 22)),
        ("tallness", disc((190, 40, 30), 20, 10), disc((190, 40, 30), 10, 20)),
    ],
)
def test_traits_say_what_their_names_say(trait, less, more):
    found = traits(np.stack([less, more]))[trait]
    assert found[1] > found[0] * 1.05 + 0.02 and set(traits(np.stack([less]))) == set(TRAITS)


def test_traits_of_bare_paper_are_numbers():
    bare = np.full((1, 64, 64, 3), 240, np.uint8)
    assert all(np.isfinite(each).all() for each in traits(bare).values())


def test_a_directions_name_is_what_it_measurably_changes():
    found = painter()
    step = 0.5 * (found.means[0] - found.means[1])  # from green to red
    named = effect(found, found.styles(range(40), found.weights({"red": 1, "green": 1})), step)
    assert named.agreement > 0.8
    back = effect(found, found.styles(range(40), found.weights({"red": 1, "green": 1})), -step)
    assert back.trait == named.trait and back.change * named.change < 0 and back.words != named.words


def test_posters_are_the_same_pixels_resampled():
    small = discs().pixels[0]
    squares = np.asarray(Image.open(io.BytesIO(poster(small, 512, "squares"))))
    assert np.array_equal(squares[::32, ::32], small) and squares.shape == (512, 512, 3)
    smooth = Image.open(io.BytesIO(poster(small, 1024)))
    assert smooth.size == (1024, 1024)
    for side, way in ((513, "smooth"), (512, "sharper"), (10**6, "smooth")):
        with pytest.raises(ValueError, match="A poster has"):
            poster(small, side, way)


def test_films_can_be_opened_again(tmp_path: Path):
    import cv2

    frames = list(discs().pixels[:6])
    animation = Image.open(io.BytesIO(gif(frames)))
    assert animation.n_frames == 6 and animation.size == (64, 64)
    (tmp_path / "film.mp4").write_bytes(video(frames))
    reader = cv2.VideoCapture(str(tmp_path / "film.mp4"))
    assert reader.get(cv2.CAP_PROP_FRAME_COUNT) == 6 and reader.read()[1].shape == (128, 128, 3)
    for count in (1, 601):
        with pytest.raises(ValueError, match="A film has"):
            gif(frames[:1] * count)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run of three moments of which the last has learned something."""
    folder = tmp_path_factory.mktemp("run")
    found, diary = game(), Diary(folder)
    for _ in range(2):
        diary.note(found.play(), every=1)
        kept(found, folder)
    kept(played(), folder)
    played().save(folder / "checkpoint.safetensors")
    about = {"set": "discs", "settings": {"batch": 8, "penalty": 0.1, "rate": 0.002}, "shape": {"side": 16}}
    (folder / "settings.json").write_text(json.dumps(about))
    return folder


def test_release_chooses_measures_and_writes_a_card(run: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setitem(pictures.SETS, "discs", discs)
    monkeypatch.setattr(release, "JUDGED", 48)
    monkeypatch.setattr(release, "TRUNCATIONS", (0.7, 1.0))
    record = release.release(run, tmp_path, "A remark.")
    kids = {int(step): kid for step, kid in record["course"].items()}
    assert record["step"] == STEPS and kids[STEPS] < kids[1]
    assert len(record["ways"]) == 10 and all(row["step"] <= STEPS for row in record["log"])
    text = (tmp_path / "card.md").read_text()
    assert f"{record['truncation']['1.0']['frechet']:.2f}" in text and "A remark." in text
    assert record["copies"]["sentence"] in text and "{" not in text
    shipped = painter_of(tmp_path / "weights.safetensors")
    assert shipped.names == discs().names and sum(shipped.shares) == pytest.approx(1)
    with Image.open(tmp_path / "lapse.webp") as lapse:
        assert lapse.size == (16 * release.COLUMNS, 16 * len(record["lapse"]))
    assert json.loads((tmp_path / "measures.json").read_text())["pictures"] == 48
    assert card(record) == text


def test_the_shipped_critic_answers_as_it_did_in_training(run: Path, tmp_path: Path):
    critic.save_critic(run / "checkpoint.safetensors", tmp_path / "critic.safetensors")
    again = critic.critic_of(tmp_path / "critic.safetensors")
    some, beside = discs().pixels[:5], discs().pixels[10:13]
    answers = critic.judged(again, some, discs().labels[:5], beside)
    assert np.allclose(answers[3:], critic.judged(again, some[3:], discs().labels[3:5], beside), atol=1e-4)
    four = torch.from_numpy(np.concatenate([some[:1], beside]).transpose(0, 3, 1, 2).copy()).float() / 127.5 - 1
    with torch.no_grad():
        expected = played().discriminator(four, one_hot([discs().labels[0]] * 4, 3))[0].item()
    assert answers[0] == pytest.approx(expected, abs=0.05)


def test_rounds_hide_each_generated_picture_beside_a_real_one():
    found = critic.rounds(painter(), played().discriminator, discs().pixels, discs().labels, 12, seed=4)
    again = critic.rounds(painter(), played().discriminator, discs().pixels, discs().labels, 12, seed=4)
    assert [one.real for one in found] == [one.real for one in again] and {one.real for one in found} == {0, 1}
    for one in found:
        assert any(np.array_equal(one.pictures[one.real], each) for each in discs().pixels)
        assert one.machine == int(np.argmax(one.answers))
    perfect, score = [one.real for one in found], critic.Score.of(found, [one.real for one in found])
    assert score.yours == 12 and score.machines == sum(one.machine == one.real for one in found)
    assert critic.Score.of(found[:3], perfect[:3]).rounds == 3 and "12 of 12" in score.sentence


def test_the_plane_has_its_corners_and_lines_between():
    corners = torch.randn(4, 6, generator=torch.Generator().manual_seed(2))
    for place, (x, y) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        assert torch.allclose(plane(corners, x, y), corners[place])
    assert torch.allclose(plane(corners, 0.5, 0.5), corners.mean(dim=0), atol=1e-6)
    assert torch.allclose(plane(corners, 7, -3), corners[1])
    with pytest.raises(ValueError, match="two numbers"):
        plane(corners, float("nan"), 0.5)


def test_the_verdict_says_whether_the_aim_was_reached():
    record = {"reference": {"frechet": 10.0}, "truncation": {"1.0": {"frechet": 15.0}}}
    assert ratio(record) == 1.5 and "within the aim" in verdict(record)
    record["truncation"]["1.0"]["frechet"] = 10 * WANTED + 1
    assert "was missed" in verdict(record)


def test_late_moments_alone_are_chosen():
    assert release.chosen({100: 0.0, 900: 0.3, 1500: 0.1, 2000: 0.2}) == 1500


def files(count: int, side: int = 40) -> list[tuple[str, bytes]]:
    """PNG files that differ."""
    draw, made = np.random.default_rng(0), []
    for number in range(count):
        file = io.BytesIO()
        Image.fromarray(draw.integers(0, 255, (side, side + 8, 3), np.uint8)).save(file, "PNG")
        made.append((f"{number}.png", file.getvalue()))
    return made


def test_own_pictures_are_read_once_each_and_too_few_are_refused():
    many = files(own.FEWEST)
    found = own.own([*many, *many[:5]])
    assert len(found) == own.FEWEST and found.pixels.shape[1:] == (32, 32, 3)
    with pytest.raises(Refused, match="1 different pictures"):
        own.own(many[:1] * 300)
    with pytest.raises(Refused, match="0 different pictures"):
        own.own([])


def test_absurd_files_end_in_one_sentence_and_not_all_are_looked_at():
    looked: list[int] = []

    def absurd():
        for number in range(10_000):
            looked.append(number)
            yield f"{number}.png", b"no picture" * 20

    with pytest.raises(Refused, match="“0"):
        own.own(absurd())
    assert len(looked) < 50


def test_own_training_can_be_watched_and_stopped():
    small = own.at_size(thirty_two(), 80)
    assert len(small) == 80
    job = start(own.playing, small, own.Plan(steps=4000)).wait(0.01)
    while not job.recent and not job.finished.is_set():
        job.wait(0.05)
    look = job.recent[0]
    assert look.pictures.shape == (own.SHOWN, 32, 32, 3) and 0 < look.share < 1 and look.finding is None
    job.cancel()
    assert job.wait(60).status == "cancelled"


@functools.cache
def thirty_two() -> pictures.Pictures:
    """The discs at twice their side."""
    found = discs()
    larger = found.pixels.repeat(2, axis=1).repeat(2, axis=2)
    return pictures.Pictures(found.name, larger, found.labels, found.names, found.credit)


def test_the_alarm_names_collapse_nonsense_and_defeat():
    plan = own.Plan()
    healthy = Step(400, 1.2, 1.0, 0.7, 0.7)
    assert own.alarm(healthy, 0.8, plan) is None and own.alarm(Step(10, 1.2, 1.0, 0.7, 0.7), 0.0, plan) is None
    collapse = own.alarm(healthy, 0.1, plan)
    assert collapse is not None and collapse.name == "mode collapse"
    assert own.mended(plan, collapse).penalty > plan.penalty
    broken = own.alarm(Step(3, float("nan"), 1.0, 0.5, 0.5), 1.0, plan)
    assert broken is not None and broken.name == "not a number" and own.mended(plan, broken).rate < plan.rate
    beaten = own.alarm(Step(400, 0.0, 9.0, 1.0, 1.0), 0.8, plan)
    assert beaten is not None and own.mended(plan, beaten).penalty > plan.penalty


def test_a_rate_beyond_reason_ends_the_training_with_a_finding():
    looks = list(itertools.islice(own.playing(thirty_two(), own.Plan(steps=400, rate=1e18)), 400))
    assert looks[-1].finding is not None and looks[-1].finding.name == "not a number"


def test_spread_is_the_standard_deviation_of_patches():
    flat = np.zeros((2, 8, 8, 3), np.uint8)
    flat[1] = 100
    assert own.spread(flat) == pytest.approx(50)
    assert networks(SMALL, 0)[0].shape.layers == 5
