"""What the page “Object detection” states."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torchvision.ops import complete_box_iou_loss, distance_box_iou_loss, generalized_box_iou_loss

from core.projects.detection import detector
from core.projects.detection.lesson import film, grid, regression, scored, seen, sources, ssd, suppressed, views
from core.projects.detection.lesson.choice import chosen
from core.projects.detection.lesson.judged import curve_of, matched
from core.projects.detection.lesson.seen import CONFIDENCE, IOU, decoded, distances_to, softmax


def scene(seed: int):
    return sources.scene(seed, sources.Asking())


def random_boxes(seed: int, count: int) -> torch.Tensor:
    """Middles, widths and heights (count, 4)."""
    draw = torch.Generator().manual_seed(seed)
    return torch.cat([
        4 * torch.rand(count, 2, generator=draw, dtype=torch.float64) - 2,
        0.2 + 3 * torch.rand(count, 2, generator=draw, dtype=torch.float64),
    ], dim=1)  # fmt: skip


def corners(box: torch.Tensor) -> torch.Tensor:
    return torch.cat([box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2], dim=1)


# The idea


def test_each_cell_makes_the_box_in_the_text(seeds):
    """From (x − sl, y − st) to (x + sr, y + sb), with the middle (x, y) of a cell s pixels wide."""
    for seed in seeds[:4]:
        found = scene(seed)
        assert grid.strides(found) == (8, 16, 32)
        for at in found.order[:20]:
            stride, row, column = found.cells[at]
            x, y = (column + 0.5) * stride, (row + 0.5) * stride
            left, top, right, bottom = stride * grid.lengths(found, at)
            box = np.array([x - left, y - top, x + right, y + bottom])
            frame = found.frame
            shown = (box - np.array([frame.left, frame.top] * 2)) / frame.scale
            limits = np.array([*found.picture.size] * 2)
            assert np.allclose(shown.clip(0, limits), found.boxes[at], atol=0.15)


def test_one_box_is_proposed_for_each_cell(seeds):
    for seed in seeds[:4]:
        found = scene(seed)
        sizes = [grid.size(found, stride) for stride in grid.strides(found)]
        assert len(found.boxes) == sum(rows * columns for rows, columns in sizes)
        assert len({tuple(one) for one in found.cells.tolist()}) == len(found.boxes)


def test_distances_are_means_of_distributions(seed):
    found = scene(seed)
    at = int(found.order[0]) if len(found.order) else 0
    logits = torch.from_numpy(found.distances[at])
    by_torch = (logits.softmax(dim=1) * torch.arange(logits.shape[1])).sum(dim=1).numpy()
    assert np.allclose(grid.lengths(found, at), by_torch, atol=1e-5)
    assert np.allclose(softmax(found.distances[at]).sum(axis=1), 1, atol=1e-5)


def test_the_head_is_ultralytics_own(seed):
    """Boxes and scores put together here are those that Ultralytics' head returns."""
    model = sources.network()
    values, frame = seen.framed(scene(seed).picture, 256)
    boxes, scores, cells, distances = seen.raw_answer(model, values)
    x = torch.from_numpy(values).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        answer = model(x)[0][0].T.numpy()
    middle, size = answer[:, :2], answer[:, 2:4]
    assert np.allclose(boxes, np.concatenate([middle - size / 2, middle + size / 2], axis=1), atol=1e-3)
    assert np.allclose(scores, answer[:, 4:], atol=1e-5)
    assert np.allclose(decoded(distances, cells), boxes)
    frame = seen.Frame(1, 0, 0, frame.width, frame.height)
    steps = softmax(distances) @ np.arange(distances.shape[-1])
    assert np.allclose(distances_to(boxes, cells, frame)[..., 0], steps, atol=1e-3)


def test_the_sliders_begin_where_every_screen_of_the_project_has_them():
    assert (CONFIDENCE, IOU) == (detector.CONFIDENCE, detector.MOST)


# Suppression


def test_a_box_is_suppressed_by_a_surer_one_of_its_class_that_overlaps_it_enough(seeds):
    for seed in seeds[:6]:
        found = scene(seed)
        choice = chosen(found, 0.05, 0.5)
        for at in np.flatnonzero(choice.by >= 0):
            by = choice.by[at]
            assert found.best[by] >= found.best[at] and found.labels[by] == found.labels[at]
            assert suppressed.overlap(found.boxes[by], found.boxes[[at]])[0] > 0.5
        kept = choice.kept
        for place, at in enumerate(kept):
            same = kept[:place][found.labels[kept[:place]] == found.labels[at]]
            assert not len(same) or suppressed.overlap(found.boxes[at], found.boxes[same]).max() <= 0.5


def test_a_higher_threshold_never_leaves_fewer_than_a_quarter_less(seeds):
    """More lenient thresholds keep more boxes in all; step by step greedy choice may keep a few less."""
    for seed in seeds[:6]:
        kept, _ = suppressed.at_thresholds(scene(seed), 0.05)
        assert kept[-1] == max(kept) and kept[0] <= kept[-1]
        assert all(after >= 0.75 * before for before, after in pairwise(kept))


