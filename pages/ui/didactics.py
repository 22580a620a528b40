"""What a lesson asks of its learner: guesses, calculations, challenges; and what it says of a run."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons.curriculum import Topic
from core.lessons.goal import Goal
from core.lessons.question import Question
from pages.ui import memory, review
from pages.ui.guesses import guess_panel
from pages.ui.panels import answer_panel, diagnosis_panel, fork_panel
from pages.ui.stage import Stage
from pages.ui.witness import noted
from pages.ui.words import prose, say

if TYPE_CHECKING:  # they load torch, which the front page must not wait for
    from core.figures.picture import Picture
    from core.training import Run


class Didactics(Stage):
    """Questions and goals of a lesson, and a run's diagnosis, fork and program."""

    def __init__(self, topic: Topic, left: DeltaGenerator, right: DeltaGenerator, below: DeltaGenerator) -> None:
        super().__init__(topic, left, right)
        self.below = below
        self.programs: list = []
        self.asked: list[Question] = []
        self.goals: list[Goal] = []

    def predict(self, question: Question) -> bool:
        """Ask before showing: False until the learner has committed to a guess; guess and truth then stand side by
        side with one sentence why. A wrong guess is asked again another day, on the front page."""
        noted("question", question)
        self.asked.append(question)
        key = self.numbered("guess")
        with self.right:
            answered = guess_panel(question, key)
        review.note(self.topic, question, key)
        return answered

    def answers(self, calculations: Sequence) -> list[bool | None]:
        """Ask for numbers worked out by hand (core.lessons.grading), one after another. Per calculation: True once
        the learner's number is right, False if the learner asked to see it, None (so: hide it) while it is open."""
        with self.right:
            return answer_panel(calculations, self.numbered("answer"))

    def challenge(self, goal: Goal, answered: bool = True) -> None:
        """A goal that the program checks on the learner's own run; passing it ticks the page's roadmap lines. While
        the question beside it is open it says nothing of the run: that would answer the question."""
        noted("goal", goal)
        self.goals.append(goal)
        key, now = self.numbered("challenge"), goal.now if answered else "First your guess; then this counts."
        passed = goal.passed and answered
        if passed:
            memory.keep(key, self.topic)
        lowest = goal.fewest if passed else None
        if goal.fewest is not None and (best := memory.best(key, lowest)) is not None:
            now = f"{now} Your best so far: {best:g}."
        done = memory.passed(key)
        with self.below.container(border=True, key=f"challenge-{key}".replace(".", "-")):
            icon = ":material/trophy:" if done else ":material/flag:"
            head = say("Challenge — passed" if done else "Challenge")
            st.markdown(f"**{icon} {head}**  \n{prose(goal.text)}")
            st.caption(prose(now))

    def diagnosis(self, run: "Run") -> None:
        """What the diagnosis says of a run, with a button where a control can mend it."""
        from core.diagnosis.findings import diagnose

        self.findings(diagnose(run))

    def findings(self, findings: Sequence) -> None:
        """What is wrong (core.diagnosis.findings.Finding), with a button where a control can mend it."""
        with self.right:
            diagnosis_panel(findings, self, self.numbered("diagnosis"))

    def replay(
        self, *pictures: "Picture", run: "Run", weights: Sequence[float] = (), clicked: Callable | None = None
    ) -> None:
        """Show a recorded run: pictures with frames, what the diagnosis says of it, and its program below."""
        self.show(*pictures, source=run, weights=weights, clicked=clicked)
        self.diagnosis(run)
        self.code(run)

    def fork(self, run: "Run", draw: Callable) -> None:
        """Let the learner go on from a recorded moment with other settings; ``draw(run, fork)`` returns pictures."""
        with self.right:
            other = fork_panel(run, self.numbered("fork"))
        if other is not None:
            self.show(*draw(run, other), source=other)

    def code(self, *runs) -> None:
        """Offer the program behind what is on screen (runs, or a ``core.programs.Program``)."""
        self.programs += runs
