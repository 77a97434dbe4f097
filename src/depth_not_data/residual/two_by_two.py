"""LayerNorm taken apart: subtract a mean, divide by a norm, both, or neither.

Residual blocks ``h -> gain * norm(h + W_2 relu(W_1 h)) + bias`` that differ in `norm` alone: gain
and bias stay in all four cells, so that the counts of the Hessian's clusters can differ by what
the norm removes and by nothing else.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.residual import _training, stored_runs, sweeps
from depth_not_data.spectra import assembled, autograd

CELLS = {
    "LayerNorm": (True, True),
    "centring": (True, False),
    "RMSNorm": (False, True),
    "nothing": (False, False),
}
EPSILON = 1e-5


def normalised(h: Tensor, cell: str) -> Tensor:
    """Subtract the mean of the last axis, divide by the root mean square, both, or neither.

    Parameters
    ----------
    h : Tensor, float64, shape (..., N)
    cell : {"LayerNorm", "centring", "RMSNorm", "nothing"}
        1e-5 is added under the root, as PyTorch's LayerNorm does.

    Raises
    ------
    ValueError
        If `cell` is none of the four.

    Examples
    --------
    >>> normalised(torch.tensor([1.0, 2.0, 6.0]), "centring")
    tensor([-2., -1.,  3.])
    """
    subtract, divide = CELLS[_validation.choice("cell", cell, tuple(CELLS))]
    if subtract:
        h = h - h.mean(-1, keepdim=True)
    if divide:
        h = h * torch.rsqrt(h.square().mean(-1, keepdim=True) + EPSILON)
    return h


def outputs(
    parameters: Sequence[Tensor], x: Tensor, cell: str, nodes: assembled.Nodes | None = None
) -> Tensor:
    """Compute outputs, shape (n_samples, N), of blocks of W_1, W_2, gain and bias in turn."""
    nodes = assembled.Nodes() if nodes is None else nodes
    for k in range(0, len(parameters), 4):
        w1, w2, gain, bias = parameters[k : k + 4]
        h = x + nodes.linear(functional.relu(nodes.linear(x, w1)), w2)
        x = nodes.affine(normalised(h, cell), gain, bias)
    return x


def spectrum(
    parameters: Sequence[Tensor], free: Sequence[Tensor], x: Tensor, y: Tensor, cell: str
) -> np.ndarray:
    """Hessian eigenvalues of the mean squared error by some of the parameters, descending.

    Parameters
    ----------
    parameters, x, cell
        As in :func:`outputs`.
    free : sequence of Tensor
        Those of `parameters` by which to differentiate, in the order of the Hessian's rows.
    y : Tensor, float64, shape (n_samples, N)
        Targets.

    Raises
    ------
    ValueError
        If one of `free` is not among the parameters.

    Examples
    --------
    A bias moves one output each:

    >>> parameters = draw(4, 1, torch.Generator().manual_seed(0))
    >>> x = torch.ones(3, 4, dtype=torch.float64)
    >>> spectrum(parameters, parameters[3:], x, x, "nothing").tolist()
    [0.5, 0.5, 0.5, 0.5]
    """

    def losses(nodes, x, targets):
        return (outputs(parameters, x, cell, nodes) - targets).square().sum(1) / y.numel()

    return autograd.eigenvalues(assembled.assembled_hessian(losses, free, [x, y]))


def draw(n_embd: int, n_block: int, generator: torch.Generator) -> list[Tensor]:
    """Parameters at the start: uniform between +-1/sqrt(fan_in), gains 1 and biases 0."""
    n_embd = _validation.integer("n_embd", n_embd, minimum=2)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    generator = _training.random_source(generator)
    parameters = []
    for _ in range(n_block):
        for shape in ((4 * n_embd, n_embd), (n_embd, 4 * n_embd)):
            uniform = torch.rand(shape, generator=generator, dtype=torch.float64)
            parameters.append((2 * uniform - 1) / math.sqrt(shape[1]))
        parameters.append(torch.ones(n_embd, dtype=torch.float64))
        parameters.append(torch.zeros(n_embd, dtype=torch.float64))
    return parameters


def trained_spectra(
    n_embd: int,
    n_block: int,
    seeds: Iterable[int],
    cell: str,
    *,
    steps: int = 500,
    lr: float = 3e-3,
    n_samples: int = 1000,
) -> list[np.ndarray]:
    """Hessian spectra of students that were trained on teachers of the same kind.

    Parameters
    ----------
    n_embd, n_block : int
        N >= 2 and D >= 1.
    seeds : iterable of int
        >= 0; a seed draws teacher, student and Gaussian inputs, in this order: the four cells
        share them.
    cell : {"LayerNorm", "centring", "RMSNorm", "nothing"}
        What every block's norm does.
    steps : int
        Steps of Adam >= 0, on all samples.
    lr : float
        Learning rate > 0.
    n_samples : int
        >= 1.

    Returns
    -------
    list of numpy.ndarray, float64, shape (8 N^2 D + 2 N D,)
        For every seed, descending. Stored as in :mod:`depth_not_data.residual.stored_runs`.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    cases = sweeps.checked([n_embd], [n_block], seeds, minimum_width=2)
    cell = _validation.choice("cell", cell, tuple(CELLS))
    steps = _validation.integer("steps", steps, minimum=0)
    lr = _validation.number("lr", lr, above=0.0)
    n_samples = _validation.integer("n_samples", n_samples, minimum=1)
    return stored_runs.stored(_trained, cases, cell, steps, lr, n_samples)


