r"""Jacobians and their products

All derivatives of a layer in one matrix, and why training never writes that matrix down.

A layer turns inputs $x_1 \dots x_n$ into outputs $y_1 \dots y_m$. Its derivatives form the *Jacobian*, one row for each
output and one column for each input:

$$J_{ij} = \frac{\partial y_i}{\partial x_j}$$

For layers in a chain, Jacobians multiply. But $J$ is huge: $m \times n$ numbers. Backpropagation only ever needs a row
vector $v^\top$ times it, a *vector-Jacobian product* (VJP):

$$\frac{\partial L}{\partial x} = v^\top J, \qquad v = \frac{\partial L}{\partial y}$$

One backward pass gives one VJP. A loss $L$ is a single number: so one pass gives its whole gradient. Forward products
$J u$ (JVP) give one column at a time and pay off where inputs are few.

Needs: linear-algebra, calculus

Roadmap:
- Matrix calculus for backpropagation

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 4.3.1 and 6.5
- Parr and Howard (2018), *The Matrix Calculus You Need For Deep Learning*
- CS231n, *Derivatives, Backpropagation, and Vectorization*
- *Dive into Deep Learning*, sections 2.4 and 2.5
"""

from core.figures.curves import number
from core.lessons import Goal, Question
from core.topics.matrix_calculus import numbers as jacobians
from core.topics.matrix_calculus.pictures import closed_form, jacobian, shift
from core.topics.matrix_calculus.programs import program_of
from pages import ui

with ui.lesson(__file__) as page:
    name = page.pick("Function", list(jacobians.PIECES))
    inputs = page.slider("Inputs", 2, 8, 4)
    outputs = page.slider("Outputs", 2, 8, 3) if name.startswith("Wx") else inputs
    product = page.pick("Product", jacobians.PRODUCTS)
    found = jacobians.measured(name, inputs, outputs, page.seed, product == jacobians.PRODUCTS[0])
    stage = page.space()
    right = page.answers([jacobians.question(found)])[0]
    with page.ahead(stage):
        page.show(jacobian(found, right is None), closed_form(found, right is None), source=found)
        page.note(f"{found.told} Largest difference: {number(found.difference)}.")
    page.table(jacobians.bytes_rows(found))
    question = Question(
        "Raise every input by the same small amount. Does any output move?",
        ["yes", "no, nothing moves"],
        jacobians.moves(found.piece),
        jacobians.because(found.piece),
    )
    if page.predict(question):
        page.show(shift(found, jacobians.shifted(found.piece)), source=found)
    goal = Goal(
        "Work out the hidden entry of a Jacobian in which **everything depends on everything**: softmax or LayerNorm.",
        bool(right) and name in ("softmax", "LayerNorm"),
        f"Now: {name}.",
    )
    page.challenge(goal)
    goal = Goal(
        "Make **forward products win**: a Jacobian that takes at most a quarter as many JVPs as VJPs.",
        jacobians.forward_wins(found.piece),
        f"Now: {len(found.piece.x)} JVPs or {found.piece.outputs} VJPs.",
    )
    page.challenge(goal)
    page.code(program_of(found, inputs, outputs, page.seed))
