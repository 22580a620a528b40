"""What an adversarial training does besides a plain one: losses of a game, bounded weights, penalties of slopes.

Real samples fill the discriminator's first ``batch`` columns, generated ones the next. The gradient of a slope's
penalty is written out for activations of straight pieces (ReLU, LeakyReLU): along a direction v the answer changes by
the product of all weights and slopes with v, and since the slopes do not change, its derivative by a weight is the
delta above times what of v arrives below.
"""

import math

import numpy as np

from core.training.compiled.kernel.codes import GAMES
from core.training.compiled.kernel.lanes import LANES, at, every, first, function, load, put, spread, store, total
from core.training.compiled.kernel.layers import backward
from core.training.compiled.kernel.loop import copied, passed_back, passed_forward

MINIMAX, NON_SATURATING, SQUARES, HINGE, WASSERSTEIN = (
    GAMES.branch(name) for name in ("minimax", "non-saturating", "least squares", "hinge", "Wasserstein")
)
R1, GRADIENT = 1, 2  # places in core.adversarial_losses.PENALTIES


@function
def softplus(x):
    """log(1 + eˣ)."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@function
def share(x):
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


@function
def judged_real(loss, answer):
    """The discriminator's loss of a real sample, and its slope."""
    if loss == SQUARES:
        return 0.5 * (answer - 1) ** 2, answer - 1
    if loss == HINGE:
        return max(1 - answer, 0.0), -1.0 if answer < 1 else 0.0
    if loss == WASSERSTEIN:
        return -answer, -1.0
    return softplus(-answer), -share(-answer)


@function
def judged_fake(loss, answer):
    """The discriminator's loss of a generated sample, and its slope."""
    if loss == SQUARES:
        return 0.5 * answer**2, answer
    if loss == HINGE:
        return max(1 + answer, 0.0), 1.0 if answer > -1 else 0.0
    if loss == WASSERSTEIN:
        return answer, 1.0
    return softplus(answer), share(answer)


@function
def fooling(loss, answer):
    """The generator's loss of a sample, and its slope."""
    if loss == MINIMAX:
        return -softplus(answer), -share(answer)
    if loss == NON_SATURATING:
        return softplus(-answer), -share(-answer)
    if loss == SQUARES:
        return 0.5 * (answer - 1) ** 2, answer - 1
    return -answer, -1.0


@function
def answered(layers, widths, kinds, weight_at, value_at, weights, values, slopes, row, batch):
    """All layers' values of ``batch`` columns."""
    passed_forward(
        layers,
        widths,
        kinds,
        weight_at,
        value_at,
        weights,
        values,
        slopes,
        row,
        (batch + LANES - 1) // LANES,
        batch,
        0.0,
        np.uint64(0),
        0,
    )


@function
def blamed(layers, widths, weight_at, value_at, weights, values, deltas, slopes, gradient, row, batch):
    """The gradient by all weights, from the deltas at the top."""
    passed_back(
        layers,
        widths,
        weight_at,
        value_at,
        weights,
        values,
        deltas,
        slopes,
        gradient,
        row,
        (batch + LANES - 1) // LANES,
        batch,
    )


@function
def traced(layers, widths, weight_at, value_at, weights, deltas, slopes, row, batch):
    """The deltas of all layers down to the inputs, whose slopes are 1."""
    for layer in range(layers - 1, -1, -1):
        backward(
            weights,
            at(weight_at, layer),
            at(widths, layer),
            at(widths, layer + 1),
            deltas,
            at(value_at, layer + 1),
            slopes,
            at(value_at, layer),
            row,
            (batch + LANES - 1) // LANES,
        )


@function
def generated(game, draws, layers, widths, kinds, weight_at, value_at, weights, values, slopes, row):
    """The generator's samples of one batch of noise."""
    width = game.latent + 2
    for sample in range(game.batch_size):
        for feature in range(game.latent):
            put(values, feature * row + sample, np.float32(2) * at(draws, sample * width + feature) - np.float32(1))
    answered(layers, widths, kinds, weight_at, value_at, weights, values, slopes, row, game.batch_size)


