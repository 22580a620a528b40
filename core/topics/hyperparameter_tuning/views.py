"""What the page on hyperparameter tuning shows."""

import numpy as np

from core.lessons import Goal, Question
from core.lessons.controls import Control, pick, scale, slider, text
from core.lessons.question import Scale
from core.lessons.view import Later, Shown, View
from core.probes import luck
from core.programs import program_of_beginning
from core.topics.hyperparameter_tuning import by_hand, landscape, races
from core.topics.hyperparameter_tuning.by_hand import BUDGET, Hand
from core.topics.hyperparameter_tuning.landscape import EPOCHS, WIDTHS, named
from core.topics.hyperparameter_tuning.live import LiveSearch, live, live_ray
from core.topics.hyperparameter_tuning.pictures import anytime, cells_in_parallel, curves, plane
from core.topics.hyperparameter_tuning.programs import program_of_search
from core.topics.hyperparameter_tuning.races import RACERS, Race
from core.topics.hyperparameter_tuning.ray_tune import AT_ONCE, is_installed
from core.topics.hyperparameter_tuning.searches import ASHA, MEDIAN, RANDOM, SEARCHES, TPE, Trial
from core.topics.hyperparameter_tuning.study import Problem

NOBODY = "nobody: inside seed noise"
TRAININGS = text("Trainings", longest=600, help="Learning rate, weight decay and hidden units of each, or click.")
UNITS = scale("Hidden units", WIDTHS, 8, help="Of each of the two hidden layers.")


# By hand -------------------------------------------------------------------------------------------------------------


def asked(found: Hand, hidden_units: int) -> Shown:
    """What the learner has looked at, at one width, and all of it in a table."""
    picture = plane(found.search.trials, WIDTHS.index(hidden_units))
    tables = (tuple_rows(found.search.wholes),) if found.search.wholes else ()
    return Shown(((picture,),), hand_note(found), tables, lambda at: clicked(found, hidden_units, at))


def hand_note(found: Hand) -> str:
    """What is spent, and how good the best is."""
    count, best = len(found.asked), found.search.best
    if best is None:
        return (
            f"Two-layer networks learn a noisy spiral, {EPOCHS} epochs each. **Click in the plane** to train one; you "
            f"can pay for {BUDGET} of {landscape.recorded().ends.size:,} settings."
        )
    better = landscape.recorded().better(best.losses[-1])
    seen = landscape.recorded().fresh[best.cell]
    return (
        f"**{count} of {BUDGET}** trainings. Your lowest validation loss is **{best.losses[-1]:.3f}**: {better:.1f}% "
        f"of all settings are better. On fresh samples that network's loss is {seen:.3f}."
    )


def tuple_rows(trials: list[Trial]) -> list[dict]:
    """One row per whole training, the best first."""
    ranked = sorted(enumerate(trials, start=1), key=lambda pair: pair[1].losses[-1])
    return [
        {"Training": f"{number}", **named(trial.cell), "Validation loss": f"{trial.losses[-1]:.3f}"}
        for number, trial in ranked[:BUDGET]
    ]


def clicked(found: Hand, hidden_units: int, at: dict) -> tuple[tuple[Control, str]]:
    """The trainings after a click in the plane."""
    return ((TRAININGS, by_hand.with_click(found.asked, at["x"], at["y"], WIDTHS.index(hidden_units))),)


def luck_of_random(found: Hand, hidden_units: int) -> Question:
    """How good is random search?"""
    losses = races.recorded().at(BUDGET)[RANDOM]
    better = float(np.median([landscape.recorded().better(loss) for loss in losses]))
    because = (
        f"Of {BUDGET} cells drawn at random, each has the same chance to lie in the best few percent: no shape of the "
        "landscape can take that away from random search."
    )
    asked = (
        f"A random search trains {BUDGET} of the {landscape.recorded().ends.size:,} settings. Which percentage of all "
        f"settings is better than the best it finds? (The median of {len(losses)} searches.)"
    )
    return Question(asked, Scale(0.0, 30.0, 0.5, "%"), round(better, 1), because)


