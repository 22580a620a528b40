"""Take a part away: the loss is easier than ever, and the embeddings of all pictures run together."""

from dataclasses import dataclass, replace

from core.figures.curves import bands
from core.figures.marks import horizontal
from core.figures.picture import GREY, Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import folded, pick
from core.lessons.view import Later, Shown, View
from core.programs import Program
from core.topics.self_supervised.augmentations import CROP, ROTATION
from core.topics.self_supervised.judged import COLLAPSED
from core.topics.self_supervised.learning import BYOL, OTHERS, PART_OF, PREDICTOR, QUEUE, STOP, Plan
from core.topics.self_supervised.live import Lived, askew, beginning, trained
from core.topics.self_supervised.live_view import NORM, STEPS
from core.topics.self_supervised.programs import on_digits
from core.topics.self_supervised.records import MOMENTS, RECORD, SEEDS, UNTRAINED, curve, reference

NAMES = {f"the {part} of {PART_OF[part]}": part for part in (PREDICTOR, STOP, OTHERS, QUEUE)}
TAKEN = pick("Take away", NAMES)


@dataclass(frozen=True)
class Robbery:
    """Which part is taken away, and how the digits are trained with and without it."""

    part: str
    batch_norm: bool
    steps: int
    seed: int

    @property
    def provenance(self) -> str:
        """Where the recorded numbers come from."""
        return f"{RECORD.source.provenance} · {len(SEEDS)} seeds"

    @property
    def method(self) -> str:
        """The method that has the part."""
        return PART_OF[self.part]

    @property
    def robbed(self) -> str:
        """The name of the training without it."""
        return f"without {self.part}"

    @property
    def plans(self) -> tuple[tuple[str, Plan], ...]:
        """Both trainings on digits, the whole one first."""
        whole = Plan(self.method, (CROP, ROTATION), steps=self.steps, batch_norm=self.batch_norm, seed=self.seed)
        return (self.method, whole), (self.robbed, replace(whole, missing=self.part))


def measure(take_away: str, batch_norm: bool, steps: int, seed: int) -> Robbery:
    """What is taken away."""
    return Robbery(NAMES[take_away], batch_norm, steps, seed)


def alarmed(picture: Picture) -> Picture:
    """A picture of spreads from 0 to 1 with the line below which the alarm goes off."""
    picture.layout["yaxis"] |= {"range": [0, 1.05]}
    picture.layout["shapes"] = [horizontal(COLLAPSED, GREY, 1.5, "dot")]
    return picture


def recorded_pictures(robbery: Robbery, names: tuple[str, ...]) -> tuple[Picture, Picture]:
    """Spread and worth of the recorded trainings on clothes."""
    spreads = {name: curve(name, "spread") for name in names}
    nearest = {name: curve(name, "nearest") for name in names}
    wide = alarmed(bands(MOMENTS, spreads, ("step", "spread of the embeddings"), 330))
    right = bands(MOMENTS, nearest, ("step", "nearest of 100 right"), 330)
    right.layout["yaxis"] |= {"tickformat": ".0%"}
    return wide, right


def draw(robbery: Robbery) -> Shown:
    """With and without."""
    whole, robbed = robbery.method, robbery.robbed
    loss, wide, right = (curve(robbed, what)[:, -1].mean() for what in ("loss", "spread", "nearest"))
    kept = curve(whole, "spread")[:, -1].mean()
    note = (
        f"Without the {robbery.part} the loss ends at **{loss:.3f}** of at most 4: nearly every answer is alike. The "
        f"spread of the embeddings ends at **{wide:.2f}** ({kept:.2f} with it; alarm below {COLLAPSED:g}), and the "
        f"features get {right:.0%} right ({reference(UNTRAINED, 'nearest').mean():.0%} before training). A low loss "
        "says nothing here: watch the spread."
    )
    return Shown((recorded_pictures(robbery, (whole, robbed)),), note)


def before(robbery: Robbery) -> Shown:
    """The whole method alone."""
    note = (
        f"{robbery.method} as it is, on clothes. *Spread* is √32 times the deviation of the numbers of an embedding "
        "brought to length 1: 1 if embeddings point everywhere, 0 if all pictures get the same."
    )
    return Shown((recorded_pictures(robbery, (robbery.method,)),), note)


def question(robbery: Robbery) -> Question:
    """How far does it collapse?"""
    kept, wide = (curve(name, "spread")[:, -1].mean() for name in (robbery.method, robbery.robbed))
    words = (
        f"With its {robbery.part} {robbery.method} ends with a spread of {kept:.2f}. Take it away: at which spread do "
        "the embeddings end?"
    )
    because = (
        "To answer every picture alike makes two views of each agree perfectly. Only what was taken away kept training "
        "from moving there."
    )
    return Question(words, Scale(0.0, 1.0, 0.05), round(float(wide), 3), because)


def drawn_pair(lived: Lived) -> Shown:
    """The learner's own two trainings, and the alarm."""
    whole, robbed = lived.runs
    spreads = {name: lived.curve(name, "spread") for name in lived.runs}
    nearest = {name: lived.curve(name, "nearest") for name in lived.runs}
    wide = alarmed(bands(lived.steps, spreads, ("step", "spread of the embeddings"), 330))
    right = bands(lived.steps, nearest, ("step", "nearest of 50 right"), 330)
    right.layout["yaxis"] |= {"tickformat": ".0%"}
    note = f"On digits: {lived.rings(robbed)} {lived.rings(whole)} Last losses: "
    note += ", ".join(f"{name} {moments[-1].loss:.3f}" for name, moments in lived.runs.items()) + "."
    return Shown(((wide, right),), note)


def goal(lived: Lived | None) -> Goal:
    """Collapse the whole method."""
    words = (
        f"On digits, make **{BYOL} collapse with nothing taken away**: find the setting without which its predictor "
        "does not save it, and let the alarm go off for the whole method."
    )
    if lived is None:
        return Goal(words, False, "Not trained yet.")
    step = lived.alarm(BYOL) if BYOL in lived.runs else None
    now = f"Now: {lived.first} ends at a spread of {lived.runs[lived.first][-1].spread:.2f}."
    return Goal(words, step is not None, now)


def program(robbery: Robbery) -> Program:
    """The first steps without the part."""
    plan = robbery.plans[1][1]
    return on_digits(plan, len(askew(plan.seed).x), list(beginning(plan)))


LATER = Later("Take it away and train", trained, lambda robbery: (robbery.plans,), drawn_pair, goal=goal)
VIEW = View((TAKEN, folded(NORM, STEPS)), measure, draw, before=before, question=question, program=program, later=LATER)
