r"""Derivatives and the chain rule

Type a formula, watch its values flow forward and its gradients flow back, and work one out by hand.

A *derivative* says how much a result changes per small change of an input. With several inputs, each has its own:
the partial derivative $\partial f/\partial x$; all together are the *gradient*.

A formula is a graph of single operations. Every operation knows its own slopes, and along a path slopes multiply.
Where $x$ feeds several nodes $n$, its paths add up:

$$\frac{\partial f}{\partial x} = \sum_n \frac{\partial f}{\partial n}\,\frac{\partial n}{\partial x}$$

That is the chain rule. Walked from the answer $f$ back to the inputs, it gives all gradients in one pass, because each
node's gradient is computed once and reused. The check is simple: nudge a number, compute again, divide.

Roadmap:
- Calculus for backpropagation (partial derivatives, chain rule)

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 4.3 and 6.5
- Nielsen, *Neural Networks and Deep Learning*, chapter 2
- CS231n, *Backpropagation, Intuitions*
- *Dive into Deep Learning*, sections 2.4, 2.5 and 5.3
"""

from core.figures.graphs import computation
from core.formulas.graphs import replay
from core.lessons import Goal, Question
from core.topics import calculus
from core.topics.calculus import tangent
from pages import ui

with ui.lesson(__file__) as page:
    formula = page.pick("Formula", [*calculus.EXAMPLES, calculus.OWN])
    text = page.text("Your formula", "x * y + sin(x)", help=calculus.HELP) if formula == calculus.OWN else formula
    values = {name: page.slider(name, -3.0, 3.0, start, 0.1) for name, start in calculus.starts(text)}
    graph = calculus.graph_of(text, values)
    name = page.pick("Gradient to work out", calculus.gradients_shown(graph))
    stage = page.space()
    right = page.answers([calculus.question(graph, name)])[0]
    hidden = graph.beneath([name] if right is None else [])
    with page.ahead(stage):
        page.show(computation(replay(graph, hidden)), source=calculus.SOURCE)
    page.table(calculus.rows(graph, hidden))
    cut = calculus.along(text, values)
    question = Question(
        f"Move {cut.name} up by {calculus.STEP}. What does the formula's value do?",
        ["it rises", "it falls", "it hardly moves"],
        cut.verdict,
        calculus.summary(cut),
    )
    if page.predict(question):
        page.show(tangent(cut), source=calculus.SOURCE)
    goal = Goal(
        "Work out the gradient of a number that is used **at least twice**: its paths add up.",
        bool(right) and len(graph.users(graph.place(name))) > 1,
        calculus.standing(graph, name),
    )
    page.challenge(goal)
    goal = Goal(
        "Find a **flat place**: a formula of two variables or more with all their gradients within 0.01 of 0.",
        calculus.is_flat(graph),
        calculus.slopes_sentence(graph),
    )
    page.challenge(goal)
    page.code(calculus.program_of(text, values))
