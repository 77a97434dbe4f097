"""Train a balanced network with torch and set it beside the recursion that it should follow.

The network knows nothing of singular values: torch differentiates its loss and moves its weights.
The recursion (:mod:`depth_not_data.linear.recursion`) knows nothing of the network beyond its
singular values at the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from depth_not_data import _validation
from depth_not_data.linear import network, recursion


@dataclass(frozen=True)
class Run:
    """A trained network beside the recursion.

    Attributes
    ----------
    problem : AlignedProblem
        Start, target and singular vectors.
    inputs : Tensor, shape (d_0, n)
        X: the identity, or the first q columns of ``problem.right``.
    target : Tensor, shape (d_L, n)
        Phi for these inputs.
    times : ndarray of int, shape (T,)
        Numbers of updates at which the next four were recorded.
    recursion : ndarray, shape (T, d*)
        Per-layer singular values by the recursion; constant where there are no data.
    entries : ndarray, shape (T, L, d*)
        Diagonal of every trained layer in the singular basis of the start.
    off_diagonal : ndarray, shape (T,)
        Largest absolute value of any other entry of any layer in that basis.
    singular_values : ndarray, shape (T, L, d*), or None
        By a decomposition of every layer, descending; only if asked for.
    weights : dict
        Number of updates -> layers W^1, ..., W^L, at the times that were to be kept.
    """

    problem: network.AlignedProblem
    inputs: Tensor
    target: Tensor
    times: np.ndarray
    recursion: np.ndarray
    entries: np.ndarray
    off_diagonal: np.ndarray
    singular_values: np.ndarray | None
    weights: dict[int, tuple[Tensor, ...]]

    @property
    def deviation(self) -> np.ndarray:
        """Largest difference of a layer in the singular basis from the recursion, shape (T,)."""
        on_diagonal = np.abs(self.entries - self.recursion[:, None]).max(axis=(1, 2))
        return np.maximum(on_diagonal, self.off_diagonal)


def follow(
    problem: network.AlignedProblem,
    *,
    lr: float,
    steps: int,
    momentum: float = 0.0,
    filled: int | None = None,
    every: int = 1,
    keep: Sequence[int] = (),
    decompose: bool = False,
) -> Run:
    """Train an aligned problem by gradient descent and record how far it follows the recursion.

    Parameters
    ----------
    problem : AlignedProblem
        From :func:`depth_not_data.linear.problem.aligned_problem`.
    lr, steps, momentum
        As in :func:`depth_not_data.linear.network.gradient_descent`.
    filled : int, optional
        Number q of input directions with data, 1 <= q <= d_0: X is the first q columns of V.
        The identity, data in all directions, if not given.
    every : int
        Record at t = 0, every, 2 every, ...
    keep : sequence of int
        Times from 0 to `steps` at which the layers themselves are kept.
    decompose : bool
        Record the singular values of every layer too.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        For arguments outside these ranges.

    Notes
    -----
    Paper, Appendix A, eq. (37): network and recursion agree.

    >>> problem = network.aligned_problem((3, 4, 2), rank=1, seed=0)
    >>> run = follow(problem, lr=0.1, steps=100)
    >>> bool(run.deviation.max() < 1e-14)
    True
    """
    steps = _validation.integer("steps", steps, minimum=0)
    every = _validation.integer("every", every, minimum=1)
    if not isinstance(problem, network.AlignedProblem):
        raise ValueError(f"problem must be an AlignedProblem, got {type(problem).__name__}")
    decompose = _validation.flag("decompose", decompose)
    keep = set(_validation.integers("keep", keep, minimum=0)) if keep != () else set()
    if keep and max(keep) > steps:
        raise ValueError(f"keep must hold times from 0 to steps = {steps}, got {max(keep)}")
    inputs, target = _data(problem, filled)
    predicted = _predicted(problem, filled, lr, steps, momentum)
    path = network.gradient_descent(
        problem.weights,
        target,
        lr=lr,
        steps=steps,
        momentum=momentum,
        inputs=None if filled is None else inputs,
    )
    entries, others, singular_values, kept = [], [], [], {}
    size = predicted.shape[1]
    for t, weights in path:
        if t in keep:
            kept[t] = weights
        if t % every:
            continue
        diagonals, largest = _in_basis(weights, problem, size)
        entries.append(diagonals)
        others.append(largest)
        if decompose:
            singular_values.append([torch.linalg.svdvals(layer)[:size] for layer in weights])
    return Run(
        problem=problem,
        inputs=inputs,
        target=target,
        times=np.arange(0, steps + 1, every),
        recursion=predicted[::every],
        entries=np.array(entries),
        off_diagonal=np.array(others),
        singular_values=np.array(singular_values) if decompose else None,
        weights=kept,
    )


def paper_run(depth: int, seed: int = 0, *, rank: int = 5, **settings) -> Run:
    """Train the paper's network and set it beside the recursion.

    Parameters
    ----------
    depth : int
        Number of layers L >= 1 of widths (16, 32, ..., 32, 10).
    seed, rank
        As in :func:`depth_not_data.linear.problem.aligned_problem`.
    **settings
        As in :func:`follow`: `lr` and `steps`, and what else is wanted.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        For arguments outside these ranges.

    Notes
    -----
    >>> run = paper_run(2, lr=0.05, steps=10)
    >>> run.entries.shape
    (11, 2, 10)
    """
    problem = network.aligned_problem(network.paper_widths(depth), rank, seed=seed)
    return follow(problem, **settings)


def _data(problem, filled):
    right = problem.right
    if filled is None:
        return torch.eye(len(right), dtype=right.dtype), problem.target
    filled = _validation.integer("filled", filled, minimum=1)
    if filled > len(right):
        raise ValueError(f"filled must be <= d_0 = {len(right)}, got {filled}")
    return right[:, :filled], problem.target @ right[:, :filled]


def _predicted(problem, filled, lr, steps, momentum):
    lam, s = problem.layer_singular_values.numpy(), problem.target_singular_values.numpy()
    path = np.tile(lam, (steps + 1, 1))  # a direction without data keeps its value
    path[:, :filled] = recursion.trajectory(
        lam[:filled], s[:filled], len(problem.weights), lr, steps, momentum=momentum
    )
    return path


def _in_basis(weights, problem, size):
    """Diagonals, shape (L, size), and the largest other |entry| of the layers in the basis."""
    diagonals, largest, places = [], 0.0, np.arange(size)
    for layer in network.in_singular_basis(weights, problem.left, problem.right):
        entries = layer.numpy().copy()
        diagonals.append(entries[places, places])
        entries[places, places] = 0.0
        largest = max(largest, np.abs(entries).max())
    return np.array(diagonals), largest
