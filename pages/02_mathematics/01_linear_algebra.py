r"""Vectors, matrices, dot products

A layer is a matrix: see what it does to a whole plane, take it apart, and make a trained one smaller.

The dot product of weights $w$ and input $x$ says how far $x$ points the way of $w$; $\alpha$ is the angle between them:

$$w \cdot x = \textstyle\sum_i w_i x_i = |w|\,|x| \cos\alpha$$

A matrix $W$ holds one such $w$ per row: $Wx$ is many dot products at once. Its columns say where the unit vectors go.
Every matrix is a rotation, a scaling along the axes and another rotation (with a mirror, perhaps):

$$W = U\,\Sigma\,V^\top$$

The entries of $\Sigma$ are the *singular values*. How many are not zero is the *rank*: the dimensions that are left. In
a trained layer the smaller half can go, and it does almost the same.

Needs: network-structure

Roadmap:
- Linear Algebra for DL (vectors, matrices, dot product)

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 2
- Nielsen, *Neural Networks and Deep Learning*, chapter 2
- *Dive into Deep Learning*, section 2.3
- Mathematics for Machine Learning (Coursera specialization), course 1
"""

from core.topics.linear_algebra.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
