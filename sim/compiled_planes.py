"""Planes as values of compiled code: one bit each for LANES words of 64 series, in a register or two of the processor.

`a & b`, `a | b`, and `a - b` for those of `a` that are not in `b`. Read whole and written whole, so that the compiler need
not ask whether arrays overlap, which costs loops over words two thirds of their time.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
"""Words of one plane: as many as two or four steps of a processor take."""
WORDS = ir.VectorType(ir.IntType(64), LANES)


class PlaneType(types.Type):
    """The type of a plane."""

    def __init__(self) -> None:
        super().__init__(name="Plane")


PLANE = PlaneType()


@register_model(PlaneType)
class _PlaneModel(models.PrimitiveModel):
    def __init__(self, models_known: Any, kind: PlaneType) -> None:
        super().__init__(models_known, kind, WORDS)


def _where(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """The address of a row of an array. Rows are as far apart as words need, not whole planes."""
    kind, at = signature.args[:2]
    array = context.make_array(kind)(context, builder, arguments[0])
    several = isinstance(at, types.BaseTuple)
    given = zip(cgutils.unpack_tuple(builder, arguments[1]), at.types, strict=True) if several else [(arguments[1], at)]
    places = [context.cast(builder, place, one, types.intp) for place, one in given]
    first = cgutils.get_item_pointer(context, builder, kind, array, [*places, context.get_constant(types.intp, 0)])
    return builder.bitcast(first, WORDS.as_pointer())


@intrinsic
def plane(_typing, array, at):
    """The plane that stands in a row. array : uint64[..., LANES]. at : the row, or its place on each axis."""
    return PLANE(array, at), lambda context, builder, signature, given: builder.load(
        _where(context, builder, signature, given), align=8)


@intrinsic
def put(_typing, array, at, value):
    """Write a plane to a row."""
    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _where(context, builder, signature, given), align=8)
        return context.get_dummy_value()

    return types.void(array, at, value), code


@intrinsic
def nobody(_typing):
    """The plane of no series."""
    return PLANE(), lambda *_: ir.Constant(WORDS, [0] * LANES)


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


def _operation(signs: tuple[Callable, ...], build: Callable) -> None:
    """What signs between two planes stand for."""
    @intrinsic
    def done(_typing, one, other):
        return PLANE(one, other), lambda _, builder, __, given: build(builder, *given)

    def of_planes(one, other):
        if isinstance(one, PlaneType) and isinstance(other, PlaneType):
            return lambda one, other: done(one, other)
        return None

    for sign in signs:
        overload(sign)(of_planes)


_operation((operator.and_, operator.iand), lambda builder, one, other: builder.and_(one, other))
_operation((operator.or_, operator.ior), lambda builder, one, other: builder.or_(one, other))
_operation((operator.sub, operator.isub), lambda builder, one, other: builder.and_(one, builder.not_(other)))
