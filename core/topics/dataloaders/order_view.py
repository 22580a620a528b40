"""The view of sorted and shuffled samples."""

from core.figures.curves import bands, bars
from core.lessons import Goal, Question, Scale
from core.lessons.controls import scale
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.dataloaders.orders import ALWAYS, EPOCHS, ORDERS, SAMPLES, SORTED, Race, program_of_race, race

CONTROLS = (scale("Batch size", (16, 32, 64, 128, SAMPLES), 32), scale("Learning rate", (0.02, 0.1, 0.5, 2.0), 0.1))
LITTLE, LEARNED = 0.01, 0.2


def final(found: Race, name: str) -> float:
    """One order's held-out accuracy in the end, the mean of the seeds."""
    return float(found.accuracies[name][:, -1].mean())


def draw(found: Race) -> Shown:
    """Accuracy over the epochs, and what each network says in the end."""
    last = {name: values[:, -1] for name, values in found.accuracies.items()}
    best = max(ORDERS, key=lambda name: last[name].mean())
    said = luck.sentence(last, best, "The others are worse by more than seed noise.")
    note = f"Most often right after {EPOCHS} epochs: **{best}**, {last[best].mean():.0%}. {said}"
    across = bands(range(EPOCHS + 1), found.accuracies, ("Epoch", "Held-out accuracy"), 330,
                   yaxis={"range": [0, 1.02], "tickformat": ".0%"})  # fmt: skip
    answers = {str(digit): found.answers[SORTED][:, digit] for digit in range(10)}
    said_most = bars(answers, (f"Answer after training {SORTED}", "Share of held-out digits"), 260,
                     [f"{row.mean():.0%}" for row in answers.values()], yaxis={"tickformat": ".0%"})  # fmt: skip
    rows = [
        {"Order": name, "Held-out accuracy": f"{last[name].mean():.1%}",
         "Held-out loss": f"{found.losses[name][:, -1].mean():.3f}"}
        for name in ORDERS
    ]  # fmt: skip
    return Shown(((across,), (said_most,)), note, (rows,))


def before(found: Race) -> Shown:
    """Only the shuffled one."""
    curve = {ALWAYS: found.accuracies[ALWAYS]}
    axes = ("Epoch", "Held-out accuracy")
    return Shown(((bands(range(EPOCHS + 1), curve, axes, 330, yaxis={"range": [0, 1.02], "tickformat": ".0%"}),),))


def question(found: Race) -> Question:
    """What does sorting cost?"""
    text = (
        f"Shuffled every epoch, the network is right on {final(found, ALWAYS):.0%} of held-out digits. On how many, if "
        "it meets all zeros first, then all ones, and the nines at the end?"
    )
    because = "Each batch of one class teaches that class and unteaches the others: what came last is remembered best."
    if found.batch_size == SAMPLES:
        because = "Here every batch holds all samples, whatever their order: sorting costs nothing."
    elif found.gap < LITTLE:
        because = "At this learning rate the shuffled network learns next to nothing too: there is nothing to lose."
    return Question(text, Scale(0, 100, 1, "%"), round(100 * final(found, SORTED)), because)


def goal(found: Race) -> Goal:
    """When does the order not matter?"""
    text = (
        f"Find settings in which sorting costs less than **{100 * LITTLE:.0f} point** of accuracy, although the "
        f"shuffled network is right more often than **{LEARNED:.0%}**."
    )
    passed = found.gap < LITTLE and final(found, ALWAYS) > LEARNED
    return Goal(text, passed, f"Now: {100 * found.gap:.0f} points; shuffled {final(found, ALWAYS):.0%}.")


ORDER = View(CONTROLS, race, draw, (), before, question, goal, program_of_race)
