r"""Object detection

One look finds every object: thousands of boxes are proposed, a few survive. See which, and why.

A YOLO network lays grids over the picture, a cell every $s = 8, 16, 32$ pixels. Each cell with middle $(x, y)$ answers
with class scores and four distances $l, t, r, b$, which make the box from $(x - sl, y - st)$ to $(x + sr, y + sb)$.
How well two boxes $A$ and $B$ agree is their intersection over union:

$$\mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|}$$

Many cells see the same object. *Non-maximum suppression* keeps the surest box and drops those of its class that
overlap it by more than a threshold. *Average precision* is the area under precision over recall, from the surest
detection down: a hit needs IoU 0.5 with an object that is really there.

Needs: losses, convolution, metrics

Roadmap:
- 🧹 Implement object detection with YOLO or SSD

Reading:
- Redmon and others (2016), *You Only Look Once: Unified, Real-Time Object Detection*
- Liu and others (2016), *SSD: Single Shot MultiBox Detector*
- Rezatofighi and others (2019), *Generalized Intersection over Union*; Zheng and others (2020), *Distance-IoU Loss*
- Li and others (2020), *Generalized Focal Loss* (distances as distributions)
- *Dive into Deep Learning*, chapter 14
- CS231n, *Object detection*
"""

from core.lessons.view import View
from core.projects.detection.lesson import film, own, school, sources, views
from pages import ui
from pages.ui import detector, labelling

TRAIN = "Train on these pictures"


def picture():
    found = detector.source(page, *sources.READERS, sources.sheet(), sources.CONTROLS, sources.Asking)
    return views.with_truth(found, detector.drawn(found.id))


def on_a_picture(view: View):
    return lambda: page.open(view, picture())


def detect() -> None:
    found = picture()
    page.note(views.sentence(found))
    settings = detector.mount(page, views.for_browser(found), views.looked_at(found))
    page.downloads(*views.exports(found, settings))
    page.show(views.confidences(found), source=found)
    if page.predict(views.question(found)):
        page.show(views.sweep(found), source=found)
    page.code(views.program(found))
    page.challenge(views.goal(found))


def watch() -> None:
    chosen, confidence, every = page.ask_all(film.CONTROLS).values()
    file = film.pan(page.seed) if chosen == film.PAN else detector.film(page, film.TYPES)
    found = page.job("Look at the film", film.looked_through, file, confidence, every) if file else None
    detector.play(page, found.content if found else file)
    if found:
        page.display(film.draw(found), found)
        page.downloads(*film.files(found))
    page.code(views.program(film.first_of(page.seed)))
    page.challenge(film.goal(found))


def teach() -> None:
    pictures, settings = labelling.collection(page), school.Settings(**page.ask_all(own.CONTROLS), seed=page.seed)
    trained = page.job(TRAIN, school.lesson, pictures, settings, live=own.live) if pictures else None
    if pictures:
        page.display(own.result(trained) if trained else own.gallery(pictures), trained or pictures)
    page.downloads(*own.files(trained))
    page.code(own.program(pictures or own.scenes(labelling.SCENES, page.seed), trained))
    page.challenge(own.goal(trained))


with ui.lesson(__file__) as page:
    pictured = {name: on_a_picture(view) for name, view in views.ON_A_PICTURE.items()}
    page.views({"Detect": detect, **pictured, **views.WITHOUT_A_PICTURE, "Film": watch, "Own data": teach})
