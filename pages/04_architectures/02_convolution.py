r"""Convolution

One small set of weights, slid over the whole picture: write it, let it be learned, and find what it does at the edges.

A *kernel* $k$ of $n \times n$ weights is laid on every window of a picture $x$. Products are added up:

$$y_{ij} = \sum_{u,v} k_{uv}\, x_{i+u,\,j+v}$$

*Padding* $p$ surrounds the picture with invented pixels, so that the kernel also fits at the border. A *stride* $s$
takes only every $s$-th window, a *dilation* $d$ spreads the weights. Of $h$ pixels this leaves

$$\Big\lfloor \frac{h + 2p - d\,(n-1) - 1}{s} \Big\rfloor + 1$$

*Pooling* keeps one number of each window, such as the largest. Moving the picture moves the answer along, but only by
whole strides: in between, other numbers are kept.

Needs: network-structure

Roadmap:
- Study CNNs:
- Convolution, Pooling, Padding

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 9
- Nielsen, *Neural Networks and Deep Learning*, chapter 6
- CS231n, *Convolutional neural networks*
- *Dive into Deep Learning*, sections 7.2, 7.3 and 7.5
- Dumoulin and Visin (2016), *A guide to convolution arithmetic for deep learning*
- Zhang (2019), *Making convolutional networks shift-invariant again*
"""

from core.data import photos
from core.lessons.view import View
from core.topics.convolution.views import ON_A_PICTURE, SIZES
from pages import ui

READERS = photos.SHIPPED, photos.shipped, photos.drawn, photos.uploaded


def on_a_picture(view: View):
    return lambda: page.open(view, page.picture(*READERS, photos.sheet()))


with ui.lesson(__file__) as page:
    page.views({**{name: on_a_picture(view) for name, view in ON_A_PICTURE.items()}, "Sizes": SIZES})
