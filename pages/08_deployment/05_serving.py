r"""Serving a model

A network answers strangers only behind a server, which has to refuse, to wait its turn and to be fast: look at each.

A *server* turns an HTTP request into samples, asks the network and sends JSON back. What it cannot take it refuses
with a status of 4xx: the request must change. Requests come at random, and one that finds the server busy waits. If
$\lambda$ are answered per second and each spends a mean time $W$ there, then on average

$$L = \lambda\, W$$

of them are inside (Little's law). With one worker and service time $s$, $W$ grows without limit as the load
$\rho = \lambda s$ nears 1. A *batch* answers those that wait together: more per second, a little wait for the first.
What is shipped is a folder: program, weights, pins, health check, tests.

Needs: onnx

Roadmap:
- Serve models using:
- Flask / FastAPI
- Gradio / Streamlit
- TorchServe / TensorFlow Serving

Reading:
- RFC 9110, *HTTP Semantics*, section 15
- Little (1961), *A Proof for the Queuing Formula: L = λW*
- Crankshaw and others (2017), *Clipper: A Low-Latency Online Prediction Serving System*
- Huyen (2022), *Designing Machine Learning Systems*, chapter 7
- Olston and others (2017), *TensorFlow-Serving: Flexible, High-Performance ML Serving*
"""

from core.deployment.controls import SERVED
from core.topics.serving import request_view
from core.topics.serving.request_view import CONTROLS, REQUEST, UNSENT
from core.topics.serving.views import OWN, VIEWS
from pages import ui
from pages.ui import served

network = ui.cached(request_view.ready)


def request() -> None:
    subject = network(**page.ask_all(SERVED), seed=page.seed)
    values = page.ask_all(CONTROLS)
    berthed = request_view.berthed(subject, values, page.seed)
    found = request_view.asked(subject, served.running(berthed[0]), **values)
    page.open(REQUEST if hasattr(found, "exchange") else UNSENT, found)
    served.offered(page, *berthed)


def your_archive() -> None:
    file = page.file(
        "Your archive", ["mar", "zip"], "A .mar or a zipped SavedModel, 5 MB at most; looked into, never run."
    )
    if file:
        page.open(OWN, file)
    else:
        page.open(VIEWS["TorchServe"])


with ui.lesson(__file__) as page:
    page.views({"Request": request, **VIEWS, "Your archive": your_archive})
