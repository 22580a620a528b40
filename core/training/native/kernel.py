"""The whole training of a plain multilayer perceptron as one compiled call: the loop of core.training.loop, in numba.

Everything arrives as arrays (core.training.compiled fills them), so one compilation serves every network. Nothing
here holds Python's lock.
"""

import math

import numpy as np
from numba import types

from core.training.native.functions import activate
from core.training.native.lanes import (
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
from core.training.native.layers import backward, forward, gradients, key, silence, visit_order
from core.training.native.losses import BINARY, CROSS_ENTROPY, HINGE, class_sums, output_gradient, regression_sums
from core.training.native.rules import NADAM, learning_rate, nadam_factor, norm, update

CHUNK = 128  # samples evaluated at a time
F, D, I = types.float32[::1], types.float64[::1], types.int64[::1]
FLAGS, WORDS = types.uint8[::1], types.uint64[::1]
SIGNATURE = types.int64(I, I, D, F, F, I, F, F, I, F, F, F, F, D, D, FLAGS, FLAGS, F, I, WORDS)


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
                mask = key(seed, np.uint64(16 + layer), np.uint64(step))
                silence(values, slopes, above, row, units, batch, dropout, mask)


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
def loop(layers, count, rows, widths, options, settings, columns, y, classes, test_columns, test_y, test_classes,
         weights, moments, records, memories, measures, best, wanted, cancel, work, places, words):  # fmt: skip
    """As ``trained``, on pointers: ``layers`` of ``count`` weights, ``rows`` moments."""
    loss, rule, schedule, epochs, start = (
        at(options, 0), at(options, 1), at(options, 2), at(options, 4), at(options, 5),
    )  # fmt: skip
    step, age, patience, seed = at(options, 6), at(options, 7), at(options, 8), np.uint64(at(options, 9))
    samples, held_out, kinds = at(options, 10), at(options, 11), moved(options, 13)
    size, dropout, rate, length = min(at(options, 3), samples), at(settings, 7), at(settings, 10), at(settings, 11)
    row = (size + LANES - 1) // LANES * LANES
    weight_at, value_at, chunk_at = places, moved(places, layers + 1), moved(places, 2 * layers + 3)
    visits, batch_classes = moved(places, 3 * layers + 5), moved(places, 3 * layers + 5 + samples)
    counts, keys, drawn = moved(batch_classes, samples), words, moved(words, samples)
    lay_out(layers, widths, CHUNK, weight_at, chunk_at)
    lay_out(layers, widths, row, weight_at, value_at)
    room, chunk_room = at(value_at, layers + 1) + LANES, at(chunk_at, layers + 1) + LANES
    deltas, values, slopes = work, moved(work, room), moved(work, 2 * room)  # three rows behind each may be read
    chunk, chunk_slopes = moved(work, 3 * room), moved(work, 3 * room + chunk_room)
    gradient = moved(chunk_slopes, chunk_room)
    rights = moved(gradient, count + LANES)
    targets, features, outputs = moved(rights, CHUNK + LANES), at(widths, 0), at(widths, layers)
    second, per_epoch, top = count + LANES, (samples + size - 1) // size, at(value_at, layers)
    filled, broken, lost, product = 0, False, np.float32(0), 1.0
    for past in range(1, age + 1):
        product *= nadam_factor(at(settings, 1), past) if rule == NADAM else 1.0
    for number in range(start, epochs + 1):
        if number > start:
            visit_order(seed, np.uint64(number), samples, visits, counts, keys, drawn)
        for begin in range(0, samples if number > start else 0, size):
            batch = min(size, samples - begin)
            blocks = (batch + LANES - 1) // LANES
            gathered(loss, visits, begin, batch, samples, row, features, outputs, columns, y, classes, values,
                     targets, batch_classes)  # fmt: skip
            passed_forward(layers, widths, kinds, weight_at, value_at, weights, values, slopes, row, blocks, batch,
                           dropout, seed, step)  # fmt: skip
            rate = learning_rate(schedule, at(settings, 0), step, epochs * per_epoch)
            step += 1
            age += 1
            lost = output_gradient(loss, values, top, row, outputs, batch, targets, batch_classes, deltas, top)
            if not math.isfinite(lost):
                broken = True
                break
            passed_back(layers, widths, weight_at, value_at, weights, values, deltas, slopes, gradient, row, blocks,
                        batch)  # fmt: skip
            product *= nadam_factor(at(settings, 1), age) if rule == NADAM else 1.0
            update(rule, weights, gradient, moments, second, count, age, product, rate, settings)
        if patience > 0 and held_out > 0 and not broken:
            held, _ = measured(loss, layers, widths, kinds, weight_at, chunk_at, weights, test_columns, test_y,
                               test_classes, held_out, chunk, chunk_slopes, rights, at(settings, 9))  # fmt: skip
            if held < at(best, 0):
                put(best, 0, held)
                put(best, 1, float(number))
        over = 0 < patience <= number - at(best, 1) and held_out > 0
        stopped = at(cancel, 0) != 0
        if at(wanted, number - start) or over or broken or stopped:
            if number > start:
                length = norm(gradient, count) if not broken else math.nan
            train_loss, train_score = measured(loss, layers, widths, kinds, weight_at, chunk_at, weights, columns, y,
                                               classes, samples, chunk, chunk_slopes, rights,
                                               at(settings, 8))  # fmt: skip
            test_loss, test_score = measured(loss, layers, widths, kinds, weight_at, chunk_at, weights, test_columns,
                                             test_y, test_classes, held_out, chunk, chunk_slopes, rights,
                                             at(settings, 9))  # fmt: skip
            ended = over or broken or stopped or not math.isfinite(train_loss)
            train_loss = float(lost) if broken and math.isfinite(train_loss) else train_loss
            for place, value in enumerate((float(number), float(step), float(age), train_loss, test_loss, train_score,
                                           test_score, rate, length, at(best, 0), at(best, 1))):  # fmt: skip
                put(measures, 11 * filled + place, value)
            copied(weights, 0, records, filled * count, count)
            for moment in range(rows):
                copied(moments, moment * second, memories, (filled * rows + moment) * count, count)
            filled += 1
            if ended:
                break
    return filled


def trained(
    widths, options, settings, columns, y, classes, test_columns, test_y, test_classes, weights, moments, records,
    memories, measures, best, wanted, cancel, work, places, words,
):  # fmt: skip
    """Train ``weights`` and ``moments`` in place, fill the records and return how many there are.

    options: loss, rule, schedule, batch size, last epoch, first epoch, step, age, patience, seed, samples, held-out
    samples, moments kept, then each hidden layer's activation. settings: learning rate, beta 1, beta 2, smoothing,
    weight decay, l1, clip, dropout, squared deviations of both sets' targets, last learning rate, last gradient norm.
    ``measures`` gets, for each record, number, step, age, both losses, both scores, learning rate, gradient norm, best
    loss and its epoch. ``work`` (zeros), ``places`` and ``words`` are room to work in (core.training.compiled.rooms).

    Numbers too small for float32's normal range count as 0 meanwhile: a dead unit's fading moments would otherwise
    slow the processor down several times.
    """
    mode = float_mode()
    use_float_mode(mode | 0x8040)
    filled = loop(
        len(widths) - 1, len(weights) - LANES, options[12], pointer(widths), pointer(options), pointer(settings),
        pointer(columns), pointer(y), pointer(classes), pointer(test_columns), pointer(test_y),
        pointer(test_classes), pointer(weights), pointer(moments), pointer(records), pointer(memories),
        pointer(measures), pointer(best), pointer(wanted), pointer(cancel), pointer(work), pointer(places),
        pointer(words),
    )  # fmt: skip
    use_float_mode(mode)
    return filled
