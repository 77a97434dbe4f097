"""Hessian spectra of many trained students, in parallel and remembered on disk (`stored_runs`)."""

import inspect
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from depth_not_data import _validation
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network
from depth_not_data.residual.stored_runs import stored
from depth_not_data.spectra import autograd


@dataclass(frozen=True)
class Run:
    """One trained student's spectrum.

    Attributes
    ----------
    n_embd, n_block, seed : int
        What was trained.
    eigenvalues : numpy.ndarray, shape (P,) or (count,)
        Eigenvalues of the Hessian after training, descending: all of them, or the largest.
    loss_history : numpy.ndarray, shape (steps + 1,)
    """

    n_embd: int
    n_block: int
    seed: int
    eigenvalues: np.ndarray = field(repr=False)
    loss_history: np.ndarray = field(repr=False)


def sweep(
    n_embd: Iterable[int],
    n_block: Iterable[int],
    seeds: Iterable[int],
    *,
    n_jobs: int = -1,
    progress: bool | None = None,
    **options,
) -> list[Run]:
    """Train a student for every combination and return the spectra of their Hessians.

    Parameters
    ----------
    n_embd, n_block, seeds : iterable of int
        Widths N >= 1, numbers of blocks D >= 1 and seeds >= 0; every combination is run.
    n_jobs : int
        Number of runs at once, as in joblib; -1 for one on each core. Each uses one thread, so
        that the numbers do not depend on how many there are.
    progress : bool, optional
        Show a bar of the runs started; by default only where the error stream is a terminal.
    **options
        Passed to :func:`depth_not_data.residual.network.train_student`.

    Returns
    -------
    list of Run
        In the order of ``itertools.product(n_embd, n_block, seeds)``.

    Raises
    ------
    ValueError
        If a width, number of blocks, seed or option is outside its range.

    Notes
    -----
    A result is stored (:func:`depth_not_data.residual.stored_runs.stored`) under its arguments,
    those that were left out included, the code of the helpers without comments and docstrings, and
    the version of torch: a run is repeated when any of them changes, and only then.
    """
    combinations = checked(n_embd, n_block, seeds)
    options = with_defaults(residual_network.train_student, options)
    return stored(_run, combinations, options, n_jobs=n_jobs, progress=progress)


def top_sweep(
    n_embd: int, n_block: int, seeds: Iterable[int], count: int, *, n_jobs: int = -1, **options
) -> list[Run]:
    """Train a student for every seed and return the largest eigenvalues of their Hessians.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 1 and number of blocks D >= 1.
    seeds : iterable of int
        Seeds >= 0.
    count : int
        Number of eigenvalues, as in :func:`depth_not_data.residual.hessian.largest_eigenvalues`.
    n_jobs, **options
        As in :func:`sweep`.

    Returns
    -------
    list of Run
        In the order of `seeds`, each with `count` eigenvalues.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    cases = checked([n_embd], [n_block], seeds)
    count = _validation.integer("count", count, minimum=1)
    options = with_defaults(residual_network.train_student, options)
    return stored(_run_largest, cases, count, options, n_jobs=n_jobs)


def checked(
    n_embd: Iterable[int], n_block: Iterable[int], seeds: Iterable[int], *, minimum_width: int = 1
) -> list[tuple[int, int, int]]:
    """Every combination of widths N, numbers of blocks D and seeds, as ints.

    Raises a ``ValueError`` that names the argument if one is outside its range, before anything is
    trained.

    >>> checked([10], [2, 4], range(2))
    [(10, 2, 0), (10, 2, 1), (10, 4, 0), (10, 4, 1)]
    """
    wanted = {"n_embd": n_embd, "n_block": n_block, "seeds": seeds}
    for name, values in wanted.items():
        if not isinstance(values, Iterable):
            raise ValueError(f"{name} must be an iterable of integers, got {values!r}")
    return [
        (
            _validation.integer("n_embd", n, minimum=minimum_width),
            _validation.integer("n_block", d, minimum=1),
            _validation.integer("seeds", s, minimum=0),
        )
        for n, d, s in itertools.product(*wanted.values())
    ]


def with_defaults(train: Callable, options: dict) -> dict:
    """Options for a training with the defaults that were left out, by name."""
    parameters = inspect.signature(train).parameters.items()
    defaults = {
        name: parameter.default
        for name, parameter in parameters
        if parameter.default is not parameter.empty and name != "progress"
    }
    return dict(sorted((defaults | options).items()))


def _run(n_embd, n_block, seed, options, code):
    student = residual_network.train_student(n_embd, n_block, seed=seed, progress=False, **options)
    eigenvalues = autograd.eigenvalues(residual_hessian.hessian(student))
    return Run(n_embd, n_block, seed, eigenvalues, student.loss_history)


def _run_largest(n_embd, n_block, seed, count, options, code):
    student = residual_network.train_student(n_embd, n_block, seed=seed, progress=False, **options)
    eigenvalues = residual_hessian.largest_eigenvalues(student, count)
    return Run(n_embd, n_block, seed, eigenvalues, student.loss_history)
