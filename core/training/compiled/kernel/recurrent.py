"""The whole training of a recurrent network as one compiled call: backpropagation through time, in numba.

As ``loop`` for plain networks, with the same settings, state and records. Values of a batch lie unit × (time ·
sample) in one array, so that one call makes the sums of all steps where no step waits for another. Where each part
begins is said by ``net`` (``records.NETWORK``, laid out by core.training.compiled.sequences).
"""

import math

import numpy as np
from numba import from_dtype, types

from core.training.compiled.kernel.cells import GRU, carried, stepped, stepped_back
from core.training.compiled.kernel.functions import exponential
from core.training.compiled.kernel.lanes import (
    LANES,
    at,
    every,
    first,
    float_mode,
    function,
    load,
    moved,
    pointer,
    put,
    store,
    use_float_mode,
    where_positive,
)  # fmt: skip
from core.training.compiled.kernel.layers import forward, gradients
from core.training.compiled.kernel.records import MEASURES, NETWORK, SETTINGS, STATE
from core.training.compiled.kernel.rules import NADAM, nadam_factor, norm, update

F, I, FLAGS = types.float32[::1], types.int64[::1], types.uint8[::1]
SIGNATURE = types.void(
    from_dtype(SETTINGS)[::1], from_dtype(STATE)[::1], from_dtype(NETWORK)[::1], types.int64, types.int64,
    types.int32[::1], types.float64[::1], F, I, F, I, F, F, F, F, from_dtype(MEASURES)[::1], FLAGS, FLAGS, F, I,
)  # fmt: skip


@function
def gathered(net, visits, ordered, begin, samples, x, y, work, classes):
    """Put a batch in its places: inputs feature × (time · sample), 0 where there is no sample, and its classes."""
    size, answers = net.time * net.inputs, net.time - net.early
    for sample in range(net.width):
        number = 0
        if sample < samples:
            number = np.int64(at(visits, begin + sample)) if ordered else begin + sample
        for step in range(net.time):
            for feature in range(net.inputs):
                value = at(x, number * size + step * net.inputs + feature) if sample < samples else np.float32(0)
                put(work, net.x_at + feature * net.row + step * net.width + sample, value)
        for step in range(answers):
            put(classes, step * net.width + sample, at(y, number * answers + step))


@function
def passed_forward(net, weights, work):
    """All states and answers from the inputs."""
    width, row, units, blocks = net.width, net.row, net.units, net.width // LANES
    forward(weights, 0, net.inputs, net.sums, work, net.x_at, net.gates_at, row, net.time * blocks)
    for step in range(net.time):
        here = step * width
        there = here if net.cell == GRU else 0  # only the GRU needs its sums again
        forward(weights, net.recurrent_at, units, net.sums, work, net.states_at + here, net.sums_at + there, row,
                blocks)  # fmt: skip
        stepped(net.cell, units, row, width, moved(work, net.gates_at + here), moved(work, net.sums_at + there),
                moved(work, net.states_at + here), moved(work, net.memories_at + here),
                moved(work, net.squashed_at + here))  # fmt: skip
    early = net.early * width
    forward(weights, net.output_at, units, net.outputs, work, net.states_at + early + width, net.answers_at + early,
            row, (net.time - net.early) * blocks)  # fmt: skip


@function
def judged(net, samples, work, classes):
    """Cross-entropy and right answers of a batch, both summed. The answers become the gradient of the mean loss by
    themselves, (softmax − one-hot)/answers, which is 0 where there is no sample."""
    loss, rights, row, zero = 0.0, 0, net.row, np.float32(0)
    begin, scale = net.answers_at + net.early * net.width, np.float32(1 / (samples * (net.time - net.early)))
    for column in range(0, (net.time - net.early) * net.width, LANES):
        there = max(0, min(samples - column % net.width, LANES))
        largest = load(work, begin + column)
        for output in range(1, net.outputs):
            z = load(work, begin + output * row + column)
            largest = where_positive(z - largest, z, largest)
        store(work, net.room_at, largest)
        for sample in range(there):
            wanted = at(classes, column + sample)
            right, best = at(work, begin + wanted * row + column + sample), 1
            for output in range(net.outputs):
                z = at(work, begin + output * row + column + sample)
                best = 0 if z > right or (z == right and output < wanted) or z != z else best
            rights += best
            loss += at(work, net.room_at + sample) - right
        whole = every(zero)
        for output in range(net.outputs):
            share = exponential(load(work, begin + output * row + column) - largest)
            store(work, begin + output * row + column, share)
            whole = whole + share
        store(work, net.room_at, whole)
        for sample in range(there):
            loss += math.log(at(work, net.room_at + sample))
        for output in range(net.outputs):
            place = begin + output * row + column
            store(work, place, first(there, load(work, place) * scale / whole, zero))
        for sample in range(there):
            place = begin + at(classes, column + sample) * row + column + sample
            put(work, place, at(work, place) - scale)
    return loss, np.float64(rights)