def test_the_first_picture_of_a_replay_waits_and_the_last_has_chosen(seed):
    found = scene(seed)
    choice = chosen(found, 0.05, 0.5)
    picture = suppressed.steps(found, choice, 0.5)
    assert len(picture.frames) == min(len(choice.kept), suppressed.MOST_STEPS) + 1 == len(picture.captions)
    waiting, now, done, *_ = picture.frames[0]
    assert not done["x"] and not now["x"] and len(waiting["x"]) == 6 * choice.looked


def test_what_is_said_of_heaps_fits_how_many_boxes_there_are(seeds):
    heaps = []
    for seed in seeds[:4]:
        found = scene(seed)
        best = np.sort(found.best[found.order])[::-1]
        only = float(best[:2].mean())  # a confidence that a single box exceeds
        for confidence, iou in ((CONFIDENCE, IOU), (0.05, 0.95), (0.9, 0.3), (only, IOU), (0.999, IOU)):
            choice, asked = chosen(found, confidence, iou), suppressed.question(found, confidence, iou)
            heaps.append(bool((choice.by >= 0).any()))
            assert ("one box of each such heap" in asked.because) == heaps[-1]
            assert ("here none does" in asked.because) == (not heaps[-1])
        asked = suppressed.question(found, only, IOU)
        assert asked.text.startswith("1 box scores above") and asked.truth == 1
        note = suppressed.STEPPED.draw(found, confidence=only, iou_threshold=IOU).note
        assert note.startswith("**1** box scores") and note.endswith("**1** is kept.")
        assert suppressed.goal(found, only, IOU).now.startswith("Now: 1 box,")
    assert set(heaps) == {True, False}


# Average precision


def test_the_area_is_that_of_the_curve_in_the_table(seeds):
    for seed in seeds[:6]:
        found = scene(seed)
        matches = matched(found, chosen(found, 0.05, 0.5).kept, found.truth)
        whole = curve_of(matches, len(found.truth))
        assert np.allclose(whole.precision, [one.precision for one in matches])
        assert np.allclose(whole.recall, [one.recall for one in matches])
        assert (np.diff(whole.envelope) <= 1e-12).all()


def test_a_stricter_iou_never_raises_the_number_of_hits(seeds):
    for seed in seeds[:6]:
        found = scene(seed)
        kept = chosen(found, 0.05, 0.5).kept
        hits = [sum(one.truth >= 0 for one in matched(found, kept, found.truth, least)) for least in (0.5, 0.7, 0.9)]
        assert hits == sorted(hits, reverse=True)


def test_every_true_object_is_hit_at_most_once(seeds):
    for seed in seeds[:6]:
        found = scene(seed)
        hit = [one.truth for one in matched(found, chosen(found, 0.01, 0.95).kept, found.truth) if one.truth >= 0]
        assert len(hit) == len(set(hit))


# Losses of boxes


def test_the_four_losses_are_torchvisions(seeds):
    for seed in seeds[:5]:
        boxes, real = random_boxes(seed, 200), random_boxes(seed + 1, 1)
        ours = regression.box_losses(boxes, real[0])
        theirs = corners(boxes), corners(real).expand(200, 4)
        assert torch.allclose(ours[:, 1], generalized_box_iou_loss(*theirs), atol=1e-6)
        assert torch.allclose(ours[:, 2], distance_box_iou_loss(*theirs), atol=1e-6)
        assert torch.allclose(ours[:, 3], complete_box_iou_loss(*theirs), atol=1e-6)


def test_the_gradients_are_those_of_finite_differences(seeds):
    """Not of CIoU, whose weight of unlike proportions is held fixed."""
    for seed in seeds[:5]:
        box = tuple(random_boxes(seed, 1)[0].tolist())
        losses, slopes = regression.gradients(box, regression.REAL)
        for place in range(4):
            near = [list(box), list(box)]
            near[0][place] -= 1e-6
            near[1][place] += 1e-6
            low, high = (regression.gradients(tuple(one), regression.REAL)[0] for one in near)
            measured = (np.array(high) - np.array(low)) / 2e-6
            assert np.allclose(measured[:3], np.array(slopes)[:3, place], atol=1e-4), (box, place)
        assert len(losses) == 4


def test_boxes_that_do_not_touch_get_a_gradient_from_all_but_iou(seeds):
    for seed in seeds:
        draw = np.random.default_rng(seed)
        wide, high = draw.uniform(0.2, 3, 2)
        away = 1 + wide / 2 + draw.uniform(0.05, 2)
        _, slopes = regression.gradients((away, draw.uniform(-3, 3), wide, high), regression.REAL)
        sizes = np.abs(np.array(slopes)[:, :2]).max(axis=1)
        assert sizes[0] == 0 and (sizes[1:] > 1e-4).all()


