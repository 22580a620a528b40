r"""Early stopping and checkpoints

Keep the weights that were best on validation data, and enough beside them to go on as if nothing had happened.

While the training loss falls, the loss on other samples falls at first and then rises. **Early stopping** ends a
training after $p$ epochs (its *patience*) without a new lowest validation loss, and returns to the weights of the
lowest.

A **checkpoint** is a file from which a training can go on. The future is a function of the whole state: weights
$\theta$, the optimizer's moments, the place in the schedule, the state of the random numbers. Leave one out, and
another training goes on.

Writing costs time $C$, a failure every $M$ hours costs what was done since the last file: the sum is least near
$\tau = \sqrt{2CM}$.

Needs: regularization, saving-loading

Roadmap:
- Use early stopping and checkpoints

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 7.8
- Nielsen, *Neural Networks and Deep Learning*, chapter 3
- Deep Learning Specialization, course 2, week 1
- *Dive into Deep Learning*, sections 5.5 and 6.6
- Prechelt (1998), *Early stopping — but when?*
- Izmailov and others (2018), *Averaging weights leads to wider optima and better generalization*
- Young (1974), *A first order approximation to the optimum checkpoint interval*; Daly (2006), *A higher order estimate*
"""

from core.topics.checkpoints.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
