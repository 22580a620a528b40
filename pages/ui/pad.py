"""The drawing pad: a canvas for mouse, pen, touch and keys that tells its picture while a stroke grows."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.projects.mnist.screen import pad
from pages.ui.controls import Controls

DRAWING, FILE = "own drawing", "own file"
PICTURES = "PNG, JPEG, WebP, GIF or BMP, at most 5 MB. It stays on this computer."
TYPES = ["png", "jpg", "jpeg", "webp", "gif", "bmp"]
SCRIPT, STYLE = pad()
CONNECT = """
const pads = new WeakMap();

// One picture at a time: the next one leaves when the page has taken the last, so that strokes never pile up.
class Line {
  constructor(root) {
    this.hands = drawingPad(root, (picture) => this.tell(picture));
    this.next = this.sent = null;
  }
  tell(picture) {
    if (picture === this.shown) return; // the example itself, which the page knows
    this.shown = null;
    this.next = picture;
    this.flush();
  }
  flush() {
    if (this.next === null || this.busy) return;
    this.send("drawing", { start: this.start, picture: this.next });
    this.next = null;
    this.busy = setTimeout(() => this.free(), 1500);
  }
  free() {
    clearTimeout(this.busy);
    this.busy = null;
    this.flush();
  }
  async begin(start, address) {
    this.start = start;
    this.next = null;
    await this.hands.show(address);
    this.shown = this.hands.picture();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".pad");
  if (!pads.has(root)) pads.set(root, new Line(root));
  const line = pads.get(root);
  line.send = setStateValue;
  if (line.start !== data.start) line.begin(data.start, data.picture);
  if (line.turn !== data.turn) setTimeout(() => line.free(), 60);
  line.turn = data.turn;
}
"""
_pad = st.components.v2.component(
    "roadmap_lab_pad", html='<div class="pad"></div>', css=STYLE, js=SCRIPT + CONNECT, isolate_styles=False
)


WORDS = "A training digit; undo or clear it and draw your own.", "Or a photograph of digits"


def drawing(
    controls: Controls, examples: Mapping[str, str], first: str, read: Callable, read_file: Callable, words=WORDS
):
    """The pad or a file in its place, what is read, and the example it begins with (see ``Page.drawing``)."""
    place, key = controls.here.container(), controls.key("Drawing")
    help, upload = words
    start = controls.pick("Start from", examples, first, help=help)
    turn = f"{key}.turn"
    with place:
        data = {"start": start, "picture": examples[start], "turn": st.session_state.get(turn, 0)}
        sent = _pad(key=key, data=data, on_drawing_change=lambda: counted(turn)).drawing
        own = isinstance(sent, dict) and sent.get("start") == start
        file = st.file_uploader(upload, TYPES, key=f"{key}.file")
        found = read_file(file.getvalue()) if file else read(sent.get("picture") if own else examples[start])
        st.markdown(f"**{found.sentence}**")
    return found


def counted(key: str) -> None:
    """Tell the pad that its picture has arrived."""
    st.session_state[key] = st.session_state.get(key, 0) + 1


def picture(
    controls: Controls, shipped: Sequence[str], show: Callable, read: Callable, read_file: Callable, sheet: str
):
    """A picture by name, the learner's drawing or file in its place (see ``Page.picture``)."""
    choice = controls.pick("Picture", (*shipped, DRAWING, FILE))
    if choice not in (DRAWING, FILE):
        return show(choice)
    with controls.here.container():
        if choice == DRAWING:
            photo = read(sketch(controls.key("Sketch"), sheet))
        else:
            photo = read_file(sent_file(controls, "Picture file", TYPES, PICTURES))
        if photo.sentence:
            st.markdown(photo.sentence)
    return photo


def sketch(key: str, sheet: str) -> object:
    """What stands on the pad, which begins with an empty sheet; it is remembered while the pad is out of sight."""
    turn, memory = f"{key}.turn", f"{key}.kept"
    data = {"start": key, "picture": st.session_state.get(memory) or sheet, "turn": st.session_state.get(turn, 0)}
    sent = _pad(key=key, data=data, on_drawing_change=lambda: counted(turn)).drawing
    if isinstance(sent, dict) and sent.get("start") == key:
        st.session_state[memory] = sent.get("picture")
    return st.session_state.get(memory)


def sent_file(controls: Controls, label: str, types: Sequence[str], help: str, most: int = 5) -> bytes:
    """The bytes of a learner's file of at most so many megabytes, remembered while its field is out of sight; none of
    them while there is none."""
    key = controls.key(label)
    memory = f"{key}.kept"

    def keep() -> None:
        file = st.session_state[key]
        st.session_state[memory] = file.getvalue() if file else b""

    controls.here.file_uploader(label, list(types), key=key, help=help, max_upload_size=most, on_change=keep)
    return st.session_state.get(memory, b"")


def sent_files(
    controls: Controls, label: str, types: Sequence[str], help: str, most: int
) -> tuple[tuple[str, bytes], ...]:
    """Names and bytes of a learner's files, remembered in the same way; of too many the first ``most``."""
    key = controls.key(label)
    memory = f"{key}.kept"

    def keep() -> None:
        st.session_state[memory] = tuple((file.name, file.getvalue()) for file in st.session_state[key][:most])

    controls.here.file_uploader(
        label, list(types), accept_multiple_files=True, key=key, help=help, max_upload_size=5, on_change=keep
    )
    return st.session_state.get(memory, ())
