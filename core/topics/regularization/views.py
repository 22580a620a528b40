"""What the page on regularization shows: its controls, and a view per technique."""

from dataclasses import dataclass, field

from core.lessons import Goal, Question
from core.lessons.controls import Control, folded, pick, scale, slider
from core.lessons.view import Shown, View
from core.topics.regularization.numbers import (
    AUGMENTED,
    DROPOUT,
    L1,
    L2,
    PLAIN,
    SAMPLES,
    TECHNIQUES,
    Comparison,
    Path,
    Problem,
    Setting,
    Strength,
    pair,
    path,
    trained,
    wobble,
)
from core.topics.regularization.pictures import (
    border,
    doubt,
    invariance,
    over_strength,
    race,
    shrinking,
    stopped,
    survivors,
    unstopped,
)
from core.topics.regularization.stopping import Stop, game, place_of
from core.training import Run

TECHNIQUE = pick("Technique", TECHNIQUES, AUGMENTED)
CONTROLS = (
    scale("Training samples", SAMPLES, 60),
    slider("Wrong labels", 0.0, 0.3, 0.2, 0.05, help="Share of the training points with the other class."),
    slider("Irrelevant inputs", 0, 8, 0, help="Inputs that say nothing about the class."),
    folded(
        slider("Dropout rate", 0.0, 0.8, 0.3, 0.1),
        scale("L1 penalty", (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02), 0.005),
        scale("Weight decay", (0.001, 0.005, 0.01, 0.02, 0.05, 0.1), 0.02, help="Strength of L2."),
        slider("Patience", 5, 100, 40, 5, help="Epochs without a better validation loss."),
        slider("Turned copies", 1, 12, 8),
        label="How strong",
    ),
)


def setting_of(
    training_samples: int, wrong_labels: float, irrelevant_inputs: int, dropout_rate: float, l1_penalty: float,
    weight_decay: float, patience: int, turned_copies: int,
) -> Setting:  # fmt: skip
    """What the controls say."""
    strength = Strength(dropout_rate, l1_penalty, weight_decay, patience, turned_copies)
    return Setting(Problem(training_samples, irrelevant_inputs, wrong_labels), strength)


# Side by side --------------------------------------------------------------------------------------------------------


def race_view(comparison: Comparison) -> Shown:
    """Accuracy and loss of all techniques, and who is ahead."""
    return Shown((race(comparison),), comparison.sentence())


def most_often(comparison: Comparison) -> Question:
    """Which technique is best?"""
    because = "What the problem lacks decides: right labels, samples, or inputs that matter."
    return Question("Which technique is right most often on fresh points?", TECHNIQUES, comparison.best, because)


def l1_ahead(comparison: Comparison) -> Goal:
    """Find where L1 belongs."""
    return Goal("Find a problem for which **L1** is the best of all.", comparison.wins(L1), comparison.sentence())


# One technique -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trained:
    """Networks of one setting by technique, and what techniques do as they grow stronger."""

    runs: dict[str, Run]
    paths: dict[str, Path] = field(default_factory=dict)

    @property
    def provenance(self) -> str:
        """Where these numbers come from."""
        return next(iter((self.paths or self.runs).values())).provenance


def measure_dropout(setting: Setting, seed: int) -> Trained:
    """A network with dropout, and the dropout rate."""
    paths = {DROPOUT: path(setting.problem, DROPOUT, (seed, seed + 1))}
    return Trained(trained(setting, (DROPOUT,), seed), paths)


def dropout_view(trained: Trained) -> Shown:
    """A network trained with dropout, where its thinned selves disagree, and the dropout rate."""
    run, rates = trained.runs[DROPOUT], trained.paths[DROPOUT]
    best = rates.strengths[int(rates.accuracies["accuracy on fresh points"].mean(axis=0).argmax())]
    note = (
        "In use, dropout is switched off and the answer is always the same. Left on, every pass silences other units: "
        f"where thirty such passes disagree, the network is unsure. Best dropout rate here: **{best:g}**."
    )
    return Shown(((border(run, DROPOUT), doubt(run)), (over_strength(rates, "dropout rate", log=""),)), note)


def measure_penalties(setting: Setting, seed: int) -> Trained:
    """L1 and L2 as they grow stronger."""
    paths = {name: path(setting.problem, name, (seed,)) for name in (L1, L2)}
    return Trained(trained(setting, (L1,), seed), paths)


def penalty_view(trained: Trained) -> Shown:
    """The regularization paths of L1 and L2, what survives them, and what they do for the accuracy."""
    paths = trained.paths
    left = {name: int(one.remaining()[len(one.strengths) // 2]) for name, one in paths.items()}
    note = (
        f"At the middle strength L1 leaves **{left[L1]}** weights that are not zero, L2 **{left[L2]}**: L1 pulls all "
        "weights with the same force, L2 lets go of the small ones. Add irrelevant inputs to see what becomes of them."
    )
    first = tuple(shrinking(one, name) for name, one in paths.items())
    return Shown((first, (survivors(paths), over_strength(paths[L1], "strength of L1"))), note)


def measure_game(setting: Setting, seed: int) -> Run:
    """A training to be stopped."""
    return game(setting.problem, seed)


def stop_of(run: Run) -> Control:
    """When the learner stops a run."""
    return slider("Stop at epoch", 0, run.last.number, 0, help="0: not stopped yet.")


def stop_view(run: Run, stop_at_epoch: int) -> Shown:
    """A training to be stopped by a click, or the whole of it once it is."""
    stop = Stop(run, stop_at_epoch)
    if stop.epoch:
        return Shown(((stopped(stop),),), stop.sentence())
    return Shown(((unstopped(run),),), "", (), lambda spot: ((stop_of(run), place_of(run, spot)),))


def stop_in_time(run: Run, stop_at_epoch: int) -> Goal:
    """Stop near the best epoch."""
    stop = Stop(run, stop_at_epoch)
    return Goal("Stop within **5%** of the best loss.", stop.is_good, stop.state)


def measure_augmented(setting: Setting, seed: int) -> Trained:
    """A network without and one with augmentation."""
    return Trained(pair(setting, AUGMENTED, seed))


def augmentation_view(trained: Trained, distance_from_the_middle: float) -> Shown:
    """The border with and without augmentation, and the answers for a point carried around the middle."""
    plain, turned = (wobble(trained.runs[name]) for name in (PLAIN, AUGMENTED))
    note = (
        f"Carried around the middle, a point gets answers that spread by **{plain:.2f}** without augmentation and by "
        f"**{turned:.2f}** with it (standard deviation, mean of ten distances)."
    )
    borders = tuple(border(run, name) for name, run in trained.runs.items())
    return Shown((borders, (invariance(trained.runs, distance_from_the_middle),)), note)


VIEWS: dict[str, View] = {
    "Dropout": View((), measure_dropout, dropout_view, program=lambda found: found.runs[DROPOUT]),
    "L1 and L2": View((), measure_penalties, penalty_view, program=lambda found: found.runs[L1]),
    "Stop button": View(
        (),
        measure_game,
        stop_view,
        look=lambda run: (stop_of(run),),
        goal=stop_in_time,
        program=lambda run, stop_at_epoch: run,
    ),
    "Augmentation": View(
        (),
        measure_augmented,
        augmentation_view,
        look=(slider("Distance from the middle", 0.2, 2.0, 1.2, 0.1),),
        program=lambda found, distance_from_the_middle: found.runs[AUGMENTED],
    ),
}
