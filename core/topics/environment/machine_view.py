"""The view of the machine: facts, and whether a training would fit into its memory."""

from core.figures.curves import bars, number
from core.figures.picture import Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale
from core.lessons.view import Shown, View
from core.programs import Program, Step
from core.topics.environment.machine import COPIES, TYPES, Machine, examined, parameters

WIDTHS = (256, 1024, 4096, 8192, 12288, 16384, 24576, 32768, 49152, 65536, 98304, 131072, 196608, 262144)
CONTROLS = (
    scale("Hidden units", WIDTHS, 4096, help="In each of two hidden layers, between 784 inputs and 10 outputs."),
    pick("Optimizer", COPIES, "Adam"),
    pick("Type of numbers", TYPES, "float32"),
)


def measure(hidden_units: int, optimizer: str, type_of_numbers: str, seed: int) -> Machine:
    """This machine, now."""
    return examined(hidden_units, optimizer, type_of_numbers, seed)


def memory(found: Machine, is_planned: bool) -> Picture:
    """Gigabytes of this process, free, in all, and planned."""
    kept = {"this server": found.memory.own, "free": found.memory.free, "in all": found.memory.total}
    values = {**kept, **({"the planned training": found.planned} if is_planned else {})}
    return bars(values, ("", "Gigabytes"), 320, [f"{number(value)} GB" for value in values.values()])


def facts(found: Machine) -> tuple[list[dict], ...]:
    """The tables."""
    return tuple(
        [{heading: name, "Found": value} for name, value in rows.items()] for heading, rows in found.tables.items()
    )


def draw(found: Machine) -> Shown:
    """Everything, and whether the plan fits."""
    fits = "It fits." if found.planned < found.memory.free else "**It does not fit**: the system would stop it."
    copies = COPIES[found.optimizer]
    note = (
        f"The network has **{found.parameters:,}** weights. Its training with {found.optimizer} keeps {copies} "
        f"numbers for each (the weight, its gradient{', the optimizer’s memory' * (copies > 2)}), "
        f"{TYPES[found.number_type].itemsize} bytes a number: **{number(found.planned)} GB**, activations not "
        f"counted. {fits}"
    )
    return Shown(((memory(found, True),),), note, facts(found))


def before(found: Machine) -> Shown:
    """The machine without the plan."""
    note = "The machine on which this page is computed. If you opened the lab on your own computer, it is yours."
    return Shown(((memory(found, False),),), note, facts(found))


def question(found: Machine) -> Question:
    """How much memory does a plan take?"""
    text = (
        f"Two hidden layers of {found.hidden_units:,} units between 784 inputs and 10 outputs, trained with "
        f"{found.optimizer} in {found.number_type}. How many gigabytes do weights, gradients and the optimizer take?"
    )
    largest = next((top for top in (1, 10, 100, 1000, 10_000) if found.planned <= top), 10_000)
    because = (
        "Nearly all weights lie between the two hidden layers: units squared, times the bytes of a number, times the "
        "numbers kept for each weight."
    )
    return Question(text, Scale(0.0, float(largest), largest / 100, "GB"), found.planned, because)


def goal(found: Machine) -> Goal:
    """Fill the machine without breaking it."""
    share = found.planned / found.memory.free
    text = (
        "Plan a training that takes **between a third and nine tenths** of the memory that is free: as much as this "
        "machine can bear."
    )
    return Goal(text, 1 / 3 <= share <= 0.9, f"Now: {number(100 * share)}% of the free memory.")


PLAN = """units, numbers_per_weight = {units!r}, {copies!r}
weights = parameters(units)
gigabytes = weights * numbers_per_weight * torch.{kind}.itemsize / 1e9
print(torch.__version__, "built for CUDA", torch.version.cuda, "on", torch.get_num_threads(), "threads")
print(torch.__config__.show())
result = {{"weights": weights, "gigabytes": gigabytes, "numbers": sum(part.numel() for part in small.parameters())}}"""
SMALL = """small = nn.Sequential(nn.Linear(784, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 10))"""


def program(found: Machine) -> Program:
    """The same sum, and torch's own account of its build."""
    kind = str(TYPES[found.number_type]).removeprefix("torch.")
    plan = PLAN.format(units=found.hidden_units, copies=COPIES[found.optimizer], kind=kind)
    shown = {"weights": found.parameters, "gigabytes": found.planned, "numbers": parameters(8)}
    steps = (Step("A small network of the same form", SMALL), Step("The plan, and this machine", plan))
    return Program("A machine and a training planned for it", steps, (parameters,), shown)


MACHINE = View(CONTROLS, measure, draw, (), before, question, goal, program)
