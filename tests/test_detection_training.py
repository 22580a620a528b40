"""The training of a learner's own detector: by Ultralytics, in a process of its own, and judged twice."""

import json
import subprocess
import time

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load, load_file

from core.jobs import Pool, start
from core.projects.detection.drawings import CLASSES, shipped
from core.projects.detection.lesson import own, pupil, school
from core.projects.detection.lesson.labels import Collection, Labelled
from core.projects.detection.models import local
from core.projects.detection.network import ARCHITECTURE, WEIGHTS
from core.projects.detection.network import load as loaded
from core.projects.detection.scenes import scene

SMALL = school.Settings(epochs=2, input_side=128, learning_rate=0.001)


def finished(work):
    """What long work returns, and all that it yielded."""
    told = []
    while True:
        try:
            told.append(next(work))
        except StopIteration as end:
            return end.value, told


def scenes(seed: int, count: int, sizes=((256, 256),)) -> Collection:
    """Drawn scenes of several sizes."""
    made = [scene(shipped(), seed + number, sizes[number % len(sizes)]) for number in range(count)]
    examples = tuple(
        Labelled(str(number), Image.fromarray(one.picture), own.truths(one.boxes, one.classes))
        for number, one in enumerate(made)
    )
    return Collection(CLASSES, examples)


def test_our_sums_are_those_of_ultralytics_val(tmp_path, seed):
    """The shipped weights on scenes of three shapes: mean average precision to 0.005 by both."""
    pictures = scenes(seed, 24, ((256, 256), (256, 160), (200, 320)))
    school.written(tmp_path, pictures, school.Settings(seed=seed), None, ARCHITECTURE)
    for file in (tmp_path / "images" / "train").iterdir():  # all of them are held out
        file.rename(tmp_path / "images" / "val" / f"t{file.name}")
        label = tmp_path / "labels" / "train" / f"{file.stem}.txt"
        label.rename(tmp_path / "labels" / "val" / f"t{label.name}")
    model, about = loaded()
    settings = {"names": list(about["classes"]), "side": 256}
    ours = pupil.summed(tmp_path, model, settings)
    theirs = pupil.evaluated(tmp_path, model, 256)
    assert theirs["map50"] > 0
    assert ours["map50"] == pytest.approx(theirs["map50"], abs=0.005)
    assert ours["map"] == pytest.approx(theirs["map"], abs=0.005)


def test_a_training_tells_how_it_goes_and_what_came_of_it(seed, tmp_path):
    pictures = scenes(seed, 10)
    trained, told = finished(school.training(pictures, SMALL, WEIGHTS, ARCHITECTURE))
    shares = [one[0] for one in told]
    assert shares == sorted(shares) and shares[-1] > 0.9 and "epoch 2 of 2" in told[-1][1]
    assert [one.epoch for one in trained.moments] == [1, 2]
    assert all(np.isfinite(list(one.losses.values())).all() and set(one.losses) == {"box", "cls", "dfl"}
               for one in trained.moments)  # fmt: skip
    # Two or three pictures: where two boxes are equally sure, the order in which they count is worth a hundredth.
    assert trained.own["map50"] == pytest.approx(trained.verdict["map50"], abs=0.02)
    assert trained.own["map"] == pytest.approx(trained.verdict["map"], abs=0.02)
    assert trained.count + len(trained.held_out) == 10 and all(one.truth for one in trained.held_out)
    weights, before = load(trained.weights), load_file(WEIGHTS)
    (tmp_path / "own.safetensors").write_bytes(trained.weights)
    again = local(tmp_path / "own.safetensors")  # as any of the project's programs opens it
    assert again.names == CLASSES and again.side == 128
    frozen = [name for name in before if name.endswith("conv.weight") and int(name.split(".")[1]) < pupil.FREEZE]
    free = [name for name in before if name.endswith("conv.weight") and int(name.split(".")[1]) == 22]
    assert frozen and all(torch.equal(weights[name], before[name]) for name in frozen)
    assert not all(torch.equal(weights[name], before[name]) for name in free or ["model.23.cv2.0.0.conv.weight"])
    for shown in (own.live(told[-1]), own.result(trained)):
        assert shown.pictures
        for row in shown.pictures:
            for picture in row:
                picture.plotly()
    assert own.program(pictures, trained).text.count("model.train(") == 1
    assert own.goal(trained).passed == (trained.verdict["map50"] >= 0.5)


def test_a_cancelled_training_ends_its_process_and_leaves_nothing(seed, monkeypatch):
    begun = []
    real = subprocess.Popen

    def noted(*arguments, **options):
        begun.append(real(*arguments, **options))
        return begun[-1]

    monkeypatch.setattr(school.subprocess, "Popen", noted)
    job = start(school.training, scenes(seed, 8), school.Settings(epochs=60, input_side=128), WEIGHTS, ARCHITECTURE,
                pool=Pool())  # fmt: skip
    end = time.monotonic() + 120
    while not begun and time.monotonic() < end:
        time.sleep(0.02)
    job.cancel()
    job.wait(120)
    assert job.status == "cancelled" and begun[0].poll() is not None


def test_a_training_that_fails_says_why_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"The training stopped by itself: FileNotFoundError.*settings\.json"):
        list(school.lines(tmp_path))


def test_held_out_pictures_are_not_trained_on(seeds):
    for seed in seeds[:5]:
        pictures = scenes(seed, int(3 + seed % 9))
        training, held = school.divided(pictures, seed)
        assert not {id(one) for one in training} & {id(one) for one in held}
        assert len(training) + len(held) == len(pictures.examples) and training and held


def test_a_folder_says_what_was_set(seed, tmp_path):
    pictures = scenes(seed, 6)
    held = school.written(tmp_path, pictures, SMALL, None, ARCHITECTURE)
    told = json.loads((tmp_path / "settings.json").read_text())
    assert told["epochs"] == 2 and told["side"] == 128 and told["freeze"] is True and told["names"] == list(CLASSES)
    assert len(list((tmp_path / "images" / "val").iterdir())) == len(held)
