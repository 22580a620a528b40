"""The lottery ticket: what is left is set back to its first values and trained again."""

import numpy as np

from core.data.digits import mixed_digits, shipped
from core.figures.curves import bands
from core.figures.marks import horizontal
from core.figures.picture import INK, Picture
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale
from core.lessons.view import Later, Shown, View
from core.probes import luck
from core.programs import Program, Step
from core.topics.quantization_pruning.tickets import (
    EPOCHS,
    KEPT,
    KNOWN,
    ROUNDS,
    SEEDS,
    TICKET,
    VARIANTS,
    WIDTHS,
    Beginning,
    Tickets,
    answered,
    beginning,
    dense,
    drawn_tickets,
    fresh,
    largest,
    learned,
    scores,
)

RATE = scale("Pruned in each round", (0.2, 0.3, 0.4, 0.5), 0.4)
REWIND = pick("Rewind to", ("the first weights", "after 1 epoch"))
NEAR, FEW = 0.01, 0.13  # accuracy; share of weights


def measure(pruned_in_each_round: float, rewind_to: str, seed: int) -> Beginning:
    """The whole networks, and the same with holes."""
    return beginning(pruned_in_each_round, int(rewind_to == "after 1 epoch"), seed)


def against_left(left: np.ndarray, curves: dict[str, np.ndarray], whole: float, height: int = 400) -> Picture:
    """Accuracy over the share of weights left, the whole network on the left."""
    rows = {name: 100 * values for name, values in curves.items()}
    picture = bands(left, rows, ("Share of weights left", "Accuracy on held-out images, %"), height, log="x")
    places = [share for share in (1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01) if share >= left[-1]]
    words = [f"{share:.0%}" for share in places]
    picture.layout["xaxis"] |= {"autorange": "reversed", "tickvals": places, "ticktext": words}
    picture.layout["shapes"] = [horizontal(100 * whole, INK, 1, "dot")]  # fmt: skip
    return picture


def drawn(found: Beginning) -> Shown:
    """What pruning alone leaves."""
    picture = against_left(found.left, {"no training since": found.untrained}, float(found.whole.mean()))
    note = (
        f"{SEEDS} perceptrons with {WIDTHS[1]} and {WIDTHS[2]} hidden units learned the digits: "
        f"**{100 * found.whole.mean():.1f}%** of the held-out ones are right on average. In each of {ROUNDS} rounds "
        f"**{found.rate:.0%}** of the weights left, the smallest of each layer, are set to zero; in the end "
        f"{found.left[-1]:.1%} are left. Without training again accuracy falls as the curve shows. The work below sets "
        "what is left back to its first values after each round and trains it again. It takes many trainings of many "
        "networks at once, so this view has small ones of its own."
    )
    return Shown(((picture,),), note)


def before(found: Beginning) -> Shown:
    """The whole networks."""
    picture = against_left(
        found.left[:2], {"no training since": found.untrained[:, :2]}, float(found.whole.mean()), 300
    )
    note = (
        f"{SEEDS} perceptrons with {WIDTHS[1]} and {WIDTHS[2]} hidden units learned the digits: "
        f"**{100 * found.whole.mean():.1f}%** of the held-out ones are right on average. One round of pruning is "
        "shown."
    )
    return Shown(((picture,),), note)


def question(found: Beginning) -> Question:
    """When does it break?"""
    falls = found.untrained.mean(axis=0) < found.whole.mean() - 0.05
    answer = falls_in_words(int(np.argmax(falls))) if falls.any() else NEVER
    text = (
        f"Each round sets {found.rate:.0%} of the weights left to zero, and nothing is trained again. After which "
        "round has accuracy fallen by more than 5 points?"
    )
    because = "The first to go are weights near zero; soon there are none, and what is cut off then is missed."
    if not falls.any():
        because = "The first to go are weights near zero, and after all rounds enough of the others are left."
    return Question(text, [*map(falls_in_words, range(1, ROUNDS + 1)), NEVER], answer, because)


NEVER = "never"


def falls_in_words(number: int) -> str:
    """A round as an option."""
    return f"round {number}"


def goal(found: Beginning) -> Goal:
    """Prune gently."""
    round_of = found.untrained.mean(axis=0) >= found.whole.mean() - 0.05
    left = float(found.left[round_of].min())
    text = (
        "**Without training again**: prune so that at most **55%** of the weights are left, at a cost of at most "
        "**5 points**."
    )
    return Goal(text, left < 0.55, f"Now: {left:.0%} of the weights are enough for that.")


