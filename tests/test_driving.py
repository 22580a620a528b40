"""The self-driving project: simulator, expert, network, disturbances, evaluation."""

import gc
import json
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from core.projects.driving import (
    Disturbance,
    Pixels,
    RoadNetwork,
    Teacher,
    attention,
    drive,
    driver,
    film,
    mirrored,
    seen,
)
from core.projects.driving.card import card
from core.projects.driving.collect import lesson
from core.projects.driving.disturb import spoiled
from core.projects.driving.evaluate import drives, expert_result, main, result, seeds_of, summary
from core.projects.driving.expert import Style, racing_line
from core.projects.driving.network import WEIGHTS
from core.projects.driving.simulator import FastRacing, environment
from core.projects.driving.train import Imitation

UNSEEN = 100  # tests drive tracks 100 … 190,099: none of training, validation, tuning or the card
EXPERT_FLOOR, DRIVER_FLOOR = 920, 900  # mean scores: the expert's over 20 unseen tracks, the network's over 4 of 20
KEEPS_UP = 0.95  # the network's share of the tiles that the expert reaches in the same time, mean of 20 unseen tracks


def tracks(seeds: list[int], count: int) -> list[int]:
    return [UNSEEN + seed % 190_000 for seed in seeds[:count]]


def test_fast_simulator_returns_the_same_pixels_and_rewards(seed):
    real, fast, random = environment(), FastRacing(), np.random.default_rng(seed)
    first, second = real.reset(seed=seed)[0], fast.reset(seed=seed)[0]
    assert np.array_equal(first, second)
    for step in range(90):
        if step % 15 == 0:
            action = random.uniform([-0.4, 0, 0], [0.4, 1, 0.3]).astype(np.float32)
        (first, *told), (second, *heard) = real.step(action), fast.step(action)
        assert np.array_equal(first, second)
        assert told == heard


def test_environment_is_deterministic_by_seed(seed):
    once, again = (list(drive(lambda frame, simulator: (0.1, 0.5, 0), seed, steps=12)) for _ in range(2))
    assert all(np.array_equal(a.frame, b.frame) and a.score == b.score for a, b in zip(once, again, strict=True))
    other = next(drive(lambda frame, simulator: (0.1, 0.5, 0), seed + 1, steps=1))
    assert not np.array_equal(once[0].frame, other.frame)


def test_expert_is_deterministic_and_pixels_do_not_matter(seed):
    assert expert_result(seed) == expert_result(seed)
    assert expert_result(seed, steps=60).score == result("expert", seed, steps=60).score


def test_expert_finishes_unseen_tracks(seeds):
    results = [expert_result(seed) for seed in tracks(seeds, 20)]
    assert summary(results)["score"] >= EXPERT_FLOOR
    assert all(one.finished for one in results)


def test_racing_line_stays_on_the_road_and_bends_less_than_the_centre(seed):
    simulator = FastRacing(pixels=False)
    simulator.reset(seed=seed)
    line, centre = racing_line(simulator.track, Style()), racing_line(simulator.track, replace(Style(), offset=0.0))
    points, tiles = np.stack([line.x, line.y], 1), np.array(simulator.track)[:, 2:4]
    away = np.linalg.norm(points[:, None] - tiles[None], axis=2).min(1)
    assert away.max() < Style().offset + 1.75  # half the distance between tiles
    assert bending(line) < 0.8 * bending(centre)
    assert max(line.speed) <= Style().top


def bending(line) -> float:
    points = np.stack([line.x, line.y], 1)
    return float((np.diff(points, 2, axis=0) ** 2).sum())


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 5))])
def test_driver_finishes_twenty_unseen_tracks(part, seeds):
    results = [result("cnn", seed, fast=True) for seed in tracks(seeds, 20)[part::5]]
    assert summary(results)["score"] >= DRIVER_FLOOR
    assert all(one.finished for one in results)


def test_the_card_says_what_was_measured():
    record = json.loads(WEIGHTS.with_name("measures.json").read_text())
    assert WEIGHTS.with_name("card.md").read_text() == card(record)
    assert record["bytes"] == WEIGHTS.stat().st_size <= 4_000_000
    assert record["cnn"]["tracks"] == record["expert"]["tracks"] == 100
    assert record["cnn"]["score"] - 2 * record["cnn"]["standard_error"] >= 910 and record["expert"]["score"] >= 925


@pytest.mark.long
def test_driver_keeps_up_with_the_expert_on_unseen_tracks(seeds):
    shares = []
    for seed in tracks(seeds, 20):  # the first 200 steps of each: whole laps of all would take minutes
        shares.append(result("cnn", seed, steps=200, fast=True).tiles / expert_result(seed, steps=200).tiles)
    assert np.mean(shares) >= KEEPS_UP
    assert min(shares) >= KEEPS_UP / 2


