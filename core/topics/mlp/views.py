"""What the playground's stage shows: for each view of a run its controls, its pictures, a sentence and tables."""

from dataclasses import replace

from core.data.features import in_plane, input_names
from core.figures.curves import losses
from core.figures.network import nearest_unit, network
from core.figures.picture import INK, Picture
from core.figures.planes import answers_of, boundary, scatter
from core.lessons.controls import Control, choose, pick, slider
from core.lessons.view import Shown, View
from core.probes import batch as onebatch
from core.probes import beats
from core.probes.anatomy import toggled
from core.probes.loss_planes import loss_plane
from core.probes.stacked import own
from core.topics.mlp import hands, sweeps
from core.topics.mlp.flow import gradients, warp
from core.topics.mlp.loss_surface import landscape
from core.topics.mlp.scores import confusion_rows, layer_rows, measures
from core.topics.mlp.sweep_pictures import final_scores, held_out_losses
from core.topics.mlp.units import units
from core.training import Run
from core.training.vector import load
from core.wording import counted


def surface(run: Run) -> Shown:
    """The answer everywhere in the plane, the losses, and the network."""
    return Shown(((boundary(run, 330), losses(run, height=330), network(run, input_names(run.data), height=300)),))


def every_unit(run: Run) -> Shown:
    """Each unit's own picture."""
    return Shown(
        ((units(run),),),
        "Each square is one unit's own view of the plane: blue where it answers above 0, orange below. A unit of the "
        "first layer sees one edge only; later layers combine what the ones before have found.",
    )


def through_layers(run: Run) -> Shown:
    """The plane pushed through the layers, the gradients, and what the units answer."""
    return Shown(
        ((warp(run),), (gradients(run),)),
        "The plane's grid, pushed through one hidden layer after another: play it. Where a layer has more than two "
        "units you see the directions in which its answers vary most.",
        (layer_rows(run),),
    )


def loss_surface(run: Run) -> Shown:
    """The true loss around the path."""
    measured = loss_plane(run)
    return Shown(
        ((landscape(run, measured), losses(run, height=440)),),
        f"The training loss of this very network over a plane of its {len(run.last.weights)} weights. The plane holds "
        f"**{measured.plane.explained:.1%}** of the path's variance.",
    )


def scores(run: Run) -> Shown:
    """Exact numbers and the confusion matrix."""
    return Shown(((losses(run, quantity="score", height=300),),), "", (measures(run), confusion_rows(run)))


def unit_controls(run: Run) -> tuple[Control, ...]:
    """Which unit of which layer."""
    layers, widest = len(run.model.widths) - 1, max(run.model.widths[1:])
    return (
        slider("Layer", 1, max(2, layers), 1, help=f"{layers} is the output."),
        slider("Unit", 1, max(2, widest), 1),
    )


