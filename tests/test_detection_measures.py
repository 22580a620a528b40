"""Boxes, suppression and average precision equal torchvision's and Ultralytics' on random boxes."""

import numpy as np
import pytest
import torch
from torchvision import ops

from core.projects.detection import boxes as measures
from core.projects.detection.average_precision import THRESHOLDS, Found, Truth, curve, matched, score
from core.projects.detection.quiet import hushed
from core.projects.detection.suppression import nms, suppressed


def random_boxes(generator: np.random.Generator, count: int) -> np.ndarray:
    low = generator.uniform(0, 80, (count, 2))
    return np.concatenate([low, low + generator.uniform(1, 40, (count, 2))], axis=1)


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        (measures.iou, ops.box_iou),
        (measures.giou, ops.generalized_box_iou),
        (measures.diou, ops.distance_box_iou),
        (measures.ciou, ops.complete_box_iou),
    ],
)
def test_overlaps_equal_torchvisions(own, theirs, seeds) -> None:
    for seed in seeds:
        generator = np.random.default_rng(seed)
        first, second = random_boxes(generator, 40), random_boxes(generator, 30)
        expected = theirs(torch.from_numpy(first), torch.from_numpy(second)).numpy()
        assert np.abs(own(first, second) - expected).max() < 1e-6


def test_ciou_equals_ultralytics(seeds) -> None:
    hushed()
    from ultralytics.utils.metrics import bbox_iou

    for seed in seeds:
        generator = np.random.default_rng(seed)
        first, second = random_boxes(generator, 40), random_boxes(generator, 40)
        for own, name in (
            (measures.iou, ""),
            (measures.giou, "GIoU"),
            (measures.diou, "DIoU"),
            (measures.ciou, "CIoU"),
        ):
            options = {name: True} if name else {}
            pair = torch.from_numpy(first), torch.from_numpy(second)
            expected = bbox_iou(*pair, xywh=False, **options).numpy().squeeze(-1)
            assert np.abs(np.diagonal(own(first, second)) - expected).max() < 1e-6


def test_forms_of_a_box_go_back_and_forth() -> None:
    some = random_boxes(np.random.default_rng(0), 20)
    assert np.allclose(measures.cornered(measures.centred(some)), some)


@pytest.mark.parametrize("most", [0.0, 0.3, 0.45, 0.7, 1.0])
def test_nms_equals_torchvisions(most, seeds) -> None:
    for seed in seeds:
        generator = np.random.default_rng(seed)
        some, scores = random_boxes(generator, 200), generator.permutation(200) / 200
        expected = ops.nms(torch.from_numpy(some), torch.from_numpy(scores), most)
        assert nms(some, scores, most).tolist() == expected.tolist()


def test_suppression_equals_ultralytics(seeds) -> None:
    hushed()
    from ultralytics.utils.nms import non_max_suppression

    for seed in seeds:
        generator = np.random.default_rng(seed)
        some = random_boxes(generator, 300).astype(np.float32)
        chances = generator.random((300, 4), np.float32)
        raw = torch.from_numpy(np.concatenate([measures.centred(some), chances], axis=1).T[None])
        theirs = non_max_suppression(raw.clone(), conf_thres=0.6, iou_thres=0.45, max_det=300)[0].numpy()
        own = suppressed(some, chances.max(axis=1), chances.argmax(axis=1), 0.6, 0.45)
        assert np.abs(theirs[:, 4] - chances.max(axis=1)[own.kept]).max() < 1e-6
        assert np.abs(theirs[:, :4] - some[own.kept]).max() < 1e-4  # theirs went through centre and size in float32


def test_every_suppressed_box_names_a_kept_one_of_its_class(seeds) -> None:
    for seed in seeds:
        generator = np.random.default_rng(seed)
        some, scores, classes = random_boxes(generator, 150), generator.random(150), generator.integers(0, 3, 150)
        found = suppressed(some, scores, classes, 0.2, 0.4)
        out = np.flatnonzero(found.by >= 0)
        assert len(out) and set(found.by[out]) <= set(found.kept)
        assert (classes[out] == classes[found.by[out]]).all() and (scores[out] <= scores[found.by[out]]).all()
        assert (found.overlap[out] > 0.4).all()
        assert (found.by[scores <= 0.2] == -2).all()


def made_up(generator: np.random.Generator) -> tuple[Found, Truth]:
    """A picture with some objects, detections near them and some elsewhere."""
    count = int(generator.integers(0, 7))
    real, kinds = random_boxes(generator, count), generator.integers(0, 4, count)
    near = np.repeat(real, 2, axis=0) + generator.normal(0, 2, (2 * count, 4))
    some = np.concatenate([near, random_boxes(generator, 4)])
    guessed = np.concatenate([np.where(generator.random(2 * count) < 0.8, np.repeat(kinds, 2), 0), [0, 1, 2, 3]])
    return Found(some, generator.random(len(some)), guessed.astype(int)), Truth(real, kinds)


def test_average_precision_equals_ultralytics(seeds) -> None:
    hushed()
    from ultralytics.engine.validator import BaseValidator
    from ultralytics.utils.metrics import ap_per_class, box_iou

    for seed in seeds:
        generator = np.random.default_rng(seed)
        pictures = [made_up(generator) for _ in range(30)]
        judge = BaseValidator.__new__(BaseValidator)
        judge.iouv = torch.from_numpy(THRESHOLDS)
        for found, truth in pictures:
            order = np.argsort(-found.scores)
            overlaps = box_iou(torch.from_numpy(truth.boxes), torch.from_numpy(found.boxes[order]), eps=0)
            kinds = torch.from_numpy(found.classes[order]), torch.from_numpy(truth.classes)
            theirs = judge.match_predictions(*kinds, overlaps).numpy()
            assert ((matched(found, truth) >= 0)[order] == theirs).all()
        hits = np.concatenate([matched(*one) >= 0 for one in pictures])
        sure, kinds, real = (
            np.concatenate([getattr(one[side], name) for one in pictures])
            for side, name in ((0, "scores"), (0, "classes"), (1, "classes"))
        )
        theirs = ap_per_class(hits, sure, kinds, real)[5]
        own = score([one[0] for one in pictures], [one[1] for one in pictures])
        assert np.abs(own.averages - theirs).max() < 1e-6
        assert own.map50 == pytest.approx(theirs[:, 0].mean()) and own.map50_95 == pytest.approx(theirs.mean())


def test_average_precision_of_perfect_and_of_no_answers() -> None:
    perfect = curve(np.array([0.9, 0.8]), np.array([True, True]), 2)
    assert perfect.average == pytest.approx(1, abs=0.01) and (perfect.precision == 1).all()
    assert curve(np.zeros(0), np.zeros(0, bool), 3).average == 0
    nothing = np.zeros((0, 4)), np.zeros(0, int)
    assert score([Found(nothing[0], np.zeros(0), nothing[1])], [Truth(*nothing)]).map50 == 0
