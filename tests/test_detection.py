"""The detector and its scenes: seeds, boxes, raw boxes as Ultralytics finds them, tiles, exports, models."""

import ast
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import photographs
import pytest
from PIL import Image, ImageDraw
from test_arrows import imported

from core.data.images import MissingDataError
from core.projects.detection import sources
from core.projects.detection.detector import Detector, detect, letterboxed, settled, shipped
from core.projects.detection.drawings import CLASSES, SHIPPED
from core.projects.detection.drawings import shipped as shipped_drawings
from core.projects.detection.measure import judged, recall_by_size
from core.projects.detection.network import load
from core.projects.detection.quiet import hushed
from core.projects.detection.scenes import scene, scenes, written
from core.projects.detection.strokes import distances, penned, skeleton
from core.projects.detection.tiles import tiled

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:ray", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def drawn() -> list:
    """Scenes that no network has learned from."""
    return list(scenes(shipped_drawings(), 12, seed=77))


# Scenes


def test_the_same_seed_gives_the_same_scene(seeds) -> None:
    for seed in seeds[:4]:
        one, other = (scene(shipped_drawings(), seed) for _ in range(2))
        assert (one.picture == other.picture).all() and (one.boxes == other.boxes).all()
        assert (one.classes == other.classes).all()
    pictures = [scene(shipped_drawings(), seed).picture.tobytes() for seed in set(seeds)]
    assert len(set(pictures)) == len(pictures)


def test_boxes_lie_in_the_picture_and_have_a_class(seeds) -> None:
    for seed in seeds:
        one = scene(shipped_drawings(), seed, size=(320, 200))
        assert one.picture.shape == (200, 320, 3) and one.picture.dtype == np.uint8
        assert len(one.boxes) == len(one.classes) and set(one.classes) <= set(range(len(CLASSES)))
        assert (one.boxes >= 0).all() and (one.boxes <= (320, 200, 320, 200)).all()
        assert (one.boxes[:, 2:] > one.boxes[:, :2]).all()


def test_a_box_is_tight_around_the_ink(seeds) -> None:
    """On white paper with one drawing, no clutter and no camera, the box is that of the dark pixels."""
    checked = 0
    for seed in range(seeds[0], seeds[0] + 150):
        one = scene(shipped_drawings(), seed, camera=False, objects=1)
        if one.paper != "white" or len(one.boxes) != 1:
            continue
        rows, columns = np.nonzero(one.picture.min(axis=2) < 235)
        x1, y1, x2, y2 = one.boxes[0]
        inside = (columns >= x1 - 2) & (columns < x2 + 2) & (rows >= y1 - 2) & (rows < y2 + 2)
        if not inside.all():  # clutter
            continue
        edges = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert np.abs(one.boxes[0] - edges).max() <= 2
        checked += 1
    assert checked >= 5


def test_parts_share_no_drawing_and_the_shipped_ones_are_for_tests() -> None:
    try:
        parts = {part: sources.drawings(part).images for part in sources.PARTS}
    except MissingDataError:
        pytest.skip("the drawings are not on this machine")
    for kind in range(len(CLASSES)):
        seen = [{image.tobytes() for image in parts[part][kind]} for part in sources.PARTS]
        assert len(seen[0] & seen[2]) <= 2  # Quick, Draw! itself holds a few drawings twice
        assert (shipped_drawings().images[kind] == parts["test"][kind][:SHIPPED]).all()


def test_without_the_drawings_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROADMAP_LAB_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match="set ROADMAP_LAB_DATA"):
        sources.drawings.__wrapped__("train")


def test_the_skeleton_is_zhang_and_suens(seeds) -> None:
    for seed in seeds[:6]:
        generator = np.random.default_rng(seed)
        canvas = Image.new("L", (60, 60))
        points = [tuple(point) for point in generator.integers(5, 55, (5, 2)).tolist()]
        ImageDraw.Draw(canvas).line(points, 255, 5, "curve")
        mask = np.asarray(canvas) > 128
        assert ((skeleton(mask.astype(np.uint8)) > 0) == photographs.skeleton(mask)).all()


def test_a_pen_draws_as_wide_and_as_large_as_asked() -> None:
    line = np.zeros((28, 28), np.uint8)
    line[3:25, 13:15] = 255
    for pen in (3, 6, 12):
        ink = penned(distances(line), 100, pen, 0, 1, 0)
        assert ink.sum(axis=1).max() == pytest.approx(pen, abs=1.2)
        assert ink.shape[0] == pytest.approx(100 + pen, abs=4)
    turned = penned(distances(line), 100, 6, 90, 1, 0)
    assert turned.shape[1] > 3 * turned.shape[0]


