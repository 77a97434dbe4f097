"""Networks at the start, where growth with depth comes from: LayerNorms alone, and branches."""

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.residual import functions
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual.network import Student, train_student
from depth_not_data.spectra import autograd


def norm_stack_spectrum(n_embd: int, n_block: int) -> np.ndarray:
    """Hessian eigenvalues by the biases of D LayerNorms in a row, gains 1, biases and residual 0.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 2 and number of blocks D >= 1.

    Returns
    -------
    numpy.ndarray, float64, shape (N D,)
        Descending, by automatic differentiation of the mean squared error. The 2 (N - 1) samples
        are mean-free of squared length N and have the second moment ``N / (N - 1)`` on mean-free
        vectors; nothing is added under the root.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    One bias moves one output each:

    >>> norm_stack_spectrum(4, 1).round(12)
    array([0.5, 0.5, 0.5, 0.5])
    """
    n = _validation.integer("n_embd", n_embd, minimum=2)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    free = np.linalg.qr(np.eye(n) - 1 / n)[0][:, : n - 1].T
    y = torch.tensor(np.sqrt(n) * np.concatenate([free, -free]))

    def loss(biases):
        h = y
        for bias in biases:
            h = functional.layer_norm(h, (n,), eps=0.0) + bias
        return (h - y).square().mean()

    zeros = [torch.zeros(n, dtype=torch.float64)] * n_block
    return autograd.eigenvalues(autograd.dense_hessian(loss, zeros))


def scaled_start(n_embd: int, n_block: int, *, seed: int, exponent: float) -> Student:
    """Untrained student with its weights scaled by a power of D, and its own outputs as targets.

    Parameters
    ----------
    n_embd, n_block, seed : int
        As in :func:`depth_not_data.residual.network.train_student`.
    exponent : float
        ``W_1`` and ``W_2`` of every block are multiplied by ``D^exponent``.

    Returns
    -------
    Student
        Its residual is zero, so that its Hessian is the outer-product part alone.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    >>> student = scaled_start(3, 2, seed=0, exponent=-0.5)
    >>> bool((student.model(student.inputs) == student.targets).all())
    True
    """
    exponent = _validation.number("exponent", exponent)
    student = train_student(n_embd, n_block, seed=seed, steps=0, progress=False)
    with torch.no_grad():
        for block in student.model.blocks:
            block.w1 *= n_block**exponent
            block.w2 *= n_block**exponent
        targets = student.model(student.inputs)
    return replace(student, targets=targets, teacher=student.model, loss_history=np.zeros(1))


def group_means(student: Student) -> np.ndarray:
    """Mean eigenvalue of the two clusters and of what is behind them up to rank N^2.

    Parameters
    ----------
    student : Student
        Of width N >= 4.

    Returns
    -------
    numpy.ndarray, float64, shape (3,)
        Ranks 1 to N - 1, N to 2 (N - 1), 2 N - 1 to N^2.

    Raises
    ------
    ValueError
        If the student is narrower.
    """
    n = student.inputs.shape[1]
    if n < 4:
        raise ValueError(f"student must have a width of at least 4, got {n}")
    with torch.no_grad():
        values = functions.leading_eigenpairs(residual_hessian.hessian(student), n * n)[0]
    return np.array([part.mean() for part in np.split(values.numpy(), [n - 1, 2 * n - 2])])
