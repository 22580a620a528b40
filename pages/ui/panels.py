"""Panels of a lesson: numbers to be worked out by hand, and a run's diagnosis, its fork, its program."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.ui.controls import Controls
from pages.ui.kept import cached
from pages.ui.witness import noted
from pages.ui.wording import signed
from pages.ui.words import prose, say

if TYPE_CHECKING:  # they load torch, which the front page must not wait for
    from core.diagnosis.findings import Finding
    from core.lessons.grading import Calculation
    from core.training import Run

MODEL = {"init": "initialization"}  # what a network's own settings are called as controls
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def diagnosis_panel(findings: Sequence, controls: Controls, key: str) -> None:
    """Name what went wrong with a training, why, and offer the change that mends it."""
    for index, finding in enumerate(findings):
        with st.container(
            border=True, horizontal=True, vertical_alignment="center", key=f"{key}-{index}".replace(".", "-")
        ):
            st.markdown(prose(f":material/healing: **{finding.name}** at {finding.when}. {finding.sentence}"))
            if controls.owns(changes := settings_of(finding)):
                st.button(say(finding.fix), key=f"{key}.fix.{index}", on_click=controls.apply, args=[changes])


def settings_of(finding: "Finding") -> dict:
    """What a finding asks for, by the names of controls."""
    changes = {MODEL.get(name, name): value for name, value in (finding.changes | finding.model_changes).items()}
    if widths := changes.pop("widths", None):
        changes |= {"hidden_layers": len(widths) - 2, "units_per_layer": widths[1]}
    return changes


def forked(run: "Run", epoch: int, changes: tuple[tuple[str, Any], ...]) -> "Run":
    """The other future."""
    return run.fork(epoch, **dict(changes))


kept_fork = cached(forked, "Training the fork…", hash_funcs={"core.training.run.Run": lambda run: run.specification})


def fork_panel(run: "Run", key: str) -> "Run | None":
    """Settings for another future of a run, from one of its recorded moments; the forked run, or None while closed."""
    from core.training.recipe import OPTIMIZERS  # loads torch, which the front page must not wait for

    if not st.toggle(say("Fork this run: go back, change something, see both futures"), key=f"{key}.open"):
        return None
    numbers = [epoch.number for epoch in run.history[:-1]]
    if not numbers:
        return None
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        epoch = st.select_slider(say("From epoch"), numbers, numbers[len(numbers) // 3], key=f"{key}.epoch")
        rates = sorted({*RATES, run.recipe.learning_rate})
        rate = st.select_slider(say("New learning rate"), rates, run.recipe.learning_rate, key=f"{key}.rate")
        optimizer = st.selectbox(
            say("New optimizer"), OPTIMIZERS, OPTIMIZERS.index(run.recipe.optimizer), key=f"{key}.optimizer"
        )
        decay = st.select_slider(say("New weight decay"), (0.0, 0.0001, 0.001, 0.01, 0.1), 0.0, key=f"{key}.decay")
    changes = {"learning_rate": rate, "optimizer": optimizer, "weight_decay": decay or run.recipe.weight_decay}
    return kept_fork(run, epoch, tuple(sorted(changes.items())))


def code_panel(programs: list, key: str) -> None:
    """The program that made what is on screen, to read and to take away, with the files that it reads."""
    noted("programs", programs)
    if not programs or not st.toggle(say("Show the program that made this"), key=f"{key}.open"):
        return
    from core.programs import program_of
    from core.training import Run

    is_run = isinstance(programs[-1], Run)
    program = program_of(programs[-1]) if is_run else programs[-1]
    files = [
        ("Python file", "experiment.py", "text/x-python", program.text),
        ("Notebook", "experiment.ipynb", "application/x-ipynb+json", program.notebook),
        ("Notebook for Colab", "experiment-colab.ipynb", "application/x-ipynb+json", program.colab),
        ("environment.yml", "environment.yml", "application/yaml", program.environment),
        *((f"File ({name})", name, "application/octet-stream", content) for name, content in program.files.items()),
    ]
    with st.container(horizontal=True):
        for label, name, kind, content in files:
            st.download_button(say(label), content, name, kind, key=f"{key}.{name}", on_click="ignore")
    if is_run:
        st.caption(
            say("Same data, weights and batches. Roundings differ and grow: the end of a long training may drift.")
        )
    st.code(program.text, language="python", line_numbers=True, height=520)


def answer_panel(questions: Sequence, key: str) -> list[bool | None]:
    """Ask for numbers (core.lessons.grading.Calculation), one after another; per question True once the learner's
    number was right, False if the learner asked to see it, None while it is open. Other questions begin anew."""
    from core.formulas.graphs import shown  # loads torch, which the front page must not wait for

    state = st.session_state.setdefault(f"{key}.state", {})
    if state.get("questions") != tuple(questions):
        state.clear()
        state |= {"questions": tuple(questions), "found": [], "hint": ""}
    found = state["found"]
    with st.container(border=True, key=f"answer-{key}".replace(".", "-")):
        for question, right in zip(questions, found, strict=False):
            mark = ":material/check_circle:" if right else ":material/visibility:"
            st.markdown(f"{mark} {prose(question.text)} **{signed(shown(question.truth))}**. {prose(question.because)}")
        if len(found) < len(questions):
            answer_form(questions[len(found)], state, f"{key}.{len(found) + 1}")
        else:
            st.button(say("Answer again"), key=f"{key}.again", type="tertiary", on_click=state.clear)
    return [*found, *[None] * (len(questions) - len(found))]


def answer_form(question: "Calculation", state: dict, key: str) -> None:
    """The open question with its field, and what was said to the last try."""
    st.markdown(prose(f"**Work it out.** {question.text}"))
    with st.form(key, border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            say("A number, or a calculation such as 0.5 * (1 - 0.3^2)"), key=f"{key}.text", max_chars=100, width=330
        )
        st.form_submit_button(say("Check"), key=f"{key}.check", on_click=check, args=[question, state, key])
        skip = state["found"].append
        st.form_submit_button(say("Show me"), key=f"{key}.skip", type="tertiary", on_click=skip, args=[False])
    if state["hint"]:
        st.text(say(state["hint"]))


def check(question: "Calculation", state: dict, key: str) -> None:
    """Grade what stands in the field."""
    from core.lessons.grading import graded  # loads torch

    verdict = graded(st.session_state[f"{key}.text"], question.truth, question.tolerance)
    state["hint"] = verdict.hint
    if verdict.is_right:
        state["found"].append(True)