def _trained(n_embd, n_block, seed, cell, steps, lr, n_samples, code):
    generator = torch.Generator().manual_seed(seed)
    teacher = draw(n_embd, n_block, generator)
    student = [p.requires_grad_() for p in draw(n_embd, n_block, generator)]
    x = torch.randn(n_samples, n_embd, generator=generator, dtype=torch.float64)
    y = outputs(teacher, x, cell)
    descent = torch.optim.Adam(student, lr=lr, fused=True)
    for _ in range(steps):
        descent.zero_grad()
        functional.mse_loss(outputs(student, x, cell), y).backward()
        descent.step()
    found = [p.detach() for p in student]
    return spectrum(found, found, x, y, cell)


def start_spectra(
    n_embd: int, n_block: int, seeds: Iterable[int], cell: str, *, n_samples: int = 4000
) -> list[np.ndarray]:
    """Hessian spectra at zero output weights and zero residual, inputs evenly on the sphere.

    Parameters
    ----------
    n_embd, n_block, seeds, cell
        As in :func:`trained_spectra`. Gaussian inputs are scaled to the length sqrt(N), without
        their mean where the cell subtracts it.
    n_samples : int
        >= 1.

    Returns
    -------
    list of numpy.ndarray, float64, shape (4 N^2 D + 2 N D,)
        For every seed, descending; stored. W_1 is left out: where W_2 = 0 its second derivatives
        are zero.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    cases = sweeps.checked([n_embd], [n_block], seeds, minimum_width=2)
    cell = _validation.choice("cell", cell, tuple(CELLS))
    n_samples = _validation.integer("n_samples", n_samples, minimum=1)
    return stored_runs.stored(_at_start, cases, cell, n_samples)


def _at_start(n_embd, n_block, seed, cell, n_samples, code):
    generator = torch.Generator().manual_seed(seed)
    parameters = draw(n_embd, n_block, generator)
    x = torch.randn(n_samples, n_embd, generator=generator, dtype=torch.float64)
    x = x - x.mean(1, keepdim=True) if CELLS[cell][0] else x
    x = x / x.square().mean(1, keepdim=True).sqrt()
    parameters[1::4] = [torch.zeros_like(w2) for w2 in parameters[1::4]]
    free = [p for k, p in enumerate(parameters) if k % 4]
    return spectrum(parameters, free, x, outputs(parameters, x, cell), cell)
