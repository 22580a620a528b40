r"""Playground: a small network

Build any small network, train it in the blink of an eye, rewind it, fork it, take it apart.

A multilayer perceptron stacks layers. Each multiplies what it is given, $h$, by a weight matrix $W$, adds biases $b$
and bends the result with an activation $\varphi$:

$$h_{\ell+1} = \varphi(W_\ell\, h_\ell + b_\ell)$$

Training lowers a loss $L$, the distance between answers and truth, by small steps against its slope:
$w \leftarrow w - \eta\,\partial L/\partial w$ for every weight $w$, with the learning rate $\eta$.

Without hidden layers the border between two classes is a straight line. Hidden units fold the plane, so that the border
can bend around a circle or along a spiral. More is not always better: the presets show what goes wrong, and why.

Roadmap:
- Implement a basic MLP (Multilayer Perceptron)

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 6
- Nielsen, *Neural Networks and Deep Learning*, chapters 1 to 3
- *Dive into Deep Learning*, chapter 5
- Smilkov and others (2017), *Direct-Manipulation Visualization of Deep Networks* (TensorFlow Playground)
"""

from core import playground
from core.data.features import input_names
from core.figures import boundary, losses
from core.figures.network import network
from core.figures.planes import canvas
from core.playground import GROUPS, OWN, PRESETS, TABLE, Setting
from core.tables import Table, opened
from core.training import Run
from pages import ui


@ui.cached
def experiment(setting: Setting) -> Run:
    return playground.trained(setting)


@ui.cached
def linear(setting: Setting) -> Run:
    return playground.linear_rival(setting)


def uploaded(content: bytes | None) -> Table | None:
    if content is None:
        return None
    sheet, (across, up, target) = opened(content)
    chosen = [page.pick(label, sheet.columns, first) for label, first in (("Across", across), ("Up", up))]
    return Table(sheet.text, *chosen, page.pick("Column to learn", sheet.columns, target))


with ui.lesson(__file__) as page:
    page.presets(GROUPS, PRESETS)
    values, seed = page.form(GROUPS), page.seed
    rows = page.points(6) if values["data"] == OWN else ()
    table = uploaded(page.upload("CSV file", ["csv", "tsv", "txt"])) if values["data"] == TABLE else None
    setting = Setting(**values, seed=seed, points=rows, table=table)
    if missing := playground.is_waiting(setting):
        page.note(missing)
        page.show(canvas(rows), source=playground.where_set(setting), clicked=page.add_point)
    elif (
        run := experiment(setting)
        if playground.is_quick(setting)
        else page.job("Train it", playground.training, setting)
    ):
        page.note(playground.reason(setting))
        page.replay(
            boundary(run, 330),
            losses(run, height=330),
            network(run, input_names(run.data), height=300),
            run=run,
            clicked=page.add_point if setting.data == OWN else None,
        )
        page.fork(run, lambda run, fork: (boundary(fork), losses(run, fork)))
        page.predict(*playground.rivalry(run, linear(setting)))
        units = sum(run.model.widths[1:-1])
        page.challenge(
            "Solve the **spiral** with a noise of 0.1 or more: held-out accuracy of at least **97 %** with at most "
            "**12 hidden units** in all.",
            setting.data == "spiral" and setting.noise >= 0.1 and run.last.test_score >= 0.97 and units <= 12,
            f"Now: {setting.data}, {units} hidden units, held-out score {run.last.test_score:.0%}.",
        )