# Ultralytics beside other libraries


def test_ultralytics_changes_nothing_in_other_libraries_and_sends_nothing() -> None:
    """In a process of its own: Pillow, OpenCV, PyTorch and NumPy are afterwards as they were, sockets unused."""
    program = """
import socket, sys
def refused(*words, **names): raise AssertionError("a connection was opened")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
import cv2, numpy as np, torch
from PIL import Image
places = [(Image, "open"), (torch, "save"), (torch, "load"), (cv2, "imread"), (cv2, "imwrite")]
before = [getattr(*place) for place in places], str(np.array([1.5])), torch.get_num_threads(), cv2.getNumThreads()
from core.projects.detection.detector import detect, shipped
detect(np.zeros((64, 64, 3), np.uint8), shipped())
after = [getattr(*place) for place in places], str(np.array([1.5])), torch.get_num_threads(), cv2.getNumThreads()
assert before == after, (before, after)
from ultralytics import settings
from ultralytics.utils import AUTOINSTALL, ONLINE
assert settings["sync"] is False and not AUTOINSTALL and not ONLINE
"""
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]


def test_whoever_imports_ultralytics_hushes_it_first() -> None:
    """The first import in a process decides: one that is not hushed changes Pillow and PyTorch for everybody."""
    root = Path(__file__).resolve().parent.parent
    paths = [*root.glob("core/**/*.py"), *root.glob("demos/**/*.py"), *root.glob("tests/*.py")]
    loud, seen = [], 0
    for path in paths:
        if path.name == "quiet.py":
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.Module | ast.FunctionDef):
                continue
            hushes = False
            for statement in function.body:
                if isinstance(statement, ast.Import | ast.ImportFrom):
                    names = set(imported(ast.Module([statement], [])))
                    if any(name.partition(".")[0] == "ultralytics" for name in names):
                        seen += 1
                        loud += [] if hushes else [f"{path.name}:{statement.lineno}"]
                hushes |= ast.unparse(statement) == "hushed()"
    assert seen >= 10 and not loud


# Raw boxes


def test_raw_boxes_are_those_of_ultralytics(drawn) -> None:
    """The network is asked by Ultralytics' own predictor, on the same pixels, and suppresses with its own code."""
    hushed()
    from ultralytics import YOLO

    model, _ = load()
    for one in drawn[:4]:
        yolo = YOLO("yolo11n.yaml", task="detect", verbose=False)
        yolo.model = model
        options = {"conf": 0.1, "iou": 0.5, "imgsz": 256, "verbose": False, "save": False, "device": "cpu"}
        theirs = yolo.predict(one.picture[:, :, ::-1], **options)[0].boxes.data.numpy()
        own, _ = settled(detect(one.picture, side=256), 0.1, 0.5)
        assert len(own.boxes) == len(theirs)
        assert np.abs(own.boxes - theirs[:, :4]).max(initial=0) < 0.02
        assert np.abs(own.scores - theirs[:, 4]).max(initial=0) < 1e-4
        assert (own.classes == theirs[:, 5]).all()


def test_map_is_that_of_ultralytics_val(tmp_path: Path) -> None:
    """mAP50 and mAP50-95 of the shipped weights equal those of Ultralytics' validator to 0.005."""
    hushed()
    from ultralytics import YOLO

    made = list(scenes(shipped_drawings(), 40, seed=3))
    written(tmp_path, iter(made), "val")
    (tmp_path / "images" / "train").mkdir()
    yolo = YOLO("yolo11n.yaml", task="detect", verbose=False)
    yolo.model, _ = load()
    options = {"imgsz": 256, "rect": False, "plots": False, "workers": 0, "batch": 8, "device": "cpu", "verbose": False}
    theirs = yolo.val(data=str(tmp_path / "data.yaml"), project=str(tmp_path), name="val", **options).box
    own, _, _ = judged(shipped(), made, side=256)
    assert own.map50 == pytest.approx(theirs.map50, abs=0.005)
    assert own.map50_95 == pytest.approx(theirs.map, abs=0.005)


def test_thresholds_act_without_asking_the_network(drawn) -> None:
    asked = []

    def ask(pictures: np.ndarray) -> np.ndarray:
        asked.append(len(pictures))
        return shipped().ask(pictures)

    counting = Detector("counting", shipped().names, shipped().side, ask)
    raw = detect(drawn[0].picture, counting)
    counts = [len(settled(raw, confidence, 0.5)[0].boxes) for confidence in (0.05, 0.2, 0.5, 0.9)]
    assert counts == sorted(counts, reverse=True)
    kept = [len(settled(raw, 0.05, most)[0].boxes) for most in (0.1, 0.3, 0.6, 0.9)]
    assert kept == sorted(kept)
    assert asked == [1]
    only, _ = settled(raw, 0.05, 0.5, ["eye", "no such class"])
    assert set(only.classes) <= {CLASSES.index("eye")}


