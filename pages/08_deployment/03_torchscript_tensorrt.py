r"""TorchScript and TensorRT

Take the network out of Python: what a trace forgets, what an export refuses, and when a compiler has paid for itself.

A network is a Python program. A *trace* keeps the operators that ran for one example; a *script* translates the
program, with its branches; *torch.export* keeps a graph for every input, or refuses. TorchScript still runs, but torch
itself calls it deprecated and names torch.compile and torch.export instead.

*Compilers* (Inductor behind torch.compile, AOTInductor, TensorRT) turn such a graph into code for one machine. They
take a build time $b$ once and a latency $\ell$ at every call, where eager takes $\ell_0$. After $n$ calls they have
paid off if

$$b + n\,\ell < n\,\ell_0, \qquad n > \frac{b}{\ell_0 - \ell}$$

Needs: onnx

Roadmap:
- TorchScript and TensorRT optimization

Reading:
- Ansel and others (2024), *PyTorch 2: faster machine learning through dynamic Python bytecode transformation and graph
  compilation*
- PyTorch, *torch.export*; *Control flow: cond*; *AOTInductor*; ExecuTorch, *Export and lowering*
- NVIDIA, *TensorRT documentation*; PyTorch, *Torch-TensorRT*
"""

from core.deployment.controls import NETWORK, PLAYGROUND, SETTINGS
from core.deployment.subjects import Playground, Subject, of_picture
from core.lessons.view import View
from core.projects.mnist import screen
from core.projects.mnist.views import drawn, photographed
from core.topics.torchscript_tensorrt.views import CLOCKS, FIRST, LAST, OF_NETWORKS
from pages import ui


def subject() -> Subject:
    if page.ask(NETWORK) == PLAYGROUND:
        return Playground(**page.ask_all(SETTINGS), seed=page.seed)
    return of_picture(page.drawing(screen.starts(), "3", drawn, photographed).seen)


def of_network(view: View):
    return lambda: page.open(view, subject())


with ui.lesson(__file__) as page:
    own = {name: of_network(view) for name, view in {**OF_NETWORKS, **LAST}.items()}
    page.views({**FIRST, "Export": own["Export"], **CLOCKS, "Other machines": own["Other machines"]})
