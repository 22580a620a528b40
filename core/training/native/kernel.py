"""The whole training of a plain multilayer perceptron as one compiled call: the loop of core.training.loop, in numba.

Everything arrives as arrays (core.training.compiled fills them), so one compilation serves every network. Nothing
here holds Python's lock.
"""

import math

import numpy as np
from numba import types

from core.training.native.functions import activate
from core.training.native.lanes import LANES, every, float_mode, function, inlined, load, store, use_float_mode
from core.training.native.layers import backward, forward, gradients, key, silence, turn, visit_order
from core.training.native.losses import BINARY, CROSS_ENTROPY, HINGE, class_sums, output_gradient, regression_sums
from core.training.native.rules import NADAM, learning_rate, nadam_factor, norm, update

CHUNK = 128  # samples evaluated at a time
F, D, I = types.float32[::1], types.float64[::1], types.int64[::1]
SIGNATURE = types.int64(
    I, I, D, F, F, F, I, F, F, I, F, F, types.float32[:, ::1], types.float32[:, :, ::1], types.float64[:, ::1], D,
    types.uint8[::1], types.uint8[::1],
)  # fmt: skip


@function
def places(widths, row):
    """Where each layer's weights begin, and where the inputs and each layer's values in rows of ``row``, and the ends."""
    weight_at, value_at = np.zeros(len(widths), np.int64), np.zeros(len(widths) + 1, np.int64)
    for layer in range(len(widths) - 1):
        weight_at[layer + 1] = weight_at[layer] + (widths[layer] + 1) * widths[layer + 1]
    for layer in range(len(widths)):
        value_at[layer + 1] = value_at[layer] + (widths[layer] * row + 2 * LANES) // LANES * LANES
    return weight_at, value_at


@function
def measured(loss, widths, kinds, weights, columns, targets, classes, samples, values, slopes, deviation):
    """Loss and score of the weights on a set: columns (features × samples), targets (outputs × samples).

    ``deviation`` is the targets' squared deviation from their mean, for R². (nan, nan) without samples.
    """
    if samples == 0:
        return math.nan, math.nan
    layers, outputs = len(widths) - 1, widths[-1]
    weight_at, value_at = places(widths, CHUNK)
    at, rights, losses, scores = value_at[layers], np.zeros(CHUNK + LANES, np.float32), 0.0, 0.0
    by_class = loss in (CROSS_ENTROPY, BINARY, HINGE)
    for begin in range(0, samples, CHUNK):
        count = min(CHUNK, samples - begin)
        blocks = (count + LANES - 1) // LANES
        row = blocks * LANES
        for feature in range(widths[0]):
            for column in range(0, row, LANES):
                store(values, feature * row + column, load(columns, feature * samples + begin + column))
        for layer in range(layers):
            above, units = value_at[layer + 1], widths[layer + 1]
            forward(weights, weight_at[layer], widths[layer], units, values, value_at[layer], above, row, blocks)
            if layer < layers - 1:
                activate(kinds[layer], values, slopes, above, units * row)
        if by_class:
            one, other = class_sums(loss, values, at, row, outputs, count, targets, classes, begin, rights)
        else:
            one, other = regression_sums(loss, values, at, row, outputs, count, targets, begin, samples)
        losses += one
        scores += other
    if by_class:
        return losses / samples, scores / samples
    return losses / (samples * outputs), 1 - scores / deviation


@inlined
def gathered(visits, begin, samples, row, widths, x, y, classes, turned, values, targets, wanted):
    """Put a batch in its places: inputs both ways round, targets (outputs × samples), classes (samples,)."""
    features, outputs = widths[0], widths[-1]
    numbers, named = len(y) > LANES, len(classes) > 0
    for sample in range(samples):
        visit = visits[begin + sample]
        for feature in range(features):
            number = x[visit * features + feature]
            turned[sample * features + feature] = number
            values[feature * row + sample] = number
        if numbers:
            for output in range(outputs):
                targets[output * row + sample] = y[output * len(visits) + visit]
        if named:
            wanted[sample] = classes[visit]


@inlined
def passed_forward(widths, kinds, weight_at, value_at, weights, values, slopes, turned, row, blocks, batch, dropout,
                   seed, step):  # fmt: skip
    """All layers' values from the inputs', with slopes and transposes of the hidden ones."""
    layers = len(widths) - 1
    for layer in range(layers):
        above, units = value_at[layer + 1], widths[layer + 1]
        forward(weights, weight_at[layer], widths[layer], units, values, value_at[layer], above, row, blocks)
        if layer < layers - 1:
            activate(kinds[layer], values, slopes, above, units * row)
            if dropout > 0:
                mask = key(seed, np.uint64(16 + layer), np.uint64(step))
                silence(values, slopes, above, row, units, batch, dropout, mask)
            turn(values, above, row, units, batch, turned, above)


@inlined
def passed_back(widths, weight_at, value_at, weights, deltas, slopes, turned, gradient, row, blocks, batch):
    """The gradient by all weights, from the outputs' deltas."""
    layers = len(widths) - 1
    for layer in range(layers - 1, 0, -1):
        backward(weights, weight_at[layer], widths[layer], widths[layer + 1], deltas, value_at[layer + 1], slopes,
                 value_at[layer], row, blocks)  # fmt: skip
    for layer in range(layers):
        gradients(gradient, weight_at[layer], widths[layer], widths[layer + 1], deltas, value_at[layer + 1], row,
                  turned, value_at[layer], batch)  # fmt: skip
    store(gradient, weight_at[layers], every(np.float32(0)))  # the padding stays 0


