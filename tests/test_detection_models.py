"""The detector's weights, other people's models, what is taken away, and measuring itself."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.projects.detection import models
from core.projects.detection.average_precision import Found
from core.projects.detection.boxes import cornered, iou
from core.projects.detection.card import card
from core.projects.detection.detector import Detector, detect, settled, shipped
from core.projects.detection.drawings import CLASSES
from core.projects.detection.drawings import shipped as shipped_drawings
from core.projects.detection.exports import WRITERS
from core.projects.detection.measure import every, judged, recall_by_size
from core.projects.detection.network import WEIGHTS, load, network, save, transferred
from core.projects.detection.pictures import annotated, colour_of
from core.projects.detection.quiet import hushed
from core.projects.detection.scenes import Scene, scene, scenes
from core.serving import hosting

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:ray", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def drawn() -> list[Scene]:
    """A scene that no network has learned from."""
    return [scene(shipped_drawings(), 77_000_000)]


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


def test_nothing_is_fetched_for_strangers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "settings_folder", lambda: tmp_path)
    monkeypatch.setenv(hosting.VARIABLE, "1")
    with pytest.raises(models.ModelError, match="your own machine"):
        models.published("yolo26n.pt", download=True)


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
    hushed()
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
