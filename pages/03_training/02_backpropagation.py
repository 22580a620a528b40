r"""Backpropagation by hand

Four beats, one tiny network, every number in sight: work the gradients out yourself and see them graded.

*Forward*: each unit sums what it is given, $z_j = \sum_k w_{jk} x_k + b_j$, and bends it, $h_j = \varphi(z_j)$.
*Loss*: $L = \tfrac12\sum_i (y_i - t_i)^2$ compares outputs $y_i$ with targets $t_i$. *Backward*: from the loss to the
inputs, each gradient is made of those already known:

$$\frac{\partial L}{\partial h_j} = \sum_i \frac{\partial L}{\partial y_i}\,v_{ij}$$

$$\frac{\partial L}{\partial z_j} = \frac{\partial L}{\partial h_j}\,\varphi'(z_j)$$

$$\frac{\partial L}{\partial w_{jk}} = \frac{\partial L}{\partial z_j}\,x_k$$

Here $v_{ij}$ is the weight from hidden unit $j$ to output $i$. *Update*: every weight moves against its gradient,
$w \leftarrow w - \eta\,\partial L/\partial w$, with the learning rate $\eta$. If the step is small enough, the loss
falls.

Needs: gradient-descent, forward-backward

Roadmap:
- Understand backpropagation algorithm

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 6.5
- Nielsen, *Neural Networks and Deep Learning*, chapter 2
- CS231n, *Backpropagation, Intuitions*
- *Dive into Deep Learning*, section 5.3
- Rumelhart, Hinton and Williams (1986), *Learning representations by back-propagating errors*
"""

from core.figures.graphs import computation
from core.lessons import Goal, Question
from core.topics.backpropagation.numbers import RATES, SOURCE, Exercise, descent, program_of, rows, standing
from core.topics.backpropagation.pictures import after_update
from core.topics.backpropagation.tiny_networks import BENDS, HEADS, NETWORKS, drawn, places
from pages import ui

with ui.lesson(__file__) as page:
    network = page.pick("Network", list(NETWORKS), "2 → 2 → 2")
    activation = page.pick("Activation", list(BENDS))
    rate = page.scale("Learning rate", RATES, 0.1)
    exercise = Exercise(drawn(network, activation, page.seed), rate)
    stage = page.space()
    weight = exercise.asked[-1]
    question = Question(
        f"Before any gradient shows: which sign has ∂L/∂{weight}? Follow the signs from the loss back to {weight}.",
        ["positive", "negative", "zero"],
        exercise.sign,
        exercise.sign_sentence,
    )
    guessed = page.predict(question)
    found = page.answers(exercise.questions) if guessed else exercise.unanswered
    hidden = exercise.hidden(found)
    with page.ahead(stage):
        page.show(computation(exercise.moments(hidden), places(exercise.graph), HEADS, 520), source=SOURCE)
    if not hidden:
        page.table(rows(exercise))
        page.show(after_update(exercise, descent(exercise)), source=SOURCE)
    goal = Goal(
        "**Backpropagation by hand**: all six numbers, worked out and right, without asking to see one.",
        all(found),
        standing(found),
    )
    page.challenge(goal)
    goal = Goal(
        "Choose the learning rate whose single update **more than halves** the loss.",
        exercise.new_loss < 0.5 * exercise.loss,
        f"Now: {exercise.loss:.4g} before, {exercise.new_loss:.4g} after.",
    )
    page.challenge(goal)
    page.code(program_of(exercise))
