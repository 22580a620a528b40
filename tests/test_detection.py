"""The detector and its scenes: seeds, boxes, raw boxes as Ultralytics finds them, tiles, exports, models."""

import csv
import io
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import photographs
import pytest
import torch
from PIL import Image, ImageDraw

from core.data.images import MissingDataError
from core.projects.detection import models, sources
from core.projects.detection.average_precision import Found
from core.projects.detection.boxes import cornered, iou
from core.projects.detection.card import card
from core.projects.detection.detector import Detector, detect, letterboxed, settled, shipped
from core.projects.detection.drawings import CLASSES, SHIPPED
from core.projects.detection.drawings import shipped as shipped_drawings
from core.projects.detection.exports import WRITERS
from core.projects.detection.measure import every, judged, recall_by_size
from core.projects.detection.network import WEIGHTS, load, network, save, transferred
from core.projects.detection.pictures import annotated, colour_of
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


# Raw boxes


def test_raw_boxes_are_those_of_ultralytics(drawn) -> None:
    """The network is asked by Ultralytics' own predictor, on the same pixels, and suppresses with its own code."""
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


# Weights


def test_the_shipped_weights_are_small_and_no_pickle() -> None:
    assert WEIGHTS.stat().st_size <= 6_000_000
    assert not list(WEIGHTS.parent.rglob("*.pt"))
    assert shipped().names == CLASSES


def test_the_card_and_the_measures_agree() -> None:
    record = json.loads((WEIGHTS.parent / "measures.json").read_text())
    assert card(record) == (WEIGHTS.parent / "card.md").read_text()
    assert record["megabytes"] == pytest.approx(WEIGHTS.stat().st_size / 1e6)


def test_the_measures_are_repeated_on_shipped_drawings() -> None:
    """A smaller sample than the card's, from the forty test drawings of each class that are shipped."""
    record = json.loads((WEIGHTS.parent / "measures.json").read_text())
    result, _, _ = judged(shipped(), scenes(shipped_drawings(), 80, seed=5, camera=False))
    assert result.map50 == pytest.approx(record["composed"]["mAP50"], abs=0.08)
    assert result.map50_95 == pytest.approx(record["composed"]["mAP50-95"], abs=0.08)


def test_weights_are_saved_and_loaded(tmp_path: Path) -> None:
    model = network(classes=("one", "two")).eval()
    save(model, tmp_path / "own.safetensors", {"architecture": "yolo11n.yaml", "classes": ["one", "two"], "side": 64})
    again, about = load(tmp_path / "own.safetensors")
    assert about["classes"] == ["one", "two"]
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert (model(x)[0] - again(x)[0]).abs().max() < 0.3  # float16, through a hundred layers
    detector = models.local(tmp_path / "own.safetensors")
    assert detector.names == ("one", "two") and len(detect(np.zeros((64, 64, 3), np.uint8), detector).boxes) == 84


