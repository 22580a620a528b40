r"""Learning-rate schedules

Draw how the learning rate rises and falls, and race your drawing against the schedules that everybody uses.

A step of training is $w \leftarrow w - \eta_t\, g$: weights $w$, gradient $g$ of a small batch, learning rate $\eta_t$
at step $t$. A schedule multiplies a peak rate $\eta$ by a factor that depends on the share of steps done, such as half
a cosine over $T$ steps:

$$\eta_t = \tfrac{\eta}{2}\left(1 + \cos\tfrac{\pi t}{T}\right)$$

Batches make $g$ noisy. A large constant rate is fast but hovers above the minimum at a height that grows with $\eta$; a
small one is calm but slow. A falling rate has both.

Compare schedules only each at its own best peak, over several seeds. A range test, one training with a rising rate,
suggests where to look for that peak.

Needs: optimizers

Roadmap:
- Use learning rate schedulers

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 8.3.1 and 11.4.1
- CS231n, *Neural Networks Part 3: annealing the learning rate*
- Deep Learning Specialization, course 2, week 2
- *Dive into Deep Learning*, section 12.11
- Smith (2017), *Cyclical Learning Rates for Training Neural Networks*; Smith (2018), *A Disciplined Approach*
- Loshchilov and Hutter (2017), *SGDR*; Goyal and others (2017), *Accurate, Large Minibatch SGD*
"""

from core.topics.lr_schedulers.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
