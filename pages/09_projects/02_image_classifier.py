r"""Custom image classifier

Sort pictures of your own into classes: ten of each are enough, because the network has seen a million others.

EfficientNet-Lite0 has learned to tell ImageNet's thousand classes apart. Its last layer but one turns a picture $x$
into 1,280 features $\phi(x)$, which stay as they are. Trained is only a row of weights $w_c$ and an offset $b_c$ for
each class $c$:

$$p_c(x) = \frac{e^{(w_c \cdot \phi(x) + b_c)/T}}{\sum_j e^{(w_j \cdot \phi(x) + b_j)/T}}$$

The temperature $T$ makes certainty fit accuracy. It is chosen on pictures that were held out, and so is the likeness
below which the answer is "none of these". Near-duplicates stay on one side of that split: a second shot of a picture
already learned would be a test passed by memory.

Needs: overfitting, efficient-cnns

Roadmap:
- 📸 Create a custom image classifier

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 15
- CS231n, *Transfer learning*; *Dive into Deep Learning*, chapter 14
- Tan and Le (2019), *EfficientNet*; Selvaraju and others (2017), *Grad-CAM*
- Guo and others (2017), *On Calibration of Modern Neural Networks*
"""

from core.data import photos
from core.projects.classifier import export, features, finetune, longer_views, programs, sketches, views
from core.projects.classifier.gallery import Album
from core.projects.classifier.study import Trained
from core.projects.classifier.why import answered
from pages import ui

kept = ui.cached(views.study)


def learned(album: Album, chosen: views.Asked) -> Trained | None:
    if album.lacks or chosen.refusal:
        return None
    if work := views.looking(album, chosen):
        if not (rows := page.job(*work)):
            return None
        features.CACHE.keep(rows)
    return Trained(album, kept(album.key, chosen.settings, album))


def answer(found: Trained) -> None:
    picture = page.tried(views.tries(found), photos.sheet())
    with page.beside():
        chosen = page.ask_all(views.looks(found))
    reply = answered(found, picture, chosen["real_pictures_refused"])
    page.code(programs.of_answer(found, reply))
    page.display(views.answer(found, reply, chosen["map"]), found)
    page.predict(views.question(found))


def more_pictures(found: Trained) -> None:
    page.code(programs.of_study(found))
    measured = page.worked(*longer_views.curve_work(found))
    known = measured and page.predict(longer_views.rising(measured))
    page.display(longer_views.more_pictures(measured) if known else views.pictures(found), found)


def fine_tune(found: Trained) -> None:
    page.code(programs.of_study(found))
    tuned = page.job("Fine-tune the last block", finetune.tuned, found.album, found.settings)
    page.display(longer_views.tuning(tuned) if tuned else longer_views.untuned(found), tuned or found)
    page.downloads(*longer_views.tuned_files(tuned))


def take_away(found: Trained) -> None:
    page.code(programs.of_study(found))
    with page.beside():
        with_pictures = page.toggle("With the pictures", True)
    page.display(longer_views.taken(found), found)
    if made := page.job("Pack the classifier", export.exported, found.album, found.settings, with_pictures):
        page.note(made.sentence)
        page.downloads(longer_views.zipped(made))


OWN_WAY = {"More pictures?": more_pictures, "Fine-tune": fine_tune, "Take away": take_away}

with ui.lesson(__file__) as page:
    album = page.album(sketches.ALBUMS)
    chosen = views.asked(**page.ask_all(views.CONTROLS), seed=page.seed)
    found = learned(album, chosen)
    if found:
        page.views({"Answer": answer, **views.VIEWS, **OWN_WAY}, found)
    else:
        page.display(views.unlearned(album, chosen.refusal), views.Unlearned(album))
    page.challenge(views.own_classes(album, found, album.title in sketches.ALBUMS))
