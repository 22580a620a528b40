"""The whole training of a plain multilayer perceptron as one compiled call: the loop of core.training.loop, in numba.

Everything arrives as arrays (core.training.compiled.history fills them), so one compilation serves every network.
Nothing here holds Python's lock.
"""

import math

import numpy as np
from numba import from_dtype, types

from core.training.compiled.kernel.functions import activate
from core.training.compiled.kernel.lanes import (
    LANES,
    at,
    every,
    float_mode,
    function,
    inlined,
    load,
    moved,
    pointer,
    put,
    store,
    use_float_mode,
)  # fmt: skip
from core.training.compiled.kernel.layers import backward, forward, gradients, silence
from core.training.compiled.kernel.losses import (
    BINARY,
    CROSS_ENTROPY,
    HINGE,
    class_sums,
    output_gradient,
    regression_sums,
)
from core.training.compiled.kernel.records import MEASURES, SETTINGS, STATE
from core.training.compiled.kernel.rules import NADAM, nadam_factor, norm, update

CHUNK = 128  # samples evaluated at a time
F, I, FLAGS = types.float32[::1], types.int64[::1], types.uint8[::1]
SIGNATURE = types.void(
    from_dtype(SETTINGS)[::1], from_dtype(STATE)[::1], types.int64, types.int64, I, I, types.int32[::1],
    types.float64[::1], F, F, I, F, F, I, F, F, F, F, from_dtype(MEASURES)[::1], FLAGS, FLAGS, F, I,
)  # fmt: skip