def test_every_raw_box_names_its_cell(drawn) -> None:
    raw = detect(drawn[0].picture, side=256)
    assert len(raw.boxes) == 32**2 + 16**2 + 8**2 and set(raw.strides) == {8, 16, 32}
    middles = (raw.boxes[:, :2] + raw.boxes[:, 2:]) / 2
    near = np.abs(middles - (raw.cells + 0.5) * raw.strides[:, None]).max(axis=1)
    sure = raw.sure > 0.3
    assert (near[sure] < 8 * raw.strides[sure]).all()  # a box grows by at most 15 cells to either side
    few = raw.above(0.3)
    assert len(few.boxes) == sure.sum() and (np.diff(few.sure) <= 0).all()


@pytest.mark.parametrize("size", [(256, 256), (640, 480), (31, 500), (1, 1), (3000, 40)])
def test_pictures_of_any_shape_are_looked_at(size) -> None:
    raw = detect(Image.new("RGB", size, "white"))
    assert raw.size == size and len(raw.boxes) > 0
    assert (raw.boxes >= 0).all() and (raw.boxes <= (*size, *size)).all()


def test_a_picture_is_put_in_the_middle_of_grey() -> None:
    seen = letterboxed(np.zeros((100, 200, 3), np.uint8), 256, shipped())
    assert seen.pixels.shape == (3, 128, 256) and seen.pixels.max() == 0
    fixed = Detector("fixed", CLASSES, 256, shipped().ask, fixed=True)
    seen = letterboxed(np.zeros((100, 200, 3), np.uint8), 256, fixed)
    assert seen.pixels.shape == (3, 256, 256) and (seen.left, seen.top) == (0, 64)
    assert np.allclose(seen.pixels[:, :64], 114 / 255) and seen.pixels[:, 64:192].max() == 0


def test_what_is_transparent_is_white_paper(drawn) -> None:
    layer = Image.fromarray(drawn[0].picture).convert("RGBA")
    clear = Image.new("RGBA", layer.size, (0, 0, 0, 0))
    white = detect(Image.new("RGB", layer.size, "white"))
    assert np.array_equal(detect(clear).scores, white.scores)


# Tiles


def test_tiles_cover_the_picture_and_overlap() -> None:
    for size in ((640, 480), (500, 500), (300, 1200)):
        for across in (2, 3, 5):
            whole, *parts = tiled(size, across)
            assert (whole.columns.stop, whole.rows.stop) == size
            covered = np.zeros(size[::-1], int)
            for part in parts:
                covered[part.rows, part.columns] += 1
            assert covered.min() >= 1 and covered.max() >= 2
            columns = sorted({(part.columns.start, part.columns.stop) for part in parts})
            assert all(other[0] < one[1] for one, other in pairwise(columns))
    assert len(tiled((40, 40), 4)) == 1
    with pytest.raises(ValueError, match="At most"):
        tiled((640, 480), 99)


def test_boxes_cut_by_a_tile_are_dropped() -> None:
    whole, first, *_ = tiled((400, 400), 2)
    edge = first.columns.stop
    some = np.array([[10, 10, 60, 60], [edge - 50, 10, edge, 60], [0, 0, 30, 30]], float)
    assert first.whole(some, (400, 400)).tolist() == [True, False, True]
    assert whole.whole(some, (400, 400)).all()


def test_views_find_smaller_drawings() -> None:
    """Scenes of many drawings on a sheet six times as large: with views more of them are found."""
    sheets = [tiny(seed) for seed in range(4)]
    shares = []
    for across in (1, 3):
        _, found, truth = judged(shipped(), sheets, across=across)
        shares.append(recall_by_size(found, truth, (0, 10_000), 0.25)[0][3])
    assert shares[1] > shares[0] + 0.1


def tiny(seed: int):
    """Four scenes side by side and four below, brought together as one picture of small drawings."""
    from core.projects.detection.scenes import Scene

    made = [scene(shipped_drawings(), 9_000 + 16 * seed + number, camera=False) for number in range(16)]
    rows = [np.hstack([one.picture for one in made[start : start + 4]]) for start in range(0, 16, 4)]
    moved = [one.boxes + 256 * np.array([number % 4, number // 4] * 2) for number, one in enumerate(made)]
    classes = np.concatenate([one.classes for one in made])
    return Scene(np.vstack(rows), np.concatenate(moved), classes, "many", False)
