"""The largest Hessian eigenvalues of untrained networks with zero residual, remembered on disk."""

from collections.abc import Iterable

import numpy as np

from depth_not_data import _validation
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network
from depth_not_data.residual import stored_runs


def start_spectra(
    cases: Iterable[tuple[int, int, int, int]], *, n_jobs: int = -1
) -> list[np.ndarray]:
    """Return the largest Hessian eigenvalues of students that are their own teachers.

    Parameters
    ----------
    cases : iterable of (n_embd, n_block, seed, count)
        Width N >= 2, number of blocks D >= 1, seed >= 0 and how many eigenvalues >= 1.
    n_jobs : int
        Number of networks at once, as in joblib; each uses one thread.

    Returns
    -------
    list of numpy.ndarray, float64, shape (count,)
        In the order of `cases`, descending, by Lanczos; stored by
        :func:`depth_not_data.residual.stored_runs.stored`.

    Raises
    ------
    ValueError
        If a case is outside its range.

    Examples
    --------
    >>> start_spectra([(2, 0, 0, 1)])
    Traceback (most recent call last):
        ...
    ValueError: n_block must be an integer >= 1, got 0
    """
    checked = [
        (
            _validation.integer("n_embd", n, minimum=2),
            _validation.integer("n_block", d, minimum=1),
            _validation.integer("seed", s, minimum=0),
            _validation.integer("count", k, minimum=1),
        )
        for n, d, s, k in cases
    ]
    return stored_runs.stored(_largest, checked, n_jobs=n_jobs)


def _largest(n_embd, n_block, seed, count, code):
    student = residual_network.zero_residual_student(n_embd, n_block, seed=seed)
    return residual_hessian.largest_eigenvalues(student, count)