def test_several_processes_return_what_one_does(seed):
    pair = tracks([seed, seed + 1], 2)
    assert list(drives("expert", pair, 2, steps=60)) == [result("expert", one, steps=60) for one in pair]


def test_driver_sees_pixels_only(seed):
    frame = next(drive("expert", seed, steps=1, fast=True)).frame
    assert np.array_equal(driver("cnn")(frame, None), driver("cnn")(frame.copy(), object()))


def test_view_is_the_mean_of_four_pixels(seed):
    frame = np.random.default_rng(seed).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    mean = functional.avg_pool2d(torch.from_numpy(frame).permute(2, 0, 1)[None].float(), 2)[0].numpy()
    assert np.abs(seen(frame) - mean).max() <= 0.5


def test_mirror_swaps_left_and_right_on_road_and_instruments(seed):
    views = {}
    for side in (-0.4, 0.4):  # from rest, a turn of the wheel to either side is the same turn mirrored
        moments = list(drive(lambda frame, simulator: (side, 0.0, 0.0), seed, steps=12, fast=True))
        views[side] = torch.from_numpy(seen(moments[-1].frame))[None]
    bars, other = mirrored(views[-0.4])[0, :, 42:, 18:42].float(), views[0.4][0, :, 42:, 18:42].float()
    assert (bars - other).abs().mean() < 0.5
    assert (views[-0.4][0, :, 42:, 18:42].float() - other).abs().mean() > 2
    assert torch.equal(mirrored(mirrored(views[0.4])), views[0.4])


