r"""Validate on separate data

A score is an experiment like any other: six ways to fool oneself with it, and how to measure what is true.

A network is to be judged by samples that had no part in making it: not in its weights, not in preparing the inputs, not
in the choice of features, settings or seed. Whatever of the held-out answers leaks into the making raises the score and
nothing else.

Samples that belong together (copies, one person, neighbouring days) stay on one side. With few samples, $k$ *folds* let
each judge once. What is used later in time is judged in time, with a gap.

The best of $m$ scores on $n$ samples is too good, by at most $\sqrt{\ln m / 2n}$ on average: choose on one set, judge
on another.

Needs: overfitting

Roadmap:
- Always validate on separate data

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 5.3
- CS231n, *Image Classification: data-driven approach, k-nearest neighbour*
- Deep Learning Specialization, course 3, week 2
- *Dive into Deep Learning*, sections 3.6 and 4.6
- Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning*, section 7.10
- Kapoor and Narayanan (2023), *Leakage and the reproducibility crisis in machine-learning-based science*
- Cawley and Talbot (2010), *On over-fitting in model selection*; Blum and Hardt (2015), *The Ladder*
"""

from core.topics.validation.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
