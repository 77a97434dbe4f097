"""Checks on the arguments of public helpers.

Each check returns the value in the type the caller computes with, or raises a
``ValueError`` that names the argument, what it was and what is allowed.
"""

import math
from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np


def integer(name: str, value, *, minimum: int) -> int:
    """Return `value` as an int of at least `minimum`; booleans and fractions are refused."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < minimum:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {value!r}")
    return int(value)


def number(
    name: str,
    value,
    *,
    above: float | None = None,
    minimum: float | None = None,
    below: float | None = None,
) -> float:
    """Return `value` as a finite float inside the stated bounds."""
    allowed = "a finite number"
    if above is not None:
        allowed += f" > {above:g}"
    if minimum is not None:
        allowed += f" >= {minimum:g}"
    if below is not None:
        allowed += f" and < {below:g}" if allowed[-1].isdigit() else f" < {below:g}"
    valid = (
        isinstance(value, Real)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and (above is None or value > above)
        and (minimum is None or value >= minimum)
        and (below is None or value < below)
    )
    if not valid:
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return float(value)


def choice(name: str, value, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def real_array(name: str, value, *, minimum: float | None = None) -> np.ndarray:
    """Return `value` as a float64 array without NaN or infinity, entries >= `minimum`."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of real numbers, got {value!r}") from error
    if not np.all(np.isfinite(array)):
        bad = array[~np.isfinite(array)][0]
        raise ValueError(f"{name} must be finite, got {bad} among its entries")
    if minimum is not None and np.any(array < minimum):
        raise ValueError(
            f"{name} must be >= {minimum:g} everywhere, got a minimum of {array.min()}"
        )
    return array


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
    name: str, value, *, minimum: float | None = None, lengths: Sequence[int] | None = None
) -> np.ndarray:
    """Return `value` as a 1-d float64 array, of one of the given `lengths` if there are any."""
    array = real_array(name, value, minimum=minimum)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {array.shape}")
    if lengths is not None and array.size not in lengths:
        allowed = " or ".join(str(n) for n in sorted(set(lengths)))
        raise ValueError(f"{name} must have length {allowed}, got length {array.size}")
    return array
