r"""Vanishing gradient

A network that reads step by step learns from what came first only if the gradient survives the way back.

A recurrent network carries a state $h_t = \tanh(W_x x_t + W_h h_{t-1} + b)$ from step to step. To learn from step $t$,
the loss $L$ after step $T$ must be felt there:

$$\frac{\partial L}{\partial h_t} = \frac{\partial L}{\partial h_T} \prod_{k=t+1}^{T} D_k W_h$$

where $D_k$ holds the slopes of tanh. A product of many factors vanishes or explodes; the *spectral radius* of $W_h$,
its largest eigenvalue in size, says roughly which. *Clipping* bounds the gradient's length: no explosion throws the
weights away, but what has vanished does not come back. *GRU* and *LSTM* add a gate: where it is open, the state, and
with it the gradient, passes unchanged. Here all three must recall one letter across a gap of noise.

Needs: linear-algebra, backpropagation

Roadmap:
- Study RNNs:
- Vanishing gradient problem

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 10.7 and 10.11
- *Dive into Deep Learning*, sections 9.5 and 9.7
- Bengio, Simard and Frasconi (1994), *Learning long-term dependencies with gradient descent is difficult*
- Pascanu, Mikolov and Bengio (2013), *On the difficulty of training recurrent neural networks*
"""

from core.topics.vanishing_gradient.numbers import trio
from core.topics.vanishing_gradient.pictures import futures
from core.topics.vanishing_gradient.views import (
    CELL,
    CONTROLS,
    VIEWS,
    before_training,
    plain_recalls,
    recall_view,
    trio_view,
)
from pages import ui

three_cells = ui.cached(trio)


def through_time() -> None:
    found = three_cells(**page.ask_all(CONTROLS), seed=page.seed)
    with page.beside():
        run = found.runs[page.ask(CELL)]
    answered = page.predict(before_training(found))
    page.display(trio_view(found) if answered else recall_view(found), found)
    if answered:
        page.diagnosis(run)
        page.fork(run, futures)
    page.code(run)
    page.challenge(plain_recalls(found))


with ui.lesson(__file__) as page:
    page.views({"Through time": through_time, **VIEWS})
