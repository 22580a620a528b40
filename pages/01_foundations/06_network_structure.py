r"""Layers, weights, biases

A network is a short list of matrices: count them, price them, and switch one unit off to see what it was for.

A dense layer with $n$ inputs and $m$ units holds a weight matrix $W \in \mathbb{R}^{m \times n}$ and a bias vector
$b \in \mathbb{R}^m$:

$$\text{parameters} = m\,n + m$$

$$\text{FLOPs per sample} = 2\,m\,n$$

A weight says how strongly one unit listens to another; its sign says whether it is convinced or put off. A bias moves
the point at which a unit begins to answer. Everything a network knows is in these numbers. The ledger counts them layer
by layer, measured on a real forward pass. Units share the work unevenly: without some of them the score falls, without
others nothing happens.

Needs: what-is-deep-learning

Roadmap:
- Understand structure of a neural network: layers, weights, biases

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 6.4
- Nielsen, *Neural Networks and Deep Learning*, chapter 1
- *Dive into Deep Learning*, chapter 5.1 and 6.1
"""

from core.data import circle, moons, spiral
from core.figures.network import importances, nearest_unit, network, silenced_boundary
from core.lessons import Goal, Question, Scale
from core.lessons.controls import choose
from core.models import ACTIVATIONS, MLP
from core.probes.anatomy import importance, ledger_rows, silenced, toggled, unit_names, verdict
from core.training import Recipe, Run, train
from pages import ui

DATA = {"circle": circle, "moons": moons, "spiral": spiral}


@ui.cached
def experiment(data: str, depth: int, units: int, activation: str, seed: int) -> Run:
    model = MLP(2, *[units] * depth, 2, activation=activation, seed=seed)
    return train(model, DATA[data](seed=seed), Recipe(epochs=120, learning_rate=0.02, seed=seed))


with ui.lesson(__file__) as page:
    data = page.pick("Data", list(DATA))
    depth = page.slider("Hidden layers", 1, 4, 2)
    units = page.slider("Units per layer", 2, 10, 6)
    activation = page.pick("Activation", list(ACTIVATIONS), "ReLU")
    names = unit_names(depth, units)
    switched_off = choose("Switched-off units", names, help="Or click a unit in the drawing.")
    off = page.ask(switched_off)
    run = experiment(data, depth, units, activation, page.seed)
    gone = silenced(off, names, units)
    page.replay(
        network(run, off=gone),
        silenced_boundary(run, gone),
        run=run,
        clicked=lambda spot: page.set(switched_off, toggled(off, nearest_unit(run.model.widths, **spot))),
    )
    page.note(verdict(run, gone))
    page.table(ledger_rows(run.model, (2,)))
    measured = importance(run)
    question = Question(
        "Switch off each hidden unit alone. How many of them cost more than 2 points of accuracy?",
        Scale(0, depth * units, 1, "units"),
        measured.mattering,
        "Training does not share the work evenly: some units carry the answer, others can go.",
    )
    if page.predict(question):
        page.show(importances(measured), source=run)
    goal = Goal(
        "Keep held-out accuracy at **95% or more on the circle** with **half the hidden units** switched off or more.",
        data == "circle" and measured.score(gone) >= 0.95 and 2 * len(gone) >= depth * units,
        f"Now: {data}, {len(gone)} of {depth * units} units off, held-out accuracy {measured.score(gone):.0%}.",
    )
    page.challenge(goal)
