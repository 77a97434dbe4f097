"""The exact Hessian of blocks of any hidden width at zero output weights."""

import math
from collections.abc import Iterable

import numpy as np
import torch
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.residual import stored_runs, sweeps, two_by_two


def spectra(
    n_embd: int, n_block: int, multiples: Iterable[int], *, n_samples: int = 4000
) -> list[np.ndarray]:
    """Hessian spectra at zero output weights and zero residual, LayerNorm, inputs on the sphere.

    Parameters
    ----------
    n_embd, n_block : int
        N >= 2 and D >= 1.
    multiples : iterable of int
        Hidden widths over 4 N, >= 1; also the seed. W_1 is uniform as in PyTorch, and scaled so
        that the trace of the Hessian does not grow with its width.
    n_samples : int
        >= 1.

    Returns
    -------
    list of numpy.ndarray
        For every width, descending; W_1, whose second derivatives are zero, is left out. Stored.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    cases = sweeps.checked([n_embd], [n_block], multiples, minimum_width=2)
    if any(multiple < 1 for _, _, multiple in cases):
        raise ValueError(f"multiples must be integers >= 1, got {[case[2] for case in cases]}")
    n_samples = _validation.integer("n_samples", n_samples, minimum=1)
    return stored_runs.stored(_run, cases, n_samples)


def _run(n_embd, n_block, multiple, n_samples, code):
    return spectrum(n_embd, n_block, multiple, seed=multiple, n_samples=n_samples)


def spectrum(
    n_embd: int, n_block: int, multiple: int, *, seed: int, n_samples: int = 4000
) -> np.ndarray:
    """One spectrum of :func:`spectra`, of any seed; not stored.

    >>> spectrum(2, 1, 1, seed=0, n_samples=20).shape  # W_2, gain and bias
    (20,)
    """
    generator = torch.Generator().manual_seed(seed)
    hidden = 4 * n_embd * multiple
    first = torch.rand(n_block, hidden, n_embd, generator=generator, dtype=torch.float64)
    first = (2 * first - 1) / math.sqrt(n_embd * multiple)
    x = torch.randn(n_samples, n_embd, generator=generator, dtype=torch.float64)
    x = functional.layer_norm(x, (n_embd,), eps=0.0)
    parameters = []
    for w1 in first:
        parameters += [
            w1,
            torch.zeros(n_embd, hidden, dtype=torch.float64),
            torch.ones(n_embd, dtype=torch.float64),
            torch.zeros(n_embd, dtype=torch.float64),
        ]
    free = [p for k, p in enumerate(parameters) if k % 4]
    y = two_by_two.outputs(parameters, x, "LayerNorm")
    return two_by_two.spectrum(parameters, free, x, y, "LayerNorm")
