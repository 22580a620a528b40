"""A learner's own detector: labelled pictures, what is set, how the training goes, and what came of it."""

import functools
import hashlib
from collections import Counter
from collections.abc import Sequence

from PIL import Image

from core.figures.curves import across
from core.figures.marks import marker, note, stroke, trace
from core.figures.picture import BLUE, COLORS, DASHES, GREEN, SYMBOLS, Picture, layout
from core.lessons import Goal
from core.lessons.controls import pick, scale, slider, toggle
from core.lessons.view import Shown
from core.programs import Program, Step
from core.projects.detection.lesson.drawn import boxes, color_of, over, real
from core.projects.detection.lesson.labels import MOST_CLASSES, Collection, Labelled, Problems, checked, smaller
from core.projects.detection.lesson.school import RANDOM, SHIPPED, Moment, Progress, Trained
from core.projects.detection.lesson.seen import Truth
from core.serving.uploads import opened

SCENES, ZIP, HERE = "drawn scenes", "zip (YOLO, COCO)", "label pictures here"
SOURCES = (SCENES, ZIP, HERE)
MOST_HERE = 40  # pictures that are labelled on the page
SHOWN = 4  # labelled pictures that are shown
CONTROLS = (
    pick("Begin with", (SHIPPED, RANDOM), help="The shipped network knows sketches and digits on paper."),
    slider("Epochs", 2, 60, 15),
    toggle(
        "Freeze the backbone",
        True,
        when=lambda values: values["begin_with"] == SHIPPED,
        help="Its first ten layers keep what they know: faster, and safer with few pictures.",
    ),
    scale("Learning rate", (0.0003, 0.001, 0.002, 0.005, 0.01), 0.002),
    scale("Input side", (128, 192, 256, 320), 256, help="Pixels of the network's input."),
    toggle("Mirror", False, help="Also show mirrored pictures: right for cats, wrong for digits."),
)
LOSSES = {"box": "box (CIoU)", "cls": "class", "dfl": "distances (DFL)"}


@functools.lru_cache(maxsize=8)
def scenes(count: int, seed: int) -> Collection:
    """Drawn scenes of a seed as labelled pictures, to try a training without any of one's own."""
    from core.projects.detection.drawings import CLASSES, shipped
    from core.projects.detection.scenes import scene

    made = [scene(shipped(), 1000 * (seed + 1) + number) for number in range(count)]
    examples = tuple(
        Labelled(f"scene {number}", Image.fromarray(one.picture), truths(one.boxes, one.classes))
        for number, one in enumerate(made, start=1)
    )
    return Collection(CLASSES, examples)


def truths(edges, labels) -> tuple[Truth, ...]:
    """Boxes (objects, 4) and classes (objects,) as true objects."""
    pairs = zip(edges.tolist(), labels.tolist(), strict=True)
    return tuple(Truth(int(label), (box[0], box[1], box[2], box[3])) for box, label in pairs)


@functools.lru_cache(maxsize=64)
def picture_of(file: bytes) -> tuple[str, Image.Image, tuple[str, ...]]:
    """A picture that is to be labelled here: its name by content, itself in RGB, what was done. Raises ``Refused``."""
    picture, notes = opened(file)
    one = smaller("", picture, [])
    return hashlib.sha256(file).hexdigest()[:8], one.picture, notes


def names_from(text: str) -> tuple[str, ...]:
    """Class names from what was typed, divided by commas. Raises ``Problems``."""
    return checked([word.strip() for word in text.split(",") if word.strip()][: MOST_CLASSES + 1], "Classes")


@functools.lru_cache(maxsize=4)
def labelled(
    names: tuple[str, ...], pictures: tuple[tuple[str, bytes], ...], truth: tuple[tuple[Truth, ...], ...]
) -> Collection:
    """Pictures (name and bytes) and their objects as the learner drew them. Raises ``Problems``."""
    examples = [Labelled(name, picture_of(file)[1], own) for (name, file), own in zip(pictures, truth, strict=True)]
    if sum(bool(one.truth) for one in examples) < 2:
        raise Problems(["Draw boxes in at least two pictures: one to learn from, one to be tested on."])
    return Collection(names, tuple(examples))


