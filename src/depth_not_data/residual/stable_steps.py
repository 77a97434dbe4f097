"""How large a step gradient descent bears when parts of the residual network are taken away."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from depth_not_data import _validation
from depth_not_data.residual import stored_runs
from depth_not_data.residual.activations import RELU_MEAN
from depth_not_data.residual.batched import Batch, Setting, checked, descend, sharpness
from depth_not_data.residual.wide_limit import kernel_eigenvalue

GRID = 2 ** (1 / 3)  # factor between neighbouring steps of the grid


class Descent(NamedTuple):
    """Runs of gradient descent: losses (steps, seeds, updates + 1), sharpness (steps, seeds).

    ``sharpness`` is the largest eigenvalue of the preconditioned Hessian after the last update,
    NaN where it was not asked for or the loss is not finite.
    """

    losses: np.ndarray
    sharpness: np.ndarray


def predicted_sharpness(setting: Setting) -> float:
    """Largest level of the preconditioned Hessian, wide blocks with zero output weights.

    Parameters
    ----------
    setting : Setting
        With activation "relu" or "relu-centred" and N >= 4.

    Returns
    -------
    float
        The largest of the levels of constants, of diagonal maps and of other linear maps, as in
        :func:`depth_not_data.residual.wide_limit.levels`, with the share of the mean of the
        activation and of gain and bias as the setting has them.

    Raises
    ------
    ValueError
        If the setting is outside these ranges.

    Examples
    --------
    >>> from depth_not_data.residual import wide_limit
    >>> level = wide_limit.levels(10, 2)[0].eigenvalue
    >>> abs(predicted_sharpness(Setting()) - level) < 1e-12
    True
    """
    setting = checked(setting)
    _validation.choice("setting", setting.activation, ("relu", "relu-centred"))
    n_embd = _validation.integer("n_embd", setting.n_embd, minimum=4)
    n, d = n_embd - 1, setting.n_block
    k = [d * 4 * n_embd / 6 * kernel_eigenvalue(degree, n) for degree in range(4)]
    if setting.activation == "relu-centred":
        k[0] -= d * 4 * n_embd * RELU_MEAN**2
    constants = ((n - 1) * k[0] + k[2]) / n
    maps = (n * k[1] + 2 * k[3]) / (n + 2)
    radial = 2 * (n_embd - 2) / (n_embd**2 - 1)
    found = [
        _with_affine(constants, d, [1 / n], setting.bias),
        _with_affine(maps, d, [1 / n, radial], setting.gain),
        k[1],
    ]
    return 2 / n_embd * max(found)


def _with_affine(kernel, n_block, lost, ratio):
    """Level that W_2 and an affine part make together; see `wide_limit`."""
    kept = 1 - sum(lost)
    parts = np.sqrt([kept, *lost])
    matrix = np.diag([kernel + ratio * (n_block - 1) * kept] + [0.0] * len(lost))
    return float(np.linalg.eigvalsh(matrix + ratio * np.outer(parts, parts))[-1])


def steps_around(step: float, below: int, above: int) -> np.ndarray:
    """Return steps ``2^(k/3)`` of one grid: the nearest to `step`, some below and above.

    Parameters
    ----------
    step : float
        > 0.
    below, above : int
        How many, >= 0.

    Returns
    -------
    numpy.ndarray, shape (below + 1 + above,)
        Ascending.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    >>> steps_around(1.05, 3, 3)[[0, 3, 6]].round(12)
    array([0.5, 1. , 2. ])
    """
    step = _validation.number("step", step, above=0.0)
    below = _validation.integer("below", below, minimum=0)
    above = _validation.integer("above", above, minimum=0)
    nearest = round(math.log(step) / math.log(GRID))
    return GRID ** np.arange(nearest - below, nearest + above + 1.0)


def largest_step(losses: np.ndarray, steps: Sequence[float], rule: str) -> np.ndarray:
    """Largest step up to which every run of a seed is quiet, or usable.

    Parameters
    ----------
    losses : array_like, shape (steps, seeds, updates + 1)
    steps : sequence of float
        Ascending.
    rule : {"quiet", "usable"}
        No loss is above the first one; or the last one is at most half of the first.

    Returns
    -------
    numpy.ndarray, shape (seeds,)
        NaN where the smallest step is neither.

    Raises
    ------
    ValueError
        If the shapes do not fit, or `rule` is another one.

    Examples
    --------
    The second step is the last quiet one, whatever the fourth does:

    >>> falls, jumps = [1.0, 0.5, 0.2], [1.0, 1.5, 0.2]
    >>> losses = np.array([[falls], [falls], [jumps], [falls]])
    >>> largest_step(losses, [1, 2, 3, 4], "quiet"), largest_step(losses, [1, 2, 3, 4], "usable")
    (array([2.]), array([4.]))
    """
    # A run that diverges has losses that are not finite.
    losses, steps = np.asarray(losses, dtype=float), _validation.real_array("steps", steps)
    if losses.ndim != 3 or steps.shape != losses.shape[:1]:
        shapes = f"{losses.shape} and {steps.shape}"
        raise ValueError(f"losses and steps must be (steps, seeds, t) and (steps,), got {shapes}")
    if _validation.choice("rule", rule, ("quiet", "usable")) == "quiet":
        good = (losses <= losses[..., :1]).all(axis=2)
    else:
        good = losses[..., -1] <= losses[..., 0] / 2
    count = np.cumprod(good, axis=0).sum(axis=0)
    return np.concatenate([[np.nan], steps])[count]


def trained(
    settings: Sequence[Setting],
    steps: Sequence[Sequence[float]],
    seeds: Sequence[int],
    *,
    updates: int,
    n_samples: int,
    look: Sequence[int] = (),
) -> list[Descent]:
    """Train each setting at each of its steps and each seed; results are stored.

    Parameters
    ----------
    settings : sequence of Setting
    steps : sequence of sequence of float
        For each setting its steps.
    seeds : sequence of int
    updates, n_samples : int
    look : sequence of int
        Indices of the steps at which the sharpness after the last update is computed.

    Returns
    -------
    list of Descent

    Raises
    ------
    ValueError
        If a setting is outside its ranges.

    Notes
    -----
    Stored as by :func:`depth_not_data.residual.sweeps.sweep`.
    """
    cases = [
        (*checked(s)[:2], tuple(checked(s)), tuple(map(float, own)))
        for s, own in zip(settings, steps, strict=True)
    ]
    return stored_runs.stored(_run, cases, tuple(seeds), updates, n_samples, tuple(look))


def _run(n_embd, n_block, setting, steps, seeds, updates, n_samples, look, code):
    batch = Batch(Setting(*setting), seeds, n_samples, copies=len(steps))
    rates = torch.tensor(steps, dtype=torch.float64).repeat_interleave(len(seeds))
    losses = descend(batch, rates, updates).reshape(len(steps), len(seeds), -1)
    last = np.full(losses.shape[:2], math.nan)
    for i in look:
        last[i] = sharpness(batch.part(slice(i * len(seeds), (i + 1) * len(seeds))))
    return Descent(losses, last)
