"""One step of a recurrent cell, forward and back, on vectors: the cells of core.models.recurrent.

Values lie unit × (time · sample): a row of ``row`` numbers has the samples of step 0, of step 1 and so on, sixteen
at a time. ``gates`` holds the sums from the inputs and becomes the gates, then the gradient by these sums; ``sums``
holds those from the state before. States begin one step earlier than gates: that before step 0 is 0.
"""

import numpy as np

from core.training.compiled.kernel.codes import CELLS
from core.training.compiled.kernel.functions import exponential, hyperbolic_tangent
from core.training.compiled.kernel.lanes import LANES, every, function, inlined, load, spread, store

RNN, GRU, LSTM = (CELLS.branch(name) for name in ("RNN", "GRU", "LSTM"))


@inlined
def logistic(x):
    """1/(1 + e⁻ˣ)."""
    return 1.0 / (1.0 + exponential(0.0 - x))


@function
def stepped(cell, units, row, width, gates, sums, states, memories, squashed):
    """The state after a step, from its sums. All places are those of the step; ``states`` and ``memories`` are those
    before it, and what follows lies ``width`` further on. ``squashed`` is tanh of the LSTM's memory."""
    block = units * row
    for unit in range(units):
        for column in range(0, width, LANES):
            place = unit * row + column
            if cell == RNN:
                h = hyperbolic_tangent(load(gates, place) + load(sums, place))
                store(gates, place, h)
            elif cell == GRU:
                r = logistic(load(gates, place) + load(sums, place))
                z = logistic(load(gates, place + block) + load(sums, place + block))
                n = hyperbolic_tangent(load(gates, place + 2 * block) + r * load(sums, place + 2 * block))
                h = n + z * (load(states, place) - n)
                store(gates, place, r)
                store(gates, place + block, z)
                store(gates, place + 2 * block, n)
            else:
                i = logistic(load(gates, place) + load(sums, place))
                f = logistic(load(gates, place + block) + load(sums, place + block))
                g = hyperbolic_tangent(load(gates, place + 2 * block) + load(sums, place + 2 * block))
                o = logistic(load(gates, place + 3 * block) + load(sums, place + 3 * block))
                c = f * load(memories, place) + i * g
                h = hyperbolic_tangent(c)
                store(memories, place + width, c)
                store(squashed, place, h)
                h = o * h
                store(gates, place, i)
                store(gates, place + block, f)
                store(gates, place + 2 * block, g)
                store(gates, place + 3 * block, o)
            store(states, place + width, h)


@function
def stepped_back(cell, units, row, width, gates, sums, states, memories, squashed, deltas, memory_deltas):
    """Turn the gates of a step into the loss's gradient by their sums (for the GRU those from the state in ``sums``).
    ``deltas`` (units, width), the gradient by the state after the step, becomes what reaches the state before it past
    the sums; ``memory_deltas`` the same for the LSTM's memory."""
    block = units * row
    for unit in range(units):
        for column in range(0, width, LANES):
            place, back = unit * row + column, unit * width + column
            d = load(deltas, back)
            if cell == RNN:
                h = load(gates, place)
                store(gates, place, d * (1.0 - h * h))
                store(deltas, back, every(np.float32(0)))
            elif cell == GRU:
                r, z = load(gates, place), load(gates, place + block)
                n, below = load(gates, place + 2 * block), load(sums, place + 2 * block)
                inner = d * (1.0 - z) * (1.0 - n * n)
                reset = inner * below * (r * (1.0 - r))
                update = d * (load(states, place) - n) * (z * (1.0 - z))
                store(gates, place, reset)
                store(gates, place + block, update)
                store(gates, place + 2 * block, inner)
                store(sums, place, reset)
                store(sums, place + block, update)
                store(sums, place + 2 * block, inner * r)
                store(deltas, back, d * z)
            else:
                i, f = load(gates, place), load(gates, place + block)
                g, o = load(gates, place + 2 * block), load(gates, place + 3 * block)
                t = load(squashed, place)
                m = load(memory_deltas, back) + d * o * (1.0 - t * t)
                store(gates, place, m * g * (i * (1.0 - i)))
                store(gates, place + block, m * load(memories, place) * (f * (1.0 - f)))
                store(gates, place + 2 * block, m * i * (1.0 - g * g))
                store(gates, place + 3 * block, d * t * (o * (1.0 - o)))
                store(memory_deltas, back, m * f)
                store(deltas, back, every(np.float32(0)))


@inlined
def carried(weights, begin, units, sums, deltas, above, row, target, width):
    """target += weightsᵀ · deltas[above]: the gradient by a state (units, width), from that by ``sums`` sums of it."""
    for unit in range(0, units - units % 4, 4):
        for column in range(0, width, LANES):
            place, weight, back = above + column, begin + unit, unit * width + column
            a, b = load(target, back), load(target, back + width)
            c, d = load(target, back + 2 * width), load(target, back + 3 * width)
            for _ in range(sums):
                x = load(deltas, place)
                a = x * spread(weights, weight) + a
                b = x * spread(weights, weight + 1) + b
                c = x * spread(weights, weight + 2) + c
                d = x * spread(weights, weight + 3) + d
                weight += units
                place += row
            store(target, back, a)
            store(target, back + width, b)
            store(target, back + 2 * width, c)
            store(target, back + 3 * width, d)
    for unit in range(units - units % 4, units):
        for column in range(0, width, LANES):
            place, weight, back = above + column, begin + unit, unit * width + column
            a = load(target, back)
            for _ in range(sums):
                a = load(deltas, place) * spread(weights, weight) + a
                weight += units
                place += row
            store(target, back, a)
