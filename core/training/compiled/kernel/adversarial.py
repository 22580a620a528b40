"""An adversarial training as one compiled call: the loop of core.training.adversarial, in numba."""

import math

import numpy as np
from numba import from_dtype, types

from core.training.compiled.kernel.games import (
    answered,
    blamed,
    divided,
    fooling,
    generated,
    judged_fake,
    judged_real,
    penalised,
    traced,
    undivided,
)
from core.training.compiled.kernel.lanes import LANES, at, float_mode, function, moved, pointer, put, use_float_mode
from core.training.compiled.kernel.loop import copied, lay_out
from core.training.compiled.kernel.records import GAME, ROUND, SETTINGS, STATE
from core.training.compiled.kernel.rules import NADAM, nadam_factor, norm, update

GENERATOR, DISCRIMINATOR = 0, 1  # places in pairs
F, I, FLAGS = types.float32[::1], types.int64[::1], types.uint8[::1]
SIGNATURE = types.void(
    from_dtype(GAME)[::1],
    from_dtype(SETTINGS)[::1],
    from_dtype(STATE)[::1],
    types.int64,
    types.int64,
    I,
    I,
    I,
    I,
    F,
    F,
    F,
    F,
    F,
    F,
    F,
    F,
    F,
    F,
    F,
    F,
    from_dtype(ROUND)[::1],
    FLAGS,
    FLAGS,
    F,
    I,
)


@function
def begun(settings, state, rule, start):
    """Nadam's running product of momentum factors, at the first call."""
    if start and rule == NADAM:
        state.product = 1
        for past in range(1, state.age + 1):
            state.product *= nadam_factor(settings.momentum, past)


@function
def stepped(settings, state, rule, weights, gradient, moments, count):
    """One update of one side."""
    state.age += 1
    update(rule, weights, gradient, moments, count + LANES, count, settings, state)


@function
def written(
    game,
    number,
    losses,
    norms,
    states,
    counts,
    rows,
    weights,
    moments,
    other_weights,
    other_moments,
    directions,
    count_directions,
    records,
    memories,
    other_records,
    other_memories,
    record_directions,
    measures,
):
    """Write down what is true after round ``number``: first the generator's, then the ``other_`` ones."""
    place, measure = game.filled, measures[game.filled]
    measure.number = number
    for side in range(2):
        measure.losses[side], measure.gradient_norms[side] = at(losses, side), at(norms, side)
        measure.ages[side] = states[side].age
    copied(weights, 0, records, place * at(counts, 0), at(counts, 0))
    copied(other_weights, 0, other_records, place * at(counts, 1), at(counts, 1))
    for row in range(rows):
        begin = (place * rows + row) * at(counts, 0)
        copied(moments, row * (at(counts, 0) + LANES), memories, begin, at(counts, 0))
        begin = (place * rows + row) * at(counts, 1)
        copied(other_moments, row * (at(counts, 1) + LANES), other_memories, begin, at(counts, 1))
    copied(directions, 0, record_directions, place * count_directions, count_directions)
    game.filled += 1