@function
def passed_back(net, weights, gradient, work):
    """The gradient by all weights, from that by the answers: backpropagation through time."""
    width, row, units = net.width, net.row, net.units
    deltas, memory_deltas = moved(work, net.deltas_at), moved(work, net.deltas_at + units * width)
    for place in range(0, 2 * units * width, LANES):
        store(deltas, place, every(np.float32(0)))
    back_at = net.sums_at if net.cell == GRU else net.gates_at
    for step in range(net.time - 1, -1, -1):
        here = step * width
        there = here if net.cell == GRU else 0
        if step >= net.early:
            carried(weights, net.output_at, units, net.outputs, work, net.answers_at + here, row, deltas, width)
        stepped_back(net.cell, units, row, width, moved(work, net.gates_at + here), moved(work, net.sums_at + there),
                     moved(work, net.states_at + here), moved(work, net.memories_at + here),
                     moved(work, net.squashed_at + here), deltas, memory_deltas)  # fmt: skip
        carried(weights, net.recurrent_at, units, net.sums, work, back_at + here, row, deltas, width)
    steps, early = net.time * width, net.early * width
    gradients(gradient, 0, net.inputs, net.sums, work, net.gates_at, work, net.x_at, row, steps)
    gradients(gradient, net.recurrent_at, units, net.sums, work, back_at, work, net.states_at, row, steps)
    gradients(gradient, net.output_at, units, net.outputs, work, net.answers_at + early, work,
              net.states_at + early + width, row, steps - early)  # fmt: skip
    store(gradient, net.count, every(np.float32(0)))  # the padding stays 0


@function
def measured(net, samples, visits, x, y, weights, work, classes):
    """Loss and accuracy of the weights on a set; (nan, nan) without samples."""
    if samples == 0:
        return math.nan, math.nan
    losses, rights, answers = 0.0, 0.0, samples * (net.time - net.early)
    for begin in range(0, samples, net.width):
        count = min(net.width, samples - begin)
        gathered(net, visits, False, begin, count, x, y, work, classes)
        passed_forward(net, weights, work)
        loss, right = judged(net, count, work, classes)
        losses += loss
        rights += right
    return losses / answers, rights / answers


@function
def recorded(settings, state, net, number, broken, x, y, x_test, y_test, weights, moments, records, memories, measures,
             visits, work, classes):  # fmt: skip
    """Write down what is true after epoch ``number``; return the training loss."""
    place, rows, count = state.filled, settings.moments, net.count
    train_loss, train_score = measured(net, settings.samples, visits, x, y, weights, work, classes)
    test_loss, test_score = measured(net, settings.held_out, visits, x_test, y_test, weights, work, classes)
    measure = measures[place]
    measure.number, measure.step, measure.age = number, state.step, state.age
    measure.train_loss = math.nan if broken else train_loss
    measure.test_loss, measure.train_score, measure.test_score = test_loss, train_score, test_score
    measure.learning_rate, measure.gradient_norm = state.learning_rate, state.gradient_norm
    measure.best, measure.best_number = state.best, state.best_number
    for weight in range(count):
        put(records, place * count + weight, at(weights, weight))
    for moment in range(rows):
        for weight in range(count):
            put(memories, (place * rows + moment) * count + weight, at(moments, moment * (count + LANES) + weight))
    state.filled += 1
    return measure.train_loss


@function
def loop(settings, state, net, first_epoch, last, orders, rates, x, y, x_test, y_test, weights, moments, records,
         memories, measures, wanted, cancel, work, classes):  # fmt: skip
    """As ``trained``, on pointers."""
    samples, held_out, start, begun = settings.samples, settings.held_out, settings.start, state.step
    size, second, gradient = min(settings.batch_size, samples), net.count + LANES, moved(work, net.gradient_at)
    broken = False
    if first_epoch == start:
        state.product = 1
        for past in range(1, state.age + 1 if settings.rule == NADAM else 1):
            state.product *= nadam_factor(settings.momentum, past)
    for number in range(first_epoch, last + 1):
        visits = moved(orders, (number - first_epoch) * samples)
        for begin in range(0, samples if number > start else 0, size):
            batch = min(size, samples - begin)
            gathered(net, visits, True, begin, batch, x, y, work, classes)
            passed_forward(net, weights, work)
            state.learning_rate = at(rates, state.step - begun)
            state.step += 1
            state.age += 1
            loss, _ = judged(net, batch, work, classes)
            if not math.isfinite(loss):
                broken = True
                break
            passed_back(net, weights, gradient, work)
            update(settings.rule, weights, gradient, moments, second, net.count, settings, state)
        if settings.patience > 0 and held_out > 0 and not broken:
            held, _ = measured(net, held_out, visits, x_test, y_test, weights, work, classes)
            if held < state.best:
                state.best, state.best_number = held, number
        over = 0 < settings.patience <= number - state.best_number and held_out > 0
        stopped = at(cancel, 0) != 0
        if at(wanted, number - start) or over or broken or stopped:
            if number > start:
                state.gradient_norm = norm(gradient, net.count) if not broken else math.nan
            train_loss = recorded(settings, state, net, number, broken, x, y, x_test, y_test, weights, moments,
                                  records, memories, measures, visits, work, classes)  # fmt: skip
            if over or broken or stopped or not math.isfinite(train_loss):
                state.ended = 1
                return


def trained(
    settings, state, net, first_epoch, last, orders, rates, x, y, x_test, y_test, weights, moments, records, memories,
    measures, wanted, cancel, work, classes,
):  # fmt: skip
    """Train ``weights`` and ``moments`` in place from one epoch to another and fill the records, as in ``loop``.

    ``x`` (samples, time, inputs), ``y`` (samples,) or (samples, time) class numbers; ``work`` (zeros) and ``classes``
    are room to work in.
    """
    mode = float_mode()
    use_float_mode(mode | 0x8040)
    loop(
        settings[0], state[0], net[0], first_epoch, last, pointer(orders), pointer(rates), pointer(x), pointer(y),
        pointer(x_test), pointer(y_test), pointer(weights), pointer(moments), pointer(records), pointer(memories),
        measures, pointer(wanted), pointer(cancel), pointer(work), pointer(classes),
    )  # fmt: skip
    use_float_mode(mode)
