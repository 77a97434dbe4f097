"""Exponents of growth and their intervals."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from depth_not_data.spectra.growth import exponent


def test_the_exponent_is_the_slope_of_all_points_together():
    rng = np.random.default_rng(0)
    values = {d: 3 * d**1.2 * rng.lognormal(sigma=0.1, size=n) for d, n in ((1, 4), (2, 9), (8, 5))}
    x = np.concatenate([np.full(len(v), np.log(d)) for d, v in values.items()])
    y = np.log(np.concatenate(list(values.values())))
    found = exponent(values)
    assert found.value == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-12)
    assert found.low < found.value < found.high


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(60):
        found = exponent({d: d * rng.lognormal(sigma=0.2, size=12) for d in (1, 2, 4)})
        covered += found.low <= 1 <= found.high
    assert 50 <= covered <= 60


def test_a_wider_scatter_gives_a_wider_interval():
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((3, 10))
    narrow, wide = (
        exponent({d: d * np.exp(s * n) for d, n in zip((1, 2, 4), noise, strict=True)})
        for s in (0.01, 0.1)
    )
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)


def test_the_interval_is_the_percentile_bootstrap_of_2000_resamples_from_seed_0():
    rng = np.random.default_rng(3)
    values = {d: d * rng.lognormal(sigma=0.2, size=n) for d, n in ((1, 5), (3, 7))}
    x = np.repeat(np.log([1, 3]), (5, 7))

    def slope(*groups):
        return np.polyfit(x, np.concatenate(groups), 1)[0]

    expected = bootstrap(
        [np.log(v) for v in values.values()],
        slope,
        n_resamples=2000,
        method="percentile",
        vectorized=False,
        rng=0,
    ).confidence_interval
    found = exponent(values)
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, r"values must hold two or more sizes, got \[\]"),
        ([1.0, 2.0], r"values must be a mapping of sizes to values, got \[1.0, 2.0\]"),
        ({1: [1.0, 2.0]}, r"values must hold two or more sizes, got \[1\]"),
        ({1: [1.0, 2.0], 2: [1.0, -1.0]}, r"values\[2\] must be two or more numbers > 0"),
        ({0: [1.0, 2.0], 2: [1.0, 2.0]}, "values: sizes must be two or more numbers > 0"),
        ({1: [1.0], 2: [1.0, 2.0]}, r"values\[1\] must be two or more numbers > 0"),
        ({1: [[1.0, 2.0]] * 2, 2: [1.0, 2.0]}, r"values\[1\] must be two or more numbers > 0"),
    ],
    ids=["none", "a list", "one size", "negative", "size zero", "one value", "two axes"],
)
def test_bad_input_is_named(values, message):
    with pytest.raises(ValueError, match=message):
        exponent(values)
