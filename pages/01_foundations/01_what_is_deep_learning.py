r"""What deep learning is

A deep network folds its input, layer by layer, until a straight line is enough.

Each layer multiplies its input $h$ by weights $W$, adds biases $b$ and bends the result with an activation $\varphi$:

$$h_{\ell+1} = \varphi(W_\ell\, h_\ell + b_\ell)$$

Nobody writes the weights; training finds them by lowering the loss. To see what each layer has achieved we attach a
*linear probe*: the best straight-line classifier on that layer's activations $h_\ell$. On a raw spiral it is right
about two times in three, guessing one in two. With depth the classes come apart, because every layer works on what the
one before it has already made simpler. That is the whole idea: learned features, stacked.

Roadmap:
- Understand what Deep Learning is and why it works

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapters 1 and 6
- Nielsen, *Neural Networks and Deep Learning*, chapter 1
- Alain and Bengio (2017), *Understanding intermediate layers using linear classifier probes*
"""

from core.data import circle, moons, spiral
from core.figures import boundary
from core.figures.layers import representation, separability
from core.lessons import Goal, Question
from core.models import MLP
from core.probes.linear import layer_accuracies
from core.training import Recipe, Run, train
from pages import ui

DATA = {"spiral": spiral, "circle": circle, "moons": moons}


@ui.cached
def experiment(data: str, depth: int, units: int, seed: int) -> Run:
    model = MLP(2, *[units] * depth, 2, activation="tanh", seed=seed)
    return train(model, DATA[data](seed=seed), Recipe(epochs=150, learning_rate=0.02, seed=seed))


with ui.lesson(__file__) as page:
    data = page.pick("Data", list(DATA))
    depth = page.slider("Hidden layers", 1, 6, 4)
    units = page.slider("Units per layer", 2, 24, 12)
    layer = page.slider("Look at layer", 0, 6, 4, help="0 is the input itself. Beyond the last layer you see the last.")
    run = experiment(data, depth, units, page.seed)
    chosen = min(layer, depth)
    page.replay(boundary(run), representation(run, chosen), run=run)
    accuracies = layer_accuracies(run.at(), run.data)
    best = accuracies.index(max(accuracies))
    question = Question(
        "After which layer can a straight line separate the classes best?",
        ["the input", "a middle layer", "the last hidden layer"],
        "the input"
        if best == 0
        else "the last hidden layer"
        if accuracies[-1] >= max(accuracies) - 0.005
        else "a middle layer",
        "Each layer works on what the one before it has already untangled."
        if accuracies[-1] >= accuracies[best] - 0.005
        else "A layer that is too narrow, or has not learned enough, loses again what was untangled.",
    )
    if page.predict(question):
        page.show(separability(accuracies, chosen, 1 / len(run.data.classes), 300), source=run)
    page.fork(run, lambda run, fork: (boundary(fork), boundary(run)))
    goal = Goal(
        "Solve the **spiral** (held-out accuracy of at least 95%) with at most **20 hidden units** in all.",
        data == "spiral" and run.last.test_score >= 0.95 and depth * units <= 20,
        f"Now: {data}, {depth * units} hidden units, held-out accuracy {run.last.test_score:.0%}.",
    )
    page.challenge(goal)
