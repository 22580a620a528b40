"""What the page asks, aims at and takes away: questions, goals, programs and pictures by name."""

import json
from collections.abc import Callable

from core.lessons.controls import folded, slider, text
from core.lessons.goal import Goal
from core.lessons.question import Question, Scale
from core.lessons.view import Shown
from core.programs import Program
from core.programs import Step as Statements
from core.projects.chatbot import figures
from core.projects.chatbot.conversation import SYSTEM, Turn
from core.projects.chatbot.course import LENGTH, SATURATION, Answer, pages_in_words
from core.projects.chatbot.decoding import Step
from core.projects.chatbot.others import HELP, LONGEST
from core.projects.chatbot.sampling import Sampling, candidates, drawn, penalised
from core.projects.chatbot.talk import Talk
from core.projects.chatbot.wording import bm25, words
from core.wording import counted

TEMPERATURE = slider("Temperature", 0.0, 2.0, 0.6, 0.05, help="0 always takes the likeliest token.")
TOP_K = slider("Top-k", 1, 80, 50, help="Only so many of the likeliest tokens can be drawn.")
TOP_P = slider("Top-p", 0.05, 1.0, 0.92, 0.01, help="Only the fewest tokens that together reach this probability.")
MIN_P = slider(
    "Min-p", 0.0, 0.5, 0.0, 0.01, help="Only tokens with at least this share of the likeliest's probability."
)
PENALTY = slider("Repetition penalty", 1.0, 1.5, 1.1, 0.01, help="Makes tokens that were there before less likely.")
PROMPT = text(
    "System prompt", SYSTEM, longest=400, wrapped=True, help="What the model is told first. A small one obeys it badly."
)
MODEL = text("Another model", longest=LONGEST, help=HELP)
SAMPLING = (TEMPERATURE, folded(TOP_K, TOP_P, MIN_P, PENALTY, label="More about drawing"))
OTHER = (
    slider("Temperature of B", 0.0, 2.0, 1.2, 0.05),
    folded(
        slider("Top-k of B", 1, 80, 50), slider("Top-p of B", 0.05, 1.0, 0.92, 0.01),
        slider("Min-p of B", 0.0, 0.5, 0.0, 0.01), slider("Repetition penalty of B", 1.0, 1.5, 1.1, 0.01),
        label="More about drawing B",
    ),
)  # fmt: skip
ASKED = text("Question to the course", "Why does a network memorise its training data?", longest=300, wrapped=True)
SURE = 0.9
WORTH = 0.2  # of the second likeliest token, for the challenge


def sampling(values: dict, seed: int, ending: str = "") -> Sampling:
    """The settings that some controls say."""
    return Sampling(**{
        name: values[name + ending] for name in ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
    }, seed=seed)  # fmt: skip


def question(turn: Turn) -> Question:
    """How sure it was of its own words."""
    steps = turn.said.steps
    count = sum(step.probability >= SURE for step in steps)
    words = f"The reply has {counted(len(steps), 'token')}. Of how many was the network sure (90% or more)?"
    return Question(
        words,
        Scale(0, len(steps)),
        count,
        "Some tokens follow from those before without a doubt; at others several would do, and there the reply could "
        "have gone another way.",
    )


def goal(talk: Talk) -> Goal:
    """A branch that leaves the reply where the network itself was of two minds."""
    words = (
        f"**Branch** a reply at a token to which the network gave at least {WORTH:.0%}, though it was not said. Both "
    )
    words += "ways must have come to an end."
    grown = [turn for turn in talk.conversation.every() if turn.branched is not None and turn.reply]
    for turn in grown:
        assert turn.branched is not None
        if turn.said.ended in ("end", "limit") and turn.said.steps[turn.branched].probability >= WORTH:
            return Goal(words, True, f"Your branch began with {turn.said.steps[turn.branched].probability:.0%}.")
    return Goal(words, False, f"Now: {counted(len(grown), 'branch', 'branches')}." if grown else "Now: one way only.")


def parting(steps: list[Step], second: Sampling) -> Question:
    """Where two settings part."""
    place = figures.parted(steps, second)
    options = ["in the first quarter", "later", "nowhere"]
    truth = options[2] if place is None else options[0] if 4 * place < len(steps) else options[1]
    return Question(
        "A said this reply. Where would B, with the same random numbers, first say another token?", options, truth,
        "The same number falls on another token only where the settings move the borders between the likely ones.",
    )  # fmt: skip


def parting_goal(steps: list[Step], first: Sampling, second: Sampling) -> Goal:
    """Settings that change the drawing and not one word of the reply."""
    words = "Find settings B with a temperature at least 0.3 away from A's that say **the same reply**, word for word."
    same, apart = figures.parted(steps, second) is None, abs(second.temperature - first.temperature) >= 0.3
    return Goal(words, same and apart, "Now: the same reply." if same else "Now: another reply.")


def finding(answer: Answer) -> Question:
    """Whether the course answers."""
    options = ["a page answers it", "not covered"]
    return Question(
        f"“{answer.question}” — does a page of the course answer that?", options, options[not answer.covered],
        f"*{answer.pages[0].title}* is nearest, with {answer.pages[0].score:.2f}; {answer.least:.2f} is needed.",
    )  # fmt: skip


