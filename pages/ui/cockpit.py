"""The cockpit on the stage: a live drive in the learner's own simulator."""

import streamlit as st

from core.projects.driving.screen import cockpit
from core.projects.driving.seat import Seat
from pages.ui import work
from pages.ui.stage import FOLDER

script, style = cockpit()
_cockpit = st.components.v2.component(
    "roadmap_lab_cockpit",
    html='<div class="pit"></div>',
    css=style,
    js=f"{script}\n{(FOLDER / 'drive.js').read_text(encoding='utf-8')}",
    isolate_styles=False,
)


def seat() -> Seat:
    """The learner's simulator and school; they outlive a reload, and closing the tab gives both back."""
    return work.own("seat", Seat, Seat.close)


def mount(page, mode: str, order: dict, disturbance: dict, push: float = 12.0, auto: bool = True) -> None:
    """Drive in the page: ``mode`` is "watch", "disturb" or "teach"; ``order`` says who drives which track. A change of
    ``disturbance`` reaches the drive that is under way."""
    data = {"seat": seat().token, "mode": mode, "order": order, "live": disturbance, "push": push, "auto": auto}
    with page.right:
        _cockpit(key=f"{page.topic.key}.cockpit", data=data)


def forget(page) -> None:
    """A button that lets the learner's school begin anew."""
    school = seat().school
    with page.right:
        st.button("Forget all frames and rounds", on_click=school.forget, disabled=not len(school), type="tertiary")
