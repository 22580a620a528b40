r"""Regularization

Five ways to keep a network from believing the noise, on one problem: find out which one your problem needs.

Each technique makes one kind of answer harder to reach. Penalties add the size of the weights $w_i$ to the loss $L$:

$$\text{L1: } L + \lambda_1 \sum_i |w_i| \qquad \text{L2: } L + \tfrac{\lambda_2}{2} \sum_i w_i^2$$

*L1* pulls every weight with the same force, until most are zero: good where inputs are irrelevant. *L2* pulls large
weights hardest: a smoother answer. *Dropout* silences each unit with probability $p$ while training, so that none can
be relied on. *Early stopping* keeps the weights of the epoch with the lowest validation loss. *Augmentation* shows the
network what does not matter; here, the direction. If you know such a thing, begin there.

Roadmap:
- Regularization techniques:
- Dropout, L1/L2, Early Stopping, Data Augmentation

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 7
- Nielsen, *Neural Networks and Deep Learning*, chapter 3
- CS231n, *Neural Networks Part 2: regularization*
- *Dive into Deep Learning*, sections 3.7, 5.6 and 14.1
- Srivastava and others (2014), *Dropout*; Gal and Ghahramani (2016), *Dropout as a Bayesian Approximation*
"""

from core.experiments.regularization import (
    AUGMENTED,
    DROPOUT,
    L1,
    L2,
    SAMPLES,
    TECHNIQUES,
    Problem,
    Stop,
    Strength,
    compare,
    game,
    pair,
    path,
)  # fmt: skip
from core.figures.regularization import augmentation_view, border, dropout_view, penalty_view, race_view, stop_view
from pages import ui

BECAUSE = "What the problem lacks decides: right labels, samples, or inputs that matter."
VIEWS = ("Side by side", "Dropout", "L1 and L2", "Stop button", "Augmentation")
experiment, two, along = map(ui.cached, (compare, pair, path))

with ui.lesson(__file__) as page:
    samples = page.scale("Training samples", SAMPLES, 60)
    wrong = page.slider("Wrong labels", 0.0, 0.3, 0.2, 0.05, help="Share of the training points with the other class.")
    irrelevant = page.slider("Irrelevant inputs", 0, 8, 0, help="Inputs that say nothing about the class.")
    with page.more("How strong"):
        dropout = page.slider("Dropout rate", 0.0, 0.8, 0.3, 0.1)
        l1 = page.scale("L1 penalty", (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02), 0.005)
        decay = page.scale("Weight decay", (0.001, 0.005, 0.01, 0.02, 0.05, 0.1), 0.02, help="Strength of L2.")
        patience = page.slider("Patience", 5, 100, 40, 5, help="Epochs without a better validation loss.")
        copies = page.slider("Turned copies", 1, 12, 8)
    problem, view = Problem(samples, irrelevant, wrong), page.view(VIEWS)
    strength = Strength(dropout, l1, decay, patience, copies)
    if view == VIEWS[0]:  # at once what two networks learn; the comparison of all takes longer
        with page.beside():
            name = page.pick("Technique", TECHNIQUES, AUGMENTED)
        runs = two(problem, strength, name, page.seed)
        page.replay(*(border(run, which) for which, run in runs.items()), run=runs[name])
    found = experiment(problem, strength, page.seeds(4))
    if view == "Dropout":
        rates = along(problem, DROPOUT, page.seeds(2))
        page.display(dropout_view(found, rates), rates)
        page.code(found.runs[DROPOUT][0])
    elif view == "L1 and L2":
        paths = {name: along(problem, name, page.seeds(1)) for name in (L1, L2)}
        page.display(penalty_view(paths), paths[L1])
        page.code(found.runs[L1][0])
    elif view == "Stop button":
        run = game(problem, page.seed)
        with page.beside():
            epoch = page.slider("Stop at epoch", 0, run.last.number, 0, help="0: not stopped yet.")
        stop = Stop(run, epoch)
        page.display(stop_view(stop), run)
        page.challenge("Stop within **5 %** of the best loss.", stop.is_good, stop.state, name=view)
        page.code(run)
    elif view == "Augmentation":
        with page.beside():
            distance = page.slider("Distance from the middle", 0.2, 2.0, 1.2, 0.1)
        page.display(augmentation_view(found, distance), found)
        page.code(found.runs[AUGMENTED][0])
    else:
        if page.predict("Which technique is right most often on fresh points?", TECHNIQUES, found.best, BECAUSE):
            page.display(race_view(found), found)
        page.challenge("Find a problem for which **L1** is the best of all.", found.wins(L1), found.sentence())
