r"""Chatbot

Talk to a small language model on your own machine, and ask every word what else could have stood there.

A language model reads tokens $t_1 \dots t_n$ and answers with a logit $z_v$ for each word piece $v$ of its vocabulary.
Divided by the temperature $T$ they become chances,

$$p_v = \frac{e^{z_v/T}}{\sum_w e^{z_w/T}},$$

one token is drawn, put behind the others, and all is read again. Top-k, top-p and min-p cut unlikely tokens off before
the draw; a penalty $r > 1$ makes tokens that were there before less likely. What was read stays in memory as keys and
values, so that each new token costs one step. A chat is such a text too: special tokens mark whose turn it is, and
what no longer fits the context window is forgotten.

Needs: transformers

Roadmap:
- 💬 Create a chatbot using transformers

Reading:
- Vaswani and others (2017), *Attention Is All You Need*
- Holtzman and others (2020), *The Curious Case of Neural Text Degeneration* (top-p)
- Allal and others (2025), *SmolLM2: When Smol Goes Big*
- Reimers and Gurevych (2019), *Sentence-BERT*; Robertson and Zaragoza (2009), *BM25*
- *Dive into Deep Learning*, chapter 11
"""

from core.projects.chatbot import course, figures, lesson, shipped
from core.projects.chatbot.attending import attention
from core.projects.chatbot.visible import honest
from pages import ui
from pages.ui import chat


def talk_view() -> None:
    settings = lesson.sampling(page.ask_all(lesson.SAMPLING), page.seed)
    talk.conversation.system = page.ask(lesson.PROMPT)
    chat.choose(page, talk)
    page.toggle("Ask the course", help="Look the question up in this hub first; the answer then cites its pages.")
    page.note(honest(talk))
    place, (turn, spot, spell) = page.space(), chat.picked(page, talk)
    page.display(lesson.token(talk, turn, spot, settings, spell), shipped.source(talk, turn))
    chat.branches(page, talk, turn, spot, settings)
    known = page.predict(lesson.question(turn))
    if known:
        page.show(figures.sureness(turn.said.steps, spell, spot), source=shipped.source(talk, turn))
    if looked := page.job("Show what this token was read from", attention, talk, turn, spot):
        page.show(looked.picture, source=looked)
    page.downloads(*chat.files(talk))
    with page.ahead(place):
        chat.converse(page, talk, settings, known)
    page.code(lesson.token_program(turn.said.steps[spot], settings, spell))
    page.challenge(lesson.goal(talk))


def compare_view() -> None:
    values = page.ask_all(lesson.OTHER)
    turn, _, spell = chat.picked(page, talk)
    first, steps = turn.said.sampling, turn.said.steps
    second = lesson.sampling(values, first.seed, "_of_b")
    apart = figures.parted(steps, second)
    if known := page.predict(lesson.parting(steps, second)):
        page.show(figures.two_settings(steps, first, second, spell), source=shipped.source(talk, turn))
    else:
        page.show(figures.sureness(steps, spell), source=shipped.source(talk, turn))
    chat.compare(page, talk, turn, apart, second, bool(known))
    page.code(lesson.token_program(steps[apart or 0], second, spell))
    page.challenge(lesson.parting_goal(steps, first, second))


def course_view() -> None:
    answer = course.search(page.ask(lesson.ASKED))
    chat.search_by(page)
    page.note(course.honest())
    page.display(lesson.answered(answer) if page.predict(lesson.finding(answer)) else lesson.unanswered(answer), answer)
    page.code(lesson.search_program(answer))
    page.challenge(lesson.finding_goal(answer))


with ui.lesson(__file__) as page:
    talk = chat.seat()
    page.views({"Chat": talk_view, "Two settings": compare_view, "Ask the course": course_view})