def beat_random(found: Hand, hidden_units: int) -> Goal:
    """Beat three of four random searches with the same budget."""
    goal = (
        f"**Beat random search**: with at most {BUDGET} trainings, at least 5, find a lower loss than three of four "
        "random searches find with as many."
    )
    count, best = len(found.asked), found.search.best
    if best is None or count < 5:
        return Goal(goal, False, f"Now: {count} trainings.")
    rival = float(np.quantile(races.recorded().at(count)[RANDOM], 0.25))
    now = (
        f"Now: {best.losses[-1]:.3f} after {count} trainings; a quarter of random searches are at {rival:.3f} or below."
    )
    return Goal(goal, best.losses[-1] < rival, now, count)


HAND = View(
    (TRAININGS,), by_hand.by_hand, asked, look=(UNITS,), question=luck_of_random, goal=beat_random,
    before=asked, program=lambda found, hidden_units: program_of_beginning(best_run(found), 20),
)  # fmt: skip


def best_run(found: Hand):
    """The best training so far, or the first cell's, trained again."""
    best = found.search.best
    return landscape.trained(best.cell if best else (12, 2, WIDTHS.index(8)))


# Race ----------------------------------------------------------------------------------------------------------------


def raced(found: Race, price: int) -> Shown:
    """All searches over their budgets, and who is ahead at one."""
    return Shown(((anytime(found, price),),), race_note(found, price), (race_rows(found, price),))


def race_note(found: Race, price: int) -> str:
    """Who is ahead, and who cannot be told from it."""
    best, losses = found.best(price), found.at(price)
    said = luck.sentence(losses, best, "All others are behind by more than seed noise.")
    missing = "" if is_installed() else " Ray is not installed here: its searches were recorded where it is."
    return (
        f"After **{price}** whole trainings' worth of epochs, the lowest mean is **{best}**'s: "
        f"{losses[best].mean():.3f}. {said}{missing}"
    )


def race_rows(found: Race, price: int) -> list[dict]:
    """One row per search."""
    losses, best, equals = found.at(price), found.best(price), found.equals(price)
    ground = landscape.recorded()
    return [
        {"Search": name, "Mean loss": f"{losses[name].mean():.3f}" if ready else "none has ended in some seeds",
         "Middle half": " to ".join(f"{value:.3f}" for value in np.quantile(losses[name], (0.25, 0.75))),
         "Better settings": f"{np.mean([ground.better(loss) for loss in losses[name]]):.1f}%",
         "Against the lowest": "lowest" if name == best else "inside seed noise" if name in equals else "higher"}
        for name in sorted(losses, key=lambda name: losses[name].mean())
        for ready in [bool((losses[name] < races.WORST).all())]
    ]  # fmt: skip


def favourite(found: Race, price: int) -> Question:
    """Who finds the lowest loss?"""
    end = int(races.PAID[-1])
    truth = NOBODY if found.equals(end) else found.best(end)
    because = (
        "A model of what was good, or stopping early what is bad, buys more promising trainings for the same price."
    )
    asked = f"Fifty searches of each kind may spend {end} whole trainings. Whose mean is lowest in the end?"
    return Question(asked, [*RACERS, NOBODY], truth, because)


def rules_first(found: Race, price: int) -> Shown:
    """Who races, before it is shown."""
    rows = [{"Search": name, "What it does": what} for name, what in RULES.items()]
    note = f"All search the same {landscape.recorded().ends.size:,} recorded trainings and pay for each epoch seen."
    return Shown((), note, (rows,))


