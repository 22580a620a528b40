r"""Overfitting and underfitting

Train ten networks on ten different samples and measure what is wrong: too simple, or too easily led.

Samples are a rule $f$ plus noise of variance $\sigma^2$. A network $\hat f$ depends on which samples it saw. Over many
such draws its mean error on fresh data has three parts:

$$
\underbrace{(\mathbb{E}\hat f - f)^2}_{\text{bias}^2}
+ \underbrace{\mathbb{E}(\hat f - \mathbb{E}\hat f)^2}_{\text{variance}} + \sigma^2
$$

$\mathbb{E}$ is the mean over networks. Too few units cannot follow the rule: large bias, *underfitting*. Many units and
few samples follow the noise: large variance, *overfitting*. More samples lower the variance, more units lower the bias.
Nothing lowers $\sigma^2$. And the held-out error may fall, rise and fall again.

Needs: network-structure, probability

Roadmap:
- Understand overfitting and underfitting

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 5.2 to 5.4
- Nielsen, *Neural Networks and Deep Learning*, chapter 3
- *Dive into Deep Learning*, section 3.6
- Nakkiran and others (2020), *Deep Double Descent*; Heckel and Yilmaz (2021), *Early Stopping in Deep Networks*
"""

from core.figures import losses
from core.lessons import Goal, Question
from core.topics.overfitting import numbers as experiment
from core.topics.overfitting.pictures import decomposed, descents, fan, fitted
from pages import ui

single, sweep, recorded = map(ui.cached, (experiment.single, experiment.sweep, experiment.recorded))


def falls_twice() -> None:
    page.show(descents(recorded()), source=recorded().source)
    page.note(f"{recorded().sentence()} 80 loud inputs are learned first, five quiet ones arrive late. Try it:")
    with page.beside():
        scale = page.scale("Size of the quiet inputs", experiment.SCALES, 0.1)
    settings = (scale, 0.3, 12_000, page.seeds(3))
    if mine := page.job("Train three networks for 12,000 epochs", experiment.descending, *settings):
        page.show(descents(mine), source=mine.source)
        page.note(mine.sentence())


with ui.lesson(__file__) as page:
    units = page.scale("Units per layer", experiment.WIDTHS, 16)
    samples = page.scale("Training samples", experiment.SAMPLES, 20)
    noise = page.slider("Noise", 0.1, 0.8, 0.4, 0.1)
    updates = page.scale("Updates", experiment.UPDATES, 1000, help="How many steps each network is trained.")
    run = single(units, samples, noise, updates, page.seed)
    page.replay(fitted(run), losses(run), run=run)
    found = sweep(samples, noise, updates, page.seed)
    question = Question(
        "Of seven widths, from 1 to 32 units per layer: which has the lowest error on fresh data?",
        experiment.CHOICES,
        found.answer(),
        "Too few units miss the rule, too many follow the noise of their own sample.",
    )
    if page.predict(question):
        page.show(fan(found.at(units)), decomposed(found, units), source=found.source)
        page.note(found.sentence(units))
    goal = Goal(
        "Make **32 units per layer** harmless with a noise of at least 0.4: within **3%** of the best width.",
        noise >= 0.4 and found.excess(32) <= 0.03,
        f"Now: {found.excess(32):.1%} above the best width, noise {noise:.1f}.",
    )
    page.challenge(goal)
    question = Question(
        "A training whose held-out error has risen for hundreds of epochs goes on for ten thousand more. What then?",
        experiment.FUTURES,
        recorded().answer(),
        "Late in training the network finds what the quiet inputs know, and no longer needs the noise.",
    )
    if page.predict(question):
        falls_twice()
