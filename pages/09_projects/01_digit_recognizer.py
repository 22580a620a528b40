r"""Digit recognizer

Draw a digit and take the answer apart: what the network sees, why it says so, and what fools it.

A drawing is cut out, scaled to a 20×20 box and centred in 28×28 pixels. Six layers of convolutions slide small filters
$k$ over the layer $x$ below:

$$a_{ij} = \max\Big(0,\; b + \sum_{u,v} k_{uv}\, x_{i+u,\,j+v}\Big)$$

with an offset $b$ and answers $a$. The last answers, averaged over the picture, are weighed into eleven numbers $z_c$:
ten digits and "none of these". Their probabilities are $p_c = e^{z_c/T} / \sum_j e^{z_j/T}$, where the temperature
$T$ is chosen on validation images, so that certainty fits accuracy.

What it never met it reads badly: a shift blinds an MLP, noise this CNN, another pen a network trained on few hands.

Needs: losses, convolution

Roadmap:
- 🧠 Build a digit recognizer using MNIST

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 9
- Nielsen, *Neural Networks and Deep Learning*, chapters 1 and 6
- CS231n, *Convolutional neural networks*
- *Dive into Deep Learning*, chapters 7 and 8
- LeCun and others (1998), *Gradient-based learning applied to document recognition*
"""

from core.projects.mnist import mistakes, programs, record, robustness, screen, trial, views
from core.training import Run
from pages import ui


def trained() -> tuple[trial.Trial, Run | None]:
    data = page.pick("Data", trial.SOURCES)
    settings = trial.Trial(data, **page.ask_all(views.training_controls(data)), seed=page.seed)
    return settings, page.job(f"Train on {data} now", trial.training, settings)


def train(found: views.Drawn) -> None:
    settings, run = trained()
    page.challenge(views.few_weights(settings, run))
    if run:
        page.note(views.training_in_words(run))
        page.replay(*views.of_training(run, found), run=run)
    else:
        page.display(views.untrained(found, settings), found)


def count_mistakes(_: views.Drawn) -> None:
    with page.beside():
        whose = page.pick("Network", views.TABLES)
    run = trained()[1] if whose == views.TABLES[1] else None
    if run or whose == views.TABLES[0]:
        table = mistakes.of_run(run) if run else record.confusion()
        with page.beside():
            cell = page.ask(views.cell_of(table))
        page.display(views.confusion(table, cell), table.source)


def disturb(found: views.Drawn) -> None:
    with page.beside():
        kind = page.pick("Disturbance", robustness.KINDS)
        level = page.scale("How much", robustness.KINDS[kind].levels, robustness.KINDS[kind].levels[3])
    known = record.robustness(kind)
    page.note(known.sentence(level))
    page.show(views.examples(found, kind, level), source=found)
    page.show(views.curves(known, level), source=known.source)
    if mine := page.job("Train three learners on 8×8 digits", robustness.live, kind, page.seeds(3)):
        page.show(views.curves(mine, level), source=mine.source)
    page.code(programs.program_of_disturbance(kind, level, page.seed, mine))


with ui.lesson(__file__) as page:
    found = page.drawing(screen.starts(), "3", views.drawn, views.photographed)
    page.code(*programs.programs_of_reading(found.reading))
    page.challenge(views.two_minds(found))
    view = page.views({**views.VIEWS, "Train": train, "Mistakes": count_mistakes, "Robustness": disturb}, found)
    if view in views.VIEWS:
        page.downloads(screen.weights())
    page.predict(views.question())
