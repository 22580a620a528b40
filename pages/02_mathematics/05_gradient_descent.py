r"""Gradient descent

Walk downhill with a fixed stride, and learn to tell beforehand whether you will arrive or be thrown out.

The gradient $\nabla L$ of a loss $L$ points uphill. Descent steps against it, with learning rate $\eta$:

$$w \leftarrow w - \eta\, \nabla L(w)$$

Near a minimum the loss curves like a bowl. In the direction of curvature $\lambda$ each step multiplies the distance
to the minimum by $1 - \eta\lambda$. That shrinks only while $\eta < 2/\lambda$, so the largest curvature
$\lambda_{max}$ sets the limit and the smallest one the pace: the more they differ, the longer it takes.

$\lambda_{max}$ can be measured for any network, by multiplying a vector by its curvature again and again. Often
training itself drives $\lambda_{max}$ up to $2/\eta$ and stays there: the edge of stability.

Needs: calculus

Roadmap:
- Understand how gradient descent works

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 4.3 and 8.2
- Nielsen, *Neural Networks and Deep Learning*, chapter 1
- CS231n, *Optimization: stochastic gradient descent*
- Deep Learning Specialization, course 1, week 2
- *Dive into Deep Learning*, chapter 12.3
- Cohen and others (2021), *Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability*
"""

from core.topics.gradient_descent.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
