r"""Receptive fields and sharing

How far one answer of a convolutional network can see, where it really looks, and what sharing its weights costs.

After layers with kernels of side $n_l$, dilations $d_l$ and strides $s_l$ one answer sees a box of side

$$1 + \sum_l d_l\,(n_l - 1) \prod_{m<l} s_m$$

The *effective* field is where it really looks: the size of $\partial\,\text{answer} / \partial\,\text{pixel}$ for each
pixel. Outside the box it is zero; inside, the middle counts most, because most paths lead there.

*Sharing* uses the same weights at every place: $n^2$ for each pair of maps instead of one for each pair of pixels. That
is right where a rule holds everywhere, and wrong where the answer depends on the place.

Needs: calculus, convolution

Roadmap:
- Receptive field, parameter sharing

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 9.2 and 9.4
- Nielsen, *Neural Networks and Deep Learning*, chapter 6
- CS231n, *Convolutional neural networks*
- *Dive into Deep Learning*, sections 7.1 and 8.2
- Luo and others (2016), *Understanding the effective receptive field*
- Araujo, Norris and Sim (2019), *Computing receptive fields of convolutional neural networks*
"""

from core.topics.receptive_field.views import HELP, TRAINING, VIEWS
from pages import ui


def training() -> None:
    page.open(TRAINING, page.file("Own weights", ("safetensors",), HELP))


with ui.lesson(__file__) as page:
    page.views({"Field": VIEWS["Field"], "Training": training, **VIEWS})
