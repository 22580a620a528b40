r"""Optimizers

Seven ways to turn a gradient into a step race each other, and you see where each of them wins and why.

Plain descent walks against the gradient $g$ with one step size $\eta$: $w \leftarrow w - \eta\, g$. Momentum keeps a
velocity, $v \leftarrow \mu v + g$, which adds up where gradients agree and cancels where they alternate. Adam also
keeps a running mean $s$ of squared gradients and divides by its root, so that every weight gets a step of its own:

$$w \leftarrow w - \eta\,\frac{\hat m}{\sqrt{\hat s} + \varepsilon}$$

Here $m$ is the running mean of gradients, hats undo the start at zero, and $\varepsilon$ avoids dividing by zero.

None is best everywhere. Compare them each at its own best step size, over many starts: often the difference is inside
seed noise.

Needs: gradient-descent

Roadmap:
- Learn optimization algorithms:
- SGD, Momentum
- RMSProp, Adam, Nadam

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 8
- CS231n, *Neural Networks Part 3: parameter updates*
- Deep Learning Specialization, course 2, week 2
- *Dive into Deep Learning*, chapter 12
- Goh (2017), *Why Momentum Really Works*
- Reddi, Kale and Kumar (2018), *On the Convergence of Adam and Beyond*
"""

from core.topics.optimizers.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
