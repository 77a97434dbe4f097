"""Gaps and the edge of a spectrum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_not_data.spectra import gaps
from depth_not_data.spectra.gaps import between_readings, landmarks, local_slopes, steepest_rank


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
    ratios = gaps.neighbour_ratios(values)
    assert tuple(gaps.wide_gaps(ratios, threshold=2.0)) == edges


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


def test_negative_eigenvalues_behind_the_range_do_no_harm():
    values = [9.0, 8.0, 2.0, 1.0, -1.0]
    assert gaps.largest_gaps(values, 1, first=1, last=3) == (2,)
    with pytest.raises(ValueError, match=r"positive up to rank 5, got -1.0 at rank 5"):
        gaps.largest_gaps(values, 1, first=1, last=4)


DESCENDING = [3.0, 2.0, 1.0, 0.5, 0.2, 0.1]
BAD_SPECTRA = {
    "ascending": [1.0, 2.0],
    "nan": [2.0, float("nan")],
    "infinite": [float("inf"), 1.0],
    "one": [1.0],
    "matrix": [[2.0, 1.0]],
    "words": ["b", "a"],
    "complex": [2.0 + 1j, 1.0],
    "number": 3.0,
    "nothing": None,
}


@pytest.mark.parametrize("bad", BAD_SPECTRA.values(), ids=BAD_SPECTRA)
@pytest.mark.parametrize(
    "function",
    [
        gaps.neighbour_ratios,
        lambda e: gaps.largest_gaps(e, 1, first=1, last=1),
        lambda e: gaps.local_slopes(e, first=1, last=1),
        lambda e: gaps.steepest_rank(e, first=1, last=1),
        gaps.landmarks,
    ],
    ids=["ratios", "gaps", "slopes", "steepest", "landmarks"],
)
def test_a_bad_spectrum_is_refused(function, bad):
    with pytest.raises(ValueError, match="eigenvalues must"):
        function(bad)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[2.0, 1.0]], r"got shape \(1, 2\)$"),
        (3.0, "got 3.0$"),
        ([3.0, 1.0, 2.0], "got 1.0 before 2.0$"),
        ([3.0, 3.0, 2.0, 2.5, 5.0], "got 2.0 before 2.5$"),
        ([3.0, 0.0, -0.5, -2.0], "got 0.0 at rank 2$"),
        ([3.0, 0.5, -0.5, -2.0], "got -0.5 at rank 3$"),
    ],
)
def test_the_first_number_that_is_wrong_is_named(bad, message):
    with pytest.raises(ValueError, match=message):
        gaps.neighbour_ratios(bad)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaps.largest_gaps(DESCENDING, 1, first=0, last=3), "first must be"),
        (lambda: gaps.largest_gaps(DESCENDING, 1, first=3, last=2), "last must be"),
        (lambda: gaps.largest_gaps(DESCENDING, 1, first=1, last=6), "last must be <= 5"),
        (lambda: gaps.largest_gaps(DESCENDING, 1, first=1, last=2.5), "last must be"),
        (lambda: gaps.largest_gaps(DESCENDING, 0, first=1, last=3), "count must be"),
        (lambda: gaps.largest_gaps(DESCENDING, 4, first=1, last=3), "count must be <= "),
        (lambda: gaps.wide_gaps([1.5, 0.5]), "ratios must be >= 1"),
        (lambda: gaps.wide_gaps([[1.5]]), "ratios must be one-dimensional"),
        (lambda: gaps.wide_gaps([1.5], threshold=1.0), "threshold must be"),
    ],
)
def test_a_bad_argument_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


K = np.arange(1.0, 801.0)


def stepped(*, at, height, exponent=0.7):
    """A power law that falls by the factor `height` between ranks `at` and `at` + 1."""
    return K**-exponent * np.where(at < K, 1.0, height)


@pytest.mark.parametrize("at", [60, 100, 225, 400])
def test_a_step_is_found_wherever_it_stands(at):
    found = steepest_rank(stepped(at=at, height=2.0), first=20, last=800, half_width=0.1)
    assert abs(found - at) <= 0.01 * at + 1


def test_the_position_does_not_depend_on_the_scale():
    curve = stepped(at=100, height=2.0)
    settings = {"first": 20, "last": 800, "half_width": 0.1}
    assert steepest_rank(curve, **settings) == steepest_rank(1e-6 * curve, **settings)


def test_a_step_outside_the_range_is_not_found():
    curve = stepped(at=40, height=5.0) * np.where(K <= 200, 1.5, 1.0)
    assert abs(steepest_rank(curve, first=20, last=800, half_width=0.1) - 40) <= 1
    assert abs(steepest_rank(curve, first=41, last=800, half_width=0.1) - 200) <= 3


def test_a_step_moved_on_purpose_moves_the_answer():
    found = [steepest_rank(stepped(at=at, height=2.0), first=20, last=800) for at in (90, 100)]
    assert found[0] < 95 < found[1]


def test_every_window_lies_in_the_range():
    first, last, half_width = 30, 300, 0.15
    curve = K**-1.0
    curve[: first - 1] = 1e3
    curve[last:] = 1e-9
    slopes = local_slopes(curve, first=first, last=last, half_width=half_width)
    np.testing.assert_allclose(list(slopes.values()), -1.0, atol=1e-10)
    assert list(slopes) == list(range(min(slopes), max(slopes) + 1))


@pytest.mark.parametrize(("first", "last"), [(1, 60), (2, 30), (12, 61), (9, 37)])
@pytest.mark.parametrize("half_width", [0.1, 0.15, 0.5])
def test_a_slope_is_that_of_three_or_more_ranks_all_in_the_range(first, last, half_width):
    curve = np.sort(np.random.default_rng(0).uniform(1, 9, size=61))[::-1]
    factor, expected = np.exp(half_width), {}
    for k in range(1, 62):
        window = np.array([j for j in range(1, 99) if k / factor <= j <= k * factor])
        if len(window) >= 3 and first <= k / factor and k * factor <= last:
            x, y = np.log(window), np.log(curve[window - 1])
            expected[k] = np.polyfit(x, y, 1)[0]
    found = local_slopes(curve, first=first, last=last, half_width=half_width)
    assert list(found) == list(expected)
    np.testing.assert_allclose(list(found.values()), list(expected.values()), rtol=1e-9)


def test_ranges_may_be_as_short_as_they_say():
    assert gaps.largest_gaps([3.0, 2.0, 1.0], 1, first=2, last=2) == (2,)
    assert gaps.largest_gaps([3.0, 1.0], 1, first=1, last=1) == (1,)
    assert gaps.largest_gaps([9.0, 3.0, 2.0, 1.0], 3, first=1, last=3) == (1, 2, 3)
    # Of equal ratios the one at the smaller rank.
    assert gaps.largest_gaps([8.0, 4.0, 2.0, 1.0], 1, first=1, last=3) == (1,)
    assert steepest_rank(K**0.0, first=1, last=60, half_width=0.1) == 11
    assert gaps.wide_gaps([1.0, 1.5], threshold=1.5).tolist() == [2]
    assert gaps.wide_gaps([1.5, gaps.GAP, np.nextafter(gaps.GAP, 0)]).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"first": 0}, "first"),
        ({"last": 801}, "last"),
        ({"half_width": 0.0}, "half_width"),
        ({"half_width": float("nan")}, "half_width"),
        ({"first": 100, "last": 105}, "last"),
        ({"first": 1, "last": 1}, "last must leave room .* got 1"),
        ({"last": 1}, "last must be an integer >= 20, got 1"),
    ],
)
def test_bad_input_of_the_steepest_rank_is_named(settings, name):
    arguments = {"first": 20, "last": 800, "half_width": 0.1} | settings
    with pytest.raises(ValueError, match=name):
        steepest_rank(K**-1.0, **arguments)


@pytest.mark.parametrize("curve", [K, np.where(K < 700, 1.0 / K, 0.0), np.full(800, np.nan)])
def test_a_curve_must_be_positive_descending_and_finite(curve):
    with pytest.raises(ValueError, match="eigenvalues"):
        steepest_rank(curve, first=20, last=800, half_width=0.1)


def in_clusters(*sizes, total=800, ratio=2.0):
    """Clusters of the given sizes, each a factor `ratio` above the next, and the rest."""
    ends = np.cumsum(sizes)
    height = ratio ** np.sum(np.arange(1, total + 1)[:, None] <= ends, axis=1)
    return height * np.arange(1.0, total + 1) ** -0.1


@pytest.mark.parametrize("sizes", [(9, 9, 82), (10, 10, 80), (4, 30, 55)])
def test_landmarks_are_found_wherever_they_stand(sizes):
    found = landmarks(in_clusters(*sizes))
    assert found.gaps == tuple(np.cumsum(sizes))
    assert found.clusters == 2
    assert abs(found.edge - sum(sizes)) <= 2
    np.testing.assert_allclose(found.ratios, 2.0, rtol=0.03)


def test_a_gap_narrower_than_the_threshold_is_no_cluster():
    curve = in_clusters(9, 9, 82)
    curve[:9] /= 2.0 / 1.2
    found = landmarks(curve)
    assert found.gaps == (9, 18, 100)
    assert found.clusters == 1


def test_a_third_cluster_is_counted():
    assert landmarks(in_clusters(9, 9, 9, 73)).clusters == 2  # the three widest end at rank 27
    curve = in_clusters(9, 9, 9, 73)
    curve[:100] *= 2.0  # the edge at 100 is now among them
    assert landmarks(curve).clusters == 3


def test_a_spectrum_with_nonpositive_upper_half_is_refused():
    curve = in_clusters(9, 9, 82)
    curve[300:] = 0.0
    with pytest.raises(ValueError, match="positive"):
        landmarks(curve)


@pytest.mark.parametrize("length", [4, 5, 20])
def test_a_spectrum_too_short_for_landmarks_is_what_is_blamed(length):
    with pytest.raises(
        ValueError, match=f"eigenvalues must be long enough .* got {length} of them"
    ):
        landmarks(np.arange(length, 0.0, -1.0))


def test_a_spectrum_just_long_enough_has_landmarks():
    curve = in_clusters(2, 3, 4, total=26)
    assert landmarks(curve).gaps == (2, 5, 9)
    with pytest.raises(ValueError, match=r"the second gap, at 5, .* got 25 of them"):
        landmarks(curve[:25])


def test_readings_of_a_power_law_give_the_power_law():
    ranks = [3, 7, 20, 90, 400]
    filled = between_readings(ranks, np.array(ranks) ** -1.3)
    np.testing.assert_allclose(filled[2:], K[2:400] ** -1.3, rtol=1e-12)
    assert np.all(filled[:3] == filled[2])


def test_readings_keep_the_steepest_fall_to_within_their_spacing():
    curve = stepped(at=100, height=2.0)
    ranks = np.unique(np.round(np.geomspace(20, 800, 90)).astype(int))
    filled = between_readings(ranks, curve[ranks - 1])
    assert abs(steepest_rank(filled, first=20, last=800, half_width=0.1) - 100) <= 5


@pytest.mark.parametrize(
    ("ranks", "values", "name"),
    [
        ([2, 2], [1.0, 1.0], "ranks"),
        ([0, 2], [1.0, 1.0], "ranks"),
        ([1.5, 2], [1.0, 1.0], "ranks"),
        ([3], [1.0], "ranks"),
        ([1, 2], [1.0, 2.0], "values"),
        ([1, 2], [1.0, 0.0], "values"),
        ([1, 2], [1.0], "values"),
    ],
)
def test_bad_readings_are_named(ranks, values, name):
    with pytest.raises(ValueError, match=name):
        between_readings(ranks, values)


def test_the_rule_of_the_gaps_is_one():
    """The threshold of `landmarks` is that of `wide_gaps`, and that of a ratio just below it."""
    curve = in_clusters(9, 9, 82)
    for ratio, clusters in ((gaps.GAP * 1.001, 2), (gaps.GAP * 0.999, 1)):
        ratios = gaps.neighbour_ratios(curve)
        moved = curve.copy()
        moved[:9] *= ratio / ratios[8]
        found = landmarks(moved)
        assert found.clusters == clusters
        inside = gaps.wide_gaps(gaps.neighbour_ratios(moved)[: found.gaps[2] - 1])
        assert len(inside) == clusters


def test_the_default_window_is_the_one_of_the_edge():
    curve = stepped(at=100, height=2.0)
    settings = {"first": 20, "last": 800}
    assert steepest_rank(curve, **settings) == steepest_rank(
        curve, half_width=gaps.HALF_WIDTH, **settings
    )


def test_a_gap_behind_the_first_eigenvalue_counts():
    found = landmarks(in_clusters(1, 9, 90))
    assert found.gaps == (1, 10, 100)
    assert found.clusters == 2


def test_the_edge_is_searched_from_behind_the_second_gap():
    # The shortest spectra with room for one window of three ranks there.
    for second in (5, 9, 12):
        first = second + 1
        fits = [
            half
            for half in range(first, 40)
            if any(
                first <= k / np.exp(0.1)
                and k * np.exp(0.1) <= half
                and np.floor(k * np.exp(0.1)) - np.ceil(k / np.exp(0.1)) >= 2
                for k in range(first, half)
            )
        ]
        curve = in_clusters(2, second - 2, 1, total=100)
        shortest = 2 * min(fits)
        assert landmarks(curve[:shortest]).gaps[1] == second
        with pytest.raises(ValueError, match=f"the second gap, at {second}, "):
            landmarks(curve[: shortest - 1])
