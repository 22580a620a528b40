"""Sixteen float32 numbers at a time: a vector type for numba, so that arithmetic is one or two machine instructions.

``a * b + c`` on vectors may be fused into one rounding; scalars spread over all lanes. LLVM splits the vectors into
whatever registers the processor has. Arrays are passed as pointers: numba counts references to an array with every
call, which took half of a small network's time. Loads and stores touch sixteen numbers from any place on, unchecked:
arrays carry sixteen numbers of padding. Plain loops over the same arrays, compiled with fastmath, took 3 to 8 times as
long in batches of 10 and 1 to 4 times in batches of 32 (2-4-2-1, six layers of eight, 2-64-64-1; numba 0.68, AVX2).
"""

import operator

from llvmlite import ir
from numba import njit, types
from numba.core.cgutils import alloca_once, alloca_once_value, get_or_insert_function
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

LANES = 16
FLOAT, WORD = ir.FloatType(), ir.IntType(32)
VECTOR, WORDS = ir.VectorType(FLOAT, LANES), ir.VectorType(WORD, LANES)
FUSED = ("contract",)
function = njit(error_model="numpy")  # dividing by zero gives infinity, as in torch
inlined = njit(error_model="numpy", forceinline=True)


class Lanes(types.Type):
    """The type of a vector of sixteen float32 numbers."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


lanes = Lanes()


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """How LLVM holds it."""

    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, VECTOR)


def spread_over(builder, scalar, kind=VECTOR):
    """A scalar in every lane."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, WORD(0))
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), ir.Constant(WORDS, [0] * LANES))


def as_vector(context, builder, kind, value):
    """A vector as it is, a number spread over all lanes."""
    if isinstance(kind, Lanes):
        return value
    return spread_over(builder, context.cast(builder, value, kind, types.float32))


@intrinsic
def pointer(typing, array):
    """Where an array's numbers lie. Unlike the array it costs nothing to pass on, and does not keep it alive."""

    def code(context, builder, signature, arguments):
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), code


