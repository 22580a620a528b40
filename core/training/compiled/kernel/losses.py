"""Losses at the network's output: their gradients on a batch, their values and scores on a set of samples.

Outputs lie unit × sample from ``begin`` on, in rows of ``row``; ``targets`` (batch, …) hold numbers for regression and
for one logit, ``classes`` (batch,) class numbers. Only the first ``samples`` columns count.
"""

import math

import numpy as np

from core.training.compiled.kernel.codes import LOSSES
from core.training.compiled.kernel.functions import clamped, exponential
from core.training.compiled.kernel.lanes import (
    LANES,
    at,
    every,
    first,
    function,
    inlined,
    load,
    put,
    store,
    total,
    where_positive,
)

SQUARED, ABSOLUTE = LOSSES.branch("mean_squared_error"), LOSSES.branch("mean_absolute_error")
HUBER, HINGE = LOSSES.branch("huber"), LOSSES.branch("hinge")
CROSS_ENTROPY, BINARY = LOSSES.branch("cross_entropy"), LOSSES.branch("binary_cross_entropy")
NONE = np.float32(0)


@inlined
def magnitude(x):
    """|x|; what is not a number stays so."""
    return where_positive(x, x, 0.0 - x)


@function
def regression_gradient(loss, outputs, begin, row, units, samples, targets, deltas, delta_at):
    """Write ∂loss/∂outputs; return the batch's loss times units × samples."""
    scale, sums = np.float32(1 / (units * samples)), every(NONE)
    for unit in range(units):
        for column in range(0, samples, LANES):
            error = load(outputs, begin + unit * row + column) - load(targets, unit * row + column)
            if loss == SQUARED:
                slope, value = error * 2.0, error * error
            elif loss == ABSOLUTE:
                slope = where_positive(error, 1.0, where_positive(0.0 - error, -1.0, error * 0.0))
                value = magnitude(error)
            else:
                slope, size = clamped(error, -1.0, 1.0), magnitude(error)
                value = where_positive(1.0 - size, error * error * 0.5, size - 0.5)
            store(deltas, delta_at + unit * row + column, slope * scale)
            sums = sums + first(samples - column, value, NONE)
    return total(sums)


@function
def cross_entropy_gradient(outputs, begin, row, units, samples, classes, deltas, delta_at):
    """Write (softmax − one-hot)/samples; return a number that is finite exactly if the loss is."""
    scale, sums = np.float32(1 / samples), every(NONE)
    for column in range(0, samples, LANES):
        largest = load(outputs, begin + column)
        for unit in range(1, units):
            z = load(outputs, begin + unit * row + column)
            largest = where_positive(z - largest, z, largest)
        whole = every(NONE)
        for unit in range(units):
            z = load(outputs, begin + unit * row + column)
            share = exponential(z - largest)
            store(deltas, delta_at + unit * row + column, share)
            sums, whole = sums + first(samples - column, z * 0.0, NONE), whole + share
        whole = scale / whole
        for unit in range(units):
            place = delta_at + unit * row + column
            share = load(deltas, place)
            store(deltas, place, first(samples - column, share * whole, share))  # the next row is not scaled twice
    for sample in range(samples):
        place = delta_at + at(classes, sample) * row + sample
        put(deltas, place, at(deltas, place) - scale)
    return total(sums)


@function
def binary_gradient(outputs, begin, samples, targets, deltas, delta_at):
    """Write (sigmoid − target)/samples; return a number that is finite exactly if the loss is."""
    scale, sums = np.float32(1 / samples), every(NONE)
    for column in range(0, samples, LANES):
        z = load(outputs, begin + column)
        share = 1.0 / (1.0 + exponential(0.0 - z))
        store(deltas, delta_at + column, (share - load(targets, column)) * scale)
        sums = sums + first(samples - column, z * 0.0, NONE)
    return total(sums)


