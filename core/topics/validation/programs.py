"""The programs of the page on validation that are no training's own."""

from core.programs import Program, Step
from core.topics.validation.choosing import (
    ENTRIES,
    FEATURES,
    FRESH,
    TAKEN,
    K,
    Reuse,
    Search,
    bound,
    cross_validated,
    fitted,
    problem,
    right,
    taken,
    with_ones,
)
from core.topics.validation.folds import folds, without

SEARCHED = """draw = np.random.default_rng({seed!r})
x, y = problem({samples!r}, {signal!r}, draw)
fresh, classes = problem({fresh!r}, {signal!r}, draw)
settings = np.array([draw.choice({features}, {taken}, replace=False) for _ in range({tried!r})])
scores = cross_validated(x, y, settings, folds({samples!r}, {k}, draw))
winner = settings[scores.argmax()]
truth = right(fitted(x[:, winner], y), fresh[:, winner], classes)
result = {{"own score": scores.max(), "truth": truth}}"""
ASKED = """draw = np.random.default_rng({seed!r})
hits = draw.binomial({samples!r}, 0.5, size=(30, {most})) / {samples!r}
best = hits[:, :{entries!r}].max(axis=1).mean()
result = {{"best": best, "bound": bound({entries!r}, {samples!r})}}"""


def program_of_search(found: Search) -> Program:
    """The first search: its winner's own score and the truth."""
    text = SEARCHED.format(
        seed=found.seed, samples=found.samples, signal=found.signal, tried=found.tried, fresh=FRESH, features=FEATURES,
        taken=TAKEN, k=K,
    )  # fmt: skip
    functions = (problem, without, folds, with_ones, taken, fitted, right, cross_validated)
    shown = {"own score": float(found.best[0]), "truth": float(found.truth[0])}
    return Program("A search and its winner", (Step("Search", text),), functions, shown)


def program_of_reuse(found: Reuse, entries: int) -> Program:
    """The best of many guesses on one test set."""
    text = ASKED.format(seed=found.seed, samples=found.samples, most=ENTRIES, entries=entries)
    best = float(found.best[:, entries - 1].mean())
    shown = {"best": best, "bound": float(bound(entries, found.samples))}
    return Program("A test set that is asked again", (Step("Entries", text),), (bound,), shown)