RULES = {
    "grid": "3 × 3 × 3 evenly spread settings, in random order",
    RANDOM: "settings at random",
    TPE: "Optuna: ten at random, then where good ones are likelier than bad ones",
    ASHA: "Optuna: at random; after 1, 3, 9 and 27 epochs only the best third goes on",
    MEDIAN: "Optuna: at random; what is worse than the median of those before it is stopped",
    "Ray Tune": f"Optuna's TPE run by Ray Tune, {AT_ONCE} trainings at a time",
}


def measure_race(seed: int) -> Race:
    """The recorded race."""
    return races.recorded()


PRICE = slider("Price", 3, races.BUDGET, races.BUDGET, help="In whole trainings of 81 epochs.")
RACE = View(
    (),
    measure_race,
    raced,
    look=(PRICE,),
    before=rules_first,
    question=favourite,
    program=lambda found, price: program_of_search(Problem("spiral", 0.15, landscape.EPOCHS)),
    later=Later("Let Ray Tune search now", live_ray, lambda found: (races.BUDGET, 0), lambda found: searched(found)),
)


# One search ----------------------------------------------------------------------------------------------------------


def searched(found: LiveSearch) -> Shown:
    """What one search has looked at, its trials in parallel coordinates, and their curves where some were stopped."""
    one = found.search
    rows = [(plane(one.trials, None),), (cells_in_parallel(one.trials),)]
    stopped = len(one.wholes) < len([trial for trial in one.trials if trial.losses])
    if stopped and one.name in (ASHA, MEDIAN):
        rows.append((curves(one),))
    return Shown(tuple(rows), search_note(found), (tuple_rows(one.wholes),) if one.wholes else ())


def search_note(found: LiveSearch) -> str:
    """What a search has seen and found."""
    one, ground = found.search, landscape.recorded()
    seen = (
        f"**{one.name}** looked at **{one.cells} of {ground.ends.size:,}** settings and trained {len(one.wholes)} to "
        f"the end, for the price of {one.budget:g} whole trainings."
    )
    if one.best is None:
        return f"{seen} None has ended: there is no network to use yet."
    loss = one.best.losses[-1]
    return (
        f"{seen} Its best has a validation loss of **{loss:.3f}**, {ground.fresh[one.best.cell]:.3f} on fresh samples; "
        f"{ground.better(loss):.1f}% of all settings are better."
    )


def how_many(found: LiveSearch) -> Question:
    """How many settings does it look at?"""
    because = (
        "Whoever stops a training early pays for less of it: for the same price many more can begin."
        if found.search.name in (ASHA, MEDIAN)
        else f"Each of its trainings is paid in full, so {found.search.budget:g} is the most it can look at."
    )
    asked = (
        f"For the price of {found.search.budget:g} whole trainings of {EPOCHS} epochs: at how many different settings "
        f"does **{found.search.name}** look?"
    )
    return Question(asked, Scale(0, 700, 10, close=20), found.search.cells, because)


def before_search(found: LiveSearch) -> Shown:
    """The empty landscape."""
    note = f"{landscape.recorded().ends.size:,} settings wait behind a counter: a search sees only what it pays for."
    return Shown(((plane((), None),),), note)


def much_for_little(found: LiveSearch) -> Goal:
    """Find a very good setting for little."""
    goal = "**Much for little**: for the price of 9 whole trainings, let a search end in the best **1%** of settings."
    one, best = found.search, found.search.best
    if best is None:
        return Goal(goal, False, "Now: no training has ended.")
    better = landscape.recorded().better(best.losses[-1])
    return Goal(goal, one.budget <= 9 and better < 1, f"Now: price {one.budget:g}, {better:.1f}% are better.")


SEARCH = View(
    (pick("Search", SEARCHES, ASHA), scale("Price", (9, 18, 27), 27, help="In whole trainings of 81 epochs.")),
    live, searched, before=before_search, question=how_many, goal=much_for_little,
    program=lambda found: program_of_beginning(found.run, 20),
)  # fmt: skip

VIEWS: dict[str, View] = {"By hand": HAND, "Race": RACE, "One search": SEARCH}
