"""What an exercise is, and the verdict on an answer, in one helpful sentence.

An exercise has the label that it has in its chapter, a stub for the student, and a function that
looks at the answer: it returns if the answer is right, and raises `Wrong` otherwise. What goes
wrong in any exercise is handled here: an empty stub, an exception in the student's function, NaN,
a wrong shape.
"""

import importlib
import pkgutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Number
from textwrap import dedent

import numpy as np

_EXERCISES: dict[str, "Exercise"] = {}


class Wrong(Exception):  # noqa: N818
    """An answer is not right; the message says why, and does not give the answer away."""


class NotYet(Wrong):
    """A stub was handed in as it is."""


@dataclass(frozen=True)
class Exercise:
    """An exercise that can be checked: its label, stub, the name handed over, and the check."""

    label: str
    stub: str
    answer: str
    examine: Callable
    chapter: str

    @property
    def check_cell(self) -> str:
        """Code of the student's check cell."""
        return f'course.check("{self.label}", {self.answer})'


def exercise(label: str, *, stub: str, answer: str):
    """Register the decorated function as the check of the exercise `label`.

    `stub` is the code that a student starts from, `answer` the expression, usually a name in the
    stub, that the check cell hands over. Raises ValueError if the label has a check already.
    """

    def register(examine):
        if label in _EXERCISES:
            raise ValueError(f"label must be new, and {label!r} has a check already")
        chapter = examine.__module__.rsplit(".", 1)[-1].replace("_", "-")
        stubbed = dedent(stub).strip()
        _EXERCISES[label] = Exercise(label, stubbed, answer, examine, chapter)
        return examine

    return register


def exercises() -> dict[str, Exercise]:
    """Every exercise that can be checked, by its label; finds the modules of all chapters."""
    package = importlib.import_module("depth_not_data.course")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"depth_not_data.course.{module.name}")
    return dict(_EXERCISES)


# For the checks


def require(condition, message: str) -> None:
    """Raise Wrong with this message unless the condition holds."""
    if not condition:
        raise Wrong(message)


def number(value, what: str = "your answer") -> float:
    """Return a single number as a float; Wrong if it is anything else."""
    return float(array(value, (), what))


def array(value, shape: tuple | None = None, what: str = "your answer") -> np.ndarray:
    """Return numbers as a float array; Wrong if they are none, NaN, or not of this shape."""
    try:
        found = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        said = "a number" if shape == () else "numbers"
        raise Wrong(f"{what} should be {said}, and is {_short(value)}.") from None
    if shape is not None and found.shape != shape:
        wanted = "a single number" if shape == () else f"an array of the shape {shape}"
        raise Wrong(f"{what} should be {wanted}, and has the shape {found.shape}.")
    require(not np.isnan(found).any(), f"{what} contains NaN: was there 0/0, or a root below 0?")
    return found


