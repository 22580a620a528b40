r"""Forward and backward

Send one sample through a network, watch the blame come back, and read any unit's numbers.

*Forward*, every unit weighs what it is given, $a$, with its weights $w$, adds its bias $b$ and bends the sum with its
activation $\varphi$:

$$z = \sum_k w_k\,a_k + b, \qquad h = \varphi(z)$$

The last layer's answers give the loss $L$. *Backward*, every unit $j$ collects from the units $i$ above it, through the
same weights, and passes on what its slope lets through:

$$\frac{\partial L}{\partial z_j} = \varphi'(z_j) \sum_i w_{ij}\,\frac{\partial L}{\partial z_i}$$

A weight's gradient is this number times what came in. In a batch, the samples' shares add up, and some pull against
each other. The backward pass reuses every number of the forward pass.

Needs: activations, network-structure, calculus

Roadmap:
- Forward and backward propagation

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 6.5
- Nielsen, *Neural Networks and Deep Learning*, chapter 2
- CS231n, *Neural Networks Part 1* and *Backpropagation*
- *Dive into Deep Learning*, section 5.3
"""

from core.figures.network import nearest_unit
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick
from core.topics.forward_backward import numbers as passes
from core.topics.forward_backward.pictures import network_pass, passing_units, sample_shares
from core.training import Run
from pages import ui


@ui.cached
def experiment(data: str, depth: int, units: int, activation: str, seed: int) -> Run:
    return passes.trained(data, depth, units, activation, seed)


with ui.lesson(__file__) as page:
    samples = page.pick("Samples", passes.SAMPLES)
    sample = page.slider("Sample", 1, passes.BATCH, 1, help="Its numbers are shown, alone or as one of the batch.")
    epoch = page.slider("From epoch", 0, passes.EPOCHS, 2)
    with page.more():
        data = page.pick("Data", passes.DATA)
        depth = page.slider("Hidden layers", 1, 3, 2)
        units = page.slider("Units per layer", 2, 6, 4)
        activation = page.pick("Activation", passes.KINDS)
    names = passes.unit_names(depth, units)
    unit = pick("Unit", names, names[units % (depth * units)], help="Or click a unit in the drawing.")
    name = page.ask(unit)
    run = experiment(data, depth, units, activation, page.seed)
    passage = passes.passed(run, epoch, sample - 1, samples == "one sample", name)
    hit = lambda spot: nearest_unit(run.model.widths, **spot, outputs=True)  # noqa: E731
    clicked = lambda spot: page.set(unit, passes.clicked(name, hit(spot), depth))  # noqa: E731
    page.show(network_pass(passage), source=run, clicked=clicked)
    page.note(passage.sentence)
    page.table(passage.rows)
    if not passage.is_alone:
        page.show(sample_shares(passage), source=run)
    question = Question(
        f"Sample {passage.sample + 1}: how many of the hidden units let a gradient through?",
        Scale(0, len(passage.passing), 1, "units"),
        sum(passage.passing),
        passes.reason(run),
    )
    if page.predict(question):
        page.show(passing_units(passage), source=run)
    goal = Goal(
        "Find a unit that gets **nothing from one sample** (∂L/∂z is 0), but something from the batch.",
        passage.is_silent_here_only,
        passage.standing,
    )
    page.challenge(goal)
    goal = Goal(
        "Find the **hardest sample** of the batch: look at single samples until the loss is the largest of them.",
        passage.is_worst,
        passage.standing,
    )
    page.challenge(goal)
    page.code(run)
