r"""Normalise your inputs

Two inputs in unequal units are two slopes for one learning rate: bring them to one size before you train.

Prepare each input $x_j$ with the mean $\mu_j$ and the deviation $\sigma_j$ of the *training* samples:

$$\tilde x_j = \frac{x_j - \mu_j}{\sigma_j}, \qquad \kappa = \frac{\lambda_{max}}{\lambda_{min}}$$

The loss curves most, $\lambda_{max}$, along the largest inputs, and a step must stay below $2/\lambda_{max}$. Along the
smallest inputs it curves least, $\lambda_{min}$, and the same step hardly moves: the number of steps grows with
$\kappa$. Standardising brings $\kappa$ down; whitening, which also takes out how inputs go together, brings it to 1.
Batch norm and layer norm do the same between the layers. New samples are prepared with the training's numbers, never
with their own.

Needs: linear-algebra, probability, gradient-descent

Roadmap:
- Normalize your inputs

Reading:
- LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, section 4.3
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 8.2.1 and 8.7.1
- CS231n, *Neural Networks Part 2: setting up the data*
- Deep Learning Specialization, course 2, week 1
- *Dive into Deep Learning*, section 8.5
- Ioffe and Szegedy (2015), *Batch Normalization*; Ba, Kiros and Hinton (2016), *Layer Normalization*
"""

from core.data.tables import Table
from core.topics.normalize_inputs.own import example, race_of_table
from core.topics.normalize_inputs.races import RATES, Race
from core.topics.normalize_inputs.views import VIEWS, raced
from pages import ui


@ui.cached
def experiment(table: Table, learning_rate: float, seed: int) -> Race:
    return race_of_table(table, learning_rate, seed)


def own_table() -> None:
    rate = page.scale("Learning rate", RATES, 0.1)
    race = experiment(page.own_table() or example(), rate, page.seed)
    page.display(raced(race), race)
    page.code(race.runs["raw"][0])


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Own table": own_table})