@function
def lay_out(layers, widths, row, weight_at, value_at):
    """Where each layer's weights begin, and where the inputs and each layer's values do in rows of ``row``."""
    put(weight_at, 0, 0)
    put(value_at, 0, 0)
    for layer in range(layers + 1):
        width = at(widths, layer)
        put(value_at, layer + 1, at(value_at, layer) + (width * row + 2 * LANES) // LANES * LANES)
        if layer < layers:
            put(weight_at, layer + 1, at(weight_at, layer) + (width + 1) * at(widths, layer + 1))


@function
def measured(loss, layers, widths, kinds, weight_at, value_at, weights, columns, targets, classes, samples, values,
             slopes, rights, deviation):  # fmt: skip
    """Loss and score of the weights on a set: columns (features × samples), targets (outputs × samples).

    ``deviation`` is the targets' squared deviation from their mean, for R². (nan, nan) without samples.
    """
    if samples == 0:
        return math.nan, math.nan
    outputs, top, losses, scores = at(widths, layers), at(value_at, layers), 0.0, 0.0
    by_class = loss in (CROSS_ENTROPY, BINARY, HINGE)
    for begin in range(0, samples, CHUNK):
        count = min(CHUNK, samples - begin)
        blocks = (count + LANES - 1) // LANES
        row = blocks * LANES
        for feature in range(at(widths, 0)):
            for column in range(0, row, LANES):
                store(values, feature * row + column, load(columns, feature * samples + begin + column))
        for layer in range(layers):
            below, above, units = at(value_at, layer), at(value_at, layer + 1), at(widths, layer + 1)
            forward(weights, at(weight_at, layer), at(widths, layer), units, values, below, above, row, blocks)
            if layer < layers - 1:
                activate(at(kinds, layer), values, slopes, above, units * row)
        if by_class:
            one, other = class_sums(loss, values, top, row, outputs, count, targets, classes, begin, rights)
        else:
            one, other = regression_sums(loss, values, top, row, outputs, count, targets, begin, samples)
        losses += one
        scores += other
    if by_class:
        return losses / samples, scores / samples
    return losses / (samples * outputs), 1 - scores / deviation


@inlined
def gathered(loss, visits, begin, samples, count, row, features, outputs, columns, y, classes, values, targets,
             wanted):  # fmt: skip
    """Put a batch in its places: inputs (features × samples), targets (outputs × samples), classes (samples,)."""
    for feature in range(features):
        for sample in range(samples):
            put(values, feature * row + sample, at(columns, feature * count + at(visits, begin + sample)))
        for sample in range(samples, row if begin + samples == count else 0):  # a short batch has nothing behind it
            put(values, feature * row + sample, np.float32(0))
    if loss in (CROSS_ENTROPY, HINGE):
        for sample in range(samples):
            put(wanted, sample, at(classes, at(visits, begin + sample)))
    else:
        for output in range(outputs):
            for sample in range(samples):
                put(targets, output * row + sample, at(y, output * count + at(visits, begin + sample)))


@inlined
def passed_forward(layers, widths, kinds, weight_at, value_at, weights, values, slopes, row, blocks, batch, dropout,
                   seed, step):  # fmt: skip
    """All layers' values from the inputs', with slopes of the hidden ones."""
    for layer in range(layers):
        below, above, units = at(value_at, layer), at(value_at, layer + 1), at(widths, layer + 1)
        forward(weights, at(weight_at, layer), at(widths, layer), units, values, below, above, row, blocks)
        if layer < layers - 1:
            activate(at(kinds, layer), values, slopes, above, units * row)
            if dropout > 0:
                silence(values, slopes, above, row, units, batch, dropout, seed, step, 16 + layer)


@inlined
def passed_back(layers, widths, weight_at, value_at, weights, values, deltas, slopes, gradient, row, blocks, batch):
    """The gradient by all weights, from the outputs' deltas."""
    for layer in range(layers - 1, 0, -1):
        backward(weights, at(weight_at, layer), at(widths, layer), at(widths, layer + 1), deltas,
                 at(value_at, layer + 1), slopes, at(value_at, layer), row, blocks)  # fmt: skip
    for layer in range(layers):
        gradients(gradient, at(weight_at, layer), at(widths, layer), at(widths, layer + 1), deltas,
                  at(value_at, layer + 1), values, at(value_at, layer), row, batch)  # fmt: skip
    store(gradient, at(weight_at, layers), every(np.float32(0)))  # the padding stays 0


@inlined
def copied(source, begin, target, target_at, count):
    """Copy ``count`` numbers."""
    for place in range(count):
        put(target, target_at + place, at(source, begin + place))


@function
def recorded(settings, state, number, lost, broken, layers, count, widths, kinds, weight_at, chunk_at, columns, y,
             classes, test_columns, test_y, test_classes, weights, moments, records, memories, measures, chunk,
             slopes, rights):  # fmt: skip
    """Write down what is true after epoch ``number``; return the training loss."""
    loss, place, rows = settings.loss, state.filled, settings.moments
    train_loss, train_score = measured(loss, layers, widths, kinds, weight_at, chunk_at, weights, columns, y, classes,
                                       settings.samples, chunk, slopes, rights, settings.deviation)  # fmt: skip
    test_loss, test_score = measured(loss, layers, widths, kinds, weight_at, chunk_at, weights, test_columns, test_y,
                                     test_classes, settings.held_out, chunk, slopes, rights,
                                     settings.held_out_deviation)  # fmt: skip
    measure = measures[place]
    measure.number, measure.step, measure.age = number, state.step, state.age
    measure.train_loss = float(lost) if broken and math.isfinite(train_loss) else train_loss
    measure.test_loss, measure.train_score, measure.test_score = test_loss, train_score, test_score
    measure.learning_rate, measure.gradient_norm = state.learning_rate, state.gradient_norm
    measure.best, measure.best_number = state.best, state.best_number
    copied(weights, 0, records, place * count, count)
    for moment in range(rows):
        copied(moments, moment * (count + LANES), memories, (place * rows + moment) * count, count)
    state.filled += 1
    return train_loss


@function
def loop(settings, state, first, last, layers, count, widths, kinds, orders, rates, columns, y, classes, test_columns,
         test_y, test_classes, weights, moments, records, memories, measures, wanted, cancel, work,
         places):  # fmt: skip
    """As ``trained``, on pointers: ``layers`` of ``count`` weights."""
    loss, rule, samples, held_out = settings.loss, settings.rule, settings.samples, settings.held_out
    size, dropout, start = min(settings.batch_size, samples), settings.dropout, settings.start
    row, begun = (size + LANES - 1) // LANES * LANES, state.step
    weight_at, value_at, chunk_at = places, moved(places, layers + 1), moved(places, 2 * layers + 3)
    batch_classes = moved(places, 3 * layers + 5)
    lay_out(layers, widths, CHUNK, weight_at, chunk_at)
    lay_out(layers, widths, row, weight_at, value_at)
    room, chunk_room = at(value_at, layers + 1) + LANES, at(chunk_at, layers + 1) + LANES
    deltas, values, slopes = work, moved(work, room), moved(work, 2 * room)  # three rows behind each may be read
    chunk, chunk_slopes = moved(work, 3 * room), moved(work, 3 * room + chunk_room)
    gradient = moved(chunk_slopes, chunk_room)
    rights = moved(gradient, count + LANES)
    targets, features, outputs = moved(rights, CHUNK + LANES), at(widths, 0), at(widths, layers)
    second, top, broken, lost = count + LANES, at(value_at, layers), False, np.float32(0)
    if first == start:
        state.product = 1
        for past in range(1, state.age + 1 if rule == NADAM else 1):
            state.product *= nadam_factor(settings.momentum, past)
    for number in range(first, last + 1):
        visits = moved(orders, (number - first) * samples)
        for begin in range(0, samples if number > start else 0, size):
            batch = min(size, samples - begin)
            blocks = (batch + LANES - 1) // LANES
            gathered(loss, visits, begin, batch, samples, row, features, outputs, columns, y, classes, values,
                     targets, batch_classes)  # fmt: skip
            passed_forward(layers, widths, kinds, weight_at, value_at, weights, values, slopes, row, blocks, batch,
                           dropout, settings.seed, state.step)  # fmt: skip
            state.learning_rate = at(rates, state.step - begun)
            state.step += 1
            state.age += 1
            lost = output_gradient(loss, values, top, row, outputs, batch, targets, batch_classes, deltas, top)
            if not math.isfinite(lost):
                broken = True
                break
            passed_back(layers, widths, weight_at, value_at, weights, values, deltas, slopes, gradient, row, blocks,
                        batch)  # fmt: skip
            update(rule, weights, gradient, moments, second, count, settings, state)
        if settings.patience > 0 and held_out > 0 and not broken:
            held, _ = measured(loss, layers, widths, kinds, weight_at, chunk_at, weights, test_columns, test_y,
                               test_classes, held_out, chunk, chunk_slopes, rights,
                               settings.held_out_deviation)  # fmt: skip
            if held < state.best:
                state.best, state.best_number = held, number
        over = 0 < settings.patience <= number - state.best_number and held_out > 0
        stopped = at(cancel, 0) != 0
        if at(wanted, number - start) or over or broken or stopped:
            if number > start:
                state.gradient_norm = norm(gradient, count) if not broken else math.nan
            train_loss = recorded(settings, state, number, lost, broken, layers, count, widths, kinds, weight_at,
                                  chunk_at, columns, y, classes, test_columns, test_y, test_classes, weights, moments,
                                  records, memories, measures, chunk, chunk_slopes, rights)  # fmt: skip
            if over or broken or stopped or not math.isfinite(train_loss):
                state.ended = 1
                return


def trained(
    settings, state, first, last, widths, kinds, orders, rates, columns, y, classes, test_columns, test_y,
    test_classes, weights, moments, records, memories, measures, wanted, cancel, work, places,
):  # fmt: skip
    """Train ``weights`` and ``moments`` in place from epoch ``first`` to epoch ``last`` and fill the records.

    ``settings`` and ``state`` hold one record each (``records``), ``kinds`` each hidden layer's activation, ``orders``
    the samples in the order in which each epoch visits them, epoch after epoch, ``rates`` each step's learning rate,
    ``wanted`` which epochs are recorded, from ``settings.start`` on. ``work`` (zeros) and ``places`` are room to work
    in (core.training.compiled.history.rooms).

    Numbers too small for float32's normal range count as 0 meanwhile: a dead unit's fading moments would otherwise
    slow the processor down several times.
    """
    mode = float_mode()
    use_float_mode(mode | 0x8040)
    loop(
        settings[0], state[0], first, last, len(widths) - 1, len(weights) - LANES, pointer(widths), pointer(kinds),
        pointer(orders), pointer(rates), pointer(columns), pointer(y), pointer(classes), pointer(test_columns),
        pointer(test_y), pointer(test_classes), pointer(weights), pointer(moments), pointer(records),
        pointer(memories), measures, pointer(wanted), pointer(cancel), pointer(work), pointer(places),
    )  # fmt: skip
    use_float_mode(mode)
