r"""The training loop

Eight loops with one broken line each: see the curve, name the bug, run the fix.

A loop repeats five lines: *forward*, *loss*, *clear gradients*, *backward*, *step*,

$$w \leftarrow w - \eta\, \frac{\partial L}{\partial w}$$

where $w$ are the weights, $\eta$ the learning rate and $L$ the loss of a batch. Around them stand the order of the
data, training mode and evaluation mode.

PyTorch stops for shapes that do not fit. It does not stop for a loop that computes the wrong thing: it trains, prints
numbers, and the curve is the only witness. Each of these bugs leaves a trace of its own, on every seed tried.

Lightning's style and Keras's `fit` put the same lines away.

Needs: gradient-descent, tensors-autograd-modules

Roadmap:
- Model training loop

Reading:
- *Dive into Deep Learning*, sections 3.2 and 3.4
- CS231n, *Neural Networks Part 3: learning and evaluation*
- Karpathy (2019), *A recipe for training neural networks*
- Goodfellow, Bengio and Courville, *Deep Learning*, section 11.5
"""

from core.topics.training_loop.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
