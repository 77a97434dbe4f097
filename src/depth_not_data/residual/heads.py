"""What a random linear head makes of the levels of a residual network, before any training.

Behind the blocks stands a head with weights V, uniform as in PyTorch, and a bias. Functions that
the blocks make at a level a reach the outputs as V times them, so that their level becomes a
spectrum, a times that of V V^T; its own bias and weights add constants and linear maps at level 1.
"""

import numpy as np

from depth_not_data import _validation

RELU_CONSTANT, RELU_LINEAR = 0.178, 0.36  # levels of one block, of which the first times N


def levels(
    n_embd: int,
    n_block: int,
    curvature: np.ndarray,
    *,
    norms: int,
    seed: int,
    n_in: int | None = None,
) -> np.ndarray:
    """Eigenvalues of constants and linear maps of the state, behind a head drawn at random.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 2 and number of blocks D >= 1 (with a perceptron each).
    curvature : array_like, shape (n_out, n_out)
        Mean second derivative of one sample's loss by the outputs, positive semidefinite.
    norms : int
        Number of LayerNorms whose bias and gain reach the head undamped, >= 0.
    seed : int
        Of the draw of V, and of the embedding if there is one.
    n_in : int, optional
        Width of Gaussian inputs before a random embedding, which makes the state's coordinates
        correlated; by default they are not.

    Returns
    -------
    numpy.ndarray, shape (n_out * (2 N + 1),)
        Descending.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    No curvature, no eigenvalues:

    >>> float(levels(3, 1, np.zeros((2, 2)), norms=1, seed=0).max())
    0.0
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=2)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    norms = _validation.integer("norms", norms, minimum=0)
    seed = _validation.integer("seed", seed, minimum=0)
    n_in = None if n_in is None else _validation.integer("n_in", n_in, minimum=1)
    curvature = _validation.symmetric("curvature", curvature, 1e-12)
    n_out = len(curvature)
    bound = 1 / np.sqrt(n_embd)
    rng = np.random.default_rng(seed)
    head = rng.uniform(-bound, bound, (n_out, n_embd))
    centred = head - head.mean(axis=1, keepdims=True)
    root = _root(curvature)
    gram, state = centred @ centred.T, _state(n_embd, n_in, rng)
    constant = np.eye(n_out) + (norms + n_block * RELU_CONSTANT * n_embd) * gram
    # A linear map is a matrix (n_out, N), row by row.
    diagonal = np.einsum("ok,ik->oik", head, _root(state)).reshape(-1, n_embd)
    linear = np.kron(np.eye(n_out) + n_block * RELU_LINEAR * gram, state)
    linear += norms * diagonal @ diagonal.T
    wide = np.kron(root, np.eye(n_embd))
    spectra = root @ constant @ root, wide @ linear @ wide
    found = np.concatenate([np.linalg.eigvalsh(s) for s in spectra])
    padding = np.zeros(n_out * (2 * n_embd + 1) - len(found))
    return np.sort(np.concatenate([np.maximum(found, 0), padding]))[::-1]


def _state(n_embd, n_in, rng):
    """Second moments of the state, mean-free and of trace N - 1 or N."""
    free = np.eye(n_embd) - 1 / n_embd
    if n_in is None:
        return free
    embedding = free @ rng.uniform(-1, 1, (n_embd, n_in))
    moments = embedding @ embedding.T
    return moments * n_embd / np.trace(moments)


def _root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T
