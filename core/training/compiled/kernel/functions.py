"""Activations on vectors, accurate to float32 rounding, with their slopes."""

from core.training.compiled.kernel.codes import ACTIVATIONS
from core.training.compiled.kernel.lanes import LANES, inlined, load, power_of_two, store, where_positive

LINEAR, SIGMOID, TANH = (ACTIVATIONS.branch(name) for name in ("linear", "sigmoid", "tanh"))
RELU, LEAKY, GELU = (ACTIVATIONS.branch(name) for name in ("ReLU", "LeakyReLU", "GELU"))


@inlined
def clamped(x, low, high):
    """x between two numbers; what is not a number stays so."""
    x = where_positive(x - high, high, x)
    return where_positive(low - x, low, x)


@inlined
def exponential(x):
    """eˣ = 2ⁿ·eʳ with |r| ≤ ½ ln 2 and a polynomial for eʳ (Moshier, Cephes); x is clamped to ±87."""
    x = clamped(x, -87.0, 87.0)
    whole = (x * 1.44269504088896341 + 12582912.0) - 12582912.0  # adding 1.5·2²³ rounds to whole numbers
    r = x - whole * 0.693359375 + whole * 2.12194440e-4
    p = r * 1.9875691500e-4 + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    return (p * (r * r) + r + 1.0) * power_of_two(whole)


@inlined
def hyperbolic_tangent(x):
    """tanh x as x·p(x²)/q(x²), fitted to 6e-9 and good to 5 units in the last place; beyond ±7.905 it is flat."""
    x = clamped(x, -7.90531, 7.90531)
    s = x * x
    p = ((s * 1.541690245e-08 + 2.201609094e-05) * s + 3.578582468e-03) * s + 1.345028198e-01
    q = ((s * 8.594518993e-07 + 3.422964737e-04) * s + 2.619070008e-02) * s + 4.678360997e-01
    return x * (p * s + 9.999999944e-01) / (q * s + 1.0)


@inlined
def error_function(x):
    """erf x as x·p(x²)/q(x²), fitted to 2e-8 and good to 6 units in the last place; beyond ±3.8325 it is flat."""
    x = clamped(x, -3.8325, 3.8325)
    s = x * x
    p = ((s * 2.123046194e-06 + 2.859297956e-04) * s + 3.652537329e-03) * s + 5.241781434e-02
    q = ((s * 3.889669502e-05 + 1.141639232e-03) * s + 1.474206320e-02) * s + 1.128987114e-01
    p = (p * s + 1.873044416e-01) * s + 1.128379152e00
    return x * p / ((q * s + 4.993271449e-01) * s + 1.0)


@inlined
def activate(kind, values, slopes, begin, count):
    """Replace the ``count`` sums from ``values[begin]`` on by activations, and write their slopes beside them."""
    end = begin + count
    if kind == TANH:
        for place in range(begin, end, LANES):
            a = hyperbolic_tangent(load(values, place))
            store(values, place, a)
            store(slopes, place, 1.0 - a * a)
    elif kind == RELU:
        for place in range(begin, end, LANES):
            z = load(values, place)
            store(values, place, where_positive(0.0 - z, 0.0, z))
            store(slopes, place, where_positive(z, 1.0, 0.0))
    elif kind == SIGMOID:
        for place in range(begin, end, LANES):
            a = 1.0 / (1.0 + exponential(0.0 - load(values, place)))
            store(values, place, a)
            store(slopes, place, a * (1.0 - a))
    elif kind == LEAKY:
        for place in range(begin, end, LANES):
            z = load(values, place)
            store(values, place, where_positive(z, z, z * 0.01))
            store(slopes, place, where_positive(z, 1.0, 0.01))
    elif kind == GELU:
        for place in range(begin, end, LANES):
            z = load(values, place)
            share = 0.5 * error_function(z * 0.70710678118654752) + 0.5
            density = exponential(z * z * -0.5) * 0.39894228040143268
            store(values, place, z * share)
            store(slopes, place, share + z * density)
    elif kind == LINEAR:
        for place in range(begin, end, LANES):
            store(slopes, place, load(values, place) * 0.0 + 1.0)
