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
    every,
    float_mode,
    function,
    load,
    root,
    store,
    total,
    use_float_mode,
    where_positive,
)
from core.training.native.layers import backward, forward, gradients, key, silence, turn, visit_order
from core.training.native.losses import BINARY, CROSS_ENTROPY, HINGE, class_sums, output_gradient, regression_sums

SGD, MOMENTUM, NESTEROV, RMSPROP, ADAM, ADAMW, NADAM, ADAGRAD = range(8)
CONSTANT, STEP, EXPONENTIAL, COSINE, ONE_CYCLE, WARM_UP = range(6)
CHUNK = 128  # samples evaluated at a time
F, D, I = types.float32[::1], types.float64[::1], types.int64[::1]
SIGNATURE = types.int64(
    I, I, D, F, F, F, I, F, F, I, F, F, types.float32[:, ::1], types.float32[:, :, ::1], types.float64[:, ::1], D,
    types.uint8[::1], types.uint8[::1],
)  # fmt: skip


@function
def learning_rate(schedule, rate, step, steps):
    """As core.training.recipe.learning_rate."""
    done = step / max(steps, 1)
    if schedule == STEP:
        return rate * 0.5 ** math.floor(4 * done)
    if schedule == EXPONENTIAL:
        return rate * 0.01**done
    if schedule == COSINE:
        return rate * (0.5 * (1 + math.cos(math.pi * done)))
    if schedule == ONE_CYCLE:
        if done < 0.3:
            return rate * (1 / 25 + (24 / 25) * 0.5 * (1 - math.cos(math.pi * done / 0.3)))
        return rate * (1e-4 + (1 - 1e-4) * 0.5 * (1 + math.cos(math.pi * (done - 0.3) / 0.7)))
    if schedule == WARM_UP:
        return rate * min(1.0, (step + 1) / max(0.1 * steps, 1.0))
    return rate


@function
def norm(gradient, count):
    """The length of the gradient."""
    sums = every(np.float32(0))
    for place in range(0, count, LANES):
        g = load(gradient, place)
        sums = sums + g * g
    return np.float32(math.sqrt(total(sums)))


@function
def nadam_factor(beta1, age):
    """Nadam's momentum schedule."""
    return beta1 * (1 - 0.5 * 0.96 ** (age * 0.004))


@function
def update(rule, weights, gradient, moments, count, age, product, rate, settings):
    """One step of core.training.updates on all weights, after clipping and penalties."""
    beta1, beta2, smoothing = settings[1], settings[2], settings[3]
    decay, l1, clip = settings[4], settings[5], settings[6]
    shrink = np.float32(1)
    if clip > 0:
        shrink = np.float32(clip) / (norm(gradient, count) + np.float32(1e-6))
        shrink = np.float32(1) if shrink > 1 else shrink
    coupled = np.float32(0 if rule == ADAMW else decay)
    memory, left = np.float32(beta1), np.float32(1 - beta1)
    smooth, rest = np.float32(beta2), np.float32(1 - beta2)
    if rule == RMSPROP:
        smooth, rest = np.float32(smoothing), np.float32(1 - smoothing)
    size, second = np.float32(rate), len(moments) // 2
    undone = np.float32(1 / math.sqrt(1 - beta2**age))
    start, shrunk = np.float32(rate / (1 - beta1**age)), np.float32(rate * decay)
    mu, ahead = nadam_factor(beta1, age), nadam_factor(beta1, age + 1)
    now, then = np.float32(rate * (1 - mu) / (1 - product)), np.float32(rate * ahead / (1 - product * ahead))
    for place in range(0, count, LANES):
        w, g = load(weights, place), load(gradient, place)
        if clip > 0:
            g = g * shrink
        if coupled > 0:
            g = w * coupled + g
        if l1 > 0:
            g = where_positive(w, g + l1, where_positive(0.0 - w, g - l1, g))
        if rule == SGD:
            w = w - g * size
        elif rule in (MOMENTUM, NESTEROV):
            v = load(moments, place) * memory + g
            store(moments, place, v)
            w = w - (v if rule == MOMENTUM else v * memory + g) * size
        elif rule == ADAGRAD:
            s = g * g + load(moments, place)
            store(moments, place, s)
            w = w - g * size / (root(s) + 1e-10)
        elif rule == RMSPROP:
            s = load(moments, place) * smooth + g * g * rest
            store(moments, place, s)
            w = w - g * size / (root(s) + 1e-8)
        else:
            m = load(moments, place) * memory + g * left
            s = load(moments, second + place) * smooth + g * g * rest
            store(moments, place, m)
            store(moments, second + place, s)
            if rule == ADAMW:
                w = w - w * shrunk
            scale = root(s) * undone + 1e-8
            w = w - ((g * now + m * then) if rule == NADAM else m * start) / scale
        store(weights, place, w)


