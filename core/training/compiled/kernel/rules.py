"""The update rules of core.training, on vectors."""

import math

import numpy as np

from core.training.compiled.kernel.codes import RULES
from core.training.compiled.kernel.lanes import (
    LANES,
    every,
    function,
    inlined,
    load,
    root,
    store,
    total,
    where_positive,
)

SGD, MOMENTUM, NESTEROV = (RULES.branch(name) for name in ("SGD", "Momentum", "Nesterov"))
RMSPROP, ADAGRAD = RULES.branch("RMSProp"), RULES.branch("Adagrad")
ADAM, ADAMW, NADAM = (RULES.branch(name) for name in ("Adam", "AdamW", "Nadam"))


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
def update(rule, weights, gradient, moments, second, count, settings, state):
    """One step of core.training.updates on all weights, after clipping and penalties; ``second`` parts the moments."""
    beta1, beta2, smoothing = settings.momentum, settings.beta2, settings.smoothing
    decay, l1, clip = settings.weight_decay, settings.l1, settings.clip
    age, rate = state.age, state.learning_rate
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
        state.product *= mu
        product = state.product
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
