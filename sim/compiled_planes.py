"""What a processor does side by side, as values of compiled code: planes of bits, and octets of numbers.

A plane holds one bit each for LANES words of 64 series, in a register or two of the processor: `a & b`, `a | b`, `a ^ b`,
and `a - b` for those of `a` that are not in `b`. An octet holds eight numbers: `a + b`, `a - b`, `a * b`, `least`, `most`. Both
are read whole and written whole, so that the compiler need not ask whether arrays overlap, which costs loops over words two
thirds of their time, or keeps it from going through them eight at a time.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_model

from sim.planes import WORD

LANES = 8
"""Words of one plane, numbers of one octet: as many as one, two or four steps of a processor take."""
WORDS = ir.VectorType(ir.IntType(64), LANES)
NUMBERS = ir.VectorType(ir.DoubleType(), LANES)


class PlaneType(types.Type):
    """The type of a plane."""

    def __init__(self) -> None:
        super().__init__(name="Plane")


class OctetType(types.Type):
    """The type of an octet."""

    def __init__(self) -> None:
        super().__init__(name="Octet")


PLANE, OCTET = PlaneType(), OctetType()


@register_model(PlaneType)
class _PlaneModel(models.PrimitiveModel):
    def __init__(self, models_known: Any, kind: PlaneType) -> None:
        super().__init__(models_known, kind, WORDS)


@register_model(OctetType)
class _OctetModel(models.PrimitiveModel):
    def __init__(self, models_known: Any, kind: OctetType) -> None:
        super().__init__(models_known, kind, NUMBERS)


def _where(context: Any, builder: Any, signature: Any, arguments: Any, held: ir.VectorType) -> Any:
    """The address of a row of an array. Rows are as far apart as their elements need, not whole planes."""
    kind, at = signature.args[:2]
    array = context.make_array(kind)(context, builder, arguments[0])
    several = isinstance(at, types.BaseTuple)
    given = zip(cgutils.unpack_tuple(builder, arguments[1]), at.types, strict=True) if several else [(arguments[1], at)]
    places = [context.cast(builder, place, one, types.intp) for place, one in given]
    first = cgutils.get_item_pointer(context, builder, kind, array, [*places, context.get_constant(types.intp, 0)])
    return builder.bitcast(first, held.as_pointer())


@intrinsic
def plane(_typing, array, at):
    """The plane that stands in a row. array : uint64[..., LANES]. at : the row, or its place on each axis."""
    return PLANE(array, at), lambda context, builder, signature, given: builder.load(
        _where(context, builder, signature, given, WORDS), align=8)


@intrinsic
def octet(_typing, array, at):
    """The octet that stands in a row. array : float64[..., LANES]. at : the row, or its place on each axis."""
    return OCTET(array, at), lambda context, builder, signature, given: builder.load(
        _where(context, builder, signature, given, NUMBERS), align=8)


@intrinsic
def put(_typing, array, at, value):
    """Write a plane or an octet to a row."""
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _where(context, builder, signature, given, given[2].type), align=8)
        return context.get_dummy_value()

    return types.void(array, at, value), code


@intrinsic
def put_turned(_typing, array, at, square):
    """Write the LANES words that stand in a lane of a square, row by row, to a row of an array, for each of its lanes. array :
    uint64[..., LANES]. at : the first row. square : uint64[LANES, LANES]."""
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        first = builder.bitcast(context.make_array(square)(context, builder, given[2]).data, WORDS.as_pointer())
        to = _where(context, builder, signature, given, WORDS)
        rows = [builder.load(builder.gep(first, [ir.IntType(32)(row)]), align=8) for row in range(LANES)]
        step = 1
        while step < LANES:  # change places of halves, quarters, eighths
            lanes = range(LANES)
            for row in lanes:
                if not row & step:
                    pair = rows[row], rows[row + step]
                    for which, take in ((row, [LANES + lane - step if lane & step else lane for lane in lanes]),
                                        (row + step, [LANES + lane if lane & step else lane + step for lane in lanes])):
                        rows[which] = builder.shuffle_vector(*pair, ir.Constant(ir.VectorType(ir.IntType(32), LANES), take))
            step *= 2
        for row, words in enumerate(rows):
            builder.store(words, builder.gep(to, [ir.IntType(32)(row)]), align=8)
        return context.get_dummy_value()

    return types.void(array, at, square), code


@intrinsic
def nobody(_typing):
    """The plane of no series."""
    return PLANE(), lambda *_: ir.Constant(WORDS, [0] * LANES)


def _all_lanes(builder: Any, one: Any, count: int = LANES) -> Any:
    """A value in every lane."""
    several = ir.VectorType(one.type, count)
    first = builder.insert_element(ir.Constant(several, ir.Undefined), one, ir.IntType(32)(0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count))


@intrinsic
def eight_of(_typing, number):
    """The octet of one number. number : float64."""
    return OCTET(number), lambda _, builder, __, given: _all_lanes(builder, given[0])


@intrinsic
def any_of(_typing, one):
    """Whether a plane holds for any series."""
    wide = ir.IntType(64 * LANES)
    return types.boolean(one), lambda _, builder, __, given: builder.icmp_unsigned(
        "!=", builder.bitcast(given[0], wide), ir.Constant(wide, 0))


@intrinsic
def word_of(_typing, one, lane):
    """The word of a plane in a lane."""
    return types.uint64(one, lane), lambda _, builder, __, given: builder.extract_element(*given)


@intrinsic
def digit_of(_typing, numbers, digit):
    """One binary digit of each of 64 numbers, as a word. numbers : uint[64]."""
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind, (numbers, digit) = signature.args[0], given
        one_of = ir.IntType(kind.dtype.bitwidth)
        many = ir.VectorType(one_of, WORD)
        array = context.make_array(kind)(context, builder, numbers)
        mask = builder.shl(one_of(1), context.cast(builder, digit, signature.args[1], kind.dtype))
        held = builder.load(builder.bitcast(array.data, many.as_pointer()), align=1)
        held = builder.and_(held, _all_lanes(builder, mask, WORD))
        return builder.bitcast(builder.icmp_unsigned("!=", held, ir.Constant(many, [0] * WORD)), ir.IntType(WORD))

    return types.uint64(numbers, digit), code


@intrinsic
def tally(_typing, numbers, row, one):
    """Count a plane: one more in a row for each series for which it holds. numbers : uint16[row, LANES x 64]."""
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        many = ir.VectorType(ir.IntType(16), LANES * WORD)
        first = _where(context, builder, signature, given, many)
        held = builder.zext(builder.bitcast(given[2], ir.VectorType(ir.IntType(1), LANES * WORD)), many)
        builder.store(builder.add(builder.load(first, align=2), held), first, align=2)
        return context.get_dummy_value()

    return types.void(numbers, row, one), code


@intrinsic
def least(_typing, one, other):
    """The lesser of two octets, number by number."""
    return OCTET(one, other), lambda _, builder, __, given: builder.select(builder.fcmp_ordered("<", *given), *given)


@intrinsic
def most(_typing, one, other):
    """The greater of two octets, number by number."""
    return OCTET(one, other), lambda _, builder, __, given: builder.select(builder.fcmp_ordered(">", *given), *given)


def _operation(signs: tuple[Callable, ...], kind: types.Type, build: Callable) -> None:
    """What signs between two planes, or two octets, stand for."""
    @intrinsic
    def done(_typing, one, other):
        return kind(one, other), lambda _, builder, __, given: build(builder, *given)

    def of_both(one, other):
        if one == kind and other == kind:
            return lambda one, other: done(one, other)
        return None

    for sign in signs:
        overload(sign)(of_both)


_operation((operator.and_, operator.iand), PLANE, lambda builder, one, other: builder.and_(one, other))
_operation((operator.xor, operator.ixor), PLANE, lambda builder, one, other: builder.xor(one, other))
_operation((operator.or_, operator.ior), PLANE, lambda builder, one, other: builder.or_(one, other))
_operation((operator.sub, operator.isub), PLANE, lambda builder, one, other: builder.and_(one, builder.not_(other)))
_operation((operator.add, operator.iadd), OCTET, lambda builder, one, other: builder.fadd(one, other))
_operation((operator.sub, operator.isub), OCTET, lambda builder, one, other: builder.fsub(one, other))
_operation((operator.mul, operator.imul), OCTET, lambda builder, one, other: builder.fmul(one, other))