def finding_goal(answer: Answer) -> Goal:
    """A question without any of the title's words."""
    words_of_title = set(words(answer.pages[0].title)) if answer.pages else set()
    free = not words_of_title & set(words(answer.question))
    passed = answer.covered and free and answer.pages[0].slug == "backpropagation"
    aim = "Find the page **Backpropagation by hand** without using a word of its title."
    return Goal(aim, passed, f"Now: {answer.pages[0].title}, {'cited' if answer.covered else 'not cited'}.")


def answered(answer: Answer) -> Shown:
    """What the search found, with links and the passage that was nearest."""
    if not answer.covered:
        nearest = ", ".join(f"[{hit.title}]({hit.slug})" for hit in answer.pages[:2])
        return Shown(
            ((figures.nearness(answer),),), f"**Not covered**: no page comes close. The nearest are {nearest}."
        )
    lines = [
        f"**[{hit.title}]({hit.slug})** — {escaped(hit.passage.removeprefix(f'{hit.title}. '))}" for hit in answer.cited
    ]
    return Shown(((figures.nearness(answer),),), "\n\n".join(lines))


def escaped(passage: str) -> str:
    """A passage as plain text in Markdown."""
    return passage.replace("$", "\\$").replace("<", "‹").replace("[", "\\[")


def token_program(step: Step, sampling: Sampling, spell: Callable[[int], str]) -> Program:
    """What one place gives: the probability of its token, and its chance at these settings."""
    seen = [place for place, token in enumerate(step.places) if token in step.seen]
    settled = step.settled(sampling)
    place = step.places.index(step.token) if step.token in step.places else 0
    logits = [round(logit, 5) for logit in step.logits]
    rules = (sampling.temperature, sampling.top_k, sampling.top_p, sampling.min_p)
    given = f"""logits = torch.tensor({logits})  # of the {len(logits)} likeliest tokens
total = {step.total!r}  # logarithm of the sum of exponentials over the whole vocabulary
seen = {seen}  # those that stood in the text before"""
    ask = f"""probability = (logits[{place}] - total).exp().item()  # {visible_comment(spell(step.places[place]))}
{call_text("places, chances", f"candidates(penalised(logits, seen, {sampling.repetition_penalty!r}), *{rules!r})")}
drawn_place = places[drawn(chances, {step.draw!r})].item()
chance = sum(share for where, share in zip(places.tolist(), chances.tolist()) if where == {place})
result = {{"probability": probability, "chance": chance, "drawn": drawn_place}}"""
    shown = {
        "probability": step.probabilities[place],
        "chance": settled.get(step.places[place], 0.0),
        "drawn": step.places.index(step.at(sampling)),
    }
    return Program(
        "One token drawn from a language model's logits",
        (Statements("What the network said", given), Statements("What can be drawn, and what is", ask)),
        (penalised, candidates, drawn), shown,
    )  # fmt: skip


def visible_comment(piece: str) -> str:
    """A token in a comment: letters only."""
    return "".join(letter for letter in piece if letter.isalnum() or letter == " ").strip()[:30] or "a sign"


def call_text(left: str, right: str) -> str:
    """An assignment."""
    return f"{left} = {right}"


def search_program(answer: Answer) -> Program:
    """The words' part of the search: BM25 over the pages."""
    pages, asked = pages_in_words(), words(answer.question)
    texts = [" ".join(each) for each in pages.values()]
    scores = dict(zip(pages, bm25(asked, [text.split() for text in texts], SATURATION, LENGTH), strict=True))
    score, best = max(zip(scores.values(), scores, strict=True))
    body = f"""pages = json.loads(Path("pages.json").read_text(encoding="utf-8"))
documents = [text.split() for text in pages.values()]
scores = bm25({asked!r}, documents, {SATURATION!r}, {LENGTH!r})
best = max(zip(scores, pages))
result = {{"score": best[0], "page": list(pages).index(best[1])}}"""
    return Program(
        "Which page has the words of a question", (Statements("BM25 over the course", body),), (bm25,),
        {"score": score, "page": list(pages).index(best)},
        files={"pages.json": json.dumps(dict(zip(pages, texts, strict=True)))},
    )  # fmt: skip


def token(talk: Talk, turn: Turn, place: int, settings: Sampling, spell: Callable[[int], str]) -> Shown:
    """The token that is looked at: what else could have stood there."""
    step = turn.said.steps[place]
    words = (
        f"Token {place + 1} of {len(turn.said.steps)}: **{figures.visible(spell(step.token))}**, to which the network "
    )
    words += f"gave {step.probability:.1%}. Click another one above."
    return Shown(((figures.alternatives(step, settings, spell),),), words)


def unanswered(answer: Answer) -> Shown:
    """How many words of the question each of the nearest pages has, before the search says more."""
    pages, asked = pages_in_words(), sorted(set(words(answer.question)))
    rows = [[float(word in pages[hit.slug]) for word in asked] for hit in answer.pages] if asked else []
    return Shown(((figures.shared(asked, [hit.title for hit in answer.pages], rows),),), "Which page has which word:")
