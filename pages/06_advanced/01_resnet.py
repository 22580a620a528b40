r"""Residual networks

More layers made plain networks worse even on the pictures they learn from; a shortcut around every two layers mends it.

A *block* of two convolutions computes $F(x)$ from its input $x$. A *plain* network passes on $\mathrm{relu}(F(x))$. A
*residual* one adds a *shortcut*:

$$y = \mathrm{relu}\big(F(x) + x\big)$$

Both have the same weights; the residual one only has to learn what to change. On the way back the gradient of the
loss $L$ gets a term that no weight can shrink (past the relu, where it is open):

$$\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\left(1 + \frac{\partial F}{\partial x}\right)$$

Multiplied out over $n$ blocks that is a sum over $2^n$ *paths*, each through some branches $F$ and past the others.
In a deep trained network the shorter ones carry most, and it can do without almost any single block.

Needs: backpropagation, convolution

Roadmap:
- Residual Networks (ResNet)

Reading:
- He, Zhang, Ren and Sun (2016), *Deep residual learning for image recognition*
- Veit, Wilber and Belongie (2016), *Residual networks behave like ensembles of relatively shallow networks*
- Li and others (2018), *Visualizing the loss landscape of neural nets*
- Balduzzi and others (2017), *The shattered gradients problem*
- *Dive into Deep Learning*, section 8.6
"""

from core.topics.resnet.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
