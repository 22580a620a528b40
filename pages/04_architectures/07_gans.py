r"""GANs: two networks, one game

One network forges, the other tells forgeries from originals; each is the other's only teacher.

The generator $G$ turns noise $z$ into samples $G(z)$. The discriminator $D$ answers how real a sample $x$ looks. They
pull at one number in opposite directions, here $\sigma$ being the logistic function:

$$\min_G \max_D \; \mathbb{E}_x \log \sigma(D(x)) + \mathbb{E}_z \log\bigl(1 - \sigma(D(G(z)))\bigr)$$

In practice $G$ raises $\log \sigma(D(G(z)))$ instead, which is steep where $D$ is sure. $G$ never sees a real
sample: all that it learns comes as the slope of $D$ at its own samples, drawn as arrows. Watch them lead the samples to
one mode after another, and away again.

Needs: losses, mlp

Roadmap:
- Study GANs (Generative Adversarial Networks):
- Generator & Discriminator logic

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 20.10.4
- *Dive into Deep Learning*, chapter 20
- Goodfellow and others (2014), *Generative Adversarial Nets*
- Kahng and others (2019), *GAN Lab: Understanding Complex Deep Generative Models*
- Naeem and others (2020), *Reliable Fidelity and Diversity Metrics for Generative Models*
"""

from core.data import silhouettes
from core.programs.gans import program_of_gan
from core.topics.gans.numbers import OWN, Setting, play, stepped
from core.topics.gans.views import BUTTONS, CONTROLS, PRESSES, SHARE, VIEWS, hand_of, hand_view, setting_of
from pages import ui

game, by_hand = map(
    ui.cached, (play, lambda setting, seed, number, hand: stepped(play(setting, seed).run, number, hand))
)


def steps(setting: Setting) -> None:  # two buttons, which no description of a view has
    with page.beside():
        share, typed = page.ask(SHARE), page.presses(PRESSES, BUTTONS)
    hand = hand_of(typed)
    run = by_hand(setting, page.seed, setting.rounds * share // 100, hand)
    page.code(program_of_gan(game(setting, page.seed).run))
    page.display(hand_view(run, hand), run)


with ui.lesson(__file__) as page:
    values, cells = page.ask_all(CONTROLS), ""
    if values["target"] == OWN:
        words = ("A shape; undo or clear it and draw your own.", "Or a picture of a silhouette")
        cells = page.drawing(silhouettes.examples(), "heart", silhouettes.drawn, silhouettes.uploaded, words).cells
    if values["target"] != OWN or cells:
        views = {"The game": VIEWS["The game"], "By hand": steps, **VIEWS}
        page.views(views, setting_of(values, cells))
