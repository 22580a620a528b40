r"""Conversion: browsers, phones, boards

The same weights for a browser, a phone and a small board: run them in this very page, and see what fits where.

A converter changes the file, not the function. Kernels are turned from (out, in, height, width) to (height, width, in,
out), and each batch norm, which after training is a fixed factor and offset, is folded into its convolution:

$$\gamma\, \frac{k * x - \mu}{s} + \beta = k' * x + b', \qquad k' = \frac{\gamma}{s}\, k$$

with kernel $k$, input $x$, learned $\gamma, \beta$, and mean $\mu$ and deviation $s$ of the training data. What a
device then needs is arithmetic and bytes. Its time for $W$ operations and $B$ bytes is at least
$\max(W / P,\, B / M)$, with the peak $P$ and the memory's bandwidth $M$: its roofline.

Needs: convolution, onnx

Roadmap:
- Convert models for:
- Web (TensorFlow.js)
- Mobile (TF Lite, CoreML)
- Edge (Jetson Nano, Raspberry Pi)

Reading:
- Jacob and others (2018), *Quantization and training of neural networks for efficient integer-arithmetic-only
  inference*
- Williams, Waterman and Patterson (2009), *Roofline: an insightful visual performance model*
- Smilkov and others (2019), *TensorFlow.js: machine learning for the web and beyond*
- ONNX Runtime, *Build a web application*; Google, *LiteRT*; Apple, *Core ML Tools*
"""

from core.deployment.subjects import of_picture
from core.projects.mnist import screen
from core.projects.mnist.views import drawn, photographed
from core.topics.convert import page_view as here
from core.topics.convert.views import VIEWS
from pages import ui
from pages.ui import runtimes


def in_this_page() -> None:
    found = here.answered(of_picture(page.drawing(screen.starts(), "3", drawn, photographed).seen))
    page.code(here.program(found))
    answered = page.predict(here.asked())
    measured = runtimes.mount(page, found.data) if answered else None
    page.display(here.shown(found) if answered else here.before(found), found)
    page.challenge(here.agreed(found, measured), answered)


with ui.lesson(__file__) as page:
    page.views({"In this page": in_this_page, **VIEWS})