@function
def loop(
    widths, options, settings, x, columns, y, classes, test_columns, test_y, test_classes, weights, moments, records,
    memories, measures, best, wanted, cancel,
):  # fmt: skip
    """As ``trained``.

    options: loss, rule, schedule, batch size, last epoch, first epoch, step, age, patience, seed, samples, held-out
    samples, then each layer's activation. settings: learning rate, beta 1, beta 2, smoothing, weight decay, l1, clip,
    dropout, squared deviations of both sets' targets, last learning rate, last gradient norm. A row of ``measures``
    holds number, step, age, both losses, both scores, learning rate, gradient norm, best loss and its epoch.
    """
    loss, rule, schedule, size, epochs, start = options[0], options[1], options[2], options[3], options[4], options[5]
    step, age, patience, seed = options[6], options[7], options[8], np.uint64(options[9])
    samples, held_out, kinds, count = options[10], options[11], options[12:], len(weights) - LANES
    dropout, rate, length, size = settings[7], settings[10], settings[11], min(size, samples)
    row = size if size <= LANES else (size + LANES - 1) // LANES * LANES
    weight_at, value_at = places(widths, row)
    _, chunk_at = places(widths, CHUNK)
    values, slopes = np.zeros(value_at[-1] + LANES, np.float32), np.zeros(value_at[-1] + LANES, np.float32)
    deltas, turned = np.zeros(value_at[-1] + LANES, np.float32), np.zeros(value_at[-1] + LANES, np.float32)
    chunk, chunk_slopes = np.zeros(chunk_at[-1] + LANES, np.float32), np.zeros(chunk_at[-1] + LANES, np.float32)
    targets, gradient = np.zeros(widths[-1] * row + 2 * LANES, np.float32), np.zeros(len(weights), np.float32)
    visits, keys, counts = np.zeros(samples, np.int64), np.zeros(samples, np.uint64), np.zeros(4 * samples, np.int64)
    batch_classes, per_epoch, top = np.zeros(size, np.int64), (samples + size - 1) // size, value_at[len(widths) - 1]
    filled, broken, lost, product = 0, False, np.float32(0), 1.0
    for past in range(1, age + 1):
        product *= nadam_factor(settings[1], past) if rule == NADAM else 1.0
    for number in range(start, epochs + 1):
        if number > start:
            visit_order(seed, np.uint64(number), visits, counts, keys)
        for begin in range(0, samples if number > start else 0, size):
            batch = min(size, samples - begin)
            blocks = (batch + LANES - 1) // LANES
            gathered(visits, begin, batch, row, widths, x, y, classes, turned, values, targets, batch_classes)
            passed_forward(widths, kinds, weight_at, value_at, weights, values, slopes, turned, row, blocks, batch,
                           dropout, seed, step)  # fmt: skip
            rate = learning_rate(schedule, settings[0], step, epochs * per_epoch)
            step += 1
            age += 1
            lost = output_gradient(loss, values, top, row, widths[-1], batch, targets, batch_classes, deltas, top)
            if not math.isfinite(lost):
                broken = True
                break
            passed_back(widths, weight_at, value_at, weights, deltas, slopes, turned, gradient, row, blocks, batch)
            product *= nadam_factor(settings[1], age) if rule == NADAM else 1.0
            update(rule, weights, gradient, moments, count, age, product, rate, settings)
        if patience > 0 and held_out > 0 and not broken:
            held, _ = measured(loss, widths, kinds, weights, test_columns, test_y, test_classes, held_out, chunk,
                               chunk_slopes, settings[9])  # fmt: skip
            if held < best[0]:
                best[0], best[1] = held, number
        over = 0 < patience <= number - best[1] and held_out > 0
        stopped = cancel[0] != 0
        if wanted[number - start] or over or broken or stopped:
            if number > start:
                length = norm(gradient, count) if not broken else math.nan
            train_loss, train_score = measured(loss, widths, kinds, weights, columns, y, classes, samples, chunk,
                                               chunk_slopes, settings[8])  # fmt: skip
            test_loss, test_score = measured(loss, widths, kinds, weights, test_columns, test_y, test_classes,
                                             held_out, chunk, chunk_slopes, settings[9])  # fmt: skip
            measure = measures[filled]
            measure[0], measure[1], measure[2], measure[3], measure[4] = number, step, age, train_loss, test_loss
            measure[5], measure[6], measure[7], measure[8] = train_score, test_score, rate, length
            measure[9], measure[10] = best[0], best[1]
            if broken and math.isfinite(train_loss):
                measure[3] = lost
            records[filled] = weights[:count]
            for moment in range(memories.shape[1]):
                at = moment * (len(moments) // 2)
                memories[filled, moment] = moments[at : at + count]
            filled += 1
            if over or broken or stopped or not math.isfinite(train_loss):
                break
    return filled


def trained(
    widths, options, settings, x, columns, y, classes, test_columns, test_y, test_classes, weights, moments, records,
    memories, measures, best, wanted, cancel,
):  # fmt: skip
    """Train ``weights`` and ``moments`` in place, fill the records and return how many there are.

    Numbers too small for float32's normal range count as 0 meanwhile: a dead unit's fading moments would otherwise
    slow the processor down several times.
    """
    mode = float_mode()
    use_float_mode(mode | 0x8040)
    filled = loop(
        widths, options, settings, x, columns, y, classes, test_columns, test_y, test_classes, weights, moments,
        records, memories, measures, best, wanted, cancel,
    )  # fmt: skip
    use_float_mode(mode)
    return filled
