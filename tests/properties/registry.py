"""Every public helper with a strategy of valid arguments, its invariants, and its bad values."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import HealthCheck, settings

# The same few examples in every run; a longer search from fresh ones by an environment variable.
DEEP = int(os.environ.get("DEPTH_NOT_DATA_SEARCH", "0"))


def search(examples: int):
    """Settings of a test with so many examples, times DEPTH_NOT_DATA_SEARCH."""
    return settings(
        max_examples=examples * max(DEEP, 1),
        derandomize=not DEEP,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Properties:
    """What holds of one public callable.

    Attributes
    ----------
    name : str
        Module, without the package, and name of the callable.
    make : callable
        From Hypothesis's ``draw`` valid arguments, and a function that asserts the invariants of
        the callable it is given.
    bad : mapping
        For each argument that is tried, its kind from `bad_values`.
    untried : mapping
        For each other argument the reason why it is not.
    """

    name: str
    make: Callable
    bad: Mapping[str, Callable]
    untried: Mapping[str, str]


REGISTRY: dict[str, Properties] = {}


def properties(name: str, /, *, untried: Mapping[str, str] | None = None, **bad):
    """Register the decorated function as `make` of a public callable."""

    def register(make):
        # A module may be imported twice, as itself and by the search for doctests.
        place = make.__code__.co_filename, make.__code__.co_firstlineno
        known = REGISTRY[name].make.__code__ if name in REGISTRY else make.__code__
        assert (known.co_filename, known.co_firstlineno) == place, name
        REGISTRY[name] = Properties(name, make, bad, untried or {})
        return make

    return register
