r"""Real data that come inside scikit-learn, with a dial from raw to whitened inputs.

Samples are columns. Second moments are means over the n samples, ``(1/n) inputs inputs^T``, and
losses too: in the loss of this book, ``1/2 ||W X - Phi||_F^2`` with ``Sigma_xx = X X^T``, X and Phi
are what :func:`load` returns, divided by ``sqrt(n)``.
"""

import numpy as np
from sklearn import datasets

from depth_not_data import _validation

NAMES = ("digits", "breast cancer", "diabetes")
# A direction whose standard deviation is below this share of the largest one has no variance.
_NO_VARIANCE = 1e-12


def load(name: str, *, whitening: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a data set's inputs, as far whitened as the dial says, and its targets.

    Parameters
    ----------
    name : {"digits", "breast cancer", "diabetes"}
        Images of digits with 10 classes, measurements of cells with 2 classes, and ten measurements
        of patients with one real target, each with all its samples in the order of scikit-learn. In
        scikit-learn's form the features of "diabetes" have been scaled to equal variance.
        Words may also be joined as there, "breast_cancer".
    whitening : float
        The dial a, from 0 to 1. At 0 the inputs are centred and otherwise as they are. In between
        their second moment has the same principal axes, and its eigenvalues are those of the
        centred inputs to the power 1 - a. At 1 directions without variance are dropped, the
        coordinates are the principal axes in descending order of variance (the largest entry of
        each axis is positive), and the second moment is the identity.

    Returns
    -------
    inputs : numpy.ndarray, float64, shape (d_0, n)
        Each row has mean 0. They do not depend on the targets.
    targets : numpy.ndarray, float64, shape (d_L, n)
        One row a class, 1 for the samples of the class and 0 for others; or one row of real values,
        as they are.

    Raises
    ------
    ValueError
        For another name, or a whitening that is not a number from 0 to 1.

    Notes
    -----
    Three pixels of the digits never vary:

    >>> [load("digits", whitening=a)[0].shape for a in (0, 0.5, 1)]
    [(64, 1797), (64, 1797), (61, 1797)]
    >>> inputs, targets = load("digits", whitening=1)
    >>> bool(np.allclose(inputs @ inputs.T / 1797, np.eye(61))), targets.sum()
    (True, np.float64(1797.0))
    """
    spoken = name.replace("_", " ") if isinstance(name, str) else name
    name = _validation.choice("name", spoken, NAMES)
    whitening = _validation.number("whitening", whitening, minimum=0.0, maximum=1.0)
    features, labels = _read(name)
    inputs = _centred(_centred(features.T))  # twice, for the round-off of the first mean
    if name == "diabetes":
        targets = labels[None].astype(np.float64)
    else:
        targets = (labels == np.unique(labels)[:, None]).astype(np.float64)
    return _whitened(inputs, whitening), targets


def _centred(inputs):
    return inputs - inputs.mean(axis=1, keepdims=True)


def _read(name):
    read = {
        "digits": datasets.load_digits,
        "breast cancer": datasets.load_breast_cancer,
        "diabetes": datasets.load_diabetes,
    }[name]
    features, labels = read(return_X_y=True)
    return np.asarray(features, dtype=np.float64), np.asarray(labels)


def _whitened(inputs, whitening):
    if whitening == 0.0:
        return np.ascontiguousarray(inputs)
    samples = inputs.shape[1]
    axes, deviations, scores = np.linalg.svd(inputs / np.sqrt(samples), full_matrices=False)
    there = deviations > _NO_VARIANCE * deviations[0]
    axes, deviations, scores = axes[:, there], deviations[there], scores[there]
    scores = _centred(scores * np.sqrt(samples))
    if whitening == 1.0:
        largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
        return np.sign(largest).T * scores
    return (axes * deviations ** (1.0 - whitening)) @ scores
