"""The drawing pad: a canvas for mouse, pen, touch and keys that tells its picture while a stroke grows."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.projects.mnist.screen import pad
from pages.ui.controls import Controls

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


def drawing(controls: Controls, examples: Mapping[str, str], first: str, read: Callable):
    """The pad and, below it, what is read from it and which example it begins with (see ``Page.drawing``)."""
    place, key = controls.here.container(), controls.key("Drawing")
    start = controls.pick("Start from", list(examples), first, "A training digit; undo or clear it and draw your own.")
    turn = f"{key}.turn"
    with place:
        data = {"start": start, "picture": examples[start], "turn": st.session_state.get(turn, 0)}
        sent = _pad(key=key, data=data, on_drawing_change=lambda: counted(turn)).drawing
        own = isinstance(sent, dict) and sent.get("start") == start
        found = read(sent.get("picture") if own else examples[start])
        st.markdown(f"**{found.sentence}**")
    return found


def counted(key: str) -> None:
    """Tell the pad that its picture has arrived."""
    st.session_state[key] = st.session_state.get(key, 0) + 1