@function
def layer_places(widths, row):
    """Where each layer's weights begin, and its values in rows of ``row``: (layers,) each and the end."""
    layers = len(widths) - 1
    weight_at, value_at = np.zeros(layers + 1, np.int64), np.zeros(layers + 1, np.int64)
    for layer in range(layers):
        weight_at[layer + 1] = weight_at[layer] + (widths[layer] + 1) * widths[layer + 1]
        value_at[layer + 1] = value_at[layer] + (widths[layer + 1] * row + 2 * LANES) // LANES * LANES
    return weight_at, value_at


@function
def measured(loss, widths, kinds, weights, columns, targets, classes, samples, values, slopes, deviation):
    """Loss and score of the weights on a set: columns (features × samples), targets (outputs × samples).

    ``deviation`` is the targets' squared deviation from their mean, for R². (nan, nan) without samples.
    """
    if samples == 0:
        return math.nan, math.nan
    layers, outputs = len(kinds), widths[-1]
    weight_at, value_at = layer_places(widths, CHUNK)
    at, rights, losses, scores = value_at[layers - 1], np.zeros(CHUNK + LANES, np.float32), 0.0, 0.0
    by_class = loss in (CROSS_ENTROPY, BINARY, HINGE)
    for begin in range(0, samples, CHUNK):
        count = min(CHUNK, samples - begin)
        blocks = (count + LANES - 1) // LANES
        row = blocks * LANES
        forward(weights, 0, widths[0], widths[1], columns, begin, samples, values, 0, row, blocks)
        for layer in range(1, layers):
            below = value_at[layer - 1]
            activate(kinds[layer - 1], values, slopes, below, widths[layer] * row)
            forward(weights, weight_at[layer], widths[layer], widths[layer + 1], values, below, row,
                    values, value_at[layer], row, blocks)  # fmt: skip
        if by_class:
            one, other = class_sums(loss, values, at, row, outputs, count, targets, classes, begin, rights)
        else:
            one, other = regression_sums(loss, values, at, row, outputs, count, targets, begin, samples)
        losses += one
        scores += other
    if by_class:
        return losses / samples, scores / samples
    return losses / (samples * outputs), 1 - scores / deviation