def gallery(collection: Collection) -> Shown:
    """Some of the pictures with their objects, and how often each class occurs."""
    used = [one for one in collection.examples if one.truth][:SHOWN]
    counts = Counter(each.label for one in collection.examples for each in one.truth)
    each = {collection.names[label]: float(count) for label, count in counts.most_common(20)}
    pictures = tuple(example(one, collection.names) for one in used)
    amounts = across(list(each), {"Objects": list(each.values())}, "Objects", 80 + 24 * len(each))
    rows = (pictures[:2], pictures[2:], (amounts,))
    return Shown(tuple(row for row in rows if row), collection.sentence)


def example(one: Labelled, names: Sequence[str], found: Sequence[Sequence[float]] = ()) -> Picture:
    """A labelled picture; what is found in it (left, top, right, bottom, score, class) over what is there."""
    ground, dashes = real(one.truth)
    traces = [ground, dashes]
    notes = []
    for left, top, right, bottom, score, label in found:
        color, words = color_of(int(label)), f"{names[int(label)]} {score:.2f}"
        traces.append(boxes([[left, top, right, bottom]], color, 3, showlegend=False))
        notes.append(note(left, top, words, xanchor="left", yanchor="bottom", bgcolor=color, borderpad=2,
                          font={"color": "#ffffff", "size": 11}))  # fmt: skip
    if not found:
        notes = [note(each.box[0], each.box[1], names[each.label], xanchor="left", yanchor="bottom", bgcolor="#111111",
                      font={"color": "#ffffff", "size": 11}, borderpad=2) for each in one.truth[:20]]  # fmt: skip
    there = ", ".join(names[each.label] for each in one.truth[:10]) or "nothing"
    seen = ", ".join(f"{names[int(row[5])]} {row[4]:.2f}" for row in found) or "nothing yet"
    alt = f"A labelled picture; really there: {there}." + (f" Found: {seen}." if found else "")
    return Picture(traces, over(one.picture, 320, annotations=notes, showlegend=False), alt)


