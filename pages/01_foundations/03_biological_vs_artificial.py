r"""Biological and artificial neurons

One current, two neurons: see what the artificial one keeps of the living one, and what it leaves out.

A neuron collects charge. Its voltage $V$ leaks toward rest $E$ with time constant $\tau$, while the input current $I$
pushes it up through the resistance $R$:

$$\tau\,\dot V = E - V + R\,I$$

At the threshold it fires a *spike*, falls back to $E$ and is silent for a refractory period. An artificial neuron keeps
one number of all this, how often it fires:

$$y = \varphi(w\,x + b)$$

The input $x$ is the current. The leak swallows weak currents: that is the negative bias $b$. The shape of the curve is
the activation $\varphi$. Without leak and refractory period it is exactly a ReLU; noise rounds its corner, and a long
refractory period bends it over like a sigmoid.

Roadmap:
- Study biological vs artificial neurons

Reading:
- Gerstner, Kistler, Naud and Paninski, *Neuronal Dynamics*, chapters 1 and 5
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 1.2 and 6.3
- Nielsen, *Neural Networks and Deep Learning*, chapter 1
- CS231n, *Neural Networks Part 1: Setting up the Architecture*
"""

from core.lessons import Goal, Question
from core.topics.biological_vs_artificial.numbers import (
    ACTIVATIONS,
    LARGEST,
    SHAPES,
    Neuron,
    RateCurve,
    program,
    rate_curve,
    trace,
)
from core.topics.biological_vs_artificial.pictures import membrane, rate_against_current, spelled
from pages import ui


@ui.cached
def curve_of(neuron: Neuron, seed: int) -> RateCurve:
    return rate_curve(neuron, seed=seed)


with ui.lesson(__file__) as page:
    current = page.slider("Input current", 0.0, LARGEST, 2.0, 0.1, format="%.1f nA")
    activation = page.pick("Activation", list(ACTIVATIONS))
    leak = page.toggle("Leak", True, help="Charge drains away. Off: the membrane remembers every input for ever.")
    refractory = page.slider("Refractory period", 0.0, 20.0, 2.0, 1.0, format="%.0f ms", help="Silence after a spike.")
    noise = page.slider("Membrane noise", 0.0, 6.0, 0.0, 0.5, format="%.1f mV", help="Other inputs shake the membrane.")
    with page.more():
        shape = page.pick("Shape of the input", SHAPES)
        tires = page.toggle("Adaptation", False, help="Every spike makes the next one harder.")
    neuron = Neuron(refractory, noise, leak, 0.15 if tires else 0.0)
    curve = curve_of(neuron, page.seed)
    unit = curve.units[activation]
    page.show(membrane(trace(neuron, current, shape, seed=page.seed), unit), source=curve.source)
    growth = curve.growth(2.0)
    question = Question(
        "Double the current from 2 to 4 nA. What does the firing rate of this neuron do?",
        ["less than doubles", "doubles", "more than doubles"],
        "doubles" if abs(growth - 2) < 0.05 else "less than doubles" if growth < 2 else "more than doubles",
        neuron.habits,
    )
    if page.predict(question):
        page.show(rate_against_current(curve, unit, current), source=curve.source)
        page.note(
            f"The best {activation} is ${spelled(unit)}$; it explains {unit.explained:.2%} of the measured curve."
        )
    goal = Goal(
        "Strip the neuron until it **is** a ReLU: the fitted ReLU explains at least **99.99%** of the measured curve.",
        curve.units["ReLU"].explained >= 0.9999,
        f"Now the ReLU explains {curve.units['ReLU'].explained:.2%}.",
    )
    page.challenge(goal)
    goal = Goal(
        "Build a neuron whose curve is closest to a **sigmoid**.",
        curve.closest.activation == "sigmoid",
        f"Now the closest is the {curve.closest.activation}.",
    )
    page.challenge(goal)
    page.code(program(curve))