@function
def gathered(visits, begin, samples, row, widths, x, y, classes, turned, values, targets, wanted):
    """Put a batch in its places: inputs both ways round, targets (outputs × samples), classes (samples,)."""
    features, outputs = widths[0], widths[-1]
    for sample in range(samples):
        visit = visits[begin + sample]
        for feature in range(features):
            number = x[visit * features + feature]
            turned[sample * features + feature] = number
            values[feature * row + sample] = number
        if len(y) > LANES:
            for output in range(outputs):
                targets[output * row + sample] = y[output * len(visits) + visit]
        if len(classes) > 0:
            wanted[sample] = classes[visit]


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
    step, age, patience = options[6], options[7], options[8]
    seed, samples, held_out, kinds = np.uint64(options[9]), options[10], options[11], options[12:]
    layers, count, rate, length, dropout = (
        len(widths) - 1,
        len(weights) - LANES,
        settings[10],
        settings[11],
        settings[7],
    )
    size = min(size, samples)
    row = size if size <= LANES else (size + LANES - 1) // LANES * LANES
    weight_at, value_at = layer_places(widths, row)
    _, chunk_at = layer_places(widths, CHUNK)
    room = 2 * LANES + row
    inputs, targets = np.zeros(widths[0] * row + room, np.float32), np.zeros(widths[-1] * row + room, np.float32)
    values, slopes = np.zeros(value_at[-1] + room, np.float32), np.zeros(value_at[-1] + room, np.float32)
    deltas, turned = np.zeros(value_at[-1] + room, np.float32), np.zeros(value_at[-1] + room, np.float32)
    chunk, chunk_slopes = np.zeros(chunk_at[-1] + room, np.float32), np.zeros(chunk_at[-1] + room, np.float32)
    turned_inputs, gradient = np.zeros(size * widths[0] + room, np.float32), np.zeros(len(weights), np.float32)
    visits, keys, counts = np.zeros(samples, np.int64), np.zeros(samples, np.uint64), np.zeros(4 * samples, np.int64)
    batch_classes, per_epoch, product = np.zeros(size, np.int64), (samples + size - 1) // size, 1.0
    for past in range(1, age + 1):
        product *= nadam_factor(settings[1], past) if rule == NADAM else 1.0
    filled, broken, lost = 0, False, np.float32(0)
    for number in range(start, epochs + 1):
        if number > start:
            visit_order(seed, np.uint64(number), visits, counts, keys)
        for begin in range(0, samples if number > start else 0, size):
            batch = min(size, samples - begin)
            blocks = (batch + LANES - 1) // LANES
            gathered(visits, begin, batch, row, widths, x, y, classes, turned_inputs, inputs, targets, batch_classes)
            forward(weights, 0, widths[0], widths[1], inputs, 0, row, values, 0, row, blocks)
            for layer in range(1, layers):
                below, units = value_at[layer - 1], widths[layer]
                activate(kinds[layer - 1], values, slopes, below, units * row)
                if dropout > 0:
                    mask = key(seed, np.uint64(15 + layer), np.uint64(step))
                    silence(values, slopes, below, row, units, batch, dropout, mask)
                turn(values, below, row, units, batch, turned, below)
                forward(weights, weight_at[layer], units, widths[layer + 1], values, below, row,
                        values, value_at[layer], row, blocks)  # fmt: skip
            rate = learning_rate(schedule, settings[0], step, epochs * per_epoch)
            step += 1
            age += 1
            top = value_at[layers - 1]
            lost = output_gradient(loss, values, top, row, widths[-1], batch, targets, batch_classes, deltas, top)
            if not math.isfinite(lost):
                broken = True
                break
            for layer in range(layers - 1, 0, -1):
                below = value_at[layer - 1]
                backward(weights, weight_at[layer], widths[layer], widths[layer + 1], deltas, value_at[layer],
                         slopes, below, deltas, below, row, blocks)  # fmt: skip
            gradients(gradient, 0, widths[0], widths[1], deltas, 0, row, turned_inputs, 0, batch)
            for layer in range(1, layers):
                gradients(gradient, weight_at[layer], widths[layer], widths[layer + 1], deltas, value_at[layer], row,
                          turned, value_at[layer - 1], batch)  # fmt: skip
            gradient[count:] = 0
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
            loss_now, score_now = measured(loss, widths, kinds, weights, columns, y, classes, samples, chunk,
                                           chunk_slopes, settings[8])  # fmt: skip
            test_loss, test_score = measured(loss, widths, kinds, weights, test_columns, test_y, test_classes,
                                             held_out, chunk, chunk_slopes, settings[9])  # fmt: skip
            row_of = measures[filled]
            row_of[0], row_of[1], row_of[2], row_of[3], row_of[4] = number, step, age, loss_now, test_loss
            row_of[5], row_of[6], row_of[7], row_of[8] = score_now, test_score, rate, length
            row_of[9], row_of[10] = best[0], best[1]
            if broken and math.isfinite(loss_now):
                row_of[3] = lost
            records[filled] = weights[:count]
            for moment in range(memories.shape[1]):
                at = moment * (len(moments) // 2)
                memories[filled, moment] = moments[at : at + count]
            filled += 1
            if over or broken or stopped or not math.isfinite(loss_now):
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
