"""Fewer weights: single ones set to zero, and what the clock says of that."""

from core.deployment.clock import shortly
from core.deployment.controls import CNN, DIGITS, PLAYGROUND, SHRUNK
from core.deployment.small_cnn import right
from core.figures.curves import bands
from core.figures.marks import marker, trace, vertical
from core.figures.picture import INK, Picture
from core.lessons import Goal, Question, Scale
from core.lessons.controls import folded, pick, scale, slider
from core.lessons.view import Later, Shown, View
from core.programs import Program, Step
from core.topics.quantization_pruning.candidates import LABELS, asked, files_of, functions_of, step_of
from core.topics.quantization_pruning.figures import clocked, kilobytes
from core.topics.quantization_pruning.sparsity import (
    DENSE,
    GLOBAL,
    METHODS,
    NARROW,
    RANDOM,
    SHARES,
    SPARSE,
    ZEROS,
    Pruned,
    Timed,
    masks_of,
    prune,
    pruned,
    timed,
)

SPARSITY = slider("Share of weights at zero", 0.0, 0.98, 0.8, 0.02)
METHOD = pick("Which weights", METHODS)
BATCH = scale("Batch size", (1, 64, 256), 256, help="How many samples one call answers when it is timed.")
MOST, NEAR = {CNN: 0.7, DIGITS: 0.3, PLAYGROUND: 0.1}, 2.0  # share of weights; points


def measure(share_of_weights_at_zero: float, which_weights: str, batch_size: int, seed: int, **network) -> Pruned:
    """Set weights to zero."""
    return pruned(asked(network, seed), share_of_weights_at_zero, which_weights, batch_size)


def against_sparsity(found: Pruned, methods: tuple[str, ...]) -> Picture:
    """Accuracy of each method over the share of zeros, and where the learner stands."""
    curves = {name: 100 * found.curves[name] for name in methods}
    picture = bands(SHARES, curves, ("Share of weights at zero", "Accuracy on held-out samples, %"), 380,
                    xaxis={"tickformat": ".0%", "range": [-0.02, 1.0]})  # fmt: skip
    if methods == METHODS:
        here = trace("markers", [found.sparsity], [100 * found.after.share], name="now",
                     marker=marker("rgba(0,0,0,0)", 17, "circle", INK, 2.5))  # fmt: skip
        picture.traces.append(here)
    picture.layout["shapes"] = [vertical(found.sparsity, INK, 1, "dot")]  # fmt: skip
    return picture


def drawn(found: Pruned) -> Shown:
    """Accuracy, zeros by layer, bytes."""
    layers = ", ".join(f"{LABELS[name].lower()} {share:.0%}" for name, share in found.zeros.items())
    note = (
        f"{found.sparsity:.0%} of the weights at zero, {found.method}: **{found.after.words}** right, before "
        f"{found.before.words}. Zeros by layer: {layers}. Nothing was trained since."
    )
    dense = found.sizes["all numbers"]
    rows = [{"File": name, "Size": kilobytes(size), "Against all numbers": f"{size / dense:.0%}"}
            for name, size in found.sizes.items()]  # fmt: skip
    return Shown(((against_sparsity(found, METHODS),),), note, (rows,))


def before(found: Pruned) -> Shown:
    """One method's curve, while the guess is open."""
    other = RANDOM if found.method != RANDOM else GLOBAL
    words = "Random weights" if other == RANDOM else "The smallest weights of the whole network"
    note = f"{words} set to zero, and nothing trained since. What if they are chosen otherwise: {found.method}?"
    return Shown(((against_sparsity(found, (other,)),),), note)


def question(found: Pruned) -> Question:
    """What is left?"""
    text = (
        f"{found.sparsity:.0%} of the weights are set to zero, {found.method}. How many held-out "
        f"{found.subject.things} are right then?"
    )
    because = "A small weight adds little to the sum that it is part of"
    because += "; but so many of them are missed." if lost(found) > NEAR else "."
    if found.method == RANDOM:
        because = "Weights at random are large ones too, and a sum that misses those changes most."
    elif found.method == GLOBAL:
        because += (
            " Layers can compete only where sizes mean the same in each of them; in the digits network a folded batch "
            "norm has scaled every layer for itself."
        )
    return Question(text, Scale(0, 100, 5, "%", 10), round(100 * found.after.share), because)


