"""Checks on the arguments of public helpers.

Each check returns the value in the type the caller computes with, or raises a
``ValueError`` that names the argument, what it was and what is allowed.
"""

import math
from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np


def integer(name: str, value, *, minimum: int, maximum: int | None = None, limit: str = "") -> int:
    """Return `value` as an int inside the stated bounds; booleans and fractions are refused.

    `limit` says in words what `maximum` is, for instance "min(widths)".
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {value!r}")
    if maximum is not None and value > maximum:
        allowed = f"{limit} = {maximum}" if limit else f"{maximum}"
        raise ValueError(f"{name} must be <= {allowed}, got {value!r}")
    return int(value)


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
        isinstance(value, Real)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and (above is None or value > above)
        and (minimum is None or value >= minimum)
        and (below is None or value < below)
        and (maximum is None or value <= maximum)
    )
    if not valid:
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return float(value)


def choice(name: str, value, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def real_array(
    name: str, value, *, minimum: float | None = None, above: float | None = None
) -> np.ndarray:
    """Return `value` as a finite float64 array, entries >= `minimum` and > `above`.

    Nothing is turned into a real number on the way: complex numbers, booleans, strings and other
    objects are refused, whatever their value.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be an array of real numbers, got {value!r}") from error
    if array.dtype.kind not in "iuf" or _holds_boolean(value):
        kind = "bool" if _holds_boolean(value) else array.dtype.name
        what = repr(value) if array.ndim == 0 else f"entries of type {kind}"
        raise ValueError(f"{name} must be an array of real numbers, got {what}")
    array = array.astype(np.float64, copy=False)
    if not np.all(np.isfinite(array)):
        bad = array[~np.isfinite(array)][0]
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
