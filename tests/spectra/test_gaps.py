import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_not_data.spectra import gaps


def clustered(sizes, rng, factor=3.0, width=0.05):
    """A descending spectrum of clusters a factor apart, each within +-width of its centre."""
    parts = [
        factor**-i * np.sort(rng.uniform(1 - width, 1 + width, size))[::-1]
        for i, size in enumerate(sizes)
    ]
    return np.concatenate(parts)


@given(
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=6),
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(1e-8, 1e8),
)
def test_planted_clusters_are_found_at_every_scale(sizes, seed, scale):
    values = scale * clustered(sizes, np.random.default_rng(seed))
    last = len(values) - 1
    edges = tuple(int(e) for e in np.cumsum(sizes)[:-1])
    assert gaps.largest_gaps(values, len(edges), first=1, last=last) == edges
    found = gaps.cluster_sizes(values, min_ratio=2.0, first=1, last=last)
    assert found == tuple(sizes[:-1])


def test_a_cluster_one_too_large_is_seen():
    values = clustered([9, 9, 82, 50], np.random.default_rng(0))
    values[9] = values[8]  # the largest of the second cluster moves to the first
    assert gaps.largest_gaps(values, 3, first=1, last=149) == (10, 18, 100)


def test_only_the_range_is_searched():
    values = clustered([9, 9, 82, 50], np.random.default_rng(0))
    assert gaps.largest_gaps(values, 1, first=10, last=50) == (18,)
    # A gap at the last rank of the range counts, one behind it does not.
    assert gaps.largest_gaps(values, 1, first=19, last=100) == (100,)
    assert gaps.largest_gaps(values, 1, first=19, last=99) != (100,)
    assert gaps.cluster_sizes(values, min_ratio=2.0, first=1, last=99) == (9, 9)


def test_a_spectrum_without_gaps_has_no_clusters():
    values = np.linspace(2.0, 1.0, 50)
    assert gaps.cluster_sizes(values, min_ratio=1.5, first=1, last=49) == ()


def test_negative_eigenvalues_behind_the_range_do_no_harm():
    values = [9.0, 8.0, 2.0, 1.0, -1.0]
    assert gaps.largest_gaps(values, 1, first=1, last=3) == (2,)
    with pytest.raises(ValueError, match=r"positive up to rank 5, got -1.0 at rank 5"):
        gaps.largest_gaps(values, 1, first=1, last=4)


@pytest.mark.parametrize("bend", [100, 550])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_knee_of_a_broken_power_law_is_found(bend, noise):
    k = np.arange(1.0, 1501.0)
    rng = np.random.default_rng(1)
    curve = np.where(k <= bend, k**-0.7, bend**2.3 * k**-3.0)
    curve = np.sort(curve * np.exp(noise * rng.standard_normal(len(k))))[::-1]
    found = gaps.knee(curve, first=20, last=1400)
    assert abs(found - bend) <= (0 if noise == 0 else 0.05 * bend)


def test_the_knee_agrees_with_least_squares_at_every_rank():
    rng = np.random.default_rng(2)
    y = np.sort(rng.lognormal(size=60))[::-1]
    ranks = np.arange(3, 51)
    x, target, weight = np.log(ranks), np.log(y[2:50]), ranks**-0.5
    errors = []
    for k in ranks[1:-1]:
        ramp = np.maximum(x - np.log(k), 0)
        columns = weight[:, None] * np.stack([np.ones_like(x), x, ramp], axis=1)
        errors.append(np.linalg.lstsq(columns, weight * target, rcond=None)[1][0])
    assert gaps.knee(y, first=3, last=50) == ranks[1 + np.argmin(errors)]


def test_spectra_that_grow_like_depth_collapse_and_others_do_not():
    rng = np.random.default_rng(3)
    base = np.sort(rng.lognormal(size=100))[::-1]
    depths = np.array([2.0, 4.0, 8.0])
    for power, expected in [(1.0, 1.0), (2.0, 0.75), (0.5, 0.0), (-1.0, -3.0)]:
        spectra = [base * depth**power for depth in depths]
        quality = gaps.collapse_quality(spectra, depths, first=1, last=100)
        assert quality == pytest.approx(expected, abs=1e-12)


def test_spectra_of_different_lengths_are_compared_in_the_range():
    spectra = [[4.0, 2.0, 1.0], [2.0, 1.0, 0.5, -1.0]]
    spread = gaps.log_spread(spectra, first=1, last=3)
    assert spread == pytest.approx(np.log(2) / 2)


DESCENDING = [3.0, 2.0, 1.0, 0.5, 0.2, 0.1]
BAD_SPECTRA = {
    "ascending": [1.0, 2.0],
    "nan": [2.0, float("nan")],
    "infinite": [float("inf"), 1.0],
    "one": [1.0],
    "matrix": [[2.0, 1.0]],
    "words": ["a", "b"],
}


@pytest.mark.parametrize("bad", BAD_SPECTRA.values(), ids=BAD_SPECTRA)
@pytest.mark.parametrize(
    "function",
    [
        gaps.neighbour_ratios,
        lambda e: gaps.largest_gaps(e, 1, first=1, last=1),
        lambda e: gaps.cluster_sizes(e, min_ratio=1.5, first=1, last=1),
        lambda e: gaps.knee(e, first=1, last=5),
        lambda e: gaps.log_spread([DESCENDING, e], first=1, last=1),
        lambda e: gaps.collapse_quality([DESCENDING, e], [1, 2], first=1, last=1),
    ],
    ids=["ratios", "gaps", "sizes", "knee", "spread", "collapse"],
)
def test_a_bad_spectrum_is_refused(function, bad):
    with pytest.raises(ValueError, match=r"eigenvalues|spectra"):
        function(bad)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaps.largest_gaps(DESCENDING, 1, first=0, last=3), "first must be"),
        (lambda: gaps.largest_gaps(DESCENDING, 1, first=3, last=2), "last must be"),
        (lambda: gaps.largest_gaps(DESCENDING, 1, first=1, last=6), "last must be <= 5"),
        (lambda: gaps.largest_gaps(DESCENDING, 1, first=1, last=2.5), "last must be"),
        (lambda: gaps.largest_gaps(DESCENDING, 0, first=1, last=3), "count must be"),
        (lambda: gaps.largest_gaps(DESCENDING, 4, first=1, last=3), "count must be <= "),
        (lambda: gaps.cluster_sizes(DESCENDING, min_ratio=1.0, first=1, last=3), "min_ratio"),
        (lambda: gaps.knee(DESCENDING, first=1, last=4), "5 ranks"),
        (lambda: gaps.log_spread([DESCENDING], first=1, last=3), "two or more"),
        (
            lambda: gaps.collapse_quality([DESCENDING] * 2, [1], first=1, last=3),
            "scales must be 2",
        ),
        (
            lambda: gaps.collapse_quality([DESCENDING] * 2, [1, 0], first=1, last=3),
            "numbers > 0",
        ),
        (
            lambda: gaps.collapse_quality([DESCENDING] * 2, [1, 2], first=1, last=3),
            "spectra must differ",
        ),
    ],
)
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