def test_folded_weights_make_the_same_function_with_live_normalisation(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = network(classes=CLASSES).eval()
    pictures = torch.rand(4, 3, 64, 64)
    for layer in model.modules():  # as if it had been trained
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    with torch.no_grad():
        expected = model(pictures)[0]
    fused = network(classes=CLASSES).eval()
    fused.load_state_dict(model.state_dict())
    fused.fuse(verbose=False)
    tensors = {name: tensor.numpy() for name, tensor in fused.state_dict().items() if name.endswith(("weight", "bias"))}
    np.savez(tmp_path / "folded.npz", **tensors)
    taken = network(classes=CLASSES)
    assert transferred(taken, tmp_path / "folded.npz", pictures) == sum(
        isinstance(layer, torch.nn.Conv2d) for layer in taken.modules()
    )
    with torch.no_grad():
        assert (taken.eval()(pictures)[0] - expected).abs().max() < 1e-2
        norms = [layer for layer in taken.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
        before = norms[0].running_mean.clone()
        taken.train()(pictures)
        assert (norms[0].running_mean - before).abs().max() < 1e-4  # the statistics already were those of the pictures


# Other models


def test_a_published_model_is_not_fetched_unasked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "settings_folder", lambda: tmp_path)
    with pytest.raises(models.ModelError, match=r"would be downloaded .* 5 MB; licence AGPL-3.0"):
        models.published("yolo26n.pt")
    for name in ("nonsense", "../../etc/passwd", "", "http://x/y.pt", "yolo99n"):
        with pytest.raises(models.ModelError):
            models.published(name, download=True)


def test_a_failed_download_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import urllib.request

    def unreachable(*words, **names):
        raise OSError("no route")

    monkeypatch.setattr(models, "settings_folder", lambda: tmp_path)
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    with pytest.raises(models.ModelError, match="cannot be reached"):
        models.published("yolo11n.pt", download=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_own_weights_are_opened_by_their_path_alone(tmp_path: Path) -> None:
    from ultralytics import YOLO

    path = tmp_path / "own.pt"
    YOLO("yolo11n.yaml", task="detect", verbose=False).save(path)
    detector = models.local(path)
    assert len(detector.names) == 80
    assert len(detect(np.zeros((64, 64, 3), np.uint8), detector, side=64).boxes) == 84
    for name, words in (("none.pt", "no file"), ("notes.txt", "A model is"), ("bad.onnx", "not an ONNX model")):
        if name != "none.pt":
            (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(models.ModelError, match=words):
            models.local(tmp_path / name)
    for name in ("bad.pt", "bad.safetensors"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(models.ModelError):
            models.local(tmp_path / name)


def small_onnx(external: bool = False, rows: int = 4 + 2) -> bytes:
    """An ONNX model that answers every picture with the same two boxes."""
    from onnx import TensorProto, helper, numpy_helper

    answer = np.zeros((1, rows, 2), np.float32)
    answer[0, :4] = np.array([[16, 16, 8, 8], [40, 40, 20, 10]]).T
    answer[0, 4, 0], answer[0, 5, 1] = 0.9, 0.8
    tensor = numpy_helper.from_array(answer, "answer")
    if external:
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="/etc/passwd")
        tensor.ClearField("raw_data")
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["none"]),
        helper.make_node("Add", ["answer", "none"], ["output0"]),
    ]
    graph = helper.make_graph(
        nodes, "two boxes", [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, rows, 2])],
        [tensor, numpy_helper.from_array(np.float32(0), "zero")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    about = model.metadata_props.add()
    about.key, about.value = "names", "{0: 'left', 1: 'right'}"
    return model.SerializeToString()


def test_an_onnx_model_answers_with_its_own_classes() -> None:
    detector = models.onnx(small_onnx())
    assert detector.names == ("left", "right") and detector.fixed and detector.side == 64
    found, _ = settled(detect(np.zeros((128, 128, 3), np.uint8), detector), 0.5)
    assert np.allclose(found.boxes, [[24, 24, 40, 40], [60, 70, 100, 90]])
    assert [detector.names[kind] for kind in found.classes] == ["left", "right"]


def test_hostile_onnx_files_are_refused() -> None:
    for content in (b"", b"text", small_onnx()[:200], bytes(10_000)):
        with pytest.raises(models.ModelError, match="not an ONNX model"):
            models.onnx(content)
    with pytest.raises(models.ModelError, match="other files"):
        models.onnx(small_onnx(external=True))


def test_an_end_to_end_export_is_read_too() -> None:
    answered = np.array([[[8, 8, 24, 24, 0.9, 1], [0, 0, 4, 8, 0.3, 0]]], np.float32)
    plain = models.from_chosen(answered, 2)
    assert plain.shape == (1, 6, 2)
    assert np.allclose(cornered(plain[0, :4].T), answered[0, :, :4])
    assert np.allclose(plain[0, 4:].T, [[0, 0.9], [0.3, 0]])


# Exports and pictures

FOUND = Found(np.array([[10, 20, 60, 80], [0, 0, 5.5, 9]]), np.array([0.9, 0.4]), np.array([2, 11]))


def test_every_export_brings_the_boxes_back() -> None:
    text = {kind: writer(FOUND, CLASSES, (100, 200)) for kind, writer in WRITERS.items()}
    whole = json.loads(text["JSON"])
    assert whole["detections"][0] == {"class": "cat", "score": 0.9, "box": [10, 20, 60, 80]}
    rows = list(csv.DictReader(io.StringIO(text["CSV"])))
    assert [row["class"] for row in rows] == ["cat", "3"] and float(rows[1]["x2"]) == 5.5
    lines = np.array([line.split() for line in text["YOLO"].splitlines()], float)
    back = cornered(lines[:, 1:5] * (100, 200, 100, 200))
    assert np.abs(back - FOUND.boxes).max() < 1e-3 and lines[:, 0].tolist() == [2, 11]
    coco = json.loads(text["COCO"])
    names = {one["id"]: one["name"] for one in coco["categories"]}
    assert [names[one["category_id"]] for one in coco["annotations"]] == ["cat", "3"]
    assert coco["annotations"][0]["bbox"] == [10, 20, 50, 60] and coco["annotations"][0]["area"] == 3000
    nothing = Found(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))
    assert json.loads(WRITERS["JSON"](nothing, CLASSES, (5, 5)))["detections"] == []
    assert WRITERS["YOLO"](nothing, CLASSES, (5, 5)) == ""


def test_boxes_are_drawn_in_their_class_colour() -> None:
    picture = annotated(np.full((200, 200, 3), 255, np.uint8), FOUND, CLASSES)
    assert tuple(picture[50, 10]) == colour_of(2) and (picture[50, 30] == 255).all()
    assert len({colour_of(kind) for kind in range(80)}) > 60


def test_measuring_counts_a_perfect_answer_as_one(drawn) -> None:
    def ask(pictures: np.ndarray) -> np.ndarray:
        box, kind = drawn[0].boxes, drawn[0].classes
        answer = np.zeros((1, 4 + len(CLASSES), len(box)), np.float32)
        answer[0, :4] = np.concatenate([(box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2]], axis=1).T
        answer[0, 4 + kind, np.arange(len(box))] = 0.9
        return answer

    result, found, truth = judged(Detector("perfect", CLASSES, 256, ask), drawn[:1])
    assert result.map50 > 0.99 and result.map50_95 > 0.99
    assert iou(found[0].boxes, truth[0].boxes).max(axis=0).min() > 0.99
    assert recall_by_size(found, truth, (0, 1000), 0.5)[0][3] == 1
    assert len(every(detect(drawn[0].picture)).boxes) <= 300