def test_the_score_on_screen_is_not_looked_at(seed):
    view = torch.randint(0, 256, (1, 3, 48, 48), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    changed = view.clone()
    changed[:, :, 42:, :6] = 0
    network = RoadNetwork(seed=seed)
    assert torch.equal(network(view), network(changed))


def test_lessons_repeat_and_are_answered_by_the_expert(seed):
    network = RoadNetwork(seed=seed)
    one, same = (lesson(seed, network, gap=20, steps=50) for _ in range(2))
    assert np.array_equal(one.views, same.views) and np.array_equal(one.answers, same.answers)
    calm = lesson(seed, gap=0, steps=50)
    assert calm.score == pytest.approx(expert_result(seed, steps=50).score, abs=0.01)
    assert not np.array_equal(calm.views, one.views)


def test_a_network_learns_a_drive(seed):
    from core.data.data import Data
    from core.training import Recipe, train

    taught = lesson(seed, gap=40, steps=150)
    x, y = torch.from_numpy(taught.views), torch.from_numpy(taught.answers)
    data = Data(x, y, x[::5], y[::5])
    run = train(RoadNetwork(8, 32, seed=seed), data, Recipe(12, 32, "Adam", 2e-3, seed=seed), Imitation(seed))
    assert run.last.train_loss < 0.5 * run.history[0].train_loss


def test_attention_is_a_map_over_the_road(seed):
    network = driver("cnn").network
    frames = [moment.frame for moment in drive("expert", seed, steps=60, fast=True)]
    first, last = attention(network, frames[0]), attention(network, frames[-1])
    assert first.shape == (96, 96) and first.min() >= 0 and first.max() == pytest.approx(1)
    assert not first[84:].any() and not np.array_equal(first, last)


def test_simulators_are_separate_and_freed(seed):
    alone = [moment.score for moment in drive("expert", seed, steps=40, fast=True)]
    one, other = drive("expert", seed, steps=40, fast=True), drive("expert", seed + 1, steps=40, fast=True)
    both = [(a.score, b.score) for a, b in zip(one, other, strict=True)]
    assert [a for a, _ in both] == alone
    left = drive("expert", seed, fast=True)
    next(left)
    world = weakref.ref(left.gi_frame.f_locals["simulator"])
    left.close()
    gc.collect()
    assert world() is None


def test_disturbances_do_what_they_say(seed):
    frame = next(drive("expert", seed, steps=1, fast=True)).frame
    assert spoiled(frame, Disturbance(dark=0.5)).mean() == pytest.approx(frame.mean() / 2, abs=1)
    assert np.array_equal(spoiled(frame, Disturbance(colours="bgr")), frame[:, :, ::-1])
    blurry = spoiled(frame, Disturbance(blur=3)).astype(float)
    assert np.abs(np.diff(blurry, axis=1)).mean() < np.abs(np.diff(frame.astype(float), axis=1)).mean()
    moments = list(drive("expert", seed, Disturbance(push=12, every=30, drop=0.5), steps=70, fast=True))
    assert [moment.step for moment in moments if moment.struck] == [30, 60]
    kept = sum(np.array_equal(moment.frame, moment.shown) for moment in moments)
    assert 20 <= kept <= 55
    again = drive("expert", seed, Disturbance(push=12, every=30, drop=0.5), steps=70, fast=True)
    assert [moment.score for moment in moments] == [moment.score for moment in again]


def test_the_expert_comes_back_after_pushes(seed):
    calm = result("expert", seed, steps=250, fast=True)
    moments = list(drive("expert", seed, Disturbance(push=15, every=80), steps=250, fast=True))
    assert sum(moment.struck for moment in moments) == 3
    assert moments[-1].tiles > 0.7 * calm.tiles


@pytest.mark.parametrize("bad", [-1, 1.5, "seven", None, True, 2**31, 10**30, float("nan"), [1], "<script>" * 500])
def test_bad_seeds_get_a_sentence(bad):
    with pytest.raises(ValueError, match="track seed is a whole number") as told:
        drive("expert", bad)
    assert len(str(told.value)) < 200


@pytest.mark.parametrize("steps", [0, -5, 10**9, 2.5, "many", None])
def test_absurd_lengths_get_a_sentence(steps):
    with pytest.raises(ValueError, match="1 to 1000 steps"):
        drive("expert", 1, steps=steps)


@pytest.mark.parametrize(
    "settings",
    [
        {"push": 1e9}, {"push": float("nan")}, {"push": -1}, {"dark": 2}, {"drop": 1}, {"blur": 99}, {"blur": 1.5},
        {"every": 0}, {"colours": "xyz"}, {"push": "hard"}, {"dark": None}, {"drop": float("inf")}, {"every": True},
    ],
)  # fmt: skip
def test_absurd_disturbances_get_a_sentence(settings):
    with pytest.raises(ValueError, match="must be"):
        Disturbance(**settings)


@pytest.mark.parametrize("action", [(1, 2), "left", (float("nan"), 0, 0), None])
def test_a_driver_that_returns_nonsense_gets_a_sentence(action):
    with pytest.raises(ValueError):
        next(drive(lambda frame, simulator: action, 1, steps=2, fast=True))


def test_unknown_drivers_get_a_sentence():
    with pytest.raises(ValueError, match="cnn, expert"):
        drive("ghost", 1)
    with pytest.raises(ValueError, match="function"):
        drive(7, 1)


@pytest.mark.parametrize("text", ["", "a:b", "5:1", "0:99999999", "1,,2", "-3:2", "1:2:3", "1e9"])
def test_bad_track_lists_get_a_sentence(text, capsys):
    with pytest.raises(ValueError):
        seeds_of(text)
    with pytest.raises(SystemExit) as left:
        main([f"--tracks={text}"])
    assert left.value.code == 2 and "Traceback" not in capsys.readouterr().err


def test_the_command_reports_every_track(tmp_path, capsys, seed):
    path = tmp_path / "out.json"
    assert main(["--tracks", str(seed), "--driver", "expert", "--processes", "1", "--fast", "--json", str(path)]) == 0
    printed, written = json.loads(capsys.readouterr().out), json.loads(path.read_text())
    assert printed["score"] == written["drives"][0]["score"] == expert_result(seed).score


def test_teacher_advises_beside_the_network(seed):
    moment = next(drive(Pixels(RoadNetwork(seed=seed)), seed, teacher=Teacher(), steps=1, fast=True))
    assert moment.advice.shape == (3,) and moment.advice[1] > 0.5


def test_a_film_holds_the_frames(seed, tmp_path):
    import cv2

    frames = [moment.frame for moment in drive("expert", seed, steps=12, fast=True)]
    path = tmp_path / "drive.webm"
    path.write_bytes(film(frames, enlarge=2))
    video = cv2.VideoCapture(str(path))
    read = []
    while (got := video.read())[0]:
        read.append(got[1][::2, ::2, ::-1])
    video.release()
    assert len(read) == len(frames)
    assert np.abs(read[-1].astype(float) - frames[-1]).mean() < 15  # compressed, but the same picture


@pytest.mark.parametrize("wrong", [{"enlarge": 0}, {"enlarge": 1000}, {"rate": 0}, {"rate": float("nan")}])
def test_absurd_films_get_a_sentence(wrong):
    with pytest.raises(ValueError, match="A film"):
        film([np.zeros((96, 96, 3), np.uint8)], **wrong)
    with pytest.raises(ValueError, match="1 to 2,000 frames"):
        film([])
    with pytest.raises(ValueError, match="A frame is"):
        film([np.zeros((5, 5, 3), np.uint8)])
