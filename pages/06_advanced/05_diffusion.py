r"""Diffusion models

Teach a network to name the noise in a sample, and it can turn pure noise into samples, step by step.

Forward, nothing is learned: at time $t$ a sample $x_0$ becomes

$$x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\; \varepsilon$$

with normal noise $\varepsilon$ and a share $\bar\alpha_t$ that falls from 1 to 0. A network
$\varepsilon_\theta(x_t, t)$ learns to name $\varepsilon$, with the squared error as its loss; at best it points along
the *score* $\nabla \log p_t(x_t)$ towards likelier places. A *sampler* follows it back. *Guidance* $w$ exaggerates what
a label $y$ changes:

$$\varepsilon_\theta(x_t) + w\, \bigl(\varepsilon_\theta(x_t, y) - \varepsilon_\theta(x_t)\bigr)$$

*Latent* diffusion, as Stable Diffusion, does all this to the small code $z = e(x)$ of a picture, and an autoencoder's
decoder $d$ draws the result $d(z_0)$.

Needs: autoencoders

Roadmap:
- Diffusion models (DDPM, Stable Diffusion)

Reading:
- Ho, Jain and Abbeel (2020), *Denoising Diffusion Probabilistic Models*
- Song, Meng and Ermon (2021), *Denoising Diffusion Implicit Models*
- Song and others (2021), *Score-Based Generative Modeling through Stochastic Differential Equations*
- Ho and Salimans (2022), *Classifier-Free Diffusion Guidance*
- Karras and others (2022), *Elucidating the Design Space of Diffusion-Based Generative Models*
- Rombach and others (2022), *High-Resolution Image Synthesis with Latent Diffusion Models*
- Meng and others (2022), *SDEdit*; Lugmayr and others (2022), *RePaint*
- Lin and others (2024), *Common Diffusion Noise Schedules and Sample Steps are Flawed*
"""

from core.data import photos, silhouettes
from core.lessons.view import View
from core.topics.diffusion import latent, stable, stable_view
from core.topics.diffusion.codes_view import CODES
from core.topics.diffusion.editing_views import FROM_A_PICTURE, INPAINTING, READERS
from core.topics.diffusion.noising import OWN
from core.topics.diffusion.pictures_view import PICTURES
from core.topics.diffusion.views import CONTROLS, VIEWS, setting_of
from pages import ui
from pages.ui import models

SHAPES = silhouettes.examples(), "heart", silhouettes.drawn, silhouettes.uploaded
WORDS = ("A shape; undo or clear it and draw your own.", "Or a picture of a silhouette")


def in_the_plane(view: View):
    def shown() -> None:
        values = page.ask_all(CONTROLS)
        cells = page.drawing(*SHAPES, WORDS).cells if values["target"] == OWN else ""
        if values["target"] != OWN or cells:
            page.open(view, setting_of(values, cells))

    return shown


def with_a_picture(view: View):
    return lambda: page.open(view, page.picture(*READERS, photos.sheet()))


def stable_diffusion() -> None:
    values = page.ask_all(stable_view.CONTROLS)
    picture = page.file(*stable_view.FILE) if stable_view.with_a_picture(values) else b""
    wish, name = stable_view.wish_of(values, page.seed, picture), values["stable_diffusion_model"].strip()
    known = models.offered(page, name, stable, stable_view.HOW)
    made = page.job("Paint", stable_view.paint, name, wish) if known else None
    if made:
        page.display(stable_view.made_view(made), made)
        page.downloads(*stable_view.files(made))
    answered = page.predict(stable_view.half_left())
    page.display(stable_view.schedules() if answered else stable_view.alone(), stable_view.SOURCE)
    page.code(stable_view.program(made))
    page.challenge(stable_view.own_words(made))


latent.have_soon()
with ui.lesson(__file__) as page:
    page.views(
        {
            **{name: in_the_plane(view) for name, view in VIEWS.items()},
            "Latent codes": lambda: page.open(CODES),
            "Pictures": lambda: page.open(PICTURES),
            "From a picture": with_a_picture(FROM_A_PICTURE),
            "Inpainting": with_a_picture(INPAINTING),
            "Stable Diffusion": stable_diffusion,
        }
    )
