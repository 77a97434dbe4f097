"""What is repeated on fresh seeds: experiments, and the claims that are judged by them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from depth_not_data import _validation

Values = Mapping[str, list]


@dataclass(frozen=True)
class Experiment:
    """A computation that draws at random, shared by all claims that need it.

    Attributes
    ----------
    name : str
    run : callable
        From a seed to lists of numbers by name; a function at the top level of a module, or a
        `functools.partial` of one, so that another process can call it.
    seconds : float
        About how long one seed takes on one core; the dearer are begun first.
    """

    name: str
    run: Callable[[int], Values] = field(repr=False)
    seconds: float

    def __call__(self, seed: int) -> dict[str, list]:
        """Return the values of one seed as JSON holds them: lists of ints, floats, lists.

        Raises
        ------
        ValueError
            If `seed` is not an integer >= 0.

        >>> Experiment("square", lambda seed: {"square": np.array([seed**2])}, 0.1)(3)
        {'square': [9]}
        """
        seed = _validation.integer("seed", seed, minimum=0)
        return {name: np.asarray(values).tolist() for name, values in self.run(seed).items()}


@dataclass(frozen=True)
class Limits:
    """A rule for one seed where the ledger's counts seeds: every number between its two ends."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    def accepts(self, measured) -> bool:
        """Whether every entry lies between its ends.

        >>> Limits((1, 0), (1, 1)).accepts([1, 0]), Limits((1, 0), (1, 1)).accepts([0, 0])
        (True, False)
        """
        numbers = np.asarray(measured, dtype=float)
        if numbers.shape != (len(self.low),):
            raise ValueError(f"measured must have {len(self.low)} entries, got {numbers.shape}")
        return bool(np.all((numbers >= self.low) & (numbers <= self.high)))


def true(count: int = 1) -> Limits:
    """Rule that all of `count` conditions hold."""
    return Limits((1,) * count, (1,) * count)


@dataclass(frozen=True)
class Replica:
    """How a claim is judged on one fresh seed.

    Attributes
    ----------
    needs : tuple of str
        Names of the experiments.
    measured : callable
        From the values of these experiments, in this order, to what the rule compares.
    how : str
        The form of the claim's rule for one seed, in words.
    rule, instead : Limits or None
        Where the ledger's rules count seeds; elsewhere its own are used.
    """

    needs: tuple[str, ...]
    measured: Callable = field(repr=False)
    how: str
    rule: Limits | None = None
    instead: Limits | None = None


def bound(run: Callable, *arguments, **options) -> Callable[[int], Values]:
    """Fix all arguments of an experiment but the seed, which comes last."""
    return partial(run, *arguments, **options)
