r"""Autoencoders

Squeeze a picture through two numbers and draw it again: walk the plane that opens up in between.

An *encoder* $e$ turns a picture $x$ into a code $z = e(x)$ of few numbers, a *decoder* $d$ draws it again. Both learn
together, without labels, to lower the error

$$\tfrac{1}{n} \sum_i \big(d(e(x))_i - x_i\big)^2$$

over the $n$ pixels. Without bends the best code is PCA's; with them it can follow curved surfaces. Given a noisy $x$
and asked for the clean one, it *denoises*.

A *variational* autoencoder makes each code a Gaussian $q(z|x)$ and raises the bound

$$\mathbb{E}_q[\log p(x|z)] - \beta\, \mathrm{KL}\big(q(z|x)\,\|\,p(z)\big)$$

with the standard normal prior $p$. Too large a $\beta$, and the code says nothing: *posterior collapse*.

Needs: losses, mlp

Roadmap:
- Understand Autoencoders

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapters 14 and 20
- Vincent and others (2008), *Extracting and composing robust features with denoising autoencoders*
- Kingma and Welling (2014), *Auto-encoding variational Bayes*; Higgins and others (2017), *beta-VAE*
"""

from core.data import drawings as own
from core.data import photos
from core.topics.autoencoders.plane_views import WEIGHTS
from core.topics.autoencoders.views import BROUGHT, OWN, VIEWS
from pages import ui

READERS = (own.SAMPLE,), own.sample, own.drawn, own.uploaded


def own_picture() -> None:
    page.open(OWN, page.picture(*READERS, photos.sheet()))


def your_weights() -> None:
    page.open(BROUGHT, page.file(*WEIGHTS))


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Own picture": own_picture, "Your weights": your_weights})
