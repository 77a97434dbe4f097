"""Directions in parameter space as functions: what a step along them does to a network's output.

A step ``eps v`` in the parameters changes the output at input x by ``eps (J v)(x)``, J the
Jacobian of the outputs by the parameters. The Hessian of the mean squared error is
``2 / N`` times ``J^T J / n`` plus a part that vanishes with the residual, so that a unit
eigenvector's eigenvalue is, up to that part, ``2 / N`` times the mean square of its change. Mean
squares and projections are taken over the training inputs, the distribution that the Hessian
knows.
"""

import numpy as np
import scipy.linalg
import torch
from scipy.sparse.linalg import eigsh
from torch.func import functional_call, vjp, vmap

from depth_not_data import _validation
from depth_not_data.residual.network import Student
from depth_not_data.spectra import autograd

KINDS = ("constant", "linear, mean-free", "linear, mean", "quadratic", "rest")
# The part of a block that a parameter belongs to.
PART_OF = {"w1": "FC1", "b1": "FC1", "w2": "FC2", "b2": "FC2", "gain": "gain", "bias": "bias"}

# Of a larger share of the eigenvalues than this a dense solver is as fast as the Lanczos method.
DENSE_SHARE = 0.05
# Largest ``|H v - lambda v|`` over the largest eigenvalue; both solvers reach 1e-14.
RESIDUAL_TOLERANCE = 1e-10


