"""The learner's own points: set by a click, by coordinates or as text, and kept in the link."""

import streamlit as st

from core.data.clicked import EXTENT, MOST, Row, as_text, from_text
from core.data.generated import names
from core.lessons.controls import Control, pick
from pages.ui.controls import Controls
from pages.ui.words import say

COLOURS = names(6)


def editor(controls: Controls, classes: int) -> tuple[Row, ...]:
    """Controls for setting points of several classes; the rows (x, y, class) set so far.

    Raises ``ValueError``, after all controls are drawn, for a text or a link that holds no points.
    """
    key = controls.key("Points")
    controls.ask(colour_of(classes))
    row = controls.here.container(horizontal=True, gap="small")
    row.button(say("Undo"), key=f"{key}.undo", icon=":material/undo:", on_click=undo, args=[controls])
    row.button(say("Clear"), key=f"{key}.clear", icon=":material/delete:", on_click=clear, args=[controls])
    with controls.here.expander(say("Type your points")):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            x = st.number_input("x", -EXTENT, EXTENT, 0.0, 0.1, key=f"{key}.x")
            y = st.number_input("y", -EXTENT, EXTENT, 0.0, 0.1, key=f"{key}.y")
            st.button(say("Add"), key=f"{key}.add", on_click=add, args=[controls, x, y])
        help = "o is orange, b is blue: o-1.2_0.5b1_1 are two points."
        text = st.text_input(say("All points"), key=key, bind="query-params", max_chars=14 * MOST, help=say(help))
    rows = from_text(text or "")
    controls.here.caption(say(f"Click in the picture to set points: {len(rows)} of at most {MOST}."))
    return rows


def colour_of(classes: int = len(COLOURS)) -> Control:
    """Which colour the next point gets."""
    return pick("New point", COLOURS[:classes], help="Click in the picture to set a point of this colour.")


def add(controls: Controls, x: float, y: float) -> None:
    """Set a point of the chosen colour, as long as there is room."""
    rows = sound(controls)
    if len(rows) < MOST:
        colour = COLOURS.index(st.session_state.get(controls.key(colour_of())) or COLOURS[0])
        st.session_state[controls.key("Points")] = as_text([*rows, (x, y, colour)])


def undo(controls: Controls) -> None:
    """Take the last point away."""
    st.session_state[controls.key("Points")] = as_text(sound(controls)[:-1])


def clear(controls: Controls) -> None:
    """Take all own points away."""
    st.session_state[controls.key("Points")] = ""


def sound(controls: Controls) -> tuple[Row, ...]:
    """The points so far; none where the text cannot be read."""
    try:
        return from_text(st.session_state.get(controls.key("Points")) or "")
    except ValueError:
        return ()
