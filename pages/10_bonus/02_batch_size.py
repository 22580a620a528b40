r"""Batch size

A larger batch is a quieter gradient for more work: measure where that stops paying, and what the rate must do.

A batch of $B$ samples gives the gradient $g_B$. Over all batches its mean is the full gradient $G$; its noise shrinks
slowly:

$$\mathbb{E}\,|g_B - G|^2 = \frac{\mathrm{tr}\,\Sigma}{B}, \qquad B_{noise} = \frac{\mathrm{tr}\,\Sigma}{|G|^2}$$

Here $\Sigma$ is the covariance of single samples' gradients. While the noise is larger than the signal, twice the batch
at twice the learning rate $\eta$ needs half the steps: the same work, in parallel. Where $G$ is the louder one, it
needs as many steps as before, for $\eta$ cannot grow for ever: with the loss's largest curvature $\lambda_{max}$, a
rate of $2/\lambda_{max}$ is the most that any batch can bear.

Needs: probability, optimizers

Roadmap:
- Use proper batch sizes

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 8.1.3
- Nielsen, *Neural Networks and Deep Learning*, chapter 3
- Deep Learning Specialization, course 2, week 2
- *Dive into Deep Learning*, section 12.5
- McCandlish and others (2018), *An Empirical Model of Large-Batch Training*
- Goyal and others (2017), *Accurate, Large Minibatch SGD*; Smith and Le (2018), *A Bayesian Perspective*
- Keskar and others (2017), *On Large-Batch Training*; Hoffer and others (2017), *Train Longer, Generalize Better*
"""

from core.topics.batch_size.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