STATEMENTS = """x, y = mixed_digits({seed}, flat=True)
x, y, x_test, y_test = x[:{known}], y[:{known}], x[{known}:], y[{known}:]
seeds = {seeds!r}
first, last = dense(seeds, {rewind}, x, y)
masks = largest(last, [torch.ones_like(layer) for layer in last], {rate!r})
holes = [layer * mask for layer, mask in zip(last, masks)]
result = {{"whole": scores(last, x_test, y_test).tolist(), "with zeros": scores(holes, x_test, y_test).tolist()}}
ticket = learned(first, masks, x, y, {epochs}, seeds)
print("set back and trained again:", scores(ticket, x_test, y_test).tolist())"""


def program(found: Beginning) -> Program:
    """The whole networks and the first round."""
    seeds = list(range(found.seed, found.seed + SEEDS))
    text = STATEMENTS.format(seed=found.seed, known=KNOWN, seeds=seeds, rewind=found.rewind, rate=found.rate,
                             epochs=EPOCHS)  # fmt: skip
    shown = {"whole": found.whole.tolist(), "with zeros": found.untrained[:, 1].tolist()}
    functions = (shipped, mixed_digits, fresh, answered, scores, learned, largest, dense)
    return Program("A lottery ticket", (Step("Train, prune, set back, train", text),), functions, shown)


# The tickets ----------------------------------------------------------------------------------------------------------


def middle(found: Tickets) -> int:
    """The round that the question is about: the first with at most an eighth of the weights left."""
    return int(np.argmax(found.beginning.left <= FEW)) or ROUNDS


def drawn_variants(found: Tickets) -> Shown:
    """Four ways to go on."""
    start, place = found.beginning, middle(found)
    picture = against_left(start.left, found.scores, float(start.whole.mean()))
    here = {name: values[:, place] for name, values in found.scores.items()}
    best = max(here, key=lambda name: here[name].mean())
    ends = ", ".join(f"{name} **{100 * values.mean():.1f}%**" for name, values in here.items())
    said = luck.sentence(here, best, f"**{best.capitalize()}** is ahead of all others beyond seed noise.")
    note = (
        f"With **{start.left[place]:.0%}** of the weights left: {ends}; whole {100 * start.whole.mean():.1f}% "
        f"(dotted). {said} *Rewound* keeps the largest weights and sets them back; *new weights* has the same places "
        "with other first values; *random weights kept* has the first values at random places; *fine-tuned* goes on "
        "from where the training ended."
    )
    return Shown(((picture,),), note)


def asked_variants(found: Tickets) -> Question:
    """Which way?"""
    place = middle(found)
    means = {name: float(values[:, place].mean()) for name, values in found.scores.items()}
    text = (
        f"{found.beginning.left[place]:.0%} of the weights are left and all four are trained for {EPOCHS} epochs "
        "again. Which is right most often on held-out digits, on average?"
    )
    best = max(means, key=lambda name: means[name])
    because = (
        "Frankle and Carbin call places that mattered, with the values they had when training began, a winning ticket: "
        "worth more than new values or random places. Fine-tuning goes on from trained values; it comes close, and "
        "wins on some seeds."
    )
    if best not in (TICKET, KEPT):
        left = found.beginning.left[place]
        because = f"With {left:.0%} of the weights left places and first values hardly matter here: no ticket wins."
    return Question(text, VARIANTS, best, because)


def goal_variants(found: Tickets | None) -> Goal:
    """A winning ticket."""
    text = (
        "**A winning ticket**: find rewound networks with at most **13%** of the weights that are, on average, at "
        "most **1 point** below the whole ones."
    )
    if found is None:
        return Goal(text, False, "Now: no tickets drawn yet.")
    start = found.beginning
    below = start.whole.mean() - found.scores[TICKET].mean(axis=0)
    few = start.left <= FEW
    passed = bool((below[few] <= NEAR).any())
    now = f"Now: {100 * below[few].min():.1f} points below with at most 13%." if few.any() else "Now: too many left."
    return Goal(text, passed, now)


LATER = Later("Set back, train again, round by round", drawn_tickets,
              lambda found: (found.rate, found.rewind, found.seed), drawn_variants, asked_variants,
              goal_variants)  # fmt: skip
TICKETS = View((RATE, REWIND), measure, drawn, (), before, question, goal, program, LATER)
