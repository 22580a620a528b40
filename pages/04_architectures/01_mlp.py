r"""Playground: a small network

Build any small network, train it in the blink of an eye, rewind it, fork it, take it apart.

A multilayer perceptron stacks layers. Each multiplies what it is given, $h$, by a weight matrix $W$, adds biases $b$
and bends the result with an activation $\varphi$:

$$h_{\ell+1} = \varphi(W_\ell\, h_\ell + b_\ell)$$

Training lowers a loss $L$, the distance between answers and truth, by small steps against its slope:
$w \leftarrow w - \eta\,\partial L/\partial w$ for every weight $w$, with the learning rate $\eta$.

Without hidden layers the border between two classes is a straight line. Hidden units fold the plane, so that the border
can bend around a circle or along a spiral. More is not always better: the presets show what goes wrong, and why.

Needs: perceptron, activations, network-structure, gradient-descent

Roadmap:
- Implement a basic MLP (Multilayer Perceptron)

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 6
- Nielsen, *Neural Networks and Deep Learning*, chapters 1 to 3
- *Dive into Deep Learning*, chapter 5
- Smilkov and others (2017), *Direct-Manipulation Visualization of Deep Networks* (TensorFlow Playground)
"""

from core.figures import boundary, losses
from core.figures.planes import canvas
from core.topics import mlp
from core.topics.mlp import CONTROLS, LEARNING_RATE, OWN, PRESETS, TABLE, Setting, exports, sweeps
from core.topics.mlp.views import VIEWS, compared
from core.training import Run
from pages import ui


@ui.cached
def experiment(setting: Setting) -> Run:
    return mlp.trained(setting)


@ui.cached
def variants(setting: Setting, label: str, seeds: int) -> sweeps.Sweep:
    return sweeps.sweep(setting, label, seeds)


def compare(_: Run) -> None:
    with page.beside():
        label = page.pick("Vary", sweeps.sweepable(setting), LEARNING_RATE.label)
        seeds = page.slider("Seeds per value", 1, 8, 5)
    quick = sweeps.is_quick(setting, label, seeds)
    if found := page.worked(quick, variants, sweeps.sweep, setting, label, seeds):
        page.display(compared(found), found)


def take_away(run: Run) -> None:
    page.downloads(*exports.files(run))
    if onnx := page.job("Make the ONNX file", exports.as_onnx, run):
        page.downloads(("ONNX", "network.onnx", onnx))


with ui.lesson(__file__) as page:
    page.presets(PRESETS)
    values, seed = page.ask_all(CONTROLS), page.seed
    rows = page.points(6) if values["data"] == OWN else ()
    setting = Setting(**values, seed=seed, points=rows, table=page.own_table() if values["data"] == TABLE else None)
    clicked = page.add_point if setting.data == OWN else None
    if missing := mlp.is_waiting(setting):
        page.note(missing)
        page.show(canvas(rows), source=mlp.where_set(setting), clicked=clicked)
    elif run := page.worked(mlp.is_quick(setting), experiment, mlp.training, setting):
        page.code(run)
        page.note(mlp.reason(setting))
        page.views({**VIEWS, "Compare": compare, "Take away": take_away}, run, clicked)
        page.diagnosis(run)
        page.fork(run, lambda run, fork: (boundary(fork), losses(run, fork)))
        page.predict(mlp.rivalry(run, experiment(mlp.without_hidden(setting))))
        page.challenge(mlp.few_units(setting, run))
        page.challenge(mlp.few_steps(setting, run))