def leading_eigenpairs(matrix: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Largest eigenvalues of a symmetric matrix, with eigenvectors.

    Parameters
    ----------
    matrix : torch.Tensor, float64, shape (P, P)
        Symmetric to 1e-10 of its largest entry.
    count : int
        Number of eigenpairs, from 1 to P.

    Returns
    -------
    tuple of torch.Tensor
        Eigenvalues, shape (count,), descending, and orthonormal columns, shape (P, count), each
        up to its sign; of equal eigenvalues, some basis of their space. By SciPy's ``eigsh``, for
        more than one in twenty eigenvalues by its ``eigh``.

    Raises
    ------
    ValueError
        If `matrix` is not square, finite and symmetric, or `count` is outside its range.
    ArithmeticError
        If a pair does not solve ``matrix @ v = value * v`` to 1e-10 of the largest value.

    Examples
    --------
    >>> matrix = torch.diag(torch.tensor([1.0, 3.0, 2.0], dtype=torch.float64))
    >>> leading_eigenpairs(matrix, 2)[0]
    tensor([3., 2.], dtype=torch.float64)
    """
    dense = autograd.symmetric("matrix", matrix).numpy()
    size = len(dense)
    count = _validation.integer("count", count, minimum=1)
    if count > size:
        raise ValueError(f"count must be <= {size}, the size of the matrix, got {count}")
    if count > DENSE_SHARE * size or not dense.any():
        values, vectors = scipy.linalg.eigh(dense, subset_by_index=[size - count, size - 1])
    else:
        # A start of its own: ARPACK's default is drawn from a global random state.
        start = np.random.default_rng(0).standard_normal(size)
        values, vectors = eigsh(dense, k=count, which="LA", v0=start)
        order = np.argsort(values)
        values, vectors = values[order], vectors[:, order]
    residual = np.linalg.norm(dense @ vectors - vectors * values, axis=0).max()
    scale = np.abs(values).max()
    if not residual <= RESIDUAL_TOLERANCE * scale:
        raise ArithmeticError(
            f"an eigenpair is wrong by {residual:.1e}, "
            f"allowed {RESIDUAL_TOLERANCE:.0e} of {scale:.1e}"
        )
    return torch.from_numpy(values[::-1].copy()), torch.from_numpy(vectors[:, ::-1].copy())


def output_changes(student: Student, directions: torch.Tensor) -> torch.Tensor:
    """Change of the outputs on the training inputs for a unit step along each direction, ``J v``.

    Parameters
    ----------
    student : Student
    directions : torch.Tensor, float64, shape (P, k)
        One direction in each column, in the order of the Hessian's rows.

    Returns
    -------
    torch.Tensor, float64, shape (k, n, N)

    Raises
    ------
    ValueError
        If `directions` is not a float64 matrix with a row for each of the P trained parameters.

    Examples
    --------
    The last N rows are the last block's bias, which moves one output each:

    >>> from depth_not_data.residual.network import train_student
    >>> student = train_student(2, 1, seed=0, steps=0, n_samples=3)
    >>> step = torch.zeros(36, 1, dtype=torch.float64)
    >>> step[-1] = 1.0
    >>> output_changes(student, step)[0].tolist()
    [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    """
    point = _trained(student, directions)
    sizes = [p.numel() for p in point.values()]

    def outputs(values):
        return functional_call(student.model, values, (student.inputs,))

    # J v as the transpose of u -> J^T u: forward-mode rules would load torch's deprecated script
    # compiler.
    nothing = torch.zeros_like(student.inputs)
    push = vjp(vjp(outputs, point)[1], nothing)[1]

    def change(direction):
        pieces = direction.split(sizes)
        step = {
            name: piece.view(p.shape)
            for (name, p), piece in zip(point.items(), pieces, strict=True)
        }
        return push((step,))[0]

    # A few directions at once bound the memory at some tens of megabytes.
    changes = [vmap(change)(columns) for columns in directions.T.split(32)]
    return torch.cat(changes)


def function_shares(changes: torch.Tensor, inputs: torch.Tensor) -> dict[str, np.ndarray]:
    """Share of each change's mean square in five orthogonal kinds of functions of the input.

    Parameters
    ----------
    changes : torch.Tensor, float64, shape (k, n, N)
        Functions by their values at `inputs`; none of them zero.
    inputs : torch.Tensor, float64, shape (n, N)
        More inputs than there are monomials of degree two or less.

    Returns
    -------
    dict of str to numpy.ndarray, shape (k,)
        For each of ``KINDS``; the five shares of a change add to 1. Kinds are made orthogonal over
        the inputs in this order: constants; linear maps of ``x - mean(x)``, the mean over the
        coordinates; linear maps of ``mean(x)``; products of two coordinates; what is left.

    Raises
    ------
    ValueError
        If shapes do not match, there are too few inputs, or a change is zero.

    Examples
    --------
    >>> x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    >>> one = torch.ones(50, 1, dtype=torch.float64) * torch.tensor([3.0, 4.0])
    >>> shares = function_shares(torch.stack([one, x - x.mean(1, keepdim=True)]), x)
    >>> shares["constant"].round(2)[0], shares["linear, mean"].round(2)
    (np.float64(1.0), array([0., 0.]))
    """
    _check("inputs", inputs, 2)
    _check("changes", changes, 3)
    n, n_embd = inputs.shape
    if changes.shape[1:] != inputs.shape:
        raise ValueError(f"changes must have shape (k, {n}, {n_embd}), got {tuple(changes.shape)}")
    mean = inputs.mean(1, keepdim=True)
    rows, columns = torch.triu_indices(n_embd, n_embd)
    # The last mean-free coordinate is minus the sum of the others.
    groups = [
        torch.ones(n, 1, dtype=inputs.dtype),
        (inputs - mean)[:, :-1],
        mean,
        inputs[:, rows] * inputs[:, columns],
    ]
    if n <= sum(group.shape[1] for group in groups):
        raise ValueError(f"inputs must be more than the monomials, got {n}")
    total = _mean_squares(changes)
    basis = torch.linalg.qr(torch.cat(groups, dim=1)).Q
    parts = basis.split([group.shape[1] for group in groups], dim=1)
    masses = [torch.einsum("nm,kno->kmo", q, changes).square().sum((1, 2)) for q in parts]
    masses.append(total - sum(masses))
    return {kind: (mass / total).numpy() for kind, mass in zip(KINDS, masses, strict=True)}


def span_share(changes: torch.Tensor, functions: torch.Tensor) -> np.ndarray:
    """Share of each change's mean square in the span of given functions.

    Parameters
    ----------
    changes : torch.Tensor, float64, shape (k, n, N)
    functions : torch.Tensor, float64, shape (m, n, N)
        Linearly independent, by their values at the same inputs.

    Returns
    -------
    numpy.ndarray, shape (k,)

    Raises
    ------
    ValueError
        If shapes do not match, a change is zero, or the functions are not independent.

    Examples
    --------
    >>> one, two = torch.eye(4, dtype=torch.float64).view(4, 2, 2)[:2]
    >>> span_share(torch.stack([one, one + two]), one[None]).round(3)
    array([1. , 0.5])
    """
    _check("changes", changes, 3)
    _check("functions", functions, 3)
    if changes.shape[1:] != functions.shape[1:]:
        raise ValueError(
            f"functions must have shape (m, {changes.shape[1]}, {changes.shape[2]}), "
            f"got {tuple(functions.shape)}"
        )
    basis, triangle = torch.linalg.qr(functions.flatten(1).T)
    diagonal = triangle.diagonal().abs()
    if diagonal.min() <= 1e-10 * diagonal.max():
        raise ValueError("functions must be linearly independent, got dependent ones")
    inside = (changes.flatten(1) @ basis).square().sum(1)
    return (inside / _mean_squares(changes)).numpy()


def parameter_shares(student: Student, directions: torch.Tensor) -> dict[tuple, np.ndarray]:
    """Share of each direction's squared length in each part of each block.

    Parameters
    ----------
    student : Student
    directions : torch.Tensor, float64, shape (P, k)
        As for :func:`output_changes`; no zero column.

    Returns
    -------
    dict of (str, int) to numpy.ndarray, shape (k,)
        Key: part ("FC1", "FC2", biases included, or "gain", "bias" of the normalisation) and
        block, counted from 1. The shares of a direction add to 1.

    Raises
    ------
    ValueError
        As :func:`output_changes`, and if a column is zero.

    Examples
    --------
    >>> from depth_not_data.residual.network import train_student
    >>> student = train_student(2, 1, seed=0, steps=0, n_samples=3)
    >>> step = torch.ones(36, 1, dtype=torch.float64)
    >>> {part: share.item() * 36 for (part, _), share in parameter_shares(student, step).items()}
    {'FC1': 16.0, 'FC2': 16.0, 'gain': 2.0, 'bias': 2.0}
    """
    point = _trained(student, directions)
    squares = directions.square()
    if not (squares.sum(0) > 0).all():
        raise ValueError("directions must be nonzero columns, got a zero one")
    squares = squares / squares.sum(0)
    shares = {}
    pieces = squares.split([p.numel() for p in point.values()])
    for name, piece in zip(point, pieces, strict=True):
        _, block, *_, part = name.split(".")
        key = (PART_OF[part], int(block) + 1)
        shares[key] = shares.get(key, 0.0) + piece.sum(0).numpy()
    return shares


def norm_stack_level(n_embd: int, n_block: int) -> float:
    """Ease of the N - 1 constants that the biases of D LayerNorms in a row make together.

    The steps ``u`` in all D biases, weighted for the largest change, where the branches add
    nothing, the gains are 1, the biases 0 and the normalised state y is distributed symmetrically
    with ``E[y y^T] = N / (N - 1)`` on mean-free vectors. The last bias makes the constant u, each
    earlier one ``u - y (y.u) / N``.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 2 and number of blocks D >= 1.

    Returns
    -------
    float
        Larger root of ``z^2 - ((D-1) rho + 1) z + (D-1) rho (1 - rho)``, ``rho = (N-2)/(N-1)``:
        between ``(D-1) rho`` and ``(D-1) rho + 1``. Times 2 / N it is an eigenvalue.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    One block has its own bias alone; in the widest networks all biases add up:

    >>> norm_stack_level(10, 1), round(norm_stack_level(10**9, 8), 6)
    (1.0, 8.0)
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=2)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    rho = (n_embd - 2) / (n_embd - 1)
    trace, det = (n_block - 1) * rho + 1, (n_block - 1) * rho * (1 - rho)
    return (trace + (trace**2 - 4 * det) ** 0.5) / 2


def _trained(student, directions):
    """Return the trained parameters by name; check that the directions are steps in them."""
    point = {k: p.detach() for k, p in student.model.named_parameters() if p.requires_grad}
    size = sum(p.numel() for p in point.values())
    _check("directions", directions, 2)
    if len(directions) != size:
        shape = tuple(directions.shape)
        raise ValueError(f"directions must have {size} rows, one a parameter, got shape {shape}")
    return point


def _check(name, tensor, ndim):
    if not isinstance(tensor, torch.Tensor) or tensor.dtype != torch.float64:
        kind = tensor.dtype if isinstance(tensor, torch.Tensor) else type(tensor).__name__
        raise ValueError(f"{name} must be a float64 tensor, got {kind}")
    if tensor.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimensions, got shape {tuple(tensor.shape)}")


def _mean_squares(changes):
    """Return the sum of squares of each change; none may be zero."""
    total = changes.square().sum((1, 2))
    if not (total > 0).all():
        raise ValueError("changes must be nonzero functions, got a zero one")
    return total
