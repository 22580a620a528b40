r"""Why GANs do not settle

Take the smallest GAN there is, see it circle for ever, and learn what brings it, and larger ones, to rest.

All real data lie at 0, the generator puts its samples at $\theta$, and the discriminator is a line, $D(x) = \psi x$.
Each side follows its own slope, and together they turn: $\theta$ runs to where $D$ is high, $\psi$ tilts the other way.
A penalty on the slope at real samples, R1, adds a pull inwards:

$$L_D + \frac{\gamma}{2}\, \mathbb{E}_x \lVert \nabla_x D(x) \rVert^2$$

Near the equilibrium a small step multiplies the distance by the size of an eigenvalue: above 1 the game spirals out,
below 1 it settles. Networks of thousands of weights do the same: they oscillate, lose modes, or stop learning.

Needs: linear-algebra, gans

Roadmap:
- Study GANs (Generative Adversarial Networks):
- Training instability

Reading:
- Mescheder, Geiger and Nowozin (2018), *Which Training Methods for GANs do actually Converge?*
- Goodfellow, Bengio and Courville, *Deep Learning*, section 20.10.4
- Arjovsky and Bottou (2017), *Towards Principled Methods for Training Generative Adversarial Networks*
- Gulrajani and others (2017), *Improved Training of Wasserstein GANs*
- Miyato and others (2018), *Spectral Normalization for Generative Adversarial Networks*
"""

from core.diagnosis.adversarial import diagnose
from core.probes.adversarial import reach
from core.programs.gans import program_of_gan
from core.topics.gan_instability.numbers import Trouble
from core.topics.gan_instability.views import PRESETS, TROUBLE, VIEWS, trouble_view
from pages import ui


@ui.cached
def game(setting: Trouble, seed: int):
    return setting.run(seed)


def alarm() -> None:  # the diagnosis' button sets this page's controls
    page.presets(PRESETS)
    run = game(Trouble(**page.ask_all(TROUBLE)), page.seed)
    page.code(program_of_gan(run))
    page.findings(diagnose(run))
    page.display(trouble_view(run, reach(run)), run)


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Alarm": alarm})
