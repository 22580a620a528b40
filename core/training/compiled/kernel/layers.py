"""Fully connected layers, forward and back. Arrays are laid out unit × sample, so that samples fill the vectors.

A matrix of values (units, samples) starts at a place of a flat array and has a row length. Writing a row in vectors
runs over into the next row, which is written after it: rows are always written in rising order. Weights and
biases are torch's: (units, inputs) row by row, then (units,), layer after layer.
"""

import math

import numpy as np

from core.training.compiled.kernel.lanes import (
    LANES,
    at,
    every,
    first,
    function,
    inlined,
    load,
    product,
    put,
    spread,
    store,
    store_four,
    totals,
)  # fmt: skip

GOLDEN, SILVER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)  # what Philox's key grows by
FIRST, SECOND = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)  # what its counters are multiplied by
NOTHING, S8, S40, MASK = np.uint64(0), np.uint64(8), np.uint64(40), np.uint64((1 << 24) - 1)


@inlined
def forward(weights, begin, inputs, units, values, below, above, row, blocks):
    """values[above] = weights · values[below] + biases, for ``blocks`` times sixteen samples."""
    bias = begin + inputs * units
    unit = 0
    while unit + 4 <= units:  # four units share each value that is read
        for block in range(blocks):
            a, b = spread(weights, bias + unit), spread(weights, bias + unit + 1)
            c, d = spread(weights, bias + unit + 2), spread(weights, bias + unit + 3)
            place, weight = below + block * LANES, begin + unit * inputs
            for _ in range(inputs):
                x = load(values, place)
                a = x * spread(weights, weight) + a
                b = x * spread(weights, weight + inputs) + b
                c = x * spread(weights, weight + 2 * inputs) + c
                d = x * spread(weights, weight + 3 * inputs) + d
                place += row
                weight += 1
            place = above + unit * row + block * LANES
            store(values, place, a)
            store(values, place + row, b)
            store(values, place + 2 * row, c)
            store(values, place + 3 * row, d)
        unit += 4
    while unit < units:
        for block in range(blocks):
            a = spread(weights, bias + unit)
            place, weight = below + block * LANES, begin + unit * inputs
            for _ in range(inputs):
                a = load(values, place) * spread(weights, weight) + a
                place += row
                weight += 1
            store(values, above + unit * row + block * LANES, a)
        unit += 1


@inlined
def backward(weights, begin, inputs, units, deltas, above, slopes, below, row, blocks):
    """deltas[below] = (weightsᵀ · deltas[above]) ⊙ slopes[below]: the loss's gradient by the sums of a lower layer."""
    unit = 0
    while unit + 4 <= inputs:
        for block in range(blocks):
            weight, place = begin + unit, above + block * LANES
            x = load(deltas, place)
            a, b = x * spread(weights, weight), x * spread(weights, weight + 1)
            c, d = x * spread(weights, weight + 2), x * spread(weights, weight + 3)
            for _ in range(1, units):
                weight += inputs
                place += row
                x = load(deltas, place)
                a = x * spread(weights, weight) + a
                b = x * spread(weights, weight + 1) + b
                c = x * spread(weights, weight + 2) + c
                d = x * spread(weights, weight + 3) + d
            place = unit * row + block * LANES
            store(deltas, below + place, a * load(slopes, below + place))
            store(deltas, below + place + row, b * load(slopes, below + place + row))
            store(deltas, below + place + 2 * row, c * load(slopes, below + place + 2 * row))
            store(deltas, below + place + 3 * row, d * load(slopes, below + place + 3 * row))
        unit += 4
    while unit < inputs:
        for block in range(blocks):
            weight, place = begin + unit, above + block * LANES
            a = load(deltas, place) * spread(weights, weight)
            for _ in range(1, units):
                weight += inputs
                place += row
                a = load(deltas, place) * spread(weights, weight) + a
            place = unit * row + block * LANES
            store(deltas, below + place, a * load(slopes, below + place))
        unit += 1


@inlined
def gradients(gradient, begin, inputs, units, deltas, above, values, below, row, samples):
    """The loss's gradient by one layer's weights and biases: sums over samples of ``deltas`` times ``values``.

    Four numbers are written at once and may run over into the next row, written after them; what was read behind the
    last input or unit is overwritten in the same way.
    """
    zero = np.float32(0)
    for unit in range(units):
        for column in range(0, inputs, 4):
            delta, value, left = above + unit * row, below + column * row, samples
            a = b = c = d = every(zero)
            while left > 0:
                x = first(left, load(deltas, delta), zero)
                a = x * load(values, value) + a
                b = x * load(values, value + row) + b
                c = x * load(values, value + 2 * row) + c
                d = x * load(values, value + 3 * row) + d
                left -= LANES
                delta += LANES
                value += LANES
            store_four(gradient, begin + unit * inputs + column, totals(a, b, c, d))
    for unit in range(0, units, 4):
        delta, left = above + unit * row, samples
        a = b = c = d = every(zero)
        while left > 0:
            a = a + first(left, load(deltas, delta), zero)
            b = b + first(left, load(deltas, delta + row), zero)
            c = c + first(left, load(deltas, delta + 2 * row), zero)
            d = d + first(left, load(deltas, delta + 3 * row), zero)
            left -= LANES
            delta += LANES
        store_four(gradient, begin + inputs * units + unit, totals(a, b, c, d))


@inlined
def philox(block, step, stream, key):
    """Four words of 64 random bits: Philox 4×64 with ten rounds (Salmon et al. 2011), as numpy's."""
    a, b, c, d = block, step, stream, NOTHING
    low, high = key, NOTHING
    for _ in range(10):
        ahigh, alow = product(a, FIRST)
        chigh, clow = product(c, SECOND)
        a, b, c, d = chigh ^ b ^ low, clow, ahigh ^ d ^ high, alow
        low, high = low + GOLDEN, high + SILVER
    return a, b, c, d


@function
def silence(values, slopes, begin, row, units, samples, rate, seed, step, stream):
    """Dropout's mask on a layer's activations and slopes, that of core.models.Dropout: position sample·units + unit
    of core.randomness.uniform."""
    threshold = np.uint64(math.ceil(np.float32(rate) * np.float32(16777216)))
    kept, silenced = np.float32(1) / np.float32(1 - rate), np.float32(0)
    sample = unit = 0
    for block in range((samples * units + 7) // 8):
        for word in philox(np.uint64(block + 1), np.uint64(step), np.uint64(stream), seed):
            for bits in ((word >> S8) & MASK, word >> S40):
                if sample < samples:
                    factor, place = (kept if bits >= threshold else silenced), begin + unit * row + sample
                    put(values, place, at(values, place) * factor)
                    put(slopes, place, at(slopes, place) * factor)
                unit += 1
                if unit == units:
                    sample, unit = sample + 1, 0
