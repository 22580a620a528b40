r"""The environment

Know the machine that computes for you, and take any lab of this hub to another one.

An *environment* is a Python with packages of its own; `environment.yml` (Anaconda) or `requirements.txt` (pip) say
which, and at which versions. *Jupyter* runs a program cell by cell in a kernel of that environment; *Colab* lends a
machine for it, bare each time.

An operation can be divided among threads. If the share $p$ of a training step can be, $n$ threads make it at most

$$S(n) = \frac{1}{(1 - p) + p / n}$$

times as fast (*Amdahl's law*): one thread does the rest, whatever $n$ is. To wake threads and wait for them costs
time too, so that one may be enough.

Roadmap:
- Set up environment: Anaconda, Jupyter, Colab

Reading:
- *Dive into Deep Learning*, chapter *Installation*, sections 13.4 and 23.1 to 23.4
- CS231n, *Software setup* and *Google Colab tutorial*
- Amdahl (1967), *Validity of the single processor approach to achieving large scale computing capabilities*
- PyTorch, *CPU threading and TorchScript inference*
- conda, *Managing environments*
"""

from core.topics.environment.views import OWN, VIEWS
from pages import ui

TYPES = ("py", "ipynb", "yml", "yaml", "txt")
HELP = "A program, a notebook, an environment.yml or a requirements.txt, 5 MB at most. It is read, never run."


def files() -> None:
    file = page.file("Your own file", TYPES, HELP)
    if file:
        page.open(OWN, file)
    else:
        page.open(VIEWS["Files"])


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Files": files})
