r"""Efficient convolutional networks

Take DenseNet, Inception, MobileNet and EfficientNet apart, count what their blocks cost, and hold the counts against
the clock.

A convolution with kernels of side $k$ from $c$ to $c'$ maps of $h \times h$ pixels needs $2\,h^2 k^2 c\,c'$ *FLOPs*
(multiplications and additions). A *depthwise* one filters each map by itself and leaves the mixing to a $1 \times 1$;
together they need

$$\frac{1}{c'} + \frac{1}{k^2}$$

of that. MobileNetV2 widens before the filter, EfficientNet weighs the maps too; DenseNet keeps all earlier maps;
Inception looks at several sizes at once.

*Compound scaling* makes a network deeper by $d$, wider by $w$ and its pictures larger by $r$: FLOPs grow by about
$d\,w^2 r^2$. FLOPs are not time: a processor also waits for memory.

Needs: resnet

Roadmap:
- DenseNet, Inception, MobileNet, EfficientNet

Reading:
- *Dive into Deep Learning*, sections 8.4 and 8.7
- CS231n, *Convolutional neural networks*; Goodfellow, Bengio and Courville, *Deep Learning*, chapter 9
- Szegedy and others (2015), *Going deeper with convolutions*; Huang and others (2017), *Densely connected convolutional
  networks*
- Howard and others (2017), *MobileNets*; Sandler and others (2018), *MobileNetV2*
- Tan and Le (2019), *EfficientNet*; Hu and others (2018), *Squeeze-and-excitation networks*
- Williams, Waterman and Patterson (2009), *Roofline*
"""

from core.data import photos
from core.topics.efficient_cnns.views import INSIDE, READERS, VIEWS
from pages import ui


def inside() -> None:
    page.open(INSIDE, page.picture(*READERS, photos.sheet()))


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Look inside": inside})
