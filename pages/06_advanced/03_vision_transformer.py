r"""Vision transformers

Cut a picture into patches, read them as a text, and see where the network looks before it answers.

Each of $n$ patches $x_i$ (its pixels in a row) becomes a *token* $z_i = E\,x_i + p_i$: $E$ is one learned matrix, the
same for all patches, and $p_i$ a learned *position*. A *class token* $z_0$ is set before them. Blocks of a transformer
follow, in which each token gathers from all others by attention,

$$z \leftarrow z + \mathrm{softmax}\!\left(\tfrac{q k^\top}{\sqrt{d}}\right) v$$

with queries $q$, keys $k$ and values $v$ of size $d$, all linear in $z$. What becomes of $z_0$ is classified.

Unlike a convolution, none of this knows that neighbouring pixels belong together. Without the $p_i$ it does not even
know where a patch stands.

Needs: linear-algebra, losses, convolution

Roadmap:
- Vision Transformers (ViT)

Reading:
- *Dive into Deep Learning*, section 11.8
- Dosovitskiy and others (2021), *An image is worth 16x16 words*
- Abnar and Zuidema (2020), *Quantifying attention flow in transformers*
- Naseer and others (2021), *Intriguing properties of vision transformers*
- Raghu and others (2021), *Do vision transformers see like convolutional neural networks?*
"""

from core.data import photos
from core.data.clothes import READERS
from core.topics.vision_transformer.views import ALONE, ON_A_PICTURE, ORDER
from pages import ui


def on_a_picture(name: str) -> None:
    page.open(ON_A_PICTURE[name], page.picture(*READERS, photos.sheet()))


with ui.lesson(__file__) as page:
    page.views({name: ALONE.get(name) or (lambda name=name: on_a_picture(name)) for name in ORDER})
