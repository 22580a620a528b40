"""Pictures by class in the learner's hands: shipped ones, or their own by file, folder, zip and camera."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.jobs import Job
from core.projects.classifier.gallery import MOST_CLASSES, MOST_PICTURES, Album, Picture
from core.projects.classifier.incoming import FORMATS, Arrived, File, read
from core.projects.classifier.shelf import Shelf
from core.serving.uploads import Refused, bytes_of
from pages.ui import pad, work
from pages.ui.controls import Controls
from pages.ui.wording import literal

OWN, DRAWING, FILE, CAMERA = "your pictures", "own drawing", "own file", "camera"
TYPES = [ending.lstrip(".") for ending in FORMATS]
HELP = f"Up to {MOST_CLASSES} classes and {MOST_PICTURES:,} pictures, 5 MB each. They stay on this computer."


def shelf() -> Shelf:
    """The album of this tab; it outlives a reload, and closing the tab clears it."""
    return work.own("shelf", Shelf, Shelf.close)


def editor(controls: Controls, shipped: Mapping[str, Callable[[], Album]]) -> Album:
    """A shipped album by name, or the learner's own with everything that fills it."""
    choice = controls.pick("Pictures", (*shipped, OWN))
    if choice != OWN:
        return shipped[choice]()
    own = shelf()
    with controls.here.container():
        arriving(own)
        adding(own, controls.key("Class"))
        for place, name in enumerate(own.album.names):
            row(own, place, name, controls.key("Class"))
        if own.album.pictures:
            removing(own, f"{controls.key('Class')}.drop")
        with st.container(horizontal=True):
            st.button(
                "Begin with the flawed sketches",
                key=f"{controls.key('Class')}.sketches",
                on_click=own.begin_with_sketches,
            )
            if own.album.names:
                st.button("Remove all", key=f"{controls.key('Class')}.clear", on_click=own.clear, type="tertiary")
    return own.album


def arriving(own: Shelf) -> None:
    """What is being read, and what was to be said of the last files."""
    if own.waiting:
        function, arguments = own.waiting
        asked, job, _ = work.owner().named.get("arriving", ((), None, ""))
        if asked != arguments:
            work.begin("arriving", function, arguments)
            asked, job, _ = work.owner().named["arriving"]
        settle(own, job) if isinstance(job, Job) else own.take(None)
    for sentence in own.told:
        st.warning(literal(sentence))


def settle(own: Shelf, job: Job) -> None:
    """Watch a reading, or file what it has read."""
    if job.status in ("queued", "running"):
        work.watched("arriving", job)
        return
    own.take(job.result if job.status == "done" and isinstance(job.result, Arrived) else None)
    if job.status == "failed":
        own.told = (job.error,)
    work.owner().named.pop("arriving", None)


def adding(own: Shelf, key: str) -> None:
    """Ways to bring pictures."""
    turn = st.session_state.setdefault(f"{key}.turn", 0)  # a new field after each delivery
    name = st.text_input("Class", key=f"{key}.name", max_chars=40, placeholder="cup", help="Pictures go to this class.")
    files, camera, folders = st.tabs(["Files", "Camera", "Zip or folder"])
    field = f"{key}.files.{turn}"
    files.file_uploader(
        "Pictures of this class", TYPES, True, key=field, help=HELP, on_change=deliver, args=[own, key, field, "name"],
        disabled=not name.strip(), max_upload_size=5,
    )  # fmt: skip
    if camera.toggle("Open the camera", key=f"{key}.camera.open"):
        field = f"{key}.camera.{turn}"
        camera.camera_input(
            "A picture of this class", key=field, on_change=deliver, args=[own, key, field, "name"],
            disabled=not name.strip(),
        )  # fmt: skip
    field = f"{key}.zip.{turn}"
    folders.file_uploader(
        "A zip: a folder for each class", ["zip"], key=field, on_change=deliver, args=[own, key, field, "zip"],
        help="Or a classifier that was taken away from this page.", max_upload_size=100,
    )  # fmt: skip
    field = f"{key}.folder.{turn}"
    folders.file_uploader(
        "A folder of folders", TYPES, "directory", key=field, on_change=deliver, args=[own, key, field, "folder"],
        max_upload_size=5,
    )  # fmt: skip


def deliver(own: Shelf, key: str, field: str, kind: str) -> None:
    """Hand over what was brought, and empty the field."""
    brought = st.session_state.get(field)
    files = [each for each in (brought if isinstance(brought, list) else [brought]) if each is not None]
    if not files:
        return
    if kind == "zip":
        own.receive_zip(files[0].getvalue())
    else:
        name = st.session_state[f"{key}.name"].strip() if kind == "name" else ""
        own.receive([File(each.name, each.getvalue()) for each in files], name)
    st.session_state[f"{key}.turn"] += 1


def row(own: Shelf, place: int, name: str, key: str) -> None:
    """One class: its name, which can be changed, how many pictures it has, and a way to remove it."""
    field = f"{key}.rename.{place}.{name}"

    def rename() -> None:
        own.rename(place, st.session_state[field])

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(f"Name of class {place + 1}", name, 40, key=field, on_change=rename, label_visibility="collapsed")
        st.markdown(f"{own.album.counts[place]}")
        st.button(
            "", icon=":material/delete:", key=f"{key}.remove.{place}", on_click=own.remove, args=[place],
            help=f"Remove class {place + 1}", type="tertiary",
        )  # fmt: skip


def removing(own: Shelf, key: str) -> None:
    """Single pictures, by the names that the warnings give them, to take away."""

    def remove() -> None:
        own.drop(st.session_state[key])
        st.session_state[key] = []

    places = range(len(own.album.pictures))
    with st.popover("Remove pictures"):
        st.multiselect("Pictures", places, format_func=own.album.called, key=key)
        st.button("Remove these", key=f"{key}.now", on_click=remove)


def tried(controls: Controls, shipped: Mapping[str, Callable[[], Picture]], sheet: str) -> Picture:
    """The picture that is asked about: a shipped one by name, or the learner's drawing, file or camera picture; what
    cannot be read gets one sentence, and the first shipped one stands in."""
    choice = controls.pick("Try it on", (*shipped, DRAWING, FILE, CAMERA))
    if choice in shipped:
        return shipped[choice]()
    stand_in = next(iter(shipped.values()))()
    with controls.here.container():
        try:
            content = brought(controls, choice, sheet)
            return read(choice, content) if content else stand_in
        except Refused as refusal:
            st.warning(literal(str(refusal)))
            return stand_in


def brought(controls: Controls, choice: str, sheet: str) -> bytes:
    """The bytes of a drawing, a file or a camera picture; none while there is none. Raises ``Refused``."""
    if choice == DRAWING:
        drawn = pad.sketch(controls.key("Sketch"), sheet)
        return bytes_of(drawn) if drawn else b""
    if choice == FILE:
        return pad.sent_file(controls, "Picture file", TYPES, pad.PICTURES)
    shot = st.camera_input("Take a picture", key=controls.key("Camera"))
    return shot.getvalue() if shot else b""
