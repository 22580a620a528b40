"""Trained alike, deeper and deeper: plain networks get worse on what they are trained on, residual ones do not."""

from core.figures.curves import bands
from core.figures.marks import vertical
from core.figures.picture import INK, Picture
from core.lessons import Goal, Question
from core.lessons.controls import pick, scale
from core.lessons.view import Shown, View
from core.probes.luck import MEANING, differs
from core.programs import Program, Step
from core.topics.resnet.networks import DEPTHS, EPOCHS, KINDS, PLAIN, RESIDUAL, SAMPLES
from core.topics.resnet.programs import LOADED_STEP, NETWORK_STEP, call_loaded, pictures_step, sheet_file, weights_file
from core.topics.resnet.record import Trainings, recorded
from core.topics.resnet.why import sheet_loss

DEPTH = scale(
    "Depth", DEPTHS, DEPTHS[-1], help="Layers with weights: one convolution, 6n in blocks of two, one linear layer."
)
QUANTITIES = {
    "training loss": ("train_loss", "Training loss"),
    "training accuracy": ("train_score", "Accuracy on training pictures"),
    "held-out accuracy": ("test_score", "Accuracy on held-out pictures"),
}
QUANTITY = pick("Quantity", QUANTITIES)
CHOICES = ("a lower one", "about the same (within 10%)", "a higher one")
BOTH = (PLAIN, RESIDUAL)  # in the order of the house's colours
APART = 2.5  # how many times larger the plain network's loss is to be


def measure(seed: int) -> Trainings:
    """The recorded trainings, whatever the seed."""
    return recorded()


def by_depth(found: Trainings, quantity: str, kinds: tuple[str, ...], depth: int, height: int = 340) -> Picture:
    """What the trainings ended with, against depth."""
    what, label = QUANTITIES[quantity]
    rows = {kind: found.ends(kind, what) for kind in kinds}
    picture = bands(DEPTHS, rows, ("Depth", label), height, xaxis={"tickvals": list(DEPTHS)})
    line = vertical(depth, INK, 1, "dot")
    picture.layout["shapes"] = [line]
    picture.layout["yaxis"] |= {"tickformat": ".0%"} if "accuracy" in quantity else {"rangemode": "tozero"}
    return picture


def over_epochs(found: Trainings, depth: int, kinds: tuple[str, ...], height: int = 340) -> Picture:
    """Mean loss of the batches, epoch by epoch."""
    curves = {kind: found.batches(kind, depth) for kind in kinds}
    axes = ("Epoch", f"Training loss, {depth} layers")
    return bands(range(1, EPOCHS + 1), curves, axes, height, yaxis={"rangemode": "tozero"})


def draw(found: Trainings, depth: int, quantity: str) -> Shown:
    """Both kinds."""
    plain, residual = (found.final(kind, depth) for kind in BOTH)
    shallow = found.final(PLAIN, DEPTHS[1]).mean()
    right = [f"{found.official(kind, depth).mean():.1%}" for kind in BOTH]
    doubt = "" if differs(plain, residual) else f" That is inside seed noise. {MEANING}"
    note = (
        f"With **{depth} layers** and exactly as many weights the plain network ends with a training loss of "
        f"**{plain.mean():.2f}**, the residual one with **{residual.mean():.2f}** (mean of three seeds).{doubt} Of "
        f"10,000 test pictures {right[0]} and {right[1]} are right."
    )
    if depth > DEPTHS[1] and plain.mean() > shallow:
        note += (
            f" The plain one of {DEPTHS[1]} layers reached {shallow:.2f}: more layers made it worse on the very "
            "pictures that it learns from, so this is not overfitting."
        )
    return Shown(((by_depth(found, quantity, BOTH, depth), over_epochs(found, depth, BOTH)),), note)


def before(found: Trainings, depth: int, quantity: str) -> Shown:
    """The residual networks, while the guess is open."""
    note = (
        f"Networks of 8 to 56 layers learned {SAMPLES:,} small pictures of clothes, all in the same {EPOCHS} epochs. "
        "These have a shortcut around every two layers."
    )
    only = (RESIDUAL,)
    return Shown(((by_depth(found, quantity, only, depth), over_epochs(found, depth, only)),), note)


def question(found: Trainings, depth: int, quantity: str) -> Question:
    """Deeper and plain."""
    shallow, deep = (found.final(PLAIN, each).mean() for each in (DEPTHS[1], DEPTHS[-1]))
    text = (
        f"The same networks without shortcuts: the plain one of {DEPTHS[1]} layers ends with a training loss of "
        f"{shallow:.2f}. With which loss, on the same training pictures, does the plain one of {DEPTHS[-1]} layers end?"
    )
    because = (
        "The deeper network could copy the shallower one and let its other layers do nothing, but training does not "
        "find that."
    )
    apart = deep / shallow - 1
    truth = CHOICES[1] if abs(apart) <= 0.1 else CHOICES[2 if apart > 0 else 0]
    return Question(text, CHOICES, truth, because)


def goal(found: Trainings, depth: int, quantity: str) -> Goal:
    """Where the shortcut begins to matter."""
    ratios = {each: float(found.final(PLAIN, each).mean() / found.final(RESIDUAL, each).mean()) for each in DEPTHS}
    first = next((each for each in DEPTHS if ratios[each] >= APART), DEPTHS[-1])
    text = (
        f"**Where it begins**: set the smallest depth at which the plain networks' training loss is at least {APART:g} "
        "times that of the residual ones."
    )
    return Goal(text, depth == first, f"Now: {ratios[depth]:.1f} times, with {depth} layers.")


JUDGED = """networks = {{"plain": {plain}, "residual": {residual}}}
with torch.no_grad():
    result = {{kind: functional.cross_entropy(network(x), y).item() for kind, network in networks.items()}}"""


def program(found: Trainings, depth: int, quantity: str) -> Program:
    """Both shipped networks of this depth on the shipped training pictures."""
    text = JUDGED.format(plain=call_loaded(PLAIN, depth), residual=call_loaded(RESIDUAL, depth))
    steps = (NETWORK_STEP, LOADED_STEP, pictures_step("training"), Step("Their training loss", text))
    shown = {kind: sheet_loss(kind, depth) for kind in KINDS}
    files = sheet_file("training") | weights_file(PLAIN, depth) | weights_file(RESIDUAL, depth)
    return Program("A plain and a residual network on pictures they were trained on", steps, (), shown, files=files)


DEPTH_VIEW = View((), measure, draw, (DEPTH, QUANTITY), before, question, goal, program)
