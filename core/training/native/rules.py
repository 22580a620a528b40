"""The update rules and schedules of core.training, on vectors."""

import math

import numpy as np

from core.training.native.lanes import LANES, at, every, function, inlined, load, root, store, total, where_positive

SGD, MOMENTUM, NESTEROV, RMSPROP, ADAM, ADAMW, NADAM, ADAGRAD = range(8)
CONSTANT, STEP, EXPONENTIAL, COSINE, ONE_CYCLE, WARM_UP = range(6)


@function
def learning_rate(schedule, rate, step, steps):
    """As core.training.recipe.learning_rate."""
    if schedule == CONSTANT:
        return rate
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


@inlined
def update(rule, weights, gradient, moments, second, count, age, product, rate, settings):
    """One step of core.training.updates on all weights, after clipping and penalties; ``second`` parts the moments."""
    beta1, beta2, smoothing = at(settings, 1), at(settings, 2), at(settings, 3)
    decay, l1, clip = at(settings, 4), at(settings, 5), at(settings, 6)
    shrink = np.float32(1)
    if clip > 0:
        shrink = np.float32(clip) / (norm(gradient, count) + np.float32(1e-6))
        shrink = np.float32(1) if shrink > 1 else shrink
    coupled = np.float32(0 if rule == ADAMW else decay)
    memory, left = np.float32(beta1), np.float32(1 - beta1)
    smooth, rest = np.float32(beta2), np.float32(1 - beta2)
    if rule == RMSPROP:
        smooth, rest = np.float32(smoothing), np.float32(1 - smoothing)
    size = np.float32(rate)
    undone, start, shrunk, now, then = (
        np.float32(0),
        np.float32(0),
        np.float32(rate * decay),
        np.float32(0),
        np.float32(0),
    )
    if rule in (ADAM, ADAMW, NADAM):  # powers are slow
        undone, start = np.float32(1 / math.sqrt(1 - beta2**age)), np.float32(rate / (1 - beta1**age))
    if rule == NADAM:
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
