"""A learner's labelled pictures: drawn scenes, a zip, or pictures whose boxes are drawn on the page."""

import streamlit as st

from core.projects.detection.lesson import browser, own
from core.projects.detection.lesson.labels import Collection, Problems
from core.serving.uploads import Refused
from pages.ui import detector, pad
from pages.ui.wording import literal

ZIPPED = (
    "images/ and labels/ with a text file for each picture (YOLO), or pictures and one JSON file (COCO); at most 20 MB."
)
SCENES = 24  # drawn scenes to try a training with


def collection(page) -> Collection | None:
    """The labelled pictures that the learner has chosen; what is wrong with them is said beside the stage."""
    source = page.pick("Data", own.SOURCES)
    if source == own.SCENES:
        return own.scenes(SCENES, page.seed)
    try:
        return unpacked(page) if source == own.ZIP else labelled_here(page)
    except Problems as found:
        for sentence in found.problems:
            page.right.error(literal(sentence), icon=":material/error:")
        return None


def unpacked(page) -> Collection | None:
    """The labelled pictures in the learner's zip; None while there is none."""
    from core.projects.detection.lesson.labels import collection

    file = pad.sent_file(page, "Zip file", ["zip"], ZIPPED, most=20)
    if not file:
        page.note("Send a zip of labelled pictures: it is checked line by line before anything is trained.")
        return None
    with st.spinner("Checking every label…"):
        return collection(file)


def labelled_here(page) -> Collection | None:
    """Pictures that the learner sends and draws boxes in; None while there are none."""
    names = own.names_from(page.text("Classes", "cat, dog", help="Divided by commas."))
    files = pad.sent_files(page, "Pictures", pad.TYPES, f"At most {own.MOST_HERE}. {pad.PICTURES}", own.MOST_HERE)
    pictures, sound = [], []
    for name, file in files:
        try:
            pictures.append(own.picture_of(file))
            sound.append((name, file))
        except Refused as refusal:
            page.right.warning(literal(f"{name}: {refusal}"))
    if not pictures:
        page.note("Send some pictures of things that you want found: ten of each class are a beginning.")
        return None
    labels = [f"{number}: {name}" for number, (name, _) in enumerate(sound, start=1)]
    with page.beside():
        at = labels.index(page.pick("Picture to label", labels))
    truth = [browser.received(detector.drawn(f"own-{id}"), picture.size, len(names)) for id, picture, _ in pictures]
    id, picture, _ = pictures[at]
    detector.mount(page, browser.for_labelling(picture, names, f"own-{id}", truth[at]), name="labelling")
    boxes = sum(map(len, truth))
    page.note(f"{boxes} boxes in {sum(map(bool, truth))} of {len(truth)} pictures. Choose the next picture above.")
    return own.labelled(names, tuple(sound), tuple(truth)) if sum(map(bool, truth)) > 1 else None