def step_controls(run: Run) -> tuple[Control, ...]:
    """Which batch, which unit, which sample, which beat."""
    last = max(1, run.last.number)
    return (
        pick("Beat", onebatch.BEATS),
        slider("From epoch", 0, last, last // 3),
        slider("Batch", 1, max(2, onebatch.batches(run)), 1),
        slider("Sample", 1, max(2, min(run.recipe.batch_size, len(run.data.x))), 1),
        *unit_controls(run),
    )


def one_step(run: Run, beat: str, from_epoch: int, batch: int, sample: int, layer: int, unit: int) -> Shown:
    """One mini-batch in four beats, with the numbers of one unit."""
    update = onebatch.examined(run, from_epoch, batch)
    looked_at = onebatch.unit(update, layer - 1, unit - 1, sample - 1, input_names(run.data))
    pictures = tuple(batch_picture(update, looked_at.sample, after) for after in (False, True))
    kept = "" if update.epoch.number == from_epoch else f", the last on record before {from_epoch}"
    where = f"Batch {update.number} of {update.count} in the epoch after epoch {update.epoch.number}{kept}. "
    return Shown((pictures,), where + beats.sentence(update, looked_at, beat), (beats.rows(looked_at),))


def switched_off(run: Run) -> Control:
    """Which units are off."""
    return choose("Switched-off units", hands.unit_names(run), help="Or click a unit in the drawing.")


def hand_controls(run: Run) -> tuple[Control, ...]:
    """Which number is changed, by how much, and which units are off."""
    return (
        *unit_controls(run),
        slider("Input", 1, max(run.model.widths[:-1]) + 1, 1, help="Beyond the last input: the bias."),
        slider("Change by", -5.0, 5.0, 0.0, 0.1),
        switched_off(run),
    )


def by_hand(run: Run, layer: int, unit: int, input: int, change_by: float, switched_off_units: tuple) -> Shown:
    """The network with one number changed and some units switched off."""
    edit, off = hands.Edit(layer - 1, unit - 1, input - 1, change_by), hands.units_off(run, list(switched_off_units))
    silent = counted(len(off), "unit")
    alt = f"The network's answers with one number changed by {change_by:g} and {silent} switched off."
    pictures = (
        replace(network(run, input_names(run.data), off, 380), frames=[], labels=[]),
        answers_of(hands.handled(run, edit, off), run.data, alt, 380),
    )

    def clicked(spot: dict) -> tuple[tuple[Control, tuple[str, ...]]]:
        hit = nearest_unit(run.model.widths, **spot)
        return ((switched_off(run), tuple(toggled(list(switched_off_units), hit))),)

    note = hands.sentence(run, edit, off, input_names(run.data))
    return Shown((pictures,), note, (hands.consequences(run, edit, off),), clicked)


VIEWS: dict[str, View] = {
    "Surface": View(draw=surface),
    "Units": View(draw=every_unit),
    "Layers": View(draw=through_layers),
    "Loss surface": View(draw=loss_surface),
    "Scores": View(draw=scores),
    "One step": View(draw=one_step, look=step_controls),
    "By hand": View(draw=by_hand, look=hand_controls),
}


def compared(sweep: sweeps.Sweep) -> Shown:
    """Variants of one setting: scores at the end, losses on the way, exact values, and how much of it is luck."""
    why = f" Left out: {sweep.refused}" if sweep.refused else ""
    pictures = (final_scores(sweep), held_out_losses(sweep))
    return Shown((pictures,), sweeps.verdict(sweep) + why, (sweeps.table(sweep),))


def batch_picture(batch: onebatch.Batch, sample: int, after: bool, height: int = 340) -> Picture:
    """The plane as the network answers it before or after one update, with the batch ringed and one sample marked."""
    model = load(own(batch.run.model), batch.after if after else batch.before, batch.epoch.buffers)
    alt = (
        f"The network's answers {'after' if after else 'before'} update {batch.step}, with the {len(batch.places)} "
        f"samples of the batch ringed; its loss is {batch.loss_after if after else batch.loss:.4g}."
    )
    picture = answers_of(model, batch.run.data, alt, height)
    points = in_plane(batch.run.data).x[batch.places].numpy()
    ring = {"symbol": "circle-open", "size": 13, "color": INK, "line": {"width": 1.5, "color": INK}}
    star = {"symbol": "star", "size": 16, "color": INK}
    sample = min(sample, len(points) - 1)
    hover = "%{text}<extra></extra>"
    words = ["sample " + str(place + 1) for place in range(len(points))]
    picture.traces.append({**scatter(points, ring, "this batch", hover), "text": words})
    picture.traces.append(
        {**scatter(points[sample : sample + 1], star, "the sample", hover), "text": words[sample : sample + 1]}
    )
    title = {"text": f"{'after' if after else 'before'} the update", "x": 0.5, "y": 1.01, "xref": "paper"}
    title |= {"yref": "paper", "showarrow": False, "yanchor": "bottom"}
    picture.layout.update(showlegend=False, annotations=[title])
    return picture
