"""The largest Hessian eigenvalues of a network too deep for a dense Hessian.

The Lanczos method needs products of the Hessian with vectors only: each costs a few gradients,
and neither the matrix nor the time grows with the square of the number of parameters.
"""

import sys
from collections.abc import Iterable

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

from depth_not_data import _validation, resnet, sweeps


def largest_eigenvalues(student: resnet.Student, count: int) -> np.ndarray:
    """Largest eigenvalues of the Hessian of the student's mean squared error.

    Parameters
    ----------
    student : Student
    count : int
        How many, from 1 to P - 1.

    Returns
    -------
    numpy.ndarray, float64, shape (count,)
        Descending, converged to round-off. Products with the Hessian are gradients of
        ``gradient . vector``, reverse over reverse.

    Raises
    ------
    ValueError
        If `count` is outside its range.

    Examples
    --------
    >>> student = resnet.train_student(3, 2, seed=0, steps=10, n_samples=20)
    >>> largest_eigenvalues(student, 4).shape
    (4,)
    """
    count = _validation.integer("count", count, minimum=1)
    parameters = list(student.model.parameters())
    size = sum(p.numel() for p in parameters)
    if count >= size:
        raise ValueError(f"count must be < {size}, the number of parameters, got {count}")
    loss = functional.mse_loss(student.model(student.inputs), student.targets)
    gradient = parameters_to_vector(torch.autograd.grad(loss, parameters, create_graph=True))

    def multiply(vector):
        direction = torch.from_numpy(np.array(vector, dtype=np.float64).ravel())
        product = torch.autograd.grad(gradient, parameters, direction, retain_graph=True)
        return parameters_to_vector([p.contiguous() for p in product]).numpy()

    operator = LinearOperator((size, size), matvec=multiply, dtype=np.float64)
    # A start of its own: ARPACK's default is drawn from a global random state.
    start = np.random.default_rng(0).standard_normal(size)
    values = eigsh(operator, k=count, which="LA", v0=start, return_eigenvectors=False)
    return np.sort(values)[::-1]


def top_sweep(
    n_embd: int, n_block: int, seeds: Iterable[int], count: int, *, n_jobs: int = -1, **options
) -> list[sweeps.Run]:
    """Train a student for every seed and return the largest eigenvalues of their Hessians.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 1 and number of blocks D >= 1.
    seeds : iterable of int
        Seeds >= 0.
    count : int
        Number of eigenvalues, as in :func:`largest_eigenvalues`.
    n_jobs : int
        Number of runs at once, as in joblib; each uses one thread.
    **options
        Passed to :func:`depth_not_data.resnet.train_student`.

    Returns
    -------
    list of depth_not_data.sweeps.Run
        In the order of `seeds`, each with `count` eigenvalues; stored on disk by
        :func:`depth_not_data.sweeps.stored`.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    cases = [(n_embd, n_block, seed) for seed in seeds]
    modules = (sys.modules[__name__],)
    return sweeps.stored(_run, cases, count, options, modules=modules, n_jobs=n_jobs)


def _run(n_embd, n_block, seed, count, options, code):
    student = resnet.train_student(n_embd, n_block, seed=seed, progress=False, **options)
    eigenvalues = largest_eigenvalues(student, count)
    return sweeps.Run(n_embd, n_block, seed, eigenvalues, student.loss_history)
