"""The steepest fall of a ranked curve."""

import numpy as np
import pytest

from depth_not_data.spectra.edges import between_readings, landmarks, local_slopes, steepest_rank

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
    found = [
        steepest_rank(stepped(at=at, height=2.0), first=20, last=800, half_width=0.1)
        for at in (90, 100)
    ]
    assert found[0] < 95 < found[1]


def test_every_window_lies_in_the_range():
    first, last, half_width = 30, 300, 0.15
    curve = K**-1.0
    curve[: first - 1] = 1e3
    curve[last:] = 1e-9
    slopes = local_slopes(curve, first=first, last=last, half_width=half_width)
    np.testing.assert_allclose(list(slopes.values()), -1.0, atol=1e-10)
    assert list(slopes) == list(range(min(slopes), max(slopes) + 1))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"first": 0}, "first"),
        ({"last": 801}, "last"),
        ({"half_width": 0.0}, "half_width"),
        ({"half_width": float("nan")}, "half_width"),
        ({"first": 100, "last": 105}, "last"),
    ],
)
def test_bad_input_is_named(settings, name):
    arguments = {"first": 20, "last": 800, "half_width": 0.1} | settings
    with pytest.raises(ValueError, match=name):
        steepest_rank(K**-1.0, **arguments)


@pytest.mark.parametrize("curve", [K, np.where(K < 700, 1.0 / K, 0.0), np.full(800, np.nan)])
def test_a_curve_must_be_positive_descending_and_finite(curve):
    with pytest.raises(ValueError, match="eigenvalues"):
        steepest_rank(curve, first=20, last=800, half_width=0.1)


def clustered(*sizes, total=800, ratio=2.0):
    """Clusters of the given sizes, each a factor `ratio` above the next, and the rest."""
    ends = np.cumsum(sizes)
    height = ratio ** np.sum(np.arange(1, total + 1)[:, None] <= ends, axis=1)
    return height * np.arange(1.0, total + 1) ** -0.1


@pytest.mark.parametrize("sizes", [(9, 9, 82), (10, 10, 80), (4, 30, 55)])
def test_landmarks_are_found_wherever_they_stand(sizes):
    found = landmarks(clustered(*sizes))
    assert found.gaps == tuple(np.cumsum(sizes))
    assert found.clusters == 2
    assert abs(found.edge - sum(sizes)) <= 2
    np.testing.assert_allclose(found.ratios, 2.0, rtol=0.03)


def test_a_gap_narrower_than_the_threshold_is_no_cluster():
    curve = clustered(9, 9, 82)
    curve[:9] /= 2.0 / 1.2
    found = landmarks(curve)
    assert found.gaps == (9, 18, 100)
    assert found.clusters == 1


def test_a_third_cluster_is_counted():
    assert landmarks(clustered(9, 9, 9, 73)).clusters == 2  # the three widest end at rank 27
    curve = clustered(9, 9, 9, 73)
    curve[:100] *= 2.0  # the edge at 100 is now among them
    assert landmarks(curve).clusters == 3


def test_a_spectrum_with_nonpositive_upper_half_is_refused():
    curve = clustered(9, 9, 82)
    curve[300:] = 0.0
    with pytest.raises(ValueError, match="positive"):
        landmarks(curve)


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
