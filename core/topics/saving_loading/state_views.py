"""Going on: names that differ, a training resumed, a body under a new head."""

import numpy as np

from core.figures.curves import bands, bars, number
from core.figures.marks import stroke
from core.figures.picture import INK
from core.lessons import Goal, Question, Scale
from core.lessons.controls import pick, scale, slider, toggle
from core.lessons.view import Shown, View
from core.probes import luck
from core.topics.saving_loading.programs import program_of_resume, program_of_strict
from core.topics.saving_loading.resuming import EPOCHS, UNBROKEN, WITH, WITHOUT, Resumed, resume
from core.topics.saving_loading.strict import FIXES, SAVED, Loaded, load
from core.topics.saving_loading.transfer import BODY, FROZEN, SCRATCH, SIZES, TASKS, Transfer, transfer

# Names and shapes ----------------------------------------------------------------------------------------------------


def measure_load(saved_as: str, renaming: str, strict: bool, seed: int) -> Loaded:
    """Load a file into a network."""
    return load(saved_as, renaming, strict, seed)


def loaded_view(found: Loaded) -> Shown:
    """Accuracy after loading, and the difference by name."""
    scores = {"the saved network": found.original, "after loading": found.score}
    known = {name: value for name, value in scores.items() if np.isfinite(value)}
    picture = bars(known, ("", "Held-out accuracy"), 280, yaxis={"range": [0, 1.05], "tickformat": ".0%"})
    total = len(found.model.state_dict())
    words = f"Saved {SAVED[found.kind]}. **{len(found.taken)} of {total}** tensors came from the file. "
    if found.said:
        words += f"torch raised an error: *{first_words(found.said)}*"
        words += " Those that fit were copied all the same." if found.taken else ""
    elif not found.is_whole:
        words += "No error was raised: `strict=False` leaves the others as they were drawn, at random."
    if found.suggestion:
        one = next(iter(found.suggestion.items()))
        words += f" In order, all shapes agree: a renaming such as `{one[0]}` → `{one[1]}` would load it whole."
    return Shown(((picture,),), words, (difference_rows(found),))


def first_words(said: str) -> str:
    """The beginning of torch's message, in one line."""
    line = " ".join(said.split()).replace("*", "").replace("_", "\\_")
    return line if len(line) <= 180 else f"{line[:177]}…"


def difference_rows(found: Loaded) -> list[dict]:
    """Name by name: what the network wants and what the file has."""
    wanted = {name: tuple(value.shape) for name, value in found.model.state_dict().items()}
    stored = dict(found.shapes)
    rows = []
    for name in [*wanted, *(name for name in stored if name not in wanted)]:
        mine, theirs = wanted.get(name), stored.get(name)
        row = {"Name": name, "Network": shape_words(mine), "File": shape_words(theirs), "Status": verdict(mine, theirs)}
        rows.append(row)
    return rows


def verdict(mine: tuple[int, ...] | None, theirs: tuple[int, ...] | None) -> str:
    """How a network's shape and a file's go together."""
    if mine is None or theirs is None:
        return "unexpected" if mine is None else "missing"
    return "fits" if mine == theirs else "other shape"


def shape_words(shape: tuple[int, ...] | None) -> str:
    """A shape, or a dash."""
    return "–" if shape is None else " × ".join(map(str, shape))


def silent_asked(found: Loaded) -> Question:
    """What does it cost?"""
    text = (
        f"The file was saved {SAVED[found.kind]}; renaming: {found.fix}. What is the network's held-out accuracy after "
        "loading?"
    )
    because = "A tensor that does not come from the file stays random, and one random layer spoils all the others."
    return Question(text, Scale(0, 100, 5, "%", 10), round(100 * found.score), because)


def whole_again(found: Loaded) -> Goal:
    """Load it whole."""
    text = (
        "**Under other names**: load weights that were saved under other names so that every tensor comes from the "
        "file."
    )
    passed = found.kind in ("module. in front", "old names") and found.is_whole
    return Goal(text, passed, f"Now: {found.kind}, {len(found.taken)} of {len(found.model.state_dict())} tensors.")


def before_loading(found: Loaded) -> Shown:
    """What is to be loaded."""
    names = ", ".join(f"`{name}`" for name, _ in found.shapes[:4])
    return Shown((), f"The file, after renaming, begins with {names}. It meets a network with random weights.")


STRICT = View(
    (pick("Saved as", SAVED, "module. in front"), pick("Renaming", FIXES, "none"), toggle("Strict", False)),
    measure_load,
    loaded_view,
    before=before_loading,
    question=silent_asked,
    goal=whole_again,
    program=program_of_strict,
)

# Resume --------------------------------------------------------------------------------------------------------------

RULES = ("SGD", "Momentum", "RMSProp", "Adam")


def measure_resume(optimizer: str, learning_rate: float, stop_at: int, seed: int) -> Resumed:
    """Stop and go on."""
    return resume(optimizer, learning_rate, stop_at, seed)


