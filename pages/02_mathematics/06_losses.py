r"""Loss functions

One number says how wrong a network is; which number you choose decides what it learns and whom it believes.

For a number $y$ and the answer $\hat y$ with error $e = \hat y - y$: MSE averages $e^2$, MAE averages $|e|$, and Huber
is $\tfrac12 e^2$ up to $|e| = 1$ and $|e| - \tfrac12$ beyond. For classes, with $p$ the probability given to the right
one and $m$ the lead of its output over the best wrong one, cross-entropy, focal loss and hinge are

$$-\log p$$

$$-(1-p)^2 \log p$$

$$\max(0,\ 1 - m)$$

Training only ever sees the slope of the loss. A slope that grows with the error lets one outlier outweigh many good
samples; a slope of zero means that a sample no longer has a say.

Needs: probability, gradient-descent

Roadmap:
- Loss functions: MSE, Cross-Entropy, Hinge, etc.

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 5.5 and 6.2
- Nielsen, *Neural Networks and Deep Learning*, chapter 3
- CS231n, *Linear classification: Support Vector Machine, Softmax*
- Deep Learning Specialization, course 1, week 2
- *Dive into Deep Learning*, chapters 3.1 and 4.1
- Huber (1964); Lin and others (2017), *Focal Loss for Dense Object Detection*
"""

from core.topics.losses.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
