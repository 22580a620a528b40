r"""Keras

One network three ways, from raw tensors, as an nn.Module and in Keras 3: the words differ, the numbers do not.

A framework is a vocabulary. Below each word stands the same arithmetic; batch norm, say, is

$$\hat h = \gamma\, \frac{h - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta$$

in all of them, for a unit's value $h$ with running mean $\mu$ and variance $\sigma^2$, learned $\gamma$ and $\beta$,
and a small $\varepsilon$. Carry the weights over, and the outputs agree to the last digits of float32. What differs is
what nobody wrote: the defaults. Keras takes another $\varepsilon$, another memory for $\mu$ and $\sigma^2$, other
first weights, another step of Adam. Keras 3 runs on PyTorch, TensorFlow or JAX; here on PyTorch.

Needs: training-loop

Roadmap:
- Use Keras (if using TensorFlow)

Reading:
- Chollet, *Deep Learning with Python*, chapters 3 and 7
- Keras, *Getting started with Keras 3*; *The Sequential model*
- TensorFlow, *Introduction to gradients and automatic differentiation*
- Ioffe and Szegedy (2015), *Batch normalization*
- Kingma and Ba (2015), *Adam*, section 2
"""

from core.topics.keras import loading
from core.topics.keras.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
    loading.warm()
