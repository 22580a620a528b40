"""The detector's component alone in a browser: its sums are Python's, its sliders, clicks and keys do what they say."""

import json

import numpy as np
import pytest
from browser import looking
from PIL import Image

from core.projects.detection.lesson import browser as sent
from core.projects.detection.lesson import views
from core.projects.detection.lesson.choice import chosen
from core.projects.detection.lesson.judged import average_precision, matched
from core.projects.detection.lesson.seen import CONFIDENCE, IOU, Frame, Seen, Truth
from pages.ui.stage import FOLDER

CLASSES = ("cat", "dog", "owl")
SCRIPTS = ("boxes", "detector-canvas", "detector-score", "detector")
ARITHMETIC = """([data, settings]) => {
  const raw = Object.fromEntries(Object.entries(data.raw).map(([name, packed]) => [name, unpacked(packed)]));
  const { kept, by } = suppression(raw, settings);
  const steps = matching(raw, kept, data.given, settings.least);
  return {
    kept, by: [...by], area: averagePrecision(steps), mean: meanAveragePrecision(raw, kept, data.given, settings.least),
    steps: steps.map(one => [one.truth, one.iou, one.precision, one.recall]),
  };
}"""


def heaps(seed: int, objects: int = 6, raw: int = 150) -> Seen:
    """An answer made up: heaps of boxes around some objects, and some nowhere."""
    draw = np.random.default_rng(seed)
    middles, sizes = draw.uniform(60, 240, (objects, 2)), draw.uniform(30, 90, (objects, 2))
    labels = draw.integers(0, len(CLASSES), objects)
    truth = tuple(
        Truth(int(label), (*(m - s / 2).tolist(), *(m + s / 2).tolist()))
        for label, m, s in zip(labels, middles, sizes, strict=True)
    )
    which = draw.integers(0, objects, raw)
    middle = middles[which] + draw.normal(0, 9, (raw, 2))
    size = np.maximum(sizes[which] * np.exp(draw.normal(0, 0.2, (raw, 2))), 4)
    boxes = np.concatenate([middle - size / 2, middle + size / 2], axis=1).astype(np.float32)
    scores = np.zeros((raw, len(CLASSES)), np.float32)
    own = np.where(draw.random(raw) < 0.8, labels[which], draw.integers(0, len(CLASSES), raw))
    scores[np.arange(raw), own] = draw.uniform(0.02, 0.99, raw)
    cells = np.stack([np.full(raw, 8), np.arange(raw) // 20, np.arange(raw) % 20], axis=1).astype(np.int32)
    picture = Image.fromarray(draw.integers(180, 255, (300, 300, 3), dtype=np.uint8))
    frame = Frame(1.0, 0, 0, 320, 320)
    return Seen(picture, CLASSES, boxes, scores, cells, frame, "made up", 0.1, given=truth)


@pytest.fixture
def page():
    """A browser's page with the detector's scripts and style, and a component on it that reports to ``sent``."""
    parts = {kind: (FOLDER / f"detector.{kind}").read_text(encoding="utf-8") for kind in ("html", "css")}
    script = "".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    script = script.replace("export default function", "function show")
    with looking(900, 1100) as (page, watch):
        page.goto("about:blank")
        page.set_content(f"<style>{parts['css']}</style><main>{parts['html']}</main>")
        page.add_script_tag(
            content=f"{script}\nwindow.sent = [];\n"
            "const give = data => show({ data, parentElement: document.querySelector('main'), "
            "setStateValue: (name, value) => window.sent.push([name, value]) });"
        )
        yield page
        watch.clean()


def given(page, seen: Seen) -> dict:
    """Show an answer; what was sent."""
    data = {**sent.for_browser(seen), "key": "test"}
    page.evaluate("data => { give(data); }", data)
    page.wait_for_function(f"document.querySelector('.rl-detector').dataset.ready === '{seen.id}'")
    return data


def said(page, name: str):
    return page.evaluate(f"document.querySelector('.rl-detector').dataset.{name}")


def slid(page, name: str, value: float) -> None:
    page.locator(f".rl-detector [name={name}]").evaluate(
        "(one, value) => { one.value = value; one.dispatchEvent(new Event('input', { bubbles: true })); }", str(value)
    )


def test_choosing_and_judging_are_those_of_python(page, seeds):
    for seed in seeds:
        seen = heaps(seed)
        draw = np.random.default_rng(seed)
        confidence, iou, least = draw.uniform(0.01, 0.6), draw.uniform(0.05, 0.95), draw.choice([0.5, 0.75])
        across = bool(draw.integers(2))
        settings = {"confidence": confidence, "iou": iou, "across": across, "least": float(least)}
        found = page.evaluate(ARITHMETIC, [sent.for_browser(seen), settings])
        choice = chosen(seen, confidence, iou, across)
        assert seen.order[found["kept"]].tolist() == choice.kept.tolist()
        by = [int(seen.order[one]) if one >= 0 else one for one in found["by"]]
        assert by == choice.by[seen.order].tolist()
        matches = matched(seen, choice.kept, seen.given, float(least))
        assert [one[0] for one in found["steps"]] == [one.truth for one in matches]
        ours = np.array([[one.iou, one.precision, one.recall] for one in matches]).reshape(-1, 3)
        assert np.allclose(np.array([one[1:] for one in found["steps"]]).reshape(-1, 3), ours, atol=1e-6)
        assert found["area"] == pytest.approx(average_precision(matches, len(seen.given)), abs=1e-9)
        each = []
        for label in {one.label for one in seen.given}:
            kept = choice.kept[seen.labels[choice.kept] == label]
            own = [one for one in seen.given if one.label == label]
            each.append(average_precision(matched(seen, kept, own, float(least)), len(own)))
        assert found["mean"] == pytest.approx(np.mean(each), abs=1e-9)


def test_sliders_choose_again_without_a_word_to_the_page(page, seed):
    seen = heaps(seed)
    given(page, seen)
    for confidence, iou in ((0.25, 0.45), (0.6, 0.45), (0.6, 0.9), (0.01, 0.2)):
        slid(page, "confidence", confidence)
        slid(page, "iou", iou)
        choice = chosen(seen, confidence, iou)
        kept = [int(one) for one in said(page, "kept").split(",") if one]
        assert seen.order[kept].tolist() == choice.kept.tolist()
        assert int(said(page, "suppressed")) == (choice.by >= 0).sum()
    assert page.evaluate("window.sent") == []


def test_thousands_of_boxes_are_chosen_among(page, seed):
    seen = heaps(seed, objects=30, raw=3000)
    given(page, seen)
    slid(page, "confidence", 0.01)
    choice = chosen(seen, 0.01, IOU)
    assert len(said(page, "kept").split(",")) == min(len(choice.kept), 300)


def test_a_slider_that_is_let_go_is_told_once_for_the_files_to_take_away(page, seed):
    seen = heaps(seed)
    given(page, seen)
    slid(page, "confidence", 0.5)
    page.locator(".rl-detector [name=confidence]").dispatch_event("change")
    ((name, message),) = page.evaluate("window.sent")
    assert name == "settings" and sent.settings(message) == (0.5, IOU, False, frozenset())
    files = {label: text for label, _, text in views.exports(seen, message)}
    kept = chosen(seen, 0.5, IOU).kept
    found = json.loads(files["JSON"])["detections"]
    assert [one["class"] for one in found] == [CLASSES[seen.labels[at]] for at in kept]
    assert len(files["CSV"].splitlines()) == len(kept) + 1 and len(json.loads(files["COCO"])["annotations"]) == len(
        kept
    )


@pytest.mark.parametrize("message", [None, 3, [], {"confidence": "x", "iou": -1, "across": 1, "hidden": "cat"},
                                     {"confidence": float("nan"), "hidden": [1, None]}])  # fmt: skip
def test_sliders_that_nobody_set_are_where_they_are_at_first(message):
    assert sent.settings(message) == (CONFIDENCE, IOU, False, frozenset())


def test_keys_walk_from_box_to_box_and_through_those_it_suppressed(page, seed):
    seen = heaps(seed)
    given(page, seen)
    choice = chosen(seen, CONFIDENCE, IOU)
    first = int(np.flatnonzero(seen.order == choice.kept[0])[0])
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    assert int(said(page, "chosen")) == first and said(page, "by") == "-1"
    page.keyboard.press("ArrowDown")
    place = int(said(page, "chosen"))
    assert choice.by[seen.order[place]] == choice.kept[0] and int(said(page, "by")) == first
    words = page.locator(".rl-d-said").inner_text()
    assert "Suppressed by" in words and f"{IOU:.2f}" in words
    page.keyboard.press("Escape")
    assert said(page, "chosen") == "-1"


def test_a_click_on_a_faint_box_says_by_whom_it_was_suppressed(page, seed):
    seen = heaps(seed)
    given(page, seen)
    choice = chosen(seen, CONFIDENCE, IOU)
    victim = int(np.flatnonzero(choice.by >= 0)[0])
    canvas = page.locator("canvas")
    box, scale = canvas.bounding_box(), canvas.bounding_box()["width"] / seen.picture.width
    left, top, right, _ = seen.boxes[victim]
    spot = {"x": float((left + right) / 2 * scale), "y": float(top * scale)}
    for _ in range(len(choice.by)):  # again at the same place: the next box there
        canvas.click(position=spot)
        if int(said(page, "chosen")) == int(np.flatnonzero(seen.order == victim)[0]):
            break
    assert int(said(page, "chosen")) == int(np.flatnonzero(seen.order == victim)[0]) and box
    assert "Suppressed by" in page.locator(".rl-d-said").inner_text()


def test_classes_are_searched_and_shown_or_not(page, seed):
    seen = heaps(seed)
    given(page, seen)
    page.locator(".rl-d-classes summary").click()
    page.get_by_role("button", name="None").click()
    assert said(page, "kept") == ""
    page.get_by_role("searchbox").fill("ow")
    assert page.locator(".rl-d-list label:visible").count() == 1
    page.locator(".rl-d-list label:visible input").check()
    kept = [int(one) for one in said(page, "kept").split(",") if one]
    assert kept and {int(seen.labels[seen.order[one]]) for one in kept} == {CLASSES.index("owl")}


def test_true_boxes_are_drawn_by_mouse_and_by_keys_and_judged(page, seed):
    seen = heaps(seed)
    given(page, seen)
    page.get_by_role("button", name="Draw true boxes").click()
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    scale = box["width"] / seen.picture.width
    left, top, right, bottom = seen.given[0].box
    page.locator("select[name=class]").select_option(str(seen.given[0].label))
    page.mouse.move(box["x"] + left * scale, box["y"] + top * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + right * scale, box["y"] + bottom * scale, steps=5)
    page.mouse.up()
    assert said(page, "truth") == "1"
    canvas.focus()
    page.keyboard.press("Space")
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(f"Shift+{key}")
    page.keyboard.press("Space")
    assert said(page, "truth") == "2"
    name, message = page.evaluate("window.sent.at(-1)")
    assert name == "truth" and message["id"] == seen.id
    back = sent.received(message, seen.picture.size, len(CLASSES))
    assert len(back) == 2 and np.allclose(back[0].box, seen.given[0].box, atol=1.5 / scale)
    assert page.locator(".rl-d-score").is_visible()
    shown = float(page.evaluate("document.querySelector('.rl-d-score').dataset.mean"))
    assert 0 <= shown <= 1
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    assert said(page, "truth") == "0" and page.locator(".rl-d-score").is_hidden()


def test_the_scenes_own_boxes_give_pythons_mean_average_precision(page, seed):
    seen = heaps(seed)
    given(page, seen)
    page.get_by_role("button", name="Take the scene").click()
    choice = chosen(seen, CONFIDENCE, IOU)
    each = []
    for label in {one.label for one in seen.given}:
        kept = choice.kept[seen.labels[choice.kept] == label]
        own = [one for one in seen.given if one.label == label]
        each.append(average_precision(matched(seen, kept, own), len(own)))
    shown = float(page.evaluate("document.querySelector('.rl-d-score').dataset.mean"))
    assert shown == pytest.approx(np.mean(each), abs=1e-9)


HOSTILE = [
    None, 7, "boxes", [], {}, {"boxes": None}, {"boxes": "x"}, {"boxes": [None, 1, "a", [], {}]},
    {"boxes": [{"class": 0, "box": [0, 0, 1]}]}, {"boxes": [{"class": 99, "box": [0, 0, 9, 9]}]},
    {"boxes": [{"class": -1, "box": [0, 0, 9, 9]}]}, {"boxes": [{"class": True, "box": [0, 0, 9, 9]}]},
    {"boxes": [{"class": 0, "box": [0, 0, float("nan"), 9]}]}, {"boxes": [{"class": 0, "box": [9, 9, 0, 0]}]},
    {"boxes": [{"class": 0, "box": [500, 500, 900, 900]}]}, {"boxes": [{"class": "0", "box": [0, 0, 9, 9]}]},
    {"boxes": [{"class": 0, "box": ["0", 0, 9, 9]}]},
]  # fmt: skip


@pytest.mark.parametrize("message", HOSTILE, ids=lambda one: json.dumps(one)[:40])
def test_what_is_no_box_is_left_out(message):
    assert sent.received(message, (300, 300), 3) == ()


def test_a_box_is_cut_to_the_picture_and_their_number_is_limited():
    many = {"boxes": [{"class": 1, "box": [-50, 10, 900, 20.5]}] * 5000}
    found = sent.received(many, (300, 200), 3)
    assert len(found) == sent.MOST_BOXES and found[0] == Truth(1, (0.0, 10.0, 300.0, 20.5))
