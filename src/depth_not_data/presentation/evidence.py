"""What makes trained networks evidence: assertions that a chapter makes before it counts them.

Ten runs of one seed are one run, a student that is its own teacher has learnt nothing, and a part
that was never taken out proves nothing by its absence.
"""

import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from depth_not_data import _validation
from depth_not_data.presentation.claims import SMALLER_VARIABLE
from depth_not_data.presentation.spectra_tables import Comparison

# Two spectra that agree to this share in every eigenvalue belong to the same network.
ALIKE = 1e-6
AFFINE = {"layer": 2, "rms": 1, "layer-plain": 0}


def different(spectra: Sequence) -> None:
    """Assert that no two of some spectra are the same.

    Parameters
    ----------
    spectra : sequence of array_like
        Descending; of two lengths the shorter one is compared.

    Raises
    ------
    ValueError
        If there is none, or one is empty or not finite.
    AssertionError
        If two agree to a millionth of the largest eigenvalue.

    Examples
    --------
    >>> different([[3.0, 1.0], [2.9, 1.1]])
    >>> different([[3.0, 1.0], [2.9, 1.1], [3.0, 1.0]])
    Traceback (most recent call last):
    AssertionError: spectra 0 and 2 are the same: that is one network, not two
    """
    arrays = [_validation.vector(f"spectra[{i}]", s) for i, s in enumerate(spectra)]
    if not arrays or not min(map(len, arrays)):
        raise ValueError("spectra must be one or more, none of them empty")
    for i, one in enumerate(arrays):
        for j in range(i):
            k = min(len(one), len(arrays[j]))
            apart = np.abs(one[:k] - arrays[j][:k]).max()
            alike = apart <= ALIKE * np.abs(one).max()
            _require(not alike, f"spectra {j} and {i} are the same: that is one network, not two")


def learnt(histories: Iterable) -> None:
    """Assert that every network learnt something, and had something to learn.

    Parameters
    ----------
    histories : iterable of array_like
        Losses before each update and after the last.

    Raises
    ------
    ValueError
        If there is none, or one is empty or not finite.
    AssertionError
        If a loss ends at 0, as where the student is its teacher, or did not fall.

    Examples
    --------
    >>> learnt([[1.0, 0.1]])
    >>> learnt([[1.0, 0.1], [0.0, 0.0]])
    Traceback (most recent call last):
    AssertionError: run 1 ends at the loss 0: the student is its teacher
    """
    arrays = [_validation.vector(f"histories[{i}]", h) for i, h in enumerate(histories)]
    if not arrays or not min(map(len, arrays)):
        raise ValueError("histories must be one or more, none of them empty")
    for i, history in enumerate(arrays):
        _require(history[-1] > 0, f"run {i} ends at the loss 0: the student is its teacher")
        _require(history[-1] < history[0], f"the loss of run {i} did not fall")


def independent(*groups: Sequence) -> None:
    """Assert that the runs of each group are different networks that have learnt.

    Parameters
    ----------
    *groups : sequence of depth_not_data.residual.sweeps.Run
        Or of anything with ``eigenvalues`` and ``loss_history``; of one setting each.

    Raises
    ------
    ValueError, AssertionError
        As :func:`different` and :func:`learnt`.
    """
    for runs in groups:
        different([run.eigenvalues for run in runs])
        learnt(run.loss_history for run in runs)


def inside(found: Comparison) -> None:
    """Assert that every published value lies in the range of our seeds.

    Nothing is asserted where a notebook runs with smaller sizes than the book, and fewer seeds.

    Parameters
    ----------
    found : depth_not_data.presentation.spectra_tables.Comparison

    Raises
    ------
    AssertionError
        If one lies outside.

    Examples
    --------
    >>> inside(Comparison(0.0, 0.1, 0.1, 0.1, inside=17, count=18))
    Traceback (most recent call last):
    AssertionError: 17 of 18 published values lie in the range of our seeds
    """
    said = f"{found.inside} of {found.count} published values lie in the range of our seeds"
    _require(found.inside == found.count or os.environ.get(SMALLER_VARIABLE), said)


def parameters(n_embd: int, n_block: int, options: Mapping) -> int:
    """Count the parameters that are trained, from what a network is said to be.

    Parameters
    ----------
    n_embd, n_block : int
        N >= 1 and D >= 1.
    options : mapping
        Of :func:`depth_not_data.residual.network.train_student`.

    Returns
    -------
    int
        ``8 N^2 D`` weights, ``5 N D`` biases where there are any, and N for each gain and bias of a
        norm that is not frozen.

    Examples
    --------
    >>> parameters(10, 2, {}), parameters(10, 2, {"frozen": ["gain"], "bias": True})
    (1640, 1720)
    """
    n = _validation.integer("n_embd", n_embd, minimum=1)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    norms = options.get("placement", "post") != "none"
    affine = norms * AFFINE[options.get("norm", "layer")] - len(options.get("frozen", ()))
    return n_block * (8 * n**2 + 5 * n * bool(options.get("bias")) + n * affine)


def knocked_out(found: Iterable, unchanged: Mapping[tuple[int, int], Sequence]) -> None:
    """Assert that every intervention changed the network, and that what is frozen is gone.

    Parameters
    ----------
    found : iterable of depth_not_data.presentation.knock_outs.Outcome
    unchanged : mapping of (int, int) to sequence of array_like
        Spectra of the unchanged network of width N and D blocks, with the same seeds.

    Raises
    ------
    AssertionError
        If a spectrum has not one eigenvalue for each parameter that is left, or is that of the
        unchanged network or of another seed.
    """
    for outcome in found:
        p, spectra = outcome.prediction, outcome.spectra
        wanted = parameters(p.n_embd, p.n_block, p.options)
        sizes = {len(spectrum) for spectrum in spectra}
        _require(
            sizes == {wanted}, f"{p.id} has {sizes} parameters; with its part gone it has {wanted}"
        )
        try:
            different([*spectra, *unchanged.get((p.n_embd, p.n_block), ())])
        except AssertionError as error:
            raise AssertionError(f"{p.id}, beside the unchanged network: {error}") from error


def _require(condition, message):
    if not condition:
        raise AssertionError(message)