def curves(moments: Sequence[Moment]) -> tuple[Picture, Picture]:
    """Losses and mean average precision, epoch by epoch."""
    epochs = [one.epoch for one in moments]
    ticks = {"dtick": 1 + len(moments) // 6, "tickangle": 0}
    lines = []
    for number, (name, words) in enumerate(LOSSES.items()):
        values = [one.losses.get(name, 0.0) for one in moments]
        style = stroke(COLORS[number], 2.5, DASHES[number])
        lines.append(trace("lines+markers", epochs, values, name=words, line=style,
                           marker=marker(COLORS[number], 7, SYMBOLS[number])))  # fmt: skip
    scores = [
        trace("lines+markers", epochs, [getattr(one, name) for one in moments], name=words,
              line=stroke(color, 2.5, dash), marker=marker(color, 7, symbol))
        for name, words, color, dash, symbol in (
            ("map50", "at IoU 0.5", BLUE, "solid", "circle"), ("map", "from 0.5 to 0.95", GREEN, "dash", "diamond"))
    ]  # fmt: skip
    last = moments[-1] if moments else None
    told = (
        ", ".join(f"{LOSSES.get(name, name)} {value:.2f}" for name, value in last.losses.items())
        if last
        else "none yet"
    )
    losses = f"Training losses after {len(moments)} epochs: {told}."
    good = f"{last.map50:.3f} at IoU 0.5, {last.map:.3f} from 0.5 to 0.95" if last else "not measured yet"
    return (
        Picture(lines, layout("Epoch", "Training loss", 300, xaxis=ticks), losses),
        Picture(scores, layout("Epoch", "mAP on held-out pictures", 300, xaxis=ticks, yaxis={"range": [-0.02, 1.02]}),
                f"Mean average precision on held-out pictures after {len(moments)} epochs: {good}."),
    )  # fmt: skip


def live(latest: tuple) -> Shown:
    """A training while it runs: its curves, and what it finds on held-out pictures."""
    progress: Progress = latest[2]
    if not progress.moments:
        return Shown(())
    return Shown((curves(progress.moments), examples(progress.moments[-1], progress.held_out, progress.names)))


def examples(moment: Moment, held: Sequence[Labelled], names: Sequence[str]) -> tuple[Picture, ...]:
    """What a moment's network finds on some held-out pictures."""
    return tuple(example(one, names, found) for one, found in zip(held, moment.examples, strict=False))


def result(trained: Trained) -> Shown:
    """What came of a training."""
    best = max(trained.moments, key=lambda one: one.map) if trained.moments else None
    when = f" The best epoch was {best.epoch}." if best else ""
    note = (
        f"Trained on **{trained.count}** pictures, tested on **{len(trained.held_out)}** that it never saw: mAP "
        f"**{trained.verdict['map50']:.3f}** at IoU 0.5 and **{trained.verdict['map']:.3f}** from 0.5 to 0.95, as "
        f"Ultralytics' `val` has it; this page's own sums give {trained.own['map50']:.3f} and "
        f"{trained.own['map']:.3f}.{when} Dashed boxes are those to be found."
    )
    pictures = (curves(trained.moments),)
    if trained.moments:
        pictures += (examples(trained.moments[-1], trained.held_out, trained.names),)
    return Shown(pictures, note)


def files(trained: Trained | None) -> tuple[tuple[str, str, bytes], ...]:
    """What can be taken away once a detector is trained: its weights, and the names of its classes."""
    if trained is None:
        return ()
    return (
        ("The detector's weights", "detector.safetensors", trained.weights),
        ("Its classes", "classes.txt", "\n".join(trained.names).encode()),
    )


def goal(trained: Trained | None) -> Goal:
    """A training that finds something."""
    aim = "Train a detector whose **mAP at IoU 0.5** is **0.5** or more on pictures that it never saw."
    if trained is None:
        return Goal(aim, False, "Now: nothing is trained yet.")
    return Goal(aim, trained.verdict["map50"] >= 0.5, f"Now: {trained.verdict['map50']:.3f}.")


COUNTS = """rows = np.loadtxt("labels.csv", delimiter=",", ndmin=2)  # picture, class, left, top, right, bottom
names = {names!r}
result = {{name: int((rows[:, 1] == number).sum()) for number, name in enumerate(names)}}"""
TRAINING = """from ultralytics import YOLO

model = YOLO({architecture!r})  # load your own weights here to go on from them
model.train(
    data="data.yaml", epochs={epochs}, imgsz={side}, batch=8, freeze={freeze}, optimizer="AdamW", lr0={rate},
    fliplr={mirror}, seed={seed}, workers=0, device="cpu", plots=False,
)
found = model.val(data="data.yaml", imgsz={side}, device="cpu", plots=False)
result = {{"mAP50": found.box.map50, "mAP50-95": found.box.map}}"""


def program(collection: Collection, trained: Trained | None) -> Program:
    """The labels, counted; once a detector is trained, the same training in Ultralytics' words."""
    if trained:
        chosen = trained.settings
        text = TRAINING.format(
            architecture="yolo11n.yaml", epochs=chosen.epochs, side=chosen.input_side, rate=chosen.learning_rate,
            freeze=10 if chosen.freeze_the_backbone else None, mirror=chosen.mirror * 0.5, seed=chosen.seed,
        )  # fmt: skip
        return Program("A detector of one's own", (Step("Training", text),))
    rows = [
        f"{number},{each.label}," + ",".join(f"{edge:.2f}" for edge in each.box)
        for number, one in enumerate(collection.examples) for each in one.truth
    ]  # fmt: skip
    counts = Counter(each.label for one in collection.examples for each in one.truth)
    shown = {name: counts[number] for number, name in enumerate(collection.names)}
    text = COUNTS.format(names=list(collection.names))
    return Program("Labels, counted", (Step("Counts", text),), (), shown, files={"labels.csv": "\n".join(rows) + "\n"})
