r"""Regularization

Five ways to keep a network from believing the noise, on one problem: find out which one your problem needs.

Each technique makes one kind of answer harder to reach. Penalties add the size of the weights $w_i$ to the loss $L$:

$$\text{L1: } L + \lambda_1 \sum_i |w_i| \qquad \text{L2: } L + \tfrac{\lambda_2}{2} \sum_i w_i^2$$

*L1* pulls every weight with the same force, until most are zero: good where inputs are irrelevant. *L2* pulls large
weights hardest: a smoother answer. *Dropout* silences each unit with probability $p$ while training, so that none can
be relied on. *Early stopping* keeps the weights of the epoch with the lowest validation loss. *Augmentation* shows the
network what does not matter; here, the direction. If you know such a thing, begin there.

Needs: losses, overfitting

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

from core.topics.regularization.numbers import Setting, compare, pair
from core.topics.regularization.pictures import border
from core.topics.regularization.views import CONTROLS, TECHNIQUE, VIEWS, l1_ahead, most_often, race_view, setting_of
from pages import ui

two, all_techniques = map(ui.cached, (pair, compare))


def side_by_side(setting: Setting) -> None:  # at once what two networks learn; the comparison of all takes longer
    with page.beside():
        name = page.ask(TECHNIQUE)
    runs = two(setting, name, page.seed)
    page.replay(*(border(run, which) for which, run in runs.items()), run=runs[name])
    race = all_techniques(setting.problem, setting.strength, page.seeds(4))
    if page.predict(most_often(race)):
        page.display(race_view(race), race)
    page.challenge(l1_ahead(race))


with ui.lesson(__file__) as page:
    setting = setting_of(**page.ask_all(CONTROLS))
    page.views({"Side by side": side_by_side, **VIEWS}, setting)
