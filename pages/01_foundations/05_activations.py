r"""Activation functions

Between any two layers stands one small bend; its slope decides how much of the error signal gets through.

Without a bend, layers collapse into one: $W_2(W_1 x) = (W_2 W_1)x$. An activation $\varphi$ between them prevents that:

$$h = \varphi(W x + b), \qquad \frac{\partial L}{\partial W} \propto \varphi'(W x + b)$$

Going back, the error signal of loss $L$ is multiplied by the slope $\varphi'$ at every layer. The sigmoid's slope is at
most ¼, so deep sigmoid networks starve their first layers. ReLU has slope 1 where it answers and 0 where it is silent;
a unit that is always silent never learns again: it is dead. LeakyReLU and GELU let a little through. Type a function of
your own and train it against the others.

Needs: what-is-deep-learning

Roadmap:
- Learn about activation functions: Sigmoid, Tanh, ReLU, LeakyReLU, GELU

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, chapter 6.3
- Nielsen, *Neural Networks and Deep Learning*, chapter 5
- CS231n, *Neural Networks Part 1: commonly used activation functions*
- *Dive into Deep Learning*, chapter 5.1
"""

from core.figures import bands, bars, boundary
from core.lessons import Goal, Question
from core.topics.activations import EXAMPLE, NAMES, OWN, Comparison, compare, function_and_slope, shape
from pages import ui


@ui.cached
def experiment(data: str, depth: int, units: int, rate: float, seeds: tuple[int, ...]) -> Comparison:
    return compare(data, depth, units, rate, seeds)


with ui.lesson(__file__) as page:
    name = page.pick("Activation", NAMES, "sigmoid")
    depth = page.slider("Hidden layers", 1, 10, 6)
    data = page.pick("Data", ["moons", "circle", "spiral"])
    rate = page.scale("Learning rate", [0.001, 0.003, 0.01, 0.03, 0.1], 0.01)
    with page.more():
        units = page.slider("Units per layer", 4, 24, 12)
    race = experiment(data, depth, units, rate, page.seeds(3))
    run = race.runs[name][0]
    page.replay(function_and_slope(shape(name), name), boundary(run, 360), run=run)
    layers = ("layer, from the input", "Gradient norm before training")
    question = Question(
        "Before training: with which activation does the smallest share of the gradient arrive at the first layer?",
        NAMES,
        race.weakest_start(),
        "Every layer multiplies the error signal by the activation's slope on its way back.",
    )
    if page.predict(question):
        page.show(bands(race.layers, race.gradients, layers, log="y", xaxis={"dtick": 1}), source=run)
    page.note("## Your own function against the others")
    formula = page.text("Your function of x", EXAMPLE, help="For example max(0, x) - 0.1*x, sin(x), x/(1+abs(x))")
    page.show(function_and_slope(shape(OWN, formula), OWN, 300), source=shape(OWN, formula))
    own = page.job("Train it with three seeds", compare, data, depth, units, rate, page.seeds(3), formula)
    both = race.joined(own)
    axis = {"range": [0, both.highest()]}
    page.show(bands(both.epochs, both.losses(), ("Epoch", "Training loss"), yaxis=axis), source=run)
    page.show(
        bars(both.accuracies(), ("", "Held-out accuracy"), yaxis={"tickformat": ".0%"}),
        bars(both.dead, ("", "Dead units"), yaxis={"tickformat": ".0%"}),
        source=run,
    )
    goal = Goal(
        "**Beat the ReLU** with 6 layers or more: find a function whose mean held-out accuracy is one point higher.",
        depth >= 6 and both.lead(OWN, "ReLU") >= 0.01,
        f"Now: {100 * both.lead(OWN, 'ReLU'):+.1f} points, {depth} layers, {data}." if own else "Not trained yet.",
    )
    page.challenge(goal)
