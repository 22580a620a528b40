"""What the page on the vanishing gradient shows: its controls, and a view per question."""

from core.diagnosis.findings import diagnose
from core.lessons import Goal, Question
from core.lessons.controls import folded, pick, scale, slider, text
from core.lessons.question import Scale
from core.lessons.view import Shown, View
from core.programs import program_of_beginning
from core.topics.vanishing_gradient.numbers import (
    GRU,
    LSTM,
    NAMES,
    RNN,
    Clipped,
    Race,
    Reader,
    Trio,
    Untrained,
    clipped,
    fall,
    race,
    reader_of,
    untrained,
)
from core.topics.vanishing_gradient.pictures import (
    along,
    clipped_losses,
    coloured,
    norms,
    over_radii,
    raced,
    recalled,
    through_time,
)
from core.topics.vanishing_gradient.programs import program_of_untrained

CELL = pick("Cell", NAMES, RNN, help="Whose diagnosis and program are shown.")
GAP = slider("Gap", 5, 60, 50, 5, help="Characters between the letter and the answer.")
RADIUS = slider("Spectral radius", 0.2, 2.0, 0.6, 0.1, help="Of the plain cell's recurrent matrix, at the start.")
KEEP = slider("Keep bias", 0.0, 5.0, 3.0, 0.5, help="How far the gate that keeps the state is open at the start.")
CONTROLS = (
    GAP,
    RADIUS,
    folded(
        KEEP,
        scale("Learning rate", (0.001, 0.003, 0.01, 0.03, 0.1), 0.01),
        scale("Clip", (0.0, 0.1, 0.3, 1.0, 3.0), 1.0, help="The gradient's greatest length. 0: as long as it is."),
    ),
)


CROSSED = slider("Characters to cross", 5, 40, 20, 5, help=GAP.help)
START = slider("Radius at the start", 0.2, 2.0, 1.6, 0.1, help=RADIUS.help)
STEP = scale("Step size", (0.01, 0.03, 0.1, 0.3), 0.03)
READER = pick("Reader", NAMES, GRU, help="The cell that reads the text.")
BOUND = scale("Greatest length", (0.1, 0.3, 1.0, 3.0), 0.3, help="What the gradient is clipped at.")


# Through time --------------------------------------------------------------------------------------------------------


def trio_view(found: Trio) -> Shown:
    """The gradient's way back in three cells, and what each recalls."""
    words = ", ".join(f"{name} {found.score(name):.0%}" for name in NAMES)
    note = (
        "Press play; thin lines are before training. The strip is full blue where the gradient still is as long as at "
        "the last step, and fades where it has vanished on the way back. "
        f"Recalled in the end, of held-out letters: **{words}** (guessing: 25%)."
    )
    return Shown(((through_time(found),), (recalled(found),)), note)


def recall_view(found: Trio) -> Shown:
    """What each cell recalls: all that is seen before the guess."""
    note = f"Each cell reads a letter and {found.gap} characters of noise, then must name the letter."
    return Shown(((recalled(found),),), note)


def before_training(found: Trio) -> Question:
    """How much is lost in the plain cell?"""
    truth = fall(found.gradients[RNN][0])
    because = (
        "Every step back multiplies by the recurrent matrix and by tanh's slope, at most 1; "
        f"{found.gap} such factors make a power."
    )
    words = f"Before training, by how many powers of ten does the plain RNN's gradient shrink over {found.gap} steps?"
    return Question(words, Scale(0.0, 30.0, 0.5, "powers of ten", 2.0), round(max(truth, 0.0), 1), because)


def plain_recalls(found: Trio) -> Goal:
    """Let the plain cell do it."""
    passed = found.gap >= 50 and found.score(RNN) >= 0.95
    now = f"Now: gap {found.gap}, the plain RNN recalls {found.score(RNN):.0%}."
    return Goal("Let the **plain RNN** recall 95% or more over a gap of 50 or more.", passed, now)


# Spectral radius -----------------------------------------------------------------------------------------------------


def radius_view(found: Untrained, spectral_radius: float) -> Shown:
    """What a radius does to the gradient."""
    factor = found.factor(spectral_radius)
    note = (
        f"At radius {spectral_radius:g} a step back multiplies the gradient by **{factor:.3f}** on average: less than "
        "the radius, because tanh's slope is below 1 wherever a unit is active."
    )
    return Shown(((over_radii(found, spectral_radius), along(found, spectral_radius)),), note)


def factor_of_radius_one(found: Untrained, spectral_radius: float) -> Question:
    """Is radius 1 enough?"""
    because = "Radius 1 would keep the length, were it not for tanh: its slope is 1 at zero only."
    words = "Untrained, with a spectral radius of 1: by what is the gradient multiplied with each step back?"
    return Question(words, Scale(0.0, 1.5, 0.05, "", 0.1), round(found.factor(1.0), 2), because)


def neither(found: Untrained, spectral_radius: float) -> Goal:
    """Find the edge."""
    factor = found.factor(spectral_radius)
    words = "Find a radius at which the gradient neither vanishes nor explodes: a factor between 0.985 and 1.015."
    return Goal(words, 0.985 <= factor <= 1.015, f"Now: radius {spectral_radius:g}, factor {factor:.3f}.")


# Clipping ------------------------------------------------------------------------------------------------------------

SIZES = ("below 1", "1 to 10", "10 to 100", "above 100")


def measure_clipped(
    characters_to_cross: int, radius_at_the_start: float, step_size: float, greatest_length: float, seed: int
) -> Clipped:  # fmt: skip
    """The training without and with clipping."""
    return clipped(characters_to_cross, radius_at_the_start, step_size, greatest_length, seed)


