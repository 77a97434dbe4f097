"""Kinds of bad values: for an argument, what a caller may hand over by mistake.

A kind maps a valid value of the argument to a dictionary of bad ones, each under a name that the
failing test shows.
"""

import numpy as np
import torch
from torch import Tensor

NAN, INF = float("nan"), float("inf")
NO_NUMBERS = {"None": None, "a string": "three", "an object": object(), "a dictionary": {}}
NO_NUMBER = NO_NUMBERS | {"complex": 1j, "a boolean": True, "NaN": NAN, "infinity": INF}
HUGE = 10**400  # larger than any float
LARGE = 10**30  # larger than any size


def outside(kind, **values):
    """The same kind with further bad values, such as one beyond a bound."""
    return lambda valid: kind(valid) | {key.replace("_", " "): v for key, v in values.items()}


def without(kind, *names):
    """The same kind without some of its values: those that the argument does take."""

    def fewer(valid):
        values = kind(valid)
        return {name: value for name, value in values.items() if name not in names}

    return fewer


def integer(minimum=0, maximum=None):
    """A whole number from `minimum` on, and not a float that happens to be one."""
    values = {
        "a float": 2.0,
        "a fraction": 2.5,
        "too small": minimum - 1,
        "huge": LARGE,
        "an empty list": [],
        "a list": [1, 2],
    }
    if maximum is not None:
        values["too large"] = maximum + 1
    return lambda valid: NO_NUMBER | values


def number(**beyond):
    """A real number; `beyond` names those that are outside its range."""
    values = NO_NUMBER | {"huge": HUGE, "an empty list": [], "a list": [0.5, 0.5], **beyond}
    return lambda valid: values


def flag(valid):
    """True or False, and nothing that Python would take for one of them."""
    return NO_NUMBERS | {"a number": 2, "NaN": NAN, "an empty list": []}


def choice(valid):
    """One of several words."""
    return NO_NUMBERS | {"another word": "nonsense", "a list": ["a"], "an array": np.ones(2)}


def function(valid):
    """Something that can be called."""
    return {"None": None, "a string": "three", "a number": 2.5, "an array": np.ones(2)}


def generator(valid):
    """A source of random numbers, and not a seed."""
    return {"None": None, "a string": "three", "a seed": 3}


def _spoilt(array, value):
    spoilt = array.copy()
    spoilt[(0,) * spoilt.ndim] = value
    return spoilt


def array(*, axes=None, minimum=None, above=None, empty=False):
    """Real numbers; `axes` is their fixed number of axes, if there is one."""

    def kind(valid):
        good = np.real(np.array(valid)).astype(np.float64)
        values = NO_NUMBERS | {
            "complex": good + 0j,
            "booleans": np.ones(good.shape, dtype=bool),
            "strings": np.full(good.shape, "a"),
            "an object array": np.full(good.shape, None, dtype=object),
            "numbers as objects": good.astype(object),
            "NaN": _spoilt(good, NAN),
            "infinity": _spoilt(good, INF),
            "ragged": [[1.0], [1.0, 2.0]],
        }
        if axes is not None and not empty:
            values["empty"] = np.empty((0,) * good.ndim)
        if axes is not None:
            values["an axis more"] = good[None]
            values["a number alone"] = 1.0
        if minimum is not None:
            values["too small"] = _spoilt(good, minimum - 0.5)
        if above is not None:
            values["at the bound"] = _spoilt(good, above)
        return values

    return kind


def integers(*, minimum=0, empty=False):
    """Several whole numbers, in a list."""

    def kind(valid):
        # Several lists of integers are iterables that the caller may hand over as a range.
        single = integer(minimum)(valid)
        values = {"None": None, "a number": 3, "a string": "three", "an object": object()}
        for name in ("complex", "a boolean", "NaN", "a float", "a fraction", "too small", "huge"):
            values[f"{name} among them"] = [*valid, single[name]]
        return values if empty else values | {"empty": []}

    return kind


def symmetric(valid):
    """A symmetric matrix."""
    good = np.array(valid, dtype=np.float64)
    skew = np.triu(np.ones((len(good) + 1,) * 2))
    return array(axes=2)(valid) | {"not square": good[:, :-1], "another transpose": skew}


def tensor(*, dtype=True, axes=True, empty=False, finite=True):
    """A float64 tensor of a fixed shape; `dtype` says whether float32 is refused."""

    def kind(valid):
        good = valid.detach()
        values = NO_NUMBERS | {
            "an array": good.numpy(),
            "complex": good.to(torch.complex128),
            "booleans": torch.ones_like(good, dtype=torch.bool),
            "integers": torch.ones_like(good, dtype=torch.int64),
        }
        if finite:
            values |= {"NaN": _spoilt_tensor(good, NAN), "infinity": _spoilt_tensor(good, INF)}
        if not empty:
            values["empty"] = good.new_empty((0,) * max(good.ndim, 1))
        if dtype:
            values["float32"] = good.to(torch.float32)
        if axes:
            values["an axis more"] = good[None]
        return values

    return kind


def _spoilt_tensor(tensor, value):
    spoilt = tensor.clone()
    spoilt[(0,) * spoilt.ndim] = value
    return spoilt


def layers(one, *, chained=True):
    """A sequence of layers, each of the kind `one`."""

    def kind(valid):
        valid = list(valid)
        values = NO_NUMBERS | {"a number": 2.5, "no layer": []}
        for place in {0, len(valid) - 1}:
            for name, value in one(valid[place]).items():
                values[f"layer {place}: {name}"] = [*valid[:place], value, *valid[place + 1 :]]
        if chained:
            last = valid[-1]
            wider = [*last.shape[:-1], last.shape[-1] + 1]
            ones = (
                torch.ones(wider, dtype=last.dtype) if isinstance(last, Tensor) else np.ones(wider)
            )
            if len(valid) > 1:
                values["layers that do not chain"] = [*valid[:-1], ones]
        return values

    return kind
