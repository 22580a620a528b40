r"""The perceptron and its limit

Set points and watch a line learn from its mistakes, until you give it a problem that no line can solve.

A perceptron is one artificial neuron that answers blue where $w\cdot x + b > 0$ and orange elsewhere: its border is a
straight line. Rosenblatt's rule visits the points in turn. With $y = 1$ for blue and $y = -1$ for orange, each mistake
moves the line:

$$w \leftarrow w + y\,x \qquad b \leftarrow b + y$$

If a line separates the classes, there are at most $(R/\gamma)^2$ mistakes: $R$ is the longest vector $(x, 1)$, $\gamma$
the widest margin a line can leave. Otherwise it never ends.

Stretch a rubber band around each class: a line exists exactly when the bands do not meet. For XOR they cross. Two
hidden units fold the plane, and a line is enough again.

Needs: biological-vs-artificial

Roadmap:
- Understand Perceptron and limitations of linear models

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 6.1
- Nielsen, *Neural Networks and Deep Learning*, chapter 1
- *Dive into Deep Learning*, section 5.1
- Rosenblatt (1958), *The Perceptron*; Novikoff (1962), *On Convergence Proofs for Perceptrons*
- Minsky and Papert (1969), *Perceptrons*
"""

from core.lessons import Goal, Question
from core.topics.perceptron.numbers import SETS, Trial, program, trial, two_hidden_units
from core.topics.perceptron.pictures import folded, judgement, lifted, mistakes, squeeze, unjudged
from core.training import Run
from core.wording import counted
from pages import ui


@ui.cached
def perceptron(data: str, own: tuple, seed: int) -> Trial:
    return trial(data, own, seed)


@ui.cached
def network(rows: tuple, seed: int) -> tuple[Run, int]:
    return two_hidden_units(rows, seed)


with ui.lesson(__file__) as page:
    data = page.pick("Data", SETS)
    own = page.points()
    found = perceptron(data, own, page.seed)
    rows, learning, verdict = found.learning.rows, found.learning, found.verdict
    page.code(program(learning, page.seed))
    if not page.predict(
        Question(
            "Can one straight line separate these points?",
            ["yes", "no"],
            "yes" if verdict.separable else "no",
            "A line exists exactly when the rubber bands around the two classes do not meet.",
        )
    ):
        page.show(unjudged(rows), source=found.source, clicked=page.add_point)
    else:
        page.show(mistakes(learning), source=found.source, clicked=page.add_point)
        page.note(found.summary)
        proof = [squeeze(learning, verdict)] if verdict.separable and len(learning.wrong) else []
        page.show(judgement(learning, verdict), *proof, source=found.source)
        if verdict.separable:
            page.note("Choose **XOR**, or set points that no line can separate: then two hidden units take over.")
        else:
            run, starts = network(rows, page.seed)
            page.note(
                f"Two hidden units fold the plane; beside it, what they make of it. Random starts tried: {starts}."
            )
            page.replay(folded(run), lifted(run), run=run)
    goal = Goal(
        "Take the **wide gap** and make it impossible for a line with **one** point of your own.",
        data == "wide gap" and len(own) == 1 and not verdict.separable,
        f"Now: {data}, own points: {len(own)}, a line {'exists' if verdict.separable else 'is impossible'}.",
    )
    page.challenge(goal)
    goal = Goal(
        "Make it hard: at least **100 mistakes** before the line is found.",
        learning.ended and len(learning.wrong) >= 100,
        f"Now: {counted(len(learning.wrong), 'mistake')}{'' if learning.ended else ', and no end'}.",
    )
    page.challenge(goal)
