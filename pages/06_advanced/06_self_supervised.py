r"""Self-supervised learning

No label is ever looked at: a network learns to recognise its own picture in another view, and classes come apart.

Two random *views* of each picture, by crop, mirror, brightness … become *embeddings* $z$ of length 1. **SimCLR** asks
each to pick its partner $z_i^+$ among all views of the batch, **MoCo** among a *queue* of earlier embeddings, made by
a slow copy of the network:

$$L_i = -\ln \frac{e^{z_i \cdot z_i^+ / \tau}}{\sum_{j \ne i} e^{z_i \cdot z_j / \tau}}$$

with *temperature* $\tau$. **BYOL** pushes nothing apart: a *predictor* $q$ only guesses the slow copy's embedding,
$L = 2 - 2\, q(z) \cdot z^+$. To answer every picture alike would make that 0: *collapse*. The predictor, no
gradient into the slow copy (*stop-gradient*) and, here, batch norm keep it away.

Afterwards a few labelled pictures show what the features are worth.

Needs: receptive-field, autoencoders, regularization

Roadmap:
- Self-supervised learning (SimCLR, MoCo, BYOL)

Reading:
- Chen and others (2020), *A simple framework for contrastive learning of visual representations*
- He and others (2020), *Momentum contrast for unsupervised visual representation learning*
- Grill and others (2020), *Bootstrap your own latent*
- Chen and He (2021), *Exploring simple siamese representation learning*
- Wang and Isola (2020), *Understanding contrastive representation learning through alignment and uniformity*
- CS231n, *Self-supervised learning*
"""

from core.data import photos
from core.data.clothes import READERS
from core.topics.self_supervised.views import ALONE, NEIGHBOURS, OF_A_PICTURE
from pages import ui


def neighbours() -> None:
    page.open(OF_A_PICTURE, page.picture(*READERS, photos.sheet()))


with ui.lesson(__file__) as page:
    page.views({**ALONE, NEIGHBOURS: neighbours})
