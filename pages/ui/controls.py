"""The left side of a lesson: its controls and the seed, each bound to the page's address."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Generic, ParamSpec

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.lessons import controls as described
from core.lessons.controls import Control, Group, Preset
from core.lessons.curriculum import Topic
from pages.ui.words import chosen, say, saying, understand

LARGEST_SEED = 9_999
SEED = "seed"  # what it is called in a link that hides it
UNKNOWN = object()  # the value of a control that has not been drawn yet
NONE = "Presets, good and bad"  # the head of the list
Described = ParamSpec("Described")


class Asking(Generic[Described]):
    """A method that describes a control, with the arguments of ``describe``, and asks for its value at once."""

    def __init__(self, describe: Callable[Described, Control]) -> None:
        self.describe = describe

    def __get__(self, controls: "Controls", owner: type) -> Callable[Described, Any]:
        def ask(*arguments: Described.args, **more: Described.kwargs) -> Any:
            return controls.ask(self.describe(*arguments, **more))

        return functools.update_wrapper(ask, self.describe)


class Controls:
    """Controls whose values live in the URL under the page's own prefix, so that a copied link reopens the experiment.

    A control (``core.lessons.controls.Control``) is known by its name, the label in snake case. Labels therefore follow
    the recipe's field names ("Learning rate" is ``learning_rate``), and a diagnosis can set the control that belongs to
    its fix. All that were asked are ``known``, so presets, fixes, clicks and a link that hides some work on every page.

    **The picture first.** The answer to a change is the new picture, not dozens of controls that are as they were. A
    control that was drawn before in this session has a value that is known without drawing it, so ``ask`` returns that
    value and lets the control wait in ``waiting`` until the page's body is done (``draw``); its place is fixed all the
    same, because every place is a container made in order. Whatever must be drawn at once behind a control (``here``)
    draws what waits first. Not after the browser's back button: then the address has the values, and Streamlit reads
    them from it as it draws. What nobody sees at first, such as a replay's frames, is sent last of all (``after``).
    """

    def __init__(self, topic: Topic, place: DeltaGenerator) -> None:
        self.topic = topic
        self.column = place.container()
        self.last = place.container()
        self.extra: Callable | None = None
        self.known: dict[str, Control] = {}
        self.waiting: list[Callable[[], object]] = []
        self.unhurried: list[Callable[[], None]] = []
        self.restoring = getattr(get_script_run_ctx(), "is_history_navigation", False)
        self.hidden = {name for name in st.query_params.get("hide", "").split(",") if name}
        self.unseen = place.container(key="controls-hidden")  # a teacher's link hides controls; they keep their values

    slider = Asking(described.slider)
    scale = Asking(described.scale)
    pick = Asking(described.pick)
    choose = Asking(described.choose)
    toggle = Asking(described.toggle)
    text = Asking(described.text)

    def key(self, control: Control | str) -> str:
        """The key of a control, or of a label, on this page: ``optimizers.learning_rate``."""
        return f"{self.topic.key}.{control.name if isinstance(control, Control) else described.name_of(control)}"

    def ask(self, control: Control):
        """The value of a control. It is drawn out of sight if the address says ``hide=`` and its name."""
        self.known[control.name] = control
        self.begin(control)
        spot = (lambda: self.unseen) if control.name in self.hidden else self.extra or (lambda: self.column)
        value = self.later(self.key(control), lambda: self.widget(control, spot()), control)
        return tuple(value) if control.kind == "choose" else value

    def begin(self, control: Control) -> None:
        """Views of a page may begin at different values of a control: one that nobody has moved begins at each view's
        own. Where its options are others than before it is to Streamlit another widget, which would take up what an
        earlier one was left at: it is told what it stands at now."""
        key, first = self.key(control), storable(control.value)
        begun: dict[str, tuple] = st.session_state.setdefault(f"{self.topic.key}.begun", {})
        (before, options), begun[key] = begun.get(key, (first, control.options)), (first, control.options)
        if before != first and st.session_state.get(key) == before:
            st.session_state[key] = first
        elif options != control.options and key in st.session_state:
            st.session_state[key] = st.session_state[key]

    def ask_all(self, controls: Iterable[Control | Group]) -> dict[str, Any]:
        """The values by name of controls and of groups of them, each under its fold; one that does not matter
        (``Control.when``) keeps its first value and is not drawn."""
        values: dict[str, Any] = {}
        for part in controls:
            inside = part.controls if isinstance(part, Group) else (part,)
            fold = isinstance(part, Group) and any(control.when(values) for control in inside)
            with self.more(part.label) if fold else nullcontext():
                for control in inside:
                    self.known.setdefault(control.name, control)
                    values[control.name] = self.ask(control) if control.when(values) else control.value
        return values

    @contextmanager
    def more(self, label: str = "More settings"):
        """Controls that most learners do not need at first, under a fold that is drawn when the first of them is."""
        fold = functools.cache(lambda: self.column.expander(say(label)))
        self.waiting.append(fold)
        self.extra = fold
        try:
            yield
        finally:
            self.extra = None

    def later(self, key: str, put: Callable, control: Control | None = None):
        """Draw with ``put`` once the body is done, if the control's value is known by then; the value."""
        value = UNKNOWN if self.restoring else st.session_state.get(key, UNKNOWN)
        if value is UNKNOWN:
            self.draw()
            self.mend_link(key, control)
            return put()
        if control and (mended := control.mended(value)) != (tuple(value) if isinstance(value, list) else value):
            value = st.session_state[key] = storable(mended)
        self.waiting.append(put)
        return value

    def mend_link(self, key: str, control: Control | None) -> None:
        """Streamlit forgets a number in a link that is not on a scale; the nearest one that is answers better. It also
        forgets what is named in another language."""
        if self.restoring or control is None:
            return
        if control.kind in ("pick", "choose"):
            understand(key, control.options)
        elif control.kind == "scale" and (text := st.query_params.get(key)):
            try:
                st.session_state[key] = control.mended(float(text))
            except ValueError:
                return

    def widget(self, control: Control, place: DeltaGenerator) -> Any:
        """Draw a control now; its value."""
        label, options, value = say(control.label), control.options, control.value
        help = control.help and say(control.help)
        bound: dict[str, Any] = {"key": self.key(control), "bind": "query-params", "help": help}
        if control.kind == "slider":
            low, high, step = options
            return place.slider(label, low, high, value, step, control.format, **bound)
        if control.kind == "scale":
            return place.select_slider(label, options, value, **bound)
        if control.kind == "choose":
            bound |= {"format_func": saying(), "placeholder": say("Choose options")}
            bound["select_all"] = chosen() is None  # what Streamlit calls it is English
            return place.multiselect(label, options, list(value), **bound)
        if control.kind == "toggle":
            return place.toggle(label, value, **bound)
        if control.kind == "text" and "wrapped" in options:
            return place.text_area(label, value, "content", options[0], **bound)
        if control.kind == "text":
            return place.text_input(label, value, options[0], **bound)
        if sum(len(say(option)) + 3 for option in options) < 24:  # buttons while they fit, a list beyond
            return place.segmented_control(
                label, options, default=value, required=True, width="stretch", format_func=saying(), **bound
            )
        return place.selectbox(label, options, options.index(value), format_func=saying(), **bound)

    @property
    def here(self):
        """Where to draw at once, behind everything that is waiting."""
        self.draw()
        return self.extra() if self.extra else self.column

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

    @functools.cached_property
    def seed(self) -> int:
        """The experiment's seed, with a button for another one."""
        key = self.key("seed")
        return int(self.later(key, lambda: self.seed_row(key)))

    def seeds(self, count: int) -> tuple[int, ...]:
        """Consecutive seeds from the experiment's own, for bands."""
        return tuple(range(self.seed, self.seed + count))

    def seed_row(self, key: str) -> int:
        """The field and the button."""
        place = self.unseen if SEED in self.hidden else self.last
        row = place.container(horizontal=True, vertical_alignment="bottom", gap="small")
        value = row.number_input(
            say("Seed"), 0, LARGEST_SEED, 0, 1, key=key, bind="query-params", help=say("Same seed, same run.")
        )
        row.button("", icon=":material/casino:", key=f"{key}.next", on_click=self.reseed, help=say("Another seed"))
        return value

    def reseed(self) -> None:
        """Move on to the next seed."""
        key = self.key("seed")
        st.session_state[key] = (int(st.session_state.get(key, 0)) + 1) % (LARGEST_SEED + 1)

    def set(self, control: Control, value: object) -> None:
        """Set a control, from a click or another callback."""
        st.session_state[self.key(control)] = storable(control.mended(value))

    def apply(self, changes: Mapping[str, Any]) -> None:
        """Set the controls of these names, as a diagnosis' fix or a preset asks for."""
        for name, value in changes.items():
            if name in self.known:
                self.set(self.known[name], value)

    def owns(self, changes: Mapping[str, Any]) -> bool:
        """Whether this page has a control in use for every change."""
        used = (name in self.known and f"{self.topic.key}.{name}" in st.session_state for name in changes)
        return bool(changes) and all(used)

    def presets(self, named: Sequence[Preset]) -> None:
        """A list of named settings; choosing one sets every control of the page."""
        self.here.selectbox(
            say("Preset"), [NONE, *marked(named)], key=self.key("Preset"), on_change=self.take, args=[named],
            format_func=saying(),
            label_visibility="collapsed",
        )  # fmt: skip

    def take(self, named: Sequence[Preset]) -> None:
        """Set every control as the chosen preset says, and let the list stand at its head again."""
        chosen = marked(named).get(st.session_state.get(self.key("Preset")))
        st.session_state[self.key("Preset")] = NONE
        if chosen:
            self.apply(described.defaults(self.known.values()) | dict(chosen.values))

    def presses(self, control: Control, letters: Mapping[str, str]) -> str:
        """The value of a text, to which buttons with these labels add a letter each, and one takes the last away."""
        value, key = self.ask(control), self.key(control)
        row = self.here
        for label, letter in letters.items():
            row.button(label, key=f"{key}.{letter}", on_click=self.set, args=[control, value + letter])
        row.button(
            say("Undo"), key=f"{key}.undo", icon=":material/undo:", on_click=self.set, args=[control, value[:-1]]
        )
        return value


def storable(value: object) -> object:
    """A value as Streamlit keeps it."""
    return list(value) if isinstance(value, tuple) else value


def marked(named: Sequence[Preset]) -> dict[str, Preset]:
    """The presets by what they are called in the list: ✓ what works, ✗ what fails."""
    return {("✓ " if preset.good else "✗ ") + preset.name: preset for preset in named}
