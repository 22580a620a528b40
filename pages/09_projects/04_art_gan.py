r"""A painter out of noise

Two networks played a game until one of them could paint watercolours of fruit. Walk through what it can paint.

The generator turns noise $z$ and a group $c$ into a style $w = f(z, c)$, and the style into a picture $G(w)$: at every
layer it scales the channels. A discriminator $D$ that saw real watercolours was its only teacher. *Truncation* $\psi$
moves a style towards the mean $\bar w_c$ of its group,

$$w' = \bar w_c + \psi\,(w - \bar w_c)$$

A smaller $\psi$ makes the pictures more alike. *Precision* is the share of painted pictures that lie near real ones,
*recall* the share of real ones that lie near painted ones; both are measured on features of a network that has seen
photographs. Beside what is painted stands the training picture most like it.

Needs: convolution, gan-instability

Roadmap:
- 🎨 Build a GAN for art generation

Reading:
- Goodfellow and others (2014), *Generative Adversarial Nets*
- Karras and others (2019, 2020), *StyleGAN* and *StyleGAN2*
- Zhao and others (2020), *Differentiable Augmentation*; Sauer and others (2021), *Projected GANs*
- Kynkäänniemi and others (2019), *Improved Precision and Recall*; Härkönen and others (2020), *GANSpace*
- Goodfellow, Bengio and Courville, *Deep Learning*, section 20.10.4
"""

from core.lessons.view import View
from core.projects.art import match, own, studio
from core.projects.art.lesson import directions, gallery, guessing, lapse, mixing, school, walks
from pages import ui
from pages.ui import atelier


def on_the_map() -> None:
    sides = page.ask_all(walks.SIDES)
    found = mapped(**sides, seed=page.seed)
    with page.beside():
        spot = page.ask_all(walks.SPOT)
    atelier.walk(page, **sides, **spot)
    page.code(walks.map_program(found))
    page.display(walks.map_view(found, **spot), found)
    page.predict(walks.map_question(found))
    page.challenge(walks.map_goal(found, **spot))


def poster() -> None:
    found = painted(**page.ask_all(gallery.GALLERY.controls), seed=page.seed)
    with page.beside():
        wanted = page.ask_all((gallery.NUMBER, gallery.SIDE, gallery.WAY))
    page.code(gallery.program(found))
    page.display(gallery.poster_view(found, **wanted), found)
    page.downloads(*gallery.poster_file(found, **wanted))
    page.challenge(gallery.poster_goal(found, **wanted))


def game() -> None:
    found = match.match(page.seed)
    with page.beside():
        typed = page.presses(guessing.GUESSES, match.BUTTONS)
    page.code(guessing.program(found))
    page.display(guessing.draw(found, typed), found)
    page.predict(guessing.question(found))
    page.challenge(guessing.goal(found, typed))


def train() -> None:
    name, plan = page.ask(school.DATA), school.plan(**page.ask_all(school.PLAN), seed=page.seed)
    pictures, told = (atelier.folder(page), "") if name == school.OWN else school.available(name)
    page.note(told or school.HOW)
    look = page.job("Train a painter", own.playing, pictures, plan, live=school.live) if pictures else None
    page.findings(school.findings(look))
    if look and page.predict(school.question(look)):
        page.display(school.result(look), school.source(plan))
    elif pictures:
        page.display(school.examples(pictures), school.source(plan))
    page.code(school.program())
    page.challenge(school.goal(look))


painted, mapped = ui.cached(studio.paint, "Painting…"), ui.cached(walks.mapped, "Painting…")
VIEWS: dict[str, View] = {
    "Film": walks.FILM, "Directions": directions.DIRECTIONS, "Time-lapse": lapse.LAPSE,
    "Style mixing": mixing.MIXING,
}  # fmt: skip

with ui.lesson(__file__) as page:
    first, last = {"Gallery": gallery.GALLERY, "Map": on_the_map}, {"Game": game, "Poster": poster}
    page.views({**first, **VIEWS, **last, "Train your own": train})
