r"""Tensors, autograd and modules

See what a tensor really is, what autograd remembers of a computation, and what a module does with both.

A *tensor* is a row of numbers in memory and a way to read it. Element $(i_1, \dots, i_n)$ lies in the cell

$$o + \textstyle\sum_k i_k\, s_k$$

where $o$ is the offset and $s_k$ the stride of axis $k$. A transpose changes strides, broadcasting sets them to 0;
neither copies.

*Autograd* notes each operation on tensors that want a gradient as a node, `grad_fn`. `backward()` walks the nodes from
the result to the *leaves*, where gradients add up in `.grad`.

A *module* registers the tensors that it learns, and calls *hooks* when numbers pass through it, forward and backward.

Needs: network-structure, calculus

Roadmap:
- Learn PyTorch / TensorFlow:
- Tensors, Autograd, nn.Module

Reading:
- *Dive into Deep Learning*, sections 2.1, 2.5 and 6.1
- Goodfellow, Bengio and Courville, *Deep Learning*, section 6.5
- CS231n, *Python Numpy Tutorial*, on broadcasting
- Deep Learning Specialization, course 1, week 2
- Paszke and others (2019), *PyTorch: an imperative style, high-performance deep learning library*
"""

from core.topics.tensors_autograd_modules.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
