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

Roadmap:
- Forward and backward propagation

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 6.5
- Nielsen, *Neural Networks and Deep Learning*, chapter 2
- CS231n, *Neural Networks Part 1* and *Backpropagation*
- *Dive into Deep Learning*, section 5.3
"""

from core.experiments import passes
from core.figures.network import nearest_unit
from core.figures.passes import network_pass, passing_units, sample_shares
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
    name = page.pick("Unit", names, names[units % (depth * units)], help="Or click a unit in the drawing.")
    run = experiment(data, depth, units, activation, page.seed)
    one = passes.passed(run, epoch, sample - 1, samples == "one sample", name)
    hit = lambda spot: nearest_unit(run.model.widths, **spot, outputs=True)  # noqa: E731
    clicked = lambda spot: page.set("Unit", passes.clicked(name, hit(spot), depth))  # noqa: E731
    page.show(network_pass(one), source=run, clicked=clicked)
    page.note(one.told)
    page.table(one.rows)
    if not one.is_alone:
        page.show(sample_shares(one), source=run)
    if page.predict(
        f"Sample {one.sample + 1}: how many of the hidden units let a gradient through?",
        ["all", "some", "none"],
        one.verdict,
        passes.reason(run),
    ):
        page.show(passing_units(one), source=run)
    page.challenge(
        "Find a unit that gets **nothing from one sample** (∂L/∂z is 0), but something from the batch.",
        one.is_silent_here_only,
        one.standing,
    )
    page.challenge(
        "Find the **hardest sample** of the batch: look at single samples until the loss is the largest of them.",
        one.is_worst,
        one.standing,
    )
    page.code(run)
