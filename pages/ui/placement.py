"""The placement: five of the lessons' own questions; what is answered right counts as known, with all it builds on."""

from collections.abc import Callable, Mapping

import streamlit as st

from core.lessons import curriculum
from core.lessons.controls import defaults
from core.lessons.view import View
from pages.ui import memory
from pages.ui.guesses import guess_panel
from pages.ui.kept import cached
from pages.ui.page import seeding
from pages.ui.panels import answer_panel
from pages.ui.stage import mount
from pages.ui.words import say, told

SEED = 0
LABEL = "Where do I begin? Five questions from the lessons"


def gradient_of_formula(key: str) -> bool | None:
    """One gradient of a formula, by hand."""
    from core.figures.graphs import computation
    from core.formulas.graphs import replay
    from core.topics import calculus

    text = calculus.EXAMPLES[0]
    graph = calculus.graph_of(text, dict(calculus.starts(text)))
    name = calculus.gradients_shown(graph)[0]
    mount([computation(replay(graph, graph.beneath([name])))], calculus.SOURCE.provenance, f"{key}.picture")
    return answer_panel([calculus.question(graph, name)], key)[0]


def gradient_of_weight(key: str) -> bool | None:
    """One gradient of a tiny network, by hand: of a weight behind the hidden layer."""
    from core.figures.graphs import computation
    from core.topics.backpropagation.numbers import RATES, SOURCE, Exercise
    from core.topics.backpropagation.tiny_networks import BENDS, HEADS, NETWORKS, drawn, places

    exercise = Exercise(drawn(next(iter(NETWORKS)), next(iter(BENDS)), SEED), RATES[0])
    moments = exercise.moments(exercise.hidden(exercise.unanswered))
    mount([computation(moments, places(exercise.graph), HEADS, 520)], SOURCE.provenance, f"{key}.picture")
    return answer_panel(exercise.questions[1:2], key)[0]


def guessed(view: View, key: str) -> bool | None:
    """The question of a view as the page first asks it, under what is shown before it."""
    drawn = seeding(view.measure, lambda: SEED)
    found = cached(view.measure)(**defaults(view.controls), **drawn)
    looked = defaults(view.looks(found))
    if view.question is None or view.before is None:
        raise ValueError("A question of the placement stands on what its view shows before it.")
    shown, question = view.before(found, **looked), view.question(found, **looked)
    for row, pictures in enumerate(shown.pictures):
        mount(pictures, found.provenance, f"{key}.picture.{row}")
    if not guess_panel(question, key):
        return None
    state: Mapping = st.session_state[f"{key}.state"]
    return "guess" in state and question.is_right(state["guess"], state["truth"])


def outlier(key: str) -> bool | None:
    """Which loss follows an outlier?"""
    from core.topics.losses.views import VIEWS

    return guessed(VIEWS["One outlier"], key)


def size(key: str) -> bool | None:
    """How large is what a convolution leaves?"""
    from core.topics.convolution.views import SIZES

    return guessed(SIZES, key)


def shape(key: str) -> bool | None:
    """Which shape has a sum?"""
    from core.topics.tensors_autograd_modules.views import VIEWS

    return guessed(VIEWS["Broadcasting"], key)


QUESTIONS: dict[str, Callable[[str], bool | None]] = {
    "calculus": gradient_of_formula,
    "losses": outlier,
    "backpropagation": gradient_of_weight,
    "convolution": size,
    "tensors-autograd-modules": shape,
}


def panel() -> None:
    """The placement in a drawer: one question after another, and what they have shown."""
    with st.expander(say(LABEL), icon=":material/explore:", key="placement", on_change="rerun") as drawer:
        if drawer.open:  # the questions load torch, which the map must not wait for
            ask()


def ask() -> None:
    """One question after another; each that is right makes its lesson and all that it builds on known."""
    st.markdown(
        say("A right answer marks its lesson, and everything that it builds on, as known: your path leads past it.")
    )
    first: dict[str, bool] = st.session_state.setdefault("placement.first", {})  # a second guess knows the answer
    for place, (slug, question) in enumerate(QUESTIONS.items(), 1):
        topic = curriculum.topic(slug)
        st.markdown(f"**{say(f'{place} of {len(QUESTIONS)}')} · {told(topic).title}**")
        answer = question(f"placement.{topic.key}")
        if answer is None:
            return
        if first.setdefault(slug, answer):
            memory.know({slug, *(need.slug for need in curriculum.needed([topic]))})
    right, known = sum(first.values()), len(memory.known())
    st.markdown(say(f"**{right} of {len(QUESTIONS)} right at the first try: {known} lessons count as known.**"))
    st.button(say("Forget the placement"), on_click=forget, type="tertiary")


def forget() -> None:
    """Nothing is known any more, and the questions are open again."""
    memory.know(memory.known(), False)
    for key in [key for key in st.session_state if str(key).startswith("placement.")]:
        del st.session_state[key]
