r"""Probability and statistics

Move points and see how likely they are; from there it is one step to the losses that networks are trained with.

A distribution $p$ has an *expectation* $\mathbb{E}[x]$, the average of endlessly many draws, and a *variance*
$\mathbb{E}[(x - \mathbb{E}[x])^2]$, their spread. To fit one, choose the parameters under which the points are most
likely: lower the mean of $-\log p(x)$. For a normal distribution with mean $\mu$ and deviation $\sigma$:

$$-\log p(x) = \tfrac{(x - \mu)^2}{2\sigma^2} + \log \sigma + \tfrac12 \log 2\pi$$

With $\sigma$ fixed, that is the squared error. For a coin it is the cross-entropy. In general, believing $q$ where $p$
is real costs

$$H(p, q) = H(p) + \mathrm{KL}(p \,\|\, q)$$

bits: the *entropy* $H(p)$, which nobody can avoid, and the *divergence*.

Roadmap:
- Probability and Statistics (distributions, expectation, variance)

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 3 and section 5.5
- Nielsen, *Neural Networks and Deep Learning*, chapter 3
- *Dive into Deep Learning*, section 2.6
- Mathematics for Machine Learning (Coursera specialization); Bishop, *Pattern Recognition and Machine Learning*, 1.2
"""

from core.topics.probability.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
