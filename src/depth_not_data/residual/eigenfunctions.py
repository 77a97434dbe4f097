"""What the leading eigenvectors of trained students do and where they sit, remembered on disk."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch

from depth_not_data import _validation
from depth_not_data.residual import functions, stored_runs, sweeps
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network

# Eigenvectors per N^2: enough to see the edge and what lies below it.
REACH = 1.25


@dataclass(frozen=True)
class Eigenfunctions:
    """The leading eigenvectors of one student's Hessian as functions, largest eigenvalue first.

    Attributes
    ----------
    n_embd, n_block, seed : int
    eigenvalues : numpy.ndarray, shape (k,)
        k = 1.25 N^2, rounded.
    mean_square : numpy.ndarray, shape (k,)
        Mean over samples and outputs of the squared change for a unit step; twice this is the
        eigenvalue where the residual is zero.
    kinds : dict of str to numpy.ndarray, shape (k,)
        :func:`depth_not_data.residual.functions.function_shares`.
    parts : dict of (str, int) to numpy.ndarray, shape (k,)
        :func:`depth_not_data.residual.functions.parameter_shares`.
    constant_along_mean, identity, diagonal : numpy.ndarray, shape (k,)
        Shares of the constant along (1, ..., 1), of the identity map of the mean-free input and
        of all N diagonal maps of it.
    random_kinds : dict of str to numpy.ndarray, shape (20,)
        The same as `kinds` for random directions in parameter space.
    loss : float
        Mean squared error after training.
    """

    n_embd: int
    n_block: int
    seed: int
    eigenvalues: np.ndarray = field(repr=False)
    mean_square: np.ndarray = field(repr=False)
    kinds: dict = field(repr=False)
    parts: dict = field(repr=False)
    constant_along_mean: np.ndarray = field(repr=False)
    identity: np.ndarray = field(repr=False)
    diagonal: np.ndarray = field(repr=False)
    random_kinds: dict = field(repr=False)
    loss: float


def analyse(
    cases: Iterable[tuple[int, int, int]], *, n_jobs: int = -1, **options
) -> list[Eigenfunctions]:
    """Train students and look at the leading eigenvectors of their Hessians.

    Parameters
    ----------
    cases : iterable of (n_embd, n_block, seed)
        Widths N >= 2, numbers of blocks >= 1 and seeds >= 0.
    n_jobs : int
        Number of students at once, as in joblib; each uses one thread.
    **options
        Passed to :func:`depth_not_data.residual.network.train_student`.

    Returns
    -------
    list of Eigenfunctions
        In the order of `cases`.

    Raises
    ------
    ValueError
        If a case or an option is outside its range.

    Notes
    -----
    Stored on disk by :func:`depth_not_data.residual.stored_runs.stored`.
    """
    checked = _checked(cases)
    options = sweeps.with_defaults(residual_network.train_student, options)
    return stored_runs.stored(_analyse, checked, options, n_jobs=n_jobs)


def _checked(cases):
    try:
        triples = [(n, d, s) for n, d, s in cases]
    except (TypeError, ValueError) as error:
        raise ValueError(f"cases must be triples (n_embd, n_block, seed), got {cases!r}") from error
    return [
        (
            _validation.integer("n_embd", n, minimum=2),
            _validation.integer("n_block", d, minimum=1),
            _validation.integer("seed", s, minimum=0),
        )
        for n, d, s in triples
    ]


def _analyse(n_embd, n_block, seed, options, code):
    student = residual_network.train_student(n_embd, n_block, seed=seed, progress=False, **options)
    matrix = residual_hessian.hessian(student)
    count = min(len(matrix), round(REACH * n_embd**2))
    values, vectors = functions.leading_eigenpairs(matrix, count)
    return _summary(student, seed, values, vectors)


def _summary(student, seed, values, vectors):
    inputs = student.inputs
    changes = functions.output_changes(student, vectors)
    free = inputs - inputs.mean(1, keepdim=True)
    generator = torch.Generator().manual_seed(seed)
    random = torch.empty(len(vectors), 20, dtype=torch.float64).normal_(generator=generator)
    return Eigenfunctions(
        n_embd=inputs.shape[1],
        n_block=len(student.model.blocks),
        seed=seed,
        eigenvalues=values.numpy(),
        mean_square=changes.square().mean((1, 2)).numpy(),
        kinds=functions.function_shares(changes, inputs),
        parts=functions.parameter_shares(student, vectors),
        constant_along_mean=functions.span_share(changes, torch.ones_like(inputs)[None]),
        identity=functions.span_share(changes, free[None]),
        diagonal=functions.span_share(changes, torch.diag_embed(free).transpose(0, 1).contiguous()),
        random_kinds=functions.function_shares(functions.output_changes(student, random), inputs),
        loss=float(student.loss_history[-1]),
    )
