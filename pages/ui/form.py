"""Controls that core describes as data, drawn; presets that set them; and a link that hides some of them."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from urllib.parse import urlencode

import streamlit as st

from core.controls import Control, Group, Preset, preset_values
from pages.ui.controls import Controls

NONE = "Presets, good and bad"  # the head of the list


def form(page, groups: Sequence[Group]) -> dict[str, object]:
    """Draw the controls that matter, group by group; the values of all of them by name."""
    values: dict[str, object] = {}
    for group in groups:
        fold = group.label and any(control.when(values) for control in group.controls)
        with page.more(group.label) if fold else nullcontext():
            for control in group.controls:
                values[control.name] = drawn(page, control) if control.when(values) else control.value
    return values


def drawn(page, control: Control):
    """One control on the page, and its value."""
    if control.kind == "slider":
        low, high, *step = control.options
        return page.slider(control.label, low, high, control.value, *step, help=control.help)
    if control.kind == "scale":
        return page.scale(control.label, control.options, control.value, help=control.help)
    if control.kind == "choose":
        return tuple(page.choose(control.label, control.options, control.help, control.value))
    if control.kind == "toggle":
        return page.toggle(control.label, control.value, control.help)
    if control.kind == "text":
        return page.text(control.label, control.value, control.help)
    return page.pick(control.label, control.options, control.value, control.help)


def presets(controls: Controls, groups: tuple[Group, ...], named: Sequence[Preset]) -> None:
    """A list of presets; choosing one sets every control."""
    controls.here.selectbox(
        "Preset", [NONE, *marked(named)], key=controls.key("Preset"), on_change=take, args=[controls, groups, named],
        label_visibility="collapsed",
    )  # fmt: skip


def marked(named: Sequence[Preset]) -> dict[str, Preset]:
    """The presets by what they are called in the list: ✓ what works, ✗ what fails."""
    return {("✓ " if preset.good else "✗ ") + preset.name: preset for preset in named}


def take(controls: Controls, groups: tuple[Group, ...], named: Sequence[Preset]) -> None:
    """Set every control as the chosen preset says, and let the list stand at its head again."""
    chosen = marked(named).get(st.session_state.get(controls.key("Preset")))
    st.session_state[controls.key("Preset")] = NONE
    if chosen:
        values = preset_values(groups, chosen)
        controls.apply({name: list(one) if isinstance(one, tuple) else one for name, one in values.items()})


def link(hidden: Mapping[str, str] | Sequence[str] = ()) -> str:
    """The address that reopens what is on screen, without the named controls."""
    values = {name: st.query_params.get_all(name) for name in st.query_params if name != "hide"}
    if hidden:
        values["hide"] = [",".join(hidden)]
    query = urlencode(values, doseq=True)
    return (st.context.url or "").partition("?")[0] + (f"?{query}" if query else "")