@function
def hinge_gradient(outputs, begin, row, units, samples, classes, deltas, delta_at):
    """Write the margin loss's gradient, shared by wrong classes that tie; return the loss times samples."""
    scale, losses = np.float32(1 / samples), NONE
    for sample in range(samples):
        wanted, most, ties = at(classes, sample), np.float32(-np.inf), 0
        right = at(outputs, begin + wanted * row + sample)
        for unit in range(units):
            z = at(outputs, begin + unit * row + sample)
            put(deltas, delta_at + unit * row + sample, NONE)
            if unit != wanted:
                ties = 1 if z > most or z != z else ties + (z == most)
                most = z if z > most or z != z else most
        margin = np.float32(1) + most - right
        if margin > 0 or margin != margin:
            losses += margin
            for unit in range(units):
                if unit != wanted and at(outputs, begin + unit * row + sample) == most:
                    put(deltas, delta_at + unit * row + sample, scale / np.float32(ties))
            put(deltas, delta_at + wanted * row + sample, -scale)
    return losses


@function
def output_gradient(loss, outputs, begin, row, units, samples, targets, classes, deltas, delta_at):
    """Write ∂loss/∂outputs of a batch; return a number that is finite exactly if the loss is."""
    if loss == CROSS_ENTROPY:
        return cross_entropy_gradient(outputs, begin, row, units, samples, classes, deltas, delta_at)
    if loss == BINARY:
        return binary_gradient(outputs, begin, samples, targets, deltas, delta_at)
    if loss == HINGE:
        return hinge_gradient(outputs, begin, row, units, samples, classes, deltas, delta_at)
    return regression_gradient(loss, outputs, begin, row, units, samples, targets, deltas, delta_at)


@function
def regression_sums(loss, outputs, begin, row, units, samples, targets, target_at, target_row):
    """The loss and the squared error, both summed over outputs and samples."""
    values, squares = every(NONE), every(NONE)
    for unit in range(units):
        for column in range(0, samples, LANES):
            error = load(outputs, begin + unit * row + column) - load(targets, target_at + unit * target_row + column)
            square, size = error * error, magnitude(error)
            value = square
            if loss == ABSOLUTE:
                value = size
            elif loss == HUBER:
                value = where_positive(1.0 - size, square * 0.5, size - 0.5)
            values = values + first(samples - column, value, NONE)
            squares = squares + first(samples - column, square, NONE)
    return np.float64(total(values)), np.float64(total(squares))


@function
def log_sum(loss, outputs, begin, row, units, samples, rights):
    """Σ −log softmax(outputs)[right class] over samples, or the same of one logit; ``rights`` are the right outputs.

    Sixteen products collect what the logarithm is taken of, so that it is taken sixteen times, not once per sample.
    """
    lead, products = every(NONE), every(np.float32(1))
    for column in range(0, samples, LANES):
        largest = load(outputs, begin + column)
        if loss == BINARY:
            whole = exponential(0.0 - magnitude(largest)) + 1.0
            largest = where_positive(0.0 - largest, 0.0, largest)
        else:
            for unit in range(1, units):
                z = load(outputs, begin + unit * row + column)
                largest = where_positive(z - largest, z, largest)
            whole = every(NONE)
            for unit in range(units):
                whole = whole + exponential(load(outputs, begin + unit * row + column) - largest)
        lead = lead + first(samples - column, largest - load(rights, column), NONE)
        products = products * first(samples - column, whole, np.float32(1))
    store(rights, 0, products)
    value = np.float64(total(lead))
    for lane in range(LANES):
        value += math.log(at(rights, lane))
    return value


@function
def class_sums(loss, outputs, begin, row, units, samples, targets, classes, class_at, rights):
    """The loss summed over samples, and how many are classified correctly; ``rights`` is room for the samples."""
    correct, value = 0, 0.0
    for sample in range(samples):
        wanted = at(classes, class_at + sample)
        if loss == BINARY:
            z = at(outputs, begin + sample)
            correct += (1 if z > 0 else 0) == wanted
            put(rights, sample, z * at(targets, class_at + sample))
            continue
        right, most = at(outputs, begin + wanted * row + sample), at(outputs, begin + sample)
        best, wrong = 0, np.float32(-np.inf)
        for unit in range(units):
            z = at(outputs, begin + unit * row + sample)
            if z > most or (z != z and most == most):
                most, best = z, unit
            if unit != wanted and not z <= wrong:
                wrong = z
        correct += best == wanted
        put(rights, sample, right)
        if loss == HINGE:
            margin = np.float32(1) + wrong - right
            value += margin if not margin <= 0 else NONE
    if loss != HINGE:
        value = log_sum(loss, outputs, begin, row, units, samples, rights)
    return value, np.float64(correct)