def test_a_touch_is_enough_for_iou_and_none_is_not(seeds):
    """What the challenge of this view rests on."""
    for seed in seeds[:3]:
        draw = np.random.default_rng(seed)
        wide, high = draw.uniform(0.4, 3, 2)
        side, down = draw.choice([-1, 1]), draw.uniform(-0.5, 0.5)
        touching = regression.measure(side * (0.94 + wide / 2), down, wide, high, 0)
        apart = regression.measure(side * (1.06 + wide / 2), down, wide, high, 0)
        assert 0 < touching.ious[0, 0] < 0.15 and touching.ious[-1, 0] > 0.9
        assert apart.ious[-1, 0] == 0 and (apart.ious[-1, 1:] > 0).all()


def test_the_challenge_of_the_losses_can_be_met_and_is_not_at_first():
    first = regression.measure(3.0, -1.0, regression.WIDE, regression.HIGH, 0)
    assert not regression.goal(first).passed
    assert regression.goal(regression.measure(0.9, -1.9, 3.1, 2.1, 0)).passed


# SSD


@pytest.mark.parametrize("side", ssd.SIDES)
def test_ssdlite_has_the_grids_that_are_counted(side):
    with torch.inference_mode():
        answer, features = ssd.ssd_answer(torch.rand(1, 3, side, side))
    assert [one.shape[-1] for one in features] == ssd.ssd_grids(side)
    assert answer["bbox_regression"].shape[1] == ssd.PER_CELL * sum(cells**2 for cells in ssd.ssd_grids(side))


def test_yolo_has_the_grids_that_are_counted():
    for side in ssd.SIDES[:3]:
        with torch.inference_mode():
            answer = ssd.yolo()(torch.rand(1, 3, side, side))[0]
        assert answer.shape[2] == sum(cells**2 for cells in ssd.yolo_grids(side))


def test_ssdlite_proposes_more_boxes_from_its_six_shapes():
    assert len(ssd.shapes()[0]) == ssd.PER_CELL and len(ssd.shapes()) == 6
    boxes = {name: sum(cells**2 for cells in grids(320)) for name, grids in
             (("ssd", ssd.ssd_grids), ("yolo", ssd.yolo_grids))}  # fmt: skip
    assert ssd.PER_CELL * boxes["ssd"] == 3234 and boxes["yolo"] == 2100


# The page


def test_no_challenge_is_met_by_the_first_picture():
    found = scene(0)
    assert not views.goal(found).passed
    for view, look in ((grid.GRID, grid.controls(found)), (scored.SCORED, scored.controls(found)),
                       (suppressed.STEPPED, suppressed.LOOK)):  # fmt: skip
        assert not view.goal(found, **{one.name: one.value for one in look}).passed


def test_true_boxes_drawn_over_the_detections_meet_the_first_challenge(seeds):
    met = 0
    for seed in seeds[:10]:
        found = scene(seed)
        kept = chosen(found, CONFIDENCE, IOU).kept[:3]
        if len(kept) < 3:
            continue
        boxes = [{"class": int(found.labels[at]), "box": found.boxes[at].astype(float).tolist()} for at in kept]
        met += views.goal(views.with_truth(found, {"boxes": boxes})).passed
    assert met


def test_a_click_in_the_picture_chooses_the_cell_there(seeds):
    found = scene(seeds[0])
    draw = np.random.default_rng(seeds[0])
    x, y = draw.uniform(0, 1, 2) * found.picture.size
    shown = grid.draw(found, "stride 16", 1, 1)
    row, column = (value for _, value in shown.clicked({"panel": 0, "x": float(x), "y": float(y)}))
    middle = grid.middles(found)[grid.cell(found, "stride 16", row, column)]
    assert max(abs(middle - (x, y))) <= 8 / found.frame.scale + 1e-6 and math.isfinite(x)


# Films


def test_a_film_is_looked_through_frame_by_frame_and_comes_back(seed):
    work, told = film.looked_through(film.pan(seed), 0.35, 6), []
    while True:
        try:
            told.append(next(work)[0])
        except StopIteration as end:
            found = end.value
            break
    assert told == sorted(told) and len(found.frames) == film.FRAMES / 6 == len(found.counts)
    assert found.content[:4] == b"\x1aE\xdf\xa3" and found.counts.shape[1] == len(found.names)
    for picture in film.draw(found).pictures[0]:
        picture.plotly()


def test_what_comes_back_is_counted():
    names = ("cat", "dog")
    seen = np.array([[1, 0], [0, 0]] * 5)
    flickering = film.Film(b"", names, tuple(range(10)), seen, 0.1)
    assert film.goal(flickering).passed and "cat comes back 4 times" in film.goal(flickering).now
    assert not film.goal(film.Film(b"", names, tuple(range(10)), seen * 0 + 1, 0.1)).passed


@pytest.mark.parametrize("content", [b"", b"no film at all", b"\0\0\0\x18ftypmp42" + b"\0" * 200])
def test_what_is_no_film_gets_one_sentence(content):
    with pytest.raises(ValueError, match=r"^[^\n]+\.$"):
        list(film.looked_through(content, 0.35, 1))
