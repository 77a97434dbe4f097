"""How well several spectra lie on one curve.

Ranks count from 1 at the largest eigenvalue.
"""

from collections.abc import Sequence

import numpy as np

from depth_not_data import _validation
from depth_not_data.spectra import _ranks


def log_spread(spectra, *, first: int, last: int) -> float:
    """Root-mean-square distance of several spectra from their common curve, in log units.

    Parameters
    ----------
    spectra : sequence of array_like
        Two or more spectra, each descending and positive down to rank `last`; their lengths
        may differ.
    first, last : int
        Ranks compared, ``1 <= first <= last``, and `last` at most the shortest length.

    Returns
    -------
    float
        ``sqrt(mean((log Lambda_k - mean over spectra of log Lambda_k)**2))`` over ranks and
        spectra. A spread of 0.1 is a relative deviation of about 10%.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    Two spectra a factor e^2 apart lie e^1 from their common curve:

    >>> float(round(log_spread([[np.e**2, 1.0], [1.0, np.e**-2]], first=1, last=2), 12))
    1.0
    """
    arrays = _several(spectra)
    first, last = _ranks.rank_range(first, last, min(len(a) for a in arrays))
    named = [(f"spectra[{i}]", a) for i, a in enumerate(arrays)]
    logs = np.log([_ranks.positive(name, a, first, last) for name, a in named])
    return float(np.sqrt(np.mean((logs - logs.mean(axis=0)) ** 2)))


def collapse_quality(spectra, scales: Sequence[float], *, first: int, last: int) -> float:
    """Measure how well spectra fall on one curve when each is divided by its scale.

    Parameters
    ----------
    spectra, first, last
        As in :func:`log_spread`.
    scales : sequence of float
        One number > 0 for each spectrum, such as its network's depth.

    Returns
    -------
    float
        ``1 - (spread of the scaled spectra / spread of the unscaled ones)**2`` with
        :func:`log_spread`: the share of the variance between the spectra that the scales
        explain. 1 is a perfect collapse, 0 no gain, negative a loss.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, or if the unscaled spectra are equal.

    Examples
    --------
    >>> base = np.array([3.0, 2.0, 1.0])
    >>> collapse_quality([2 * base, 4 * base], [2, 4], first=1, last=3)
    1.0
    >>> collapse_quality([2 * base, 4 * base], [4, 2], first=1, last=3)
    -3.0
    """
    arrays = _several(spectra)
    divisors = _validation.real_array("scales", scales)
    if divisors.shape != (len(arrays),) or np.any(divisors <= 0):
        raise ValueError(f"scales must be {len(arrays)} numbers > 0, got {scales!r}")
    unscaled = log_spread(arrays, first=first, last=last)
    if unscaled == 0:
        raise ValueError("spectra must differ before they are scaled, got equal ones")
    scaled = [array / scale for array, scale in zip(arrays, divisors, strict=True)]
    return 1.0 - (log_spread(scaled, first=first, last=last) / unscaled) ** 2


def _several(spectra):
    try:
        several = tuple(spectra)
    except TypeError as error:
        raise ValueError(f"spectra must hold two or more spectra, got {spectra!r}") from error
    if len(several) < 2:
        raise ValueError(f"spectra must hold two or more spectra, got {len(several)}")
    return [_ranks.descending(f"spectra[{i}]", spectrum) for i, spectrum in enumerate(several)]
