"""Checks on the arguments of public helpers.

Each check returns the value in the type the caller computes with, or raises a
``ValueError`` that names the argument, what it was and what is allowed.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
import psutil

LARGEST = 2**63 - 1  # that a size or a seed can be


def integer(name: str, value, *, minimum: int, maximum: int | None = None, limit: str = "") -> int:
    """Return `value` as an int inside the stated bounds; booleans and fractions are refused.

    `limit` says in words what `maximum` is, for instance "min(widths)".
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {value!r}")
    if maximum is None:
        maximum = LARGEST
    if value > maximum:
        allowed = f"{limit} = {maximum}" if limit else f"{maximum}"
        raise ValueError(f"{name} must be <= {allowed}, got {value!r}")
    return int(value)


def integers(name: str, values, *, minimum: int) -> list[int]:
    """Return `values` as a list of at least one int, none of them below `minimum`."""
    return [integer(name, value, minimum=minimum) for value in sequence(name, values, "integer")]


def number(
    name: str,
    value,
    *,
    above: float | None = None,
    minimum: float | None = None,
    below: float | None = None,
    maximum: float | None = None,
) -> float:
    """Return `value` as a finite float inside the stated bounds."""
    bounds = {">": above, ">=": minimum, "<": below, "<=": maximum}
    stated = " and ".join(
        f"{sign} {bound:g}" for sign, bound in bounds.items() if bound is not None
    )
    allowed = f"a finite number {stated}".rstrip()
    valid = (
        _is_finite(value)
        and (above is None or value > above)
        and (minimum is None or value >= minimum)
        and (below is None or value < below)
        and (maximum is None or value <= maximum)
    )
    if not valid:
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return float(value)


