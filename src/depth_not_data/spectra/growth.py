"""How fast eigenvalues grow with a size of the network: exponents with their uncertainty."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import bootstrap

from depth_not_data import _validation

RESAMPLES = 2000


class Exponent(NamedTuple):
    """Slope on logarithmic axes with its 95% interval."""

    value: float
    low: float
    high: float


def exponent(values: Mapping[float, Sequence[float]]) -> Exponent:
    """Exponent p of ``value ~ size^p`` by least squares on logarithms.

    Parameters
    ----------
    values : mapping of float to sequence of float
        For each of two or more sizes > 0 the values > 0 measured there, two or more of them, one
        for each seed.

    Returns
    -------
    Exponent
        The interval is the percentile bootstrap over the values of each size, from one fixed seed.

    Raises
    ------
    ValueError
        If there are fewer than two sizes or values, or one is not a finite number > 0.

    Examples
    --------
    >>> round(exponent({1: [3.0, 3.1], 2: [6.0, 6.2], 4: [12.0, 12.4]}).value, 12)
    1.0
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"values must be a mapping of sizes to values, got {values!r}")
    if len(values) < 2:
        raise ValueError(f"values must hold two or more sizes, got {list(values)}")
    sizes = _positive("values: sizes", list(values))
    samples = [np.log(_positive(f"values[{size}]", group)) for size, group in values.items()]
    counts = np.array([len(sample) for sample in samples])
    centred = np.log(sizes) - np.average(np.log(sizes), weights=counts)
    weights = centred / (counts @ centred**2)

    def slope(*groups, axis=-1):
        # Least squares is linear in the logarithms, with one weight for each size.
        return sum(w * group.sum(axis) for w, group in zip(weights, groups, strict=True))

    interval = bootstrap(
        samples, slope, n_resamples=RESAMPLES, method="percentile", vectorized=True, rng=0
    ).confidence_interval
    return Exponent(float(slope(*samples)), float(interval.low), float(interval.high))


def _positive(name, values):
    values = _validation.real_array(name, values)
    if values.ndim != 1 or len(values) < 2 or not (values > 0).all():
        raise ValueError(f"{name} must be two or more numbers > 0, got {values.tolist()}")
    return values
