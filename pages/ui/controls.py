"""The left side of a lesson: sliders, pickers and the seed, each bound to the page's address."""

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.curriculum import Topic

LARGEST_SEED = 9_999
UNKNOWN = object()  # the value of a control that has not been drawn yet


class Controls:
    """Widgets whose values live in the URL under the page's own prefix, so that a copied link reopens the experiment.

    A control's key is its label in snake case; labels therefore follow the recipe's field names ("Learning rate" is
    ``learning_rate``), and a diagnosis can set the control that belongs to its fix.

    The answer to a change comes first: a control that was drawn before in this session has a value that is known
    without drawing it, so it waits until the page's body is done (``draw``), and the browser gets the new picture
    before dozens of controls that are as they were. Not after the browser's back button: then the address has the
    values, and Streamlit reads them from it as it draws.
    """

    def __init__(self, topic: Topic, place) -> None:
        self.topic = topic
        self.column = place.container()
        self.last = place.container()
        self.extra: Callable | None = None
        self.waiting: list[Callable[[], object]] = []
        self.unhurried: list[Callable[[], None]] = []
        self.restoring = getattr(get_script_run_ctx(), "is_history_navigation", False)
        self.hidden = {name for name in st.query_params.get("hide", "").split(",") if name}
        self.unseen = place.container(key="controls-hidden")  # a teacher's link hides controls; they keep their values

    def key(self, label: str) -> str:
        """The key of a control on this page: ``optimizers.learning_rate``."""
        return f"{self.topic.key}.{re.sub(r'[^a-z0-9]+', '_', label.lower()).strip('_')}"

    def bound(self, label: str) -> dict[str, Any]:
        """What every control shares."""
        return {"key": self.key(label), "bind": "query-params"}

    @property
    def here(self):
        """Where to draw at once, behind everything that is waiting."""
        self.draw()
        return self.extra() if self.extra else self.column

    def folded(self, label: str) -> Callable:
        """A fold for controls, drawn when the first of them is."""
        fold = functools.cache(lambda: self.column.expander(label))
        self.waiting.append(fold)
        return fold

    def control(self, label: str, widget: str, *arguments, mend: Callable | None = None, **options):
        """Draw a widget of Streamlit's, or let it wait; its value. It is drawn out of sight if the address says
        ``hide=`` and its name. ``mend`` makes a value that can be chosen of one that cannot: a fix, a preset or a
        change of the options may have left it outside."""
        key = self.key(label)
        spot = (lambda: self.unseen) if key.split(".", 1)[1] in self.hidden else self.extra or (lambda: self.column)
        put = lambda: getattr(spot(), widget)(label, *arguments, **options, **self.bound(label))  # noqa: E731
        return self.later(key, put, mend)

    def later(self, key: str, put: Callable, mend: Callable | None = None):
        """Draw with ``put`` once the body is done, if the control's value is known by then; the value."""
        value = UNKNOWN if self.restoring else st.session_state.get(key, UNKNOWN)
        if value is UNKNOWN:
            self.draw()
            return put()
        if mend and (sound := mend(value)) != value:
            value = st.session_state[key] = sound
        self.waiting.append(put)
        return value

    def after(self, put: Callable) -> None:
        """Let something that is not to be seen wait until everything else is there."""
        self.unhurried.append(put)

    def finish(self) -> None:
        """Draw all that waits."""
        self.draw()
        with self.unseen:
            for put in self.unhurried:
                put()

    def draw(self) -> None:
        """Draw everything that has been waiting, in order."""
        waiting, self.waiting = self.waiting, []
        for put in waiting:
            put()

    def slider(self, label: str, low, high, value, step=None, help: str | None = None, format: str | None = None):
        """A number between ``low`` and ``high``."""
        mend = lambda chosen: min(max(chosen, low), high)  # noqa: E731
        return self.control(label, "slider", low, high, value, step, format, mend=mend, help=help)

    def scale(self, label: str, options: Sequence, value, help: str | None = None):
        """One of ordered values that are not evenly spaced, such as step sizes."""
        nearest = lambda chosen: min(options, key=lambda option: abs(option - chosen))  # noqa: E731
        return self.control(label, "select_slider", options, value, mend=nearest, help=help)

    def pick(self, label: str, options: Sequence[str], value: str | None = None, help: str | None = None) -> str:
        """One of a few words: buttons while they fit, a list beyond."""
        value = value or options[0]
        mend = lambda chosen: chosen if chosen in options else value  # noqa: E731
        if sum(len(option) + 3 for option in options) <= 24:
            return self.control(
                label, "segmented_control", options, default=value, required=True, mend=mend, help=help,
                width="stretch",
            )  # fmt: skip
        return self.control(label, "selectbox", options, options.index(value), mend=mend, help=help)

    def choose(
        self, label: str, options: Sequence[str], help: str | None = None, value: Sequence[str] = ()
    ) -> list[str]:
        """Any number of several words."""
        known = lambda chosen: [one for one in chosen or () if one in options]  # noqa: E731
        return self.control(label, "multiselect", options, list(value), mend=known, help=help)

    def toggle(self, label: str, value: bool = False, help: str | None = None) -> bool:
        """On or off."""
        return self.control(label, "toggle", value, help=help)

    def text(self, label: str, value: str, help: str | None = None, longest: int = 200) -> str:
        """One line of text."""
        return self.control(label, "text_input", value, longest, help=help)

    def seed(self) -> int:
        """The experiment's seed, with a button for another one."""
        key = self.key("seed")
        return int(self.later(key, lambda: self.seed_row(key)))

    def seed_row(self, key: str) -> int:
        """The field and the button."""
        row = self.last.container(horizontal=True, vertical_alignment="bottom", gap="small")
        value = row.number_input(
            "Seed", 0, LARGEST_SEED, 0, 1, key=key, bind="query-params", help="Same seed, same run."
        )
        row.button("", icon=":material/casino:", key=f"{key}.next", on_click=self.reseed, help="Another seed")
        return value

    def reseed(self) -> None:
        """Move on to the next seed."""
        key = self.key("seed")
        st.session_state[key] = (int(st.session_state.get(key, 0)) + 1) % (LARGEST_SEED + 1)

    def apply(self, changes: dict[str, Any]) -> None:
        """Set the controls that belong to a diagnosis' changes."""
        for name, value in changes.items():
            st.session_state[f"{self.topic.key}.{name}"] = value

    def owns(self, changes: dict[str, Any]) -> bool:
        """Whether this page has a control for every change."""
        return bool(changes) and all(f"{self.topic.key}.{name}" in st.session_state for name in changes)