def _is_finite(value):
    try:
        real = isinstance(value, Real) and not isinstance(value, bool)
        return real and math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def choice(name: str, value, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of `allowed`."""
    # What cannot be hashed, such as an array, compares entry by entry.
    if not isinstance(value, Hashable) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def flag(name: str, value) -> bool:
    """Return `value` if it is True or False, and not something that Python takes for one."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def function(name: str, value) -> Callable:
    """Return `value` if it can be called."""
    if not callable(value):
        raise ValueError(f"{name} must be a function, got {value!r}")
    return value


def in_memory(what: str, numbers: int) -> None:
    """Raise a ``MemoryError`` that names `what`, if so many numbers in float64 are too many."""
    needed, free = 8 * numbers, psutil.virtual_memory().available
    if needed > free:
        raise MemoryError(f"{what} needs {needed / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free")


def hessian_in_memory(size: int) -> None:
    """Raise a ``MemoryError`` if a dense Hessian of so many parameters is too large."""
    # The matrix itself and the temporary difference of the symmetry check.
    in_memory(f"a dense Hessian of {size} parameters", 3 * size**2)


def random_source(name: str, value) -> np.random.Generator:
    """Return `value` if it is a NumPy generator."""
    if not isinstance(value, np.random.Generator):
        raise ValueError(f"{name} must be a numpy.random.Generator, got {value!r}")
    return value


def sequence(name: str, value, what: str) -> list:
    """Return `value` as a list with at least one `what` in it."""
    alone = isinstance(value, str | Mapping) or getattr(value, "ndim", 1) == 0
    if alone or not isinstance(value, Iterable):
        raise ValueError(f"{name} must be a sequence, got {value!r}")
    items = list(value)
    if not items:
        raise ValueError(f"{name} must hold at least one {what}, got none")
    return items


def as_array(name: str, value) -> np.ndarray:
    """Return `value` as an array of whatever it holds."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be an array of real numbers, got {value!r}") from error


def real_array(
    name: str,
    value,
    *,
    minimum: float | None = None,
    above: float | None = None,
    infinite: bool = False,
) -> np.ndarray:
    """Return `value` as a finite float64 array, entries >= `minimum` and > `above`.

    With `infinite` its entries may be infinite too, as where an orbit has escaped.
    Nothing is turned into a real number on the way: complex numbers, booleans, strings and other
    objects are refused, whatever their value.
    """
    array = as_array(name, value)
    if array.dtype.kind not in "iuf" or _holds_boolean(value):
        kind = "bool" if _holds_boolean(value) else array.dtype.name
        what = repr(value) if array.ndim == 0 else f"entries of type {kind}"
        raise ValueError(f"{name} must be an array of real numbers, got {what}")
    array = array.astype(np.float64, copy=False)
    usable = ~np.isnan(array) if infinite else np.isfinite(array)
    if not np.all(usable):
        bad = array[~usable][0]
        raise ValueError(f"{name} must be finite, got {bad} among its entries")
    if minimum is not None and np.any(array < minimum):
        raise ValueError(
            f"{name} must be >= {minimum:g} everywhere, got a minimum of {array.min()}"
        )
    if above is not None and np.any(array <= above):
        raise ValueError(f"{name} must be > {above:g} everywhere, got a minimum of {array.min()}")
    return array


def _holds_boolean(value):
    # A list of a boolean and numbers is an array of numbers for NumPy.
    if isinstance(value, list | tuple):
        return any(map(_holds_boolean, value))
    return isinstance(value, bool) or getattr(value, "dtype", None) == np.bool_


def symmetric(name: str, value, tolerance: float) -> np.ndarray:
    """Return `value` as a square float64 matrix, symmetrised.

    `tolerance`, in units of the largest entry, bounds what entries of the transpose may differ by.
    """
    matrix = real_array(name, value)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}")
    if np.abs(matrix - matrix.T).max() > tolerance * np.abs(matrix).max():
        raise ValueError(f"{name} must be symmetric, got a different transpose")
    return (matrix + matrix.T) / 2


def broadcast(**arrays: np.ndarray) -> tuple[int, ...]:
    """Return the shape that arrays broadcast to, or blame the first that does not fit."""
    shape: tuple[int, ...] = ()
    seen: list[str] = []
    for name, array in arrays.items():
        try:
            shape = np.broadcast_shapes(shape, array.shape)
        except ValueError as error:
            raise ValueError(
                f"{name} must broadcast against {' and '.join(seen)}, got shape {array.shape}"
            ) from error
        seen.append(f"{name} of shape {array.shape}")
    return shape


def widths(value) -> tuple[int, ...]:
    """Return layer widths (d_0, ..., d_L) as a tuple of at least two positive ints."""
    try:
        items = tuple(value)
    except TypeError as error:
        raise ValueError(f"widths must be a sequence (d_0, ..., d_L), got {value!r}") from error
    if len(items) < 2:
        raise ValueError(f"widths must hold at least d_0 and d_L, got {value!r}")
    return tuple(integer(f"widths[{k}]", d, minimum=1) for k, d in enumerate(items))


def vector(
    name: str,
    value,
    *,
    minimum: float | None = None,
    above: float | None = None,
    lengths: Sequence[int] | None = None,
) -> np.ndarray:
    """Return `value` as a 1-d float64 array, of one of the given `lengths` if there are any."""
    array = real_array(name, value, minimum=minimum, above=above)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")
    if lengths is not None and array.size not in lengths:
        allowed = " or ".join(str(n) for n in sorted(set(lengths)))
        raise ValueError(f"{name} must have length {allowed}, got length {array.size}")
    return array


def chain(weights) -> None:
    """Refuse matrices, or stacks of as many, where one cannot act on what the one before gives."""
    for k, (lower, upper) in enumerate(pairwise(weights), start=1):
        if upper.shape[-1] != lower.shape[-2]:
            raise ValueError(
                f"weights[{k}] must have {lower.shape[-2]} columns to follow weights[{k - 1}], "
                f"got shape {tuple(upper.shape)}"
            )
        if upper.shape[:-2] != lower.shape[:-2]:
            raise ValueError(
                f"weights[{k}] must have the leading axes of weights[{k - 1}], "
                f"got shape {tuple(upper.shape)}"
            )


def layers(value, *, axes: int | None = None) -> list[np.ndarray]:
    """Return weights W^1, ..., W^L as float64 arrays whose shapes (..., d_k, d_{k-1}) chain.

    `axes` is their number of axes, where more than one batch axis, or any, is not allowed.
    """
    items = sequence("weights", value, "layer")
    arrays = [real_array(f"weights[{k}]", layer) for k, layer in enumerate(items)]
    for k, array in enumerate(arrays):
        if array.ndim < 2 or array.ndim != (axes or array.ndim) or not array.size:
            wanted = "have shape (n, d_out, d_in)" if axes == 3 else "be a matrix"
            raise ValueError(f"weights[{k}] must {wanted}, got shape {array.shape}")
    chain(arrays)
    return arrays
