"""The programs of the digit recognizer's page: the shipped network reads a picture; three learners are disturbed."""

import io

import numpy as np

from core.data.digits import DIGITS, mixed_digits, shipped
from core.models.digits import FOLDER, NAMES, recognizer
from core.programs import Program, Step
from core.programs.digits import digit_network_lines
from core.programs.network import network_lines
from core.programs.training import trained_function
from core.projects.mnist.augmentation import crossed
from core.projects.mnist.recognizer import Reading
from core.projects.mnist.robustness import (
    DISTURBANCES,
    HELD_OUT,
    LIVE,
    Robustness,
    moved,
    recipe_of,
    small_networks,
)
from core.randomness import uniform

WEIGHTS, SEEN = "weights.safetensors", "seen.csv"
READING = """x = torch.from_numpy(np.loadtxt("{seen}", delimiter=",", dtype=np.float32))[None, None]  # ink from 0 to 1
logits = model(x).detach()[0]
logits[10] += {shift!r}  # so that "none of these" costs few real digits, chosen on validation images
chances = (logits / {temperature!r}).softmax(dim=0).tolist()
result = dict(zip({names!r}, chances, strict=True))"""


def programs_of_reading(reading: Reading | None) -> tuple[Program, ...]:
    """The shipped network on what it sees of the learner's picture, weights and 28 × 28 numbers beside it; of several
    digits each. None where nothing is read."""
    return tuple(map(program_of_digit, reading.answers)) if reading else ()


def program_of_digit(reading: Reading) -> Program:
    """The shipped network on one digit."""
    model, calibration = recognizer()
    widths = (1, *(norm.num_features for norm in model.norms))
    text = READING.format(seen=SEEN, shift=calibration.shift, temperature=calibration.temperature, names=NAMES)
    network = digit_network_lines(widths, WEIGHTS)
    steps = (Step("The network", network), Step("What it reads", text))
    numbers = io.StringIO()
    np.savetxt(numbers, reading.seen.numpy(), delimiter=",", fmt="%.9g")
    files = {WEIGHTS: (FOLDER / WEIGHTS).read_bytes(), SEEN: numbers.getvalue()}
    return Program("A digit is read", steps, (), reading.named, files=files)


SHARES = """x_changed = {disturb}(x_test, {level!r}, {seed!r})
result = {{}}"""
SHARE = "result[{name!r}] = (trained(model, {x}, y)({changed}).argmax(dim=1) == y_test).float().mean().item()"
NEEDS = {"rotation": (uniform, moved), "shift": (uniform, moved), "noise": (), "thickness": (crossed,)}


def program_of_disturbance(kind: str, level: float, seed: int, measured: Robustness | None = None) -> Program:
    """Three learners trained on a seed's 8×8 digits and tried on disturbed ones, beside what was ``measured`` live
    with that seed first."""
    first = DIGITS - round(HELD_OUT * DIGITS)
    disturb = DISTURBANCES[kind]
    parts = [SHARES.format(disturb=disturb.__name__, level=level, seed=seed)]
    for name, model in zip(LIVE, small_networks(seed), strict=True):
        flat = "" if name == "CNN" else ".flatten(1)"
        parts += ["", network_lines(model, seed), SHARE.format(name=name, x=f"x{flat}", changed=f"x_changed{flat}")]
    data = [
        f"x, y = mixed_digits(seed={seed!r})",
        f"x, y, x_test, y_test = x[:{first}], y[:{first}], x[{first}:], y[{first}:]",
    ]
    steps = (
        Step("The digits", "\n".join(data)),
        Step("How a network is trained", trained_function(recipe_of(seed))),
        Step("Three learners, disturbed", "\n".join(parts)),
    )
    shown = {}
    if measured:
        place = measured.levels.index(level)
        shown = {name: float(rows[0, place]) for name, rows in measured.accuracies.items()}
    functions = (shipped, mixed_digits, *NEEDS[kind], disturb)
    return Program("Disturbed digits", steps, functions, shown, tolerance=3 / round(HELD_OUT * DIGITS))