@function
def loop(
    game,
    settings,
    states,
    start,
    end,
    g_layers,
    d_layers,
    g_widths,
    g_kinds,
    d_widths,
    d_kinds,
    draws,
    samples,
    counts,
    count_directions,
    g_weights,
    g_moments,
    d_weights,
    d_moments,
    directions,
    losses,
    norms,
    records,
    memories,
    other_records,
    other_memories,
    record_directions,
    measures,
    wanted,
    cancel,
    work,
    places,
):
    """As ``trained``, on pointers."""
    rule, batch, features = settings[0].rule, game.batch_size, at(d_widths, 0)
    g_count, d_count = at(counts, GENERATOR), at(counts, DISCRIMINATOR)
    g_row, d_row = (batch + LANES - 1) // LANES * LANES, (2 * batch + LANES - 1) // LANES * LANES
    g_at, gv_at = places, moved(places, g_layers + 1)
    d_at, dv_at = moved(places, 2 * g_layers + 4), moved(places, 2 * g_layers + 5 + d_layers)
    lay_out(g_layers, g_widths, g_row, g_at, gv_at)
    lay_out(d_layers, d_widths, d_row, d_at, dv_at)
    g_room, d_room = at(gv_at, g_layers + 1) + 4 * LANES, at(dv_at, d_layers + 1) + 4 * LANES
    g_values, g_slopes, g_deltas = work, moved(work, g_room), moved(work, 2 * g_room)
    rest = moved(work, 3 * g_room)
    d_values, d_slopes, d_deltas, tangents = rest, moved(rest, d_room), moved(rest, 2 * d_room), moved(rest, 3 * d_room)
    rest = moved(rest, 4 * d_room)
    g_gradient, d_gradient, bounded = rest, moved(rest, g_count + LANES), moved(rest, g_count + d_count + 2 * LANES)
    sizes = moved(rest, g_count + 2 * d_count + 3 * LANES)
    used = bounded if game.bounded else d_weights
    g_top, d_top, width = at(gv_at, g_layers), at(dv_at, d_layers), game.latent + 2
    share_of = np.float32(1 / batch)
    for number in range(features * d_row):
        put(d_slopes, number, np.float32(1))
    for side in range(2):
        begun(settings[side], states[side], rule, start == game.start)
    updates = game.discriminator_steps + game.generator_steps
    for number in range(start, end + 1):
        waiting = False
        for step in range(updates if number > game.start else 0):
            drawn = moved(draws, ((number - start) * updates + step) * batch * width)
            generated(game, drawn, g_layers, g_widths, g_kinds, g_at, gv_at, g_weights, g_values, g_slopes, g_row)
            if game.bounded:
                divided(d_layers, d_widths, d_at, d_weights, bounded, directions, sizes)
            lost = 0.0
            if step < game.discriminator_steps:
                for sample in range(batch):
                    chosen = int(at(drawn, sample * width + game.latent) * np.float32(game.samples))
                    for feature in range(features):
                        put(d_values, feature * d_row + sample, at(samples, chosen * features + feature))
                for feature in range(features):
                    copied(g_values, g_top + feature * g_row, d_values, feature * d_row + batch, batch)
                answered(d_layers, d_widths, d_kinds, d_at, dv_at, used, d_values, d_slopes, d_row, 2 * batch)
                for sample in range(batch):
                    value, slope = judged_real(game.loss, at(d_values, d_top + sample))
                    put(d_deltas, d_top + sample, np.float32(slope) * share_of)
                    lost += value / batch
                    value, slope = judged_fake(game.loss, at(d_values, d_top + batch + sample))
                    put(d_deltas, d_top + batch + sample, np.float32(slope) * share_of)
                    lost += value / batch
                blamed(
                    d_layers, d_widths, d_at, dv_at, used, d_values, d_deltas, d_slopes, d_gradient, d_row, 2 * batch
                )
                if game.penalty > 0:
                    lost += penalised(
                        game,
                        drawn,
                        features,
                        d_layers,
                        d_widths,
                        d_kinds,
                        d_at,
                        dv_at,
                        used,
                        d_values,
                        d_deltas,
                        d_slopes,
                        tangents,
                        d_gradient,
                        d_row,
                    )
                if game.bounded:
                    undivided(d_layers, d_widths, d_at, bounded, directions, sizes, d_gradient)
                put(losses, DISCRIMINATOR, lost)
                put(norms, DISCRIMINATOR, float(norm(d_gradient, d_count)))
                last = step == game.discriminator_steps - 1
                waiting = last and game.simultaneous > 0 and game.generator_steps > 0
                if not waiting:
                    stepped(settings[1], states[1], rule, d_weights, d_gradient, d_moments, d_count)
            else:
                for feature in range(features):
                    copied(g_values, g_top + feature * g_row, d_values, feature * d_row, batch)
                answered(d_layers, d_widths, d_kinds, d_at, dv_at, used, d_values, d_slopes, d_row, batch)
                for sample in range(batch):
                    value, slope = fooling(game.loss, at(d_values, d_top + sample))
                    put(d_deltas, d_top + sample, np.float32(slope) * share_of)
                    lost += value / batch
                traced(d_layers, d_widths, d_at, dv_at, used, d_deltas, d_slopes, d_row, batch)
                for feature in range(features):
                    copied(d_deltas, feature * d_row, g_deltas, g_top + feature * g_row, batch)
                blamed(
                    g_layers, g_widths, g_at, gv_at, g_weights, g_values, g_deltas, g_slopes, g_gradient, g_row, batch
                )
                put(losses, GENERATOR, lost)
                put(norms, GENERATOR, float(norm(g_gradient, g_count)))
                if waiting:
                    stepped(settings[1], states[1], rule, d_weights, d_gradient, d_moments, d_count)
                    waiting = False
                stepped(settings[0], states[0], rule, g_weights, g_gradient, g_moments, g_count)
        broken = False
        for side in range(2):
            if states[side].age > 0:
                broken = broken or not (math.isfinite(at(losses, side)) and math.isfinite(at(norms, side)))
        stopped = at(cancel, 0) != 0
        if at(wanted, number - game.start) or broken or stopped:
            written(
                game,
                number,
                losses,
                norms,
                states,
                counts,
                settings[0].moments,
                g_weights,
                g_moments,
                d_weights,
                d_moments,
                directions,
                count_directions,
                records,
                memories,
                other_records,
                other_memories,
                record_directions,
                measures,
            )
        if broken or stopped:
            game.ended = 1
            return


def trained(
    game,
    settings,
    state,
    start,
    end,
    g_widths,
    g_kinds,
    d_widths,
    d_kinds,
    draws,
    samples,
    g_weights,
    g_moments,
    d_weights,
    d_moments,
    directions,
    records,
    memories,
    other_records,
    other_memories,
    record_directions,
    measures,
    wanted,
    cancel,
    work,
    places,
):
    """Train both networks in place from round ``start`` to round ``end`` and fill the records.

    ``game`` holds one record, ``settings`` and ``state`` one for each side, the generator's first. ``draws`` are the
    random numbers of these rounds (core.training.adversarial.recipe.draws), ``samples`` the real ones row by row,
    ``directions`` the vectors of the power iteration, ``wanted`` which rounds are recorded, from ``game.start`` on.
    """
    mode = float_mode()
    use_float_mode(mode | 0x8040)
    counts = np.array([len(g_weights) - LANES, len(d_weights) - LANES])
    pairs = np.array([state[0].best, state[1].best, state[0].gradient_norm, state[1].gradient_norm])
    losses = pointer(pairs)
    loop(
        game[0],
        settings,
        state,
        start,
        end,
        len(g_widths) - 1,
        len(d_widths) - 1,
        pointer(g_widths),
        pointer(g_kinds),
        pointer(d_widths),
        pointer(d_kinds),
        pointer(draws),
        pointer(samples),
        pointer(counts),
        len(directions) - LANES,
        pointer(g_weights),
        pointer(g_moments),
        pointer(d_weights),
        pointer(d_moments),
        pointer(directions),
        losses,
        moved(losses, 2),
        pointer(records),
        pointer(memories),
        pointer(other_records),
        pointer(other_memories),
        pointer(record_directions),
        measures,
        pointer(wanted),
        pointer(cancel),
        pointer(work),
        pointer(places),
    )
    for side in range(2):
        state[side].best, state[side].gradient_norm = pairs[side], pairs[side + 2]
    use_float_mode(mode)
