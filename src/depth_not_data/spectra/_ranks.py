"""Checks on ranked spectra, and on ranges of their ranks."""

import numpy as np

from depth_not_data import _validation


def descending(name, value):
    """Return `value` as a float64 array of two or more numbers, none above the one before it."""
    array = _validation.real_array(name, value)
    if array.ndim != 1 or len(array) < 2:
        got = f"shape {array.shape}" if array.ndim else repr(value)
        raise ValueError(f"{name} must hold two or more numbers in a row, got {got}")
    if np.any(np.diff(array) > 0):
        k = int(np.argmax(np.diff(array) > 0)) + 1
        raise ValueError(f"{name} must be descending, got {array[k - 1]} before {array[k]}")
    return array


def rank_range(first, last, limit):
    """Return `first` and `last` as ints with ``1 <= first <= last <= limit``."""
    first = _validation.integer("first", first, minimum=1)
    last = _validation.integer("last", last, minimum=1)
    if last < first:
        raise ValueError(f"last must be an integer >= {first}, got {last}")
    if last > limit:
        raise ValueError(f"last must be <= {limit} here, got {last}")
    return first, last


def positive(name, array, first, last):
    """Return entries of ranks `first` to `last` of a descending array, all of them > 0."""
    values = array[first - 1 : last]
    if values[-1] <= 0:
        k = first + int(np.argmax(values <= 0))
        raise ValueError(
            f"{name} must be positive up to rank {last}, got {values[k - first]} at rank {k}"
        )
    return values
