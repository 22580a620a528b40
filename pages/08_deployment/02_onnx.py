r"""ONNX

One file that torch writes and everything else can run: open it, time every operator, and see what cannot be written.

An ONNX file holds no code. It is a list of operators $o_i$, each with the names of the tensors it reads and writes, and
the weights $\theta$ by name:

$$t_i = o_i(t_j, t_k, \dots;\ \theta), \qquad j, k < i$$

with the input $t_0$ and the last tensor as the answer. An *exporter* has to find this list in a Python program. What
the program decides by looking at values (a branch, a loop's end) is not in the list. Shapes follow from operator to
operator; the batch size may stay open. ONNX Runtime fuses operators and runs them: its answers $\hat y$ differ from
torch's $y$ by rounding only, $\max |\hat y - y| < 10^{-4}$.

Needs: saving-loading

Roadmap:
- ONNX for interoperability

Reading:
- ONNX, *Open Neural Network Exchange: Intermediate Representation Specification*
- PyTorch, *torch.onnx* and *torch.export: programming model*
- ONNX Runtime, *Graph optimizations*; *Profiling tools*
- Goldberg (1991), *What every computer scientist should know about floating-point arithmetic*
"""

from core.deployment.controls import NETWORK, PLAYGROUND, SETTINGS
from core.deployment.subjects import Playground, Subject, of_picture
from core.lessons.view import View
from core.projects.mnist import screen
from core.projects.mnist.views import drawn, photographed
from core.topics.onnx.views import EXAMPLE, LIMITS, OF_NETWORKS, OWN, TRAPS_VIEW
from pages import ui


def subject() -> Subject:
    if page.ask(NETWORK) == PLAYGROUND:
        return Playground(**page.ask_all(SETTINGS), seed=page.seed)
    return of_picture(page.drawing(screen.starts(), "3", drawn, photographed).seen)


def of_network(view: View):
    return lambda: page.open(view, subject())


def inside() -> None:
    file = page.file("Your .onnx file", ["onnx"], LIMITS, 25)
    if file:
        page.open(OWN, file)
    else:
        page.open(EXAMPLE)


with ui.lesson(__file__) as page:
    views = {name: of_network(view) for name, view in OF_NETWORKS.items()}
    page.views({**views, "What breaks": TRAPS_VIEW, "Look inside": inside})