def resumed_view(found: Resumed) -> Shown:
    """Three futures."""
    steps = np.arange(EPOCHS + 1)
    curves = {name: np.log10(found.losses(name).clip(1e-8)) for name in (WITHOUT, UNBROKEN, WITH)}
    picture = bands(steps, curves, ("Step", ""), 400)
    places = list(range(-6, 3))
    picture.layout["yaxis"] |= {"title": {"text": "Training loss"}, "tickvals": places,
                                "ticktext": [f"{10.0**place:g}" for place in places]}  # fmt: skip
    line = {"type": "line", "x0": found.stop, "x1": found.stop, "y0": 0, "y1": 1, "yref": "paper"}
    picture.layout["shapes"] = [{**line, "line": stroke(INK, 1.5, "dot")}]
    apart = {name: found.apart(name) for name in (WITH, WITHOUT)}
    bare, whole = (np.log(found.losses(name)[:, -1].clip(1e-12)) for name in (WITHOUT, UNBROKEN))
    clear = "beyond seed noise" if luck.differs(bare, whole) else "inside seed noise"
    note = (
        f"Stopped after step {found.stop} (dotted). With weights alone the loss rises to at most "
        f"**{number(float(found.bump(WITHOUT).mean()))}** times what it was, with the optimizer's memory to "
        f"**{number(float(found.bump(WITH).mean()))}** (means of 5 seeds). Largest difference of a final weight from "
        f"the training that was never stopped: {WITH} **{number(apart[WITH])}**, {WITHOUT} **{number(apart[WITHOUT])}**"
        f". The final losses of {WITHOUT} and {UNBROKEN} differ {clear}."
    )
    return Shown(((picture,),), note)


OPTIONS = ("not at all", "to less than 3 times", "3 to 30 times", "more than 30 times")


def bump_words(bump: float) -> str:
    """A bump as one of the options."""
    return OPTIONS[0] if bump <= 1.01 else OPTIONS[1] if bump < 3 else OPTIONS[2] if bump <= 30 else OPTIONS[3]


def bump_asked(found: Resumed) -> Question:
    """How high is the bump?"""
    rule = found.runs[UNBROKEN][0].recipe.optimizer
    text = f"{rule} is stopped after step {found.stop} and goes on with the weights alone. How far does the loss rise?"
    because = (
        "Adam and RMSProp divide by the size that gradients have had; without that memory the first steps are as long "
        "as at the very beginning."
    )
    return Question(text, OPTIONS, bump_words(float(found.bump(WITHOUT).mean())), because)


def not_stopped(found: Resumed) -> Shown:
    """Where it is stopped."""
    loss = found.losses(UNBROKEN)[:, found.stop].mean()
    words = f"Five networks are stopped after step {found.stop}, at a training loss of **{number(float(loss))}**."
    return Shown((), words)


def nothing_lost(found: Resumed) -> Goal:
    """Find what needs no memory."""
    text = (
        "**Nothing to remember**: find an optimizer for which the weights alone are a complete checkpoint, to the bit."
    )
    return Goal(text, found.apart(WITHOUT) == 0, f"Now: final weights {number(found.apart(WITHOUT))} apart.")


RESUME = View(
    (
        pick("Optimizer", RULES, "Adam"),
        scale("Learning rate", (0.003, 0.01, 0.03, 0.1), 0.1),
        slider("Stop at", 5, 50, 30, 5),
    ),
    measure_resume,
    resumed_view,
    before=not_stopped,
    question=bump_asked,
    goal=nothing_lost,
    program=program_of_resume,
)

# Fine-tuning ---------------------------------------------------------------------------------------------------------


def measure_transfer(new_task: str, learning_rate: float, seed: int) -> Transfer:
    """Three beginnings on a new task."""
    return transfer(new_task, learning_rate, seed)


def transferred(found: Transfer, samples: int) -> Shown:
    """Accuracy by the number of samples."""
    picture = bands(SIZES, found.scores, ("Training samples of the new task", ""), 400, log="x")
    picture.layout["yaxis"] |= {"title": {"text": "Held-out accuracy"}, "tickformat": ".0%", "range": [0.4, 1.02]}
    picture.layout["xaxis"] |= {"tickvals": list(SIZES), "ticktext": [str(size) for size in SIZES]}
    place = SIZES.index(samples)
    here = {name: rows[:, place] for name, rows in found.scores.items()}
    best = max(here, key=lambda name: here[name].mean())
    said = luck.sentence(here, best, f"**{best.capitalize()}** is ahead of both others beyond seed noise.")
    words = ", ".join(f"{name} **{rows.mean():.0%}**" for name, rows in here.items())
    first = f"The body reached {found.before.mean():.0%} on the spiral it learned first."
    note = f"{first} With {samples} samples: {words}. {said}"
    return Shown(((picture,),), note)


def best_asked(found: Transfer, samples: int) -> Question:
    """Which beginning?"""
    place = SIZES.index(samples)
    means = {name: float(rows[:, place].mean()) for name, rows in found.scores.items()}
    because = "Few samples cannot teach a body; many can, and then one that may not change holds the head back."
    text = f"{samples} samples of the new task: which beginning is right most often on held-out ones?"
    return Question(text, (SCRATCH, BODY, FROZEN), max(means, key=lambda name: means[name]), because)


def not_transferred(found: Transfer, samples: int) -> Shown:
    """The three beginnings."""
    words = (
        "A network has learned a spiral. Its body (all but the output layer) is loaded into a new network by "
        f"`load_state_dict(…, strict=False)`, which then learns from {samples} samples of the new "
        "task: all of it, or the head alone."
    )
    return Shown((), words)


def scratch_wins(found: Transfer, samples: int) -> Goal:
    """Find where it does not pay."""
    here = {name: float(rows[:, SIZES.index(samples)].mean()) for name, rows in found.scores.items()}
    gap = here[SCRATCH] - here[FROZEN]
    text = (
        "**Better without**: find a task and a number of samples for which starting from scratch beats the kept body "
        "by 3 points."
    )
    return Goal(text, gap >= 0.03, f"Now: {100 * gap:+.1f} points with {samples} samples.")


TRANSFER = View(
    (pick("New task", TASKS), scale("Learning rate", (0.003, 0.01, 0.03), 0.03)),
    measure_transfer,
    transferred,
    look=(scale("Samples", SIZES, 25),),
    before=not_transferred,
    question=best_asked,
    goal=scratch_wins,
    program=lambda found, samples: found.run,
)
