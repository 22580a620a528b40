r"""Machine learning or deep learning

Five learners, the same images, from 20 to 5,000 of them: guess who is ahead, and from where on it is no luck.

Classic learners see an image as a list of numbers and draw borders between lists: logistic regression by straight
lines, nearest neighbours by distance, a forest by asking yes-no questions. A convolutional network (CNN) first learns
*features*: small filters $k$ slid over the image $x$,

$$(k * x)_{ij} = \sum_{u,v} k_{uv}\, x_{i+u,\,j+v}$$

with the same weights at every place $i, j$. That built-in knowledge (nearby pixels belong together, position matters
little) has to be filled with examples. On the clothes recorded here the CNN's lead over every other is real from 500
images on; with 20 it drowns in the luck of the draw. On tiny 8×8 digits comparing whole images is hard to beat: measure
it.

Needs: what-is-deep-learning

Roadmap:
- Learn the difference between ML and DL

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapters 1.2 and 5.11
- CS231n, *Image Classification: data-driven approach, k-nearest neighbour*
- *Dive into Deep Learning*, chapters 1.1 and 8.1
"""

from core.lessons import Goal, Question
from core.topics.ml_vs_dl.numbers import CHOICES, LIVE_SIZES, SIZES, live, recorded
from core.topics.ml_vs_dl.pictures import race_bars, race_curves
from core.topics.ml_vs_dl.programs import program_of_live
from pages import ui


@ui.cached
def record():
    return recorded()


with ui.lesson(__file__) as page:
    size = page.scale("Training images", SIZES, 100)
    small = page.scale("Training images, live", LIVE_SIZES, 100, help="The live measurement uses 8×8 digits.")
    race = record()
    page.show(race_bars(race, size), source=race.source)
    page.note(race.sentence(size))
    question = Question(
        "From how many images on does the CNN lead every classic learner by more than seed noise?",
        CHOICES,
        race.answer(),
        "With very few images, which ones you happened to draw matters more than the learner.",
    )
    if page.predict(question):
        page.show(race_curves(race, size), source=race.source)
    page.note("The record is Fashion-MNIST, four seeds each. Now measure yourself, on 8×8 digits, with three seeds:")
    mine = page.job("Train all five learners now", live, small, page.seeds(3))
    if mine:
        page.show(race_bars(mine, small), source=mine.source)
    page.code(program_of_live(small, page.seed, mine))
    goal = Goal(
        "Reach **90%** held-out accuracy in your own measurement with at most **200 images**. Which learner does it?",
        bool(mine) and small <= 200 and mine.best(small) >= 0.9,
        f"Now: {mine.winner(small)} {mine.best(small):.1%} with {small}." if mine else "Now: nothing measured yet.",
    )
    page.challenge(goal)
