r"""Recommended reading

Five books and courses say the same in other words: find the chapter beside each lesson, and plan both by weeks.

A page shows one thing by doing it; a book says why it must be so. Each lesson ends with what to read beside it, and
here that list is turned round: for every chapter of the five, the lessons that let you try it. Read the theory with
*Deep Learning*, begin gently with Nielsen, see pictures with CS231n, practise with the Specialization, and run the code
of *Dive into Deep Learning*.

With $n$ lessons of $m$ minutes, each with $r$ minutes of reading, and $h$ hours a week, the way takes
$w = n\,(m + r) / (60\,h)$ weeks.

Your ticks stay in this browser; the checklist is the roadmap's own Markdown, to take out and to bring back.

Roadmap:
- "Deep Learning" by Ian Goodfellow
- "Neural Networks and Deep Learning" by Michael Nielsen
- Stanford CS231n (vision): [http://cs231n.stanford.edu/](http://cs231n.stanford.edu/)
- Deep Learning Specialization by Andrew Ng (Coursera)
- Dive into Deep Learning (free book): https://d2l.ai/
"""

from core.topics.reading.views import SOURCE, VIEWS, program_of_progress, progress
from pages import ui


def checklist(ticked: tuple[str, ...]) -> None:
    page.display(progress(ticked), SOURCE)
    page.checklist()
    page.code(program_of_progress(ticked))


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Checklist": checklist}, page.ticked())