@intrinsic
def moved(typing, place, count):
    """The pointer ``count`` elements on."""

    def code(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return place(place, types.intp), code


def _arithmetic(symbol, instruction) -> None:
    """Let an operator of the language work on vectors, and on a vector and a number."""

    @infer_global(symbol)
    class Template(AbstractTemplate):
        def generic(self, arguments, keywords):
            if len(arguments) == 2 and any(isinstance(kind, Lanes) for kind in arguments):
                return signature(lanes, *arguments)
            return None

    def lowered(context, builder, signature, arguments):
        pairs = zip(signature.args, arguments, strict=True)
        left, right = (as_vector(context, builder, kind, value) for kind, value in pairs)
        return getattr(builder, instruction)(left, right, flags=FUSED)

    for left, right in ((Lanes, Lanes), (Lanes, types.Float), (types.Float, Lanes)):
        lower_builtin(symbol, left, right)(lowered)


for _symbol, _instruction in (
    (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv"),
):  # fmt: skip
    _arithmetic(_symbol, _instruction)


@intrinsic
def load(typing, array, index):
    """The sixteen numbers from ``array[index]`` on."""

    def code(context, builder, signature, arguments):
        place = builder.gep(arguments[0], [arguments[1]])
        return builder.load(builder.bitcast(place, VECTOR.as_pointer()), align=4)

    return lanes(array, types.intp), code


@intrinsic
def store(typing, array, index, value):
    """Write sixteen numbers to ``array[index]`` and what follows."""

    def code(context, builder, signature, arguments):
        place = builder.gep(arguments[0], [arguments[1]])
        builder.store(arguments[2], builder.bitcast(place, VECTOR.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), code


@intrinsic
def store_four(typing, array, index, value):
    """Write a vector's first four numbers to ``array[index]`` and what follows."""

    def code(context, builder, signature, arguments):
        place = builder.gep(arguments[0], [arguments[1]])
        four = ir.Constant(ir.VectorType(WORD, 4), list(range(4)))
        value = builder.shuffle_vector(arguments[2], arguments[2], four)
        builder.store(value, builder.bitcast(place, value.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), code


@intrinsic
def at(typing, array, index):
    """One number of an array."""

    def code(context, builder, signature, arguments):
        return builder.load(builder.gep(arguments[0], [arguments[1]]))

    return array.dtype(array, types.intp), code


@intrinsic
def put(typing, array, index, value):
    """Write one number of an array."""

    def code(context, builder, signature, arguments):
        builder.store(arguments[2], builder.gep(arguments[0], [arguments[1]]))
        return context.get_dummy_value()

    return types.void(array, types.intp, array.dtype), code


@intrinsic
def spread(typing, array, index):
    """One number of an array in every lane."""

    def code(context, builder, signature, arguments):
        return spread_over(builder, builder.load(builder.gep(arguments[0], [arguments[1]])))

    return lanes(array, types.intp), code


@intrinsic
def every(typing, number):
    """A number in every lane."""

    def code(context, builder, signature, arguments):
        return spread_over(builder, arguments[0])

    return lanes(types.float32), code


@intrinsic
def where_positive(typing, condition, yes, no):
    """``yes`` in the lanes where ``condition`` is above 0, ``no`` elsewhere (and where it is not a number)."""

    def code(context, builder, signature, arguments):
        pairs = zip(signature.args, arguments, strict=True)
        condition, yes, no = (as_vector(context, builder, kind, value) for kind, value in pairs)
        return builder.select(builder.fcmp_ordered(">", condition, ir.Constant(VECTOR, [0.0] * LANES)), yes, no)

    return lanes(condition, yes, no), code


@intrinsic
def first(typing, count, value, rest):
    """``value`` in the first ``count`` lanes, ``rest`` in the others."""

    def code(context, builder, signature, arguments):
        count = spread_over(builder, builder.trunc(arguments[0], WORD), WORDS)
        inside = builder.icmp_signed("<", ir.Constant(WORDS, list(range(LANES))), count)
        return builder.select(inside, arguments[1], as_vector(context, builder, signature.args[2], arguments[2]))

    return lanes(types.intp, lanes, rest), code


@intrinsic
def root(typing, value):
    """Square roots."""

    def code(context, builder, signature, arguments):
        kind = ir.FunctionType(VECTOR, [VECTOR])
        return builder.call(get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f32"), arguments)

    return lanes(lanes), code


@intrinsic
def power_of_two(typing, value):
    """2 to the powers of ``value``, whole numbers from −126 to 127: the exponent's bits are written directly."""

    def code(context, builder, signature, arguments):
        biased = builder.add(builder.fptosi(arguments[0], WORDS), ir.Constant(WORDS, [127] * LANES))
        return builder.bitcast(builder.shl(biased, ir.Constant(WORDS, [23] * LANES)), VECTOR)

    return lanes(lanes), code


@intrinsic
def total(typing, value):
    """The sum of all lanes, halves added to halves."""

    def code(context, builder, signature, arguments):
        vector, width = arguments[0], LANES
        while width > 1:
            width //= 2
            low, high = (ir.Constant(ir.VectorType(WORD, width), list(range(k, k + width))) for k in (0, width))
            vector = builder.fadd(*(builder.shuffle_vector(vector, vector, half) for half in (low, high)))
        return builder.extract_element(vector, WORD(0))

    return types.float32(lanes), code


@intrinsic
def totals(typing, a, b, c, d):
    """The sums of four vectors' lanes, over and over: pairs are added while they are interleaved."""

    def shuffled(builder, vector, other, lanes_of):
        return builder.shuffle_vector(vector, other, ir.Constant(ir.VectorType(WORD, len(lanes_of)), lanes_of))

    def together(builder, vector, other):
        even = [lane + side for lane in range(0, LANES, 2) for side in (0, LANES)]
        odd = [lane + 1 for lane in even]
        return builder.fadd(shuffled(builder, vector, other, even), shuffled(builder, vector, other, odd))

    def code(context, builder, signature, arguments):
        a, b, c, d = arguments
        ab, cd = together(builder, a, b), together(builder, c, d)  # lanes a b a b …, c d c d …
        pairs = [pair + lane + side for pair in range(0, LANES, 4) for side in (0, LANES) for lane in (0, 1)]
        rest = [lane + 2 for lane in pairs]
        vector = builder.fadd(shuffled(builder, ab, cd, pairs), shuffled(builder, ab, cd, rest))  # a b c d a b c d …
        for width in (8, 4):
            low, high = ([k + begin for k in range(width)] for begin in (0, width))
            vector = builder.fadd(shuffled(builder, vector, vector, low), shuffled(builder, vector, vector, high))
        return shuffled(builder, vector, vector, [0, 1, 2, 3] * (LANES // 4))

    return lanes(lanes, lanes, lanes, lanes), code


@intrinsic
def product(typing, a, b):
    """The high and the low half of the product of two unsigned 64-bit numbers."""

    def code(context, builder, signature, arguments):
        single, double = ir.IntType(64), ir.IntType(128)
        whole = builder.mul(*(builder.zext(number, double) for number in arguments))
        halves = builder.trunc(builder.lshr(whole, double(64)), single), builder.trunc(whole, single)
        return context.make_tuple(builder, signature.return_type, halves)

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), code


@intrinsic
def float_mode(typing):
    """The processor's floating-point settings, on x86; 0 elsewhere."""

    def code(context, builder, signature, arguments):
        if not builder.module.triple.startswith("x86_64"):
            return WORD(0)
        place = alloca_once(builder, WORD)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        call = get_or_insert_function(builder.module, kind, "llvm.x86.sse.stmxcsr")
        builder.call(call, [builder.bitcast(place, ir.IntType(8).as_pointer())])
        return builder.load(place)

    return types.int32(), code


@intrinsic
def use_float_mode(typing, mode):
    """Set what ``float_mode`` returned; with 0x8040 added, numbers below 1e-38 count as 0, which is much faster."""

    def code(context, builder, signature, arguments):
        if builder.module.triple.startswith("x86_64"):
            place = alloca_once_value(builder, arguments[0])
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
            call = get_or_insert_function(builder.module, kind, "llvm.x86.sse.ldmxcsr")
            builder.call(call, [builder.bitcast(place, ir.IntType(8).as_pointer())])
        return context.get_dummy_value()

    return types.void(types.int32), code
