"""Panels that belong to a recorded run: its diagnosis, its fork, its program."""

import streamlit as st

from pages.ui.controls import Controls

MODEL = {"init": "initialization"}  # what a network's own settings are called as controls
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def diagnosis_panel(run, controls: Controls, key: str) -> None:
    """Name what went wrong with a run, why, and offer the change that mends it."""
    from core.diagnosis import diagnose

    for index, finding in enumerate(diagnose(run)):
        with st.container(
            border=True, horizontal=True, vertical_alignment="center", key=f"{key}-{index}".replace(".", "-")
        ):
            st.markdown(
                f":material/healing: **{finding.name}** at epoch {finding.epoch} (step {finding.step}). "
                f"{finding.sentence}"
            )
            if controls.owns(changes := settings_of(finding)):
                st.button(finding.fix, key=f"{key}.fix.{index}", on_click=controls.apply, args=[changes])


def settings_of(finding) -> dict:
    """What a finding asks for, by the names of controls."""
    changes = {MODEL.get(name, name): value for name, value in (finding.changes | finding.model_changes).items()}
    if widths := changes.pop("widths", None):
        changes |= {"hidden_layers": len(widths) - 2, "units_per_layer": widths[1]}
    return changes


@st.cache_resource(
    max_entries=24,
    show_spinner="Training the fork…",
    hash_funcs={"core.training.run.Run": lambda run: run.specification},
)
def forked(run, epoch: int, changes: tuple[tuple[str, object], ...]):
    """The other future, kept for every learner who asks for the same."""
    return run.fork(epoch, **dict(changes))


def fork_panel(run, key: str):
    """Settings for another future of a run, from one of its recorded moments; the forked run, or None while closed."""
    from core.training.recipe import OPTIMIZERS  # loads torch, which the front page must not wait for

    if not st.toggle("Fork this run: go back, change something, see both futures", key=f"{key}.open"):
        return None
    numbers = [epoch.number for epoch in run.history[:-1]]
    if not numbers:
        return None
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        epoch = st.select_slider("From epoch", numbers, numbers[len(numbers) // 3], key=f"{key}.epoch")
        rates = sorted({*RATES, run.recipe.learning_rate})
        rate = st.select_slider("New learning rate", rates, run.recipe.learning_rate, key=f"{key}.rate")
        optimizer = st.selectbox(
            "New optimizer", OPTIMIZERS, OPTIMIZERS.index(run.recipe.optimizer), key=f"{key}.optimizer"
        )
        decay = st.select_slider("New weight decay", (0.0, 0.0001, 0.001, 0.01, 0.1), 0.0, key=f"{key}.decay")
    changes = {"learning_rate": rate, "optimizer": optimizer, "weight_decay": decay or run.recipe.weight_decay}
    return forked(run, epoch, tuple(sorted(changes.items())))


def code_panel(programs: list, key: str) -> None:
    """The program that made what is on screen, to read and to take away."""
    if not programs or not st.toggle("Show the program that made this", key=f"{key}.open"):
        return
    from core.script import notebook, program

    source = program(programs[-1])
    with st.container(horizontal=True):
        st.download_button("Python file", source, "experiment.py", "text/x-python", key=f"{key}.py", on_click="ignore")
        st.download_button(
            "Notebook",
            notebook(programs[-1]),
            "experiment.ipynb",
            "application/x-ipynb+json",
            key=f"{key}.nb",
            on_click="ignore",
        )
    st.code(source, language="python", line_numbers=True, height=520)