def lost(found: Pruned) -> float:
    """How many points of accuracy the zeros cost."""
    return 100 * (found.before.share - found.after.share)


def goal(found: Pruned) -> Goal:
    """As many zeros as possible for nothing."""
    most = MOST[found.subject.kind]
    text = (
        f"**For nothing**: set at least **{most:.0%}** of the weights to zero and lose at most **{NEAR:g} points**, "
        "without training again. If no share will do, try another seed."
    )
    now = f"Now: {found.sparsity:.0%}, {lost(found):z.1f} points lost."
    return Goal(text, found.sparsity >= most - 1e-9 and lost(found) <= NEAR, now)


def program(found: Pruned) -> Program:
    """The same pruning."""
    text = (
        f"prune(model, {found.sparsity!r}, {found.method!r}, {found.subject.seed})\n"
        "result = {'accuracy': right(model, x_test, y_test) / len(y_test)}\n"
        "result['zeros'] = [float((layer.weight == 0).float().mean()) for layer in model if hasattr(layer, 'weight')]"
    )
    shown = {"accuracy": found.after.share, "zeros": list(found.zeros.values())}
    functions = (*functions_of(found.subject), right, masks_of, prune)
    return Program("Weights at zero", (step_of(found.subject), Step("Prune", text)), functions, shown,
                   files=files_of(found.subject))  # fmt: skip


# The clock ------------------------------------------------------------------------------------------------------------


def drawn_timed(found: Timed) -> Shown:
    """What the clock says."""
    rows = [{"Network": name, "Weights multiplied by": f"{found.weights[name]:,}",
             "Median / 95th percentile, ms": latency.words} for name, latency in found.latencies.items()]  # fmt: skip
    medians = {name: latency.median for name, latency in found.latencies.items()}
    note = (
        f"{found.sparsity:.0%} of the weights at zero, batches of {found.batch}: **{shortly(medians[ZEROS])} ms** with "
        f"zeros, **{shortly(medians[DENSE])} ms** without. A dense multiplication takes a zero like any other number. "
        f"Sparse matrices skip them and need {shortly(medians[SPARSE])} ms: they look up each place. A network "
        f"with about as many weights, whole channels removed: **{shortly(medians[NARROW])} ms**. The sparse network's "
        f"answers differ from the dense one's with zeros by at most {found.apart:.1g}."
    )
    return Shown(((clocked(found.latencies, found.batch),),), note, (rows,))


WAYS = (ZEROS, SPARSE, NARROW)


def asked_timed(found: Timed) -> Question:
    """Which is the fastest?"""
    text = (
        f"All three have about {1 - found.sparsity:.0%} of the weights left: dense matrices with zeros, sparse "
        f"matrices, and a network without whole channels. Which answers a batch of {found.batch} fastest?"
    )
    best = min(WAYS, key=lambda name: found.latencies[name].median)
    because = (
        "A processor multiplies whole blocks of numbers at a time; scattered zeros leave the blocks as they are, "
        "smaller blocks are less work."
    )
    if best == ZEROS:
        because = "Zeros are multiplied like other numbers, but one large block is quick here: there is little to save."
    elif best == SPARSE:
        because = "A sparse matrix looks up each place; with so few weights left, that is less than all the blocks."
    return Question(text, WAYS, best, because)


def goal_timed(found: Timed | None) -> Goal:
    """Where sparse matrices win."""
    text = "**Sparse at last**: find a share of zeros and a batch size at which sparse matrices beat dense ones."
    if found is None:
        return Goal(text, False, "Now: nothing timed yet.")
    sparse, dense = found.latencies[SPARSE].median, found.latencies[DENSE].median
    return Goal(text, sparse < dense, f"Now: {shortly(sparse)} against {shortly(dense)} ms.")


LATER = Later("Let the clock judge", timed, lambda found: (found.subject.key, found.sparsity, found.batch), drawn_timed,
              asked_timed, goal_timed)  # fmt: skip
WEIGHTS_VIEW = View(
    (*SHRUNK, SPARSITY, METHOD, folded(BATCH)), measure, drawn, (), before, question, goal, program, LATER
)