def close(found, wanted, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Whether numbers agree, in every entry; False if the shapes differ."""
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    return found.shape == wanted.shape and np.allclose(found, wanted, rtol=rtol, atol=atol)


def compare(found, right, mistakes: dict[str, object], otherwise: str, rtol: float = 1e-6) -> None:
    """Return if numbers are right; else raise Wrong with the message of the mistake they show.

    `mistakes` has for each message the numbers that this mistake gives, or a function that computes
    them; `otherwise` is said of numbers that show none of them.
    """
    if close(found, right, rtol):
        return
    for message, values in mistakes.items():
        require(not close(found, values() if callable(values) else values, rtol), message)
    raise Wrong(otherwise)


def choice(value, allowed: str, what: str = "your answer") -> str:
    """Return one letter of `allowed`, as a capital; Wrong if it is anything else."""
    said = value.strip().upper() if isinstance(value, str) else value
    letters = ", ".join(map(repr, allowed))
    require(isinstance(said, str) and said in list(allowed), f"{what} should be one of {letters}.")
    return said


def entries(value, *keys, what: str = "your answer") -> list:
    """Return the values of a dict under these keys; Wrong if a key is missing."""
    require(isinstance(value, dict), f"{what} should be a dict with the keys of the stub.")
    missing = [repr(key) for key in keys if key not in value]
    require(not missing, f"{what} has no entry {', '.join(missing)}: keep the keys of the stub.")
    return [value[key] for key in keys]


# The verdict


def verdict(label: str, answer) -> tuple[bool, str]:
    """Whether an answer is right, and what to say about it.

    Raises ValueError if no exercise has this label.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        known = exercises()
        if label not in known:
            near = get_close_matches(label, known, n=1)
            raise ValueError(
                f"label must be that of an exercise with a check, got {label!r}"
                + (f"; did you mean {near[0]!r}?" if near else "")
            )
        try:
            _refuse_holes(answer)
            said = known[label].examine(_guarded(answer))
        except Wrong as wrong:
            return False, str(wrong)
        except Exception as error:
            return False, _misfit(error, known[label], answer)
    return True, said if isinstance(said, str) else "Right."


def check(label: str, answer) -> None:
    """Print in one line whether an answer is right; if not, what is wrong with it."""
    right, message = verdict(label, answer)
    print(f"{'✓' if right else '✗'} {' '.join(message.split())}")


def _refuse_holes(answer, where: str = "") -> None:
    """Raise NotYet where the dots of a stub are still there."""
    if answer is None or answer is Ellipsis:
        raise NotYet(f"Not yet: put your answer in place of the dots{where}.")
    if isinstance(answer, dict):
        for key, value in answer.items():
            _refuse_holes(value, f" at {key!r}")
    elif isinstance(answer, (list, tuple)):
        for value in answer:
            _refuse_holes(value)


def _guarded(answer):
    """Return the answer; a function (also inside a dict or list) with its failures explained."""
    if isinstance(answer, dict):
        return {key: _guarded(value) for key, value in answer.items()}
    if isinstance(answer, (list, tuple)):
        return type(answer)(map(_guarded, answer)) if type(answer) in (list, tuple) else answer
    return _Guarded(answer) if callable(answer) and not isinstance(answer, type) else answer


class _Guarded:
    """A student's function: what it raises, and what it forgets to return, becomes a sentence."""

    def __init__(self, function):
        self.function = function
        self.name = getattr(function, "__name__", "your function")

    def __call__(self, *args, **kwargs):
        copies = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
        given = [_short(arg) for arg in args] + [f"{k}={_short(v)}" for k, v in kwargs.items()]
        call = f"{self.name}({', '.join(given)})"
        try:
            result = self.function(*copies, **kwargs)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise Wrong(f"{call} stops with {reason}.") from error
        if result is None or result is Ellipsis:
            raise NotYet(f"Not yet: {call} returns nothing. Is a `return` missing?")
        if isinstance(result, (Number, np.ndarray, list, tuple)) and _has_nan(result):
            raise Wrong(f"{call} returns NaN: was there 0/0, or a root of a negative number?")
        return result


def _has_nan(result) -> bool:
    try:
        return bool(np.isnan(np.asarray(result, dtype=float)).any())
    except (TypeError, ValueError):
        return False


def _short(value) -> str:
    """Return a value in a few characters."""
    shape = getattr(value, "shape", ())
    if len(shape) > 1:
        return f"an array of the shape {tuple(shape)}"
    if isinstance(value, _Guarded):
        return value.name
    text = " ".join((value.__name__ if callable(value) else repr(value)).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _misfit(error: Exception, known: Exercise, answer) -> str:
    """Say so if the check itself cannot work with what it was given."""
    if callable(answer) and f"def {known.answer}(" not in known.stub:
        return f"`{known.answer}` should not be a function: did you forget to call it?"
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return (
        f"The check could not work with your answer ({reason}). Is it, or does it return, what "
        "the stub asks for, in the same order and shape?"
    )