def clipping_view(found: Clipped) -> Shown:
    """The same training with and without clipping."""
    right = {name: run.last.train_score for name, run in (("without", found.free), ("with", found.bounded))}
    note = (
        f"Recalled of the training letters: **{right['without']:.0%}** without clipping, **{right['with']:.0%}** with."
    )
    for finding in diagnose(found.free):
        note += f" Without: **{finding.name}** at update {finding.step}. {finding.sentence}"
    return Shown(((norms(found), clipped_losses(found)),), note)


def longest(found: Clipped) -> Question:
    """How far does it go?"""
    size = found.longest
    truth = SIZES[sum(size >= bound for bound in (1, 10, 100))]
    because = (
        "Where a step back multiplies by more than 1, the loss has cliffs, and beside a cliff the gradient is huge."
    )
    return Question("How long is the longest gradient without clipping?", SIZES, truth, because)


def rescue(found: Clipped) -> Goal:
    """Find a training that clipping saves."""
    free, bounded = found.free.last.train_score, found.bounded.last.train_score
    words = "Find a training that clipping saves: 95% with it, below 60% without."
    return Goal(words, bounded >= 0.95 and free < 0.6, f"Now: {bounded:.0%} with, {free:.0%} without.")


# Your text -----------------------------------------------------------------------------------------------------------


def measure_reader(reader: str, seed: int) -> Reader:
    """The network that reads."""
    return reader_of(reader, seed)


def text_view(found: Reader, your_text: str) -> Shown:
    """A typed text, coloured by influence on the answer."""
    reading = found.read(your_text)
    chances = ", ".join(f"{letter} {chance:.0%}" for letter, chance in reading.chances.items())
    first = f"The first of A to D in it is **{reading.wanted}**." if reading.wanted else "It holds none of A to D."
    note = (
        f"Asked for the capital letter A, B, C or D that it read, the network says **{reading.answer}** ({chances}). "
        f"{first} The stronger its colour, the more the answer hangs on a character; the three strongest are framed."
    )
    return Shown(((coloured(reading),),), note)


def tail(found: Reader, your_text: str) -> Question:
    """Do the last characters drown the letter?"""
    share = found.read(your_text).tail
    because = "A network that cannot keep the letter answers by what it saw last."
    words = "What share of all influence do the last five characters have?"
    return Question(words, Scale(0, 100, 5, "%", 15), round(100 * share), because)


def far_letter(found: Reader, your_text: str) -> Goal:
    """Write a text whose letter is far back and still decides."""
    reading = found.read(your_text)
    place = reading.text.find(reading.wanted) if reading.wanted else -1
    back, share = len(reading.text) - 1 - place, float(reading.shares[place]) if place >= 0 else 0.0
    passed = place >= 0 and back >= 35 and share >= 0.25 and reading.answer == reading.wanted
    words = (
        "Write a text, and pick a cell, so that a letter **35 or more characters back** is recalled and has a quarter "
        "or more of all influence."
    )
    now = f"Now: {back} characters back, {share:.0%}." if place >= 0 else "Now: there is no A, B, C or D in the text."
    return Goal(words, passed, now)


# Over seeds ----------------------------------------------------------------------------------------------------------


def raced_over_seeds(gap: int, spectral_radius: float, keep_bias: float, seed: int) -> Race:
    """The race from five seeds."""
    return race(gap, spectral_radius, keep_bias, tuple(range(seed, seed + 5)))


def race_view(found: Race) -> Shown:
    """What the cells recall, seed by seed, and where their gradients began."""
    return Shown((raced(found),), found.sentence())


def best_cell(found: Race) -> Question:
    """Who recalls most?"""
    because = (
        "A cell that passes its state on unchanged where its gate is open also passes the gradient back unchanged."
    )
    if found.scores[found.best].mean() < 0.5:
        because = (
            "Hardly any cell recalls more than by guessing (25%): over this gap too little of the gradient comes back."
        )
    elif found.best == RNN:
        because = "The way back is short enough for a plain cell here, gates or not."
    return Question("Which cell recalls most, on average over five seeds?", NAMES, found.best, because)


def plain_level(found: Race) -> Goal:
    """Make the plain cell as good as the best."""
    gap = found.runs[RNN].data.x.shape[1] - 1
    mean = found.scores[RNN].mean()
    words = "Bring the plain RNN to 90% **on average over the seeds**, over a gap of 30 or more."
    return Goal(words, gap >= 30 and mean >= 0.9, f"Now: gap {gap}, {mean:.0%}.")


VIEWS: dict[str, View] = {
    "Spectral radius": View(
        (GAP,),
        untrained,
        radius_view,
        look=(RADIUS,),
        question=factor_of_radius_one,
        goal=neither,
        program=program_of_untrained,
    ),
    "Clipping": View(
        (CROSSED, START, STEP, BOUND),
        measure_clipped,
        clipping_view,
        question=longest,
        goal=rescue,
        program=lambda found: program_of_beginning(found.bounded, 5),  # beside a cliff roundings grow fast
    ),
    "Your text": View(
        (READER,),
        measure_reader,
        text_view,
        look=(text("Your text", "B is the letter, the rest is noise", longest=132),),
        question=tail,
        goal=far_letter,
        program=lambda found, your_text: found.run,
    ),
    "Over seeds": View(
        (GAP, RADIUS, KEEP),
        raced_over_seeds,
        race_view,
        question=best_cell,
        goal=plain_level,
        program=lambda found: found.runs[LSTM],
    ),
}
