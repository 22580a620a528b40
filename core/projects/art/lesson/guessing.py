"""Which one is real? Pairs of a held-out watercolour and a painted picture, against the machine's own critic."""

from core.figures.picture import Picture
from core.figures.sheets import photo
from core.lessons import Goal, Question, Scale
from core.lessons.controls import text
from core.lessons.view import Shown
from core.projects.art.lesson.nearest import above_nearest
from core.projects.art.lesson.programs import of_pictures
from core.projects.art.match import ROUNDS, Match, guessed, score

WANTED = 8
GUESSES = text("Guesses", "", longest=ROUNDS, help="l: left is real, r: right is real, round by round.")


def draw(found: Match, typed: str) -> Shown:
    """The pair that is asked about, and those that were answered."""
    guesses = guessed(typed)
    done = len(guesses)
    shown = (answered(found, guesses),) if guesses else ()
    if done == ROUNDS:
        return Shown((shown,), f"**{score(found, guesses).sentence}** Another seed gives another ten pairs.")
    now = found.rounds[done]
    told = f" {score(found, guesses).sentence}" if guesses else ""
    note = f"**Round {done + 1} of {ROUNDS}: {now.group}.** One was painted by hand, one by the machine.{told}"
    pair = tuple(
        photo(one, side, f"The {side} picture of two of the group {now.group}, one of them real.", 300)
        for one, side in zip(now.pictures, ("left", "right"), strict=True)
    )
    return Shown(tuple(row for row in (pair, shown) if row), note)


def answered(found: Match, guesses: list[int]) -> Picture:
    """The rounds so far: the real one framed, what was guessed and what the critic took for real below."""
    cells, captions, marked = [], [], []
    for place, (one, guess) in enumerate(zip(found.rounds, guesses, strict=False)):
        cells += list(one.pictures)
        marked.append(2 * place + one.real)
        for side in (0, 1):
            who = [name for name, choice in (("you", guess), ("critic", one.machine)) if choice == side]
            captions.append(" and ".join(who))
    alt = f"{score(found, guesses).sentence} The real picture of each pair is framed."
    return above_nearest(cells, captions, found.near, alt, 10, marked)


def question(found: Match) -> Question:
    """How good the critic is."""
    right = sum(one.real == one.machine for one in found.rounds)
    return Question(
        f"The critic, against which the painter learned, is shown the same {ROUNDS} pairs, pictures it has never seen. "
        "How many does it tell right?",
        Scale(0, ROUNDS, 1, "pairs"), right,
        f"It learned to keep ahead of just this painter, and tells {right} of {ROUNDS}; it can be "
        "fooled by a held-out watercolour that is unlike those it learned from.",
    )  # fmt: skip


def goal(found: Match, typed: str) -> Goal:
    """A good eye."""
    guesses = guessed(typed)
    aim = f"Play all {ROUNDS} rounds, and tell at least **{WANTED}** right."
    reached = score(found, guesses)
    told = reached.sentence if guesses else "Now: nothing guessed yet."
    return Goal(aim, len(guesses) == ROUNDS and reached.yours >= WANTED, told)


def program(found: Match) -> object:
    """Some of the painted ones' group."""
    return of_pictures((0, 1), {found.rounds[0].group: 1.0})