@function
def divided(layers, widths, weight_at, weights, bounded, directions, sizes):
    """The weights divided by their largest singular values, after one power iteration for each; biases as they are."""
    place = 0
    for layer in range(layers):
        inputs, units, begin = at(widths, layer), at(widths, layer + 1), at(weight_at, layer)
        u, v, length = place, place + units, 0.0
        for unit in range(units):
            part = 0.0
            for column in range(inputs):
                part += at(weights, begin + unit * inputs + column) * at(directions, v + column)
            put(directions, u + unit, np.float32(part))
            length += part * part
        length = max(math.sqrt(length), 1e-12)
        for unit in range(units):
            put(directions, u + unit, np.float32(at(directions, u + unit) / length))
        length = 0.0
        for column in range(inputs):
            part = 0.0
            for unit in range(units):
                part += at(weights, begin + unit * inputs + column) * at(directions, u + unit)
            put(directions, v + column, np.float32(part))
            length += part * part
        length = max(math.sqrt(length), 1e-12)
        size = 0.0
        for column in range(inputs):
            part = at(directions, v + column)  # of Wᵀu
            put(directions, v + column, np.float32(part / length))
            size += part * part / length
        put(sizes, layer, np.float32(size))
        for number in range(inputs * units):
            put(bounded, begin + number, at(weights, begin + number) / np.float32(size))
        copied(weights, begin + inputs * units, bounded, begin + inputs * units, units)
        place += units + inputs


@function
def undivided(layers, widths, weight_at, bounded, directions, sizes, gradient):
    """The gradient by the weights themselves, from that by the weights divided by their singular values."""
    place = 0
    for layer in range(layers):
        inputs, units, begin = at(widths, layer), at(widths, layer + 1), at(weight_at, layer)
        size, along = at(sizes, layer), 0.0
        for number in range(inputs * units):
            along += at(gradient, begin + number) * at(bounded, begin + number)
        for unit in range(units):
            for column in range(inputs):
                number = begin + unit * inputs + column
                both = np.float32(along * at(directions, place + unit) * at(directions, place + units + column))
                put(gradient, number, (at(gradient, number) - both) / size)
        place += units + inputs


@function
def penalised(
    game,
    draws,
    columns,
    layers,
    widths,
    kinds,
    weight_at,
    value_at,
    weights,
    values,
    deltas,
    slopes,
    tangents,
    gradient,
    row,
):
    """Add the gradient of the slope's penalty to ``gradient``; return the penalty. Real and generated samples are the
    first and the second ``batch`` columns of the inputs."""
    batch, features, width, lost = game.batch_size, at(widths, 0), game.latent + 2, 0.0
    if game.penalty == GRADIENT:
        for sample in range(batch):
            place = at(draws, sample * width + game.latent + 1)
            for feature in range(features):
                real, fake = at(values, feature * row + sample), at(values, feature * row + batch + sample)
                put(values, feature * row + sample, fake + place * (real - fake))
    answered(layers, widths, kinds, weight_at, value_at, weights, values, slopes, row, batch)
    for sample in range(batch):
        put(deltas, at(value_at, layers) + sample, np.float32(1))
    traced(layers, widths, weight_at, value_at, weights, deltas, slopes, row, batch)
    for sample in range(row):
        square = 0.0
        for feature in range(features):
            square += at(deltas, feature * row + sample) ** 2
        slope, weight = math.sqrt(square), game.penalty_weight / batch
        if game.penalty == R1:
            factor, part = weight, weight / 2 * square
        else:
            factor, part = 2 * weight * (slope - 1) / slope if slope > 0 else 0.0, weight * (slope - 1) ** 2
        lost += part if sample < batch else 0.0
        for feature in range(features):
            tangent = np.float32(factor * at(deltas, feature * row + sample)) if sample < batch else np.float32(0)
            put(tangents, feature * row + sample, tangent)
    for layer in range(layers):
        carried(
            at(widths, layer),
            at(widths, layer + 1),
            at(weight_at, layer),
            at(value_at, layer),
            at(value_at, layer + 1),
            weights,
            deltas,
            slopes,
            tangents,
            gradient,
            row,
            batch,
        )
    return lost


@function
def carried(inputs, units, begin, below, above, weights, deltas, slopes, tangents, gradient, row, batch):
    """Add deltas above times tangents below to one layer's gradient, and carry the tangents through the layer."""
    for unit in range(units):
        for column in range(inputs):
            sums, place = every(np.float32(0)), 0
            while place < batch:
                delta = first(batch - place, load(deltas, above + unit * row + place), np.float32(0))
                sums = delta * load(tangents, below + column * row + place) + sums
                place += LANES
            number = begin + unit * inputs + column
            put(gradient, number, at(gradient, number) + total(sums))
        place = 0
        while place < batch:
            sums = every(np.float32(0))
            for column in range(inputs):
                sums = (
                    load(tangents, below + column * row + place) * spread(weights, begin + unit * inputs + column)
                    + sums
                )
            store(tangents, above + unit * row + place, sums * load(slopes, above + unit * row + place))
            place += LANES
