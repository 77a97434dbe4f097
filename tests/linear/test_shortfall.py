"""The law over several depths, groups by size, and pairs that reproduce printed numbers."""

import numpy as np
import pytest

from depth_not_data.linear import flow, shortfall

DEPTHS = range(2, 8)


def test_groups_are_split_by_size_along_the_last_axis():
    values = np.arange(40.0).reshape(2, 20)[:, ::-1]
    found = shortfall.groups(values, (5, 6, 4), rank=2)
    assert [group.shape for group in found] == [(2, 4), (2, 10), (2, 6)]
    assert np.array_equal(np.concatenate(found, axis=-1), values)
    np.testing.assert_allclose(found.ratio, [(17.5 / 10.5), (37.5 / 30.5)])


@pytest.mark.parametrize(
    ("values", "rank", "message"),
    [
        ([2.0, 1.0, 1.0], 0, "rank must be an integer"),
        ([2.0, 1.0, 1.0], 3, r"rank must be <= min\(widths\) = 2, got 3"),
        ([2.0, 1.0], 1, "eigenvalues must be at least 3"),
        (2.0, 1, "eigenvalues must be at least 3"),
        ([1.0, 2.0, 1.0], 1, "eigenvalues must be descending"),
    ],
)
def test_bad_groups(values, rank, message):
    with pytest.raises(ValueError, match=message):
        shortfall.groups(values, (2, 2, 2), rank)


def test_the_ratios_are_those_of_one_network_at_a_time():
    tau = np.array([10.0, 1000.0])
    found = shortfall.ratios(tau, 0.625, DEPTHS, product=0.3)
    for i, depth in enumerate(DEPTHS):
        mu = flow.decaying_square(0.3 ** (1 / depth), depth, tau)[:, None]
        np.testing.assert_allclose(found[:, i], flow.ratio_of_means(mu, depth, 0.625))


def test_groups_may_leave_no_rest_and_no_bulk():
    found = shortfall.groups([2.0, 1.0, 1.0], (2, 2, 2), 1)
    assert [group.tolist() for group in found] == [[2.0], [1.0, 1.0], []]
    found = shortfall.groups([2.0, 2.0, 2.0, 2.0, 0.0], (2, 2, 2), 2)
    assert [group.size for group in found] == [4, 0, 1]


def test_a_printed_number_may_be_off_by_half_a_unit_and_no_more():
    # Without a share the ratio is the depth itself, and the bulk is 1.
    for off, near in ((0.005, True), (0.0051, False)):
        for sign in (1, -1):
            assert shortfall.consistent(1.0, 0.0, [2], [2 + sign * off], [1.0]) == near
            assert shortfall.consistent(1.0, 0.0, [2], [2.0], [1 + sign * off]) == near


def test_late_excess_falls_with_the_root_of_time_and_the_wrong_law_with_another():
    early, late = shortfall.excess([1e12, 64e12], depth=7)
    assert early / late == pytest.approx(2.0, rel=0.02)
    early, late = shortfall.excess([1e14, 128e14], depth=7, extra_layers=1)
    assert early / late == pytest.approx(2.0, rel=0.02)


def test_shares_and_times_broadcast():
    found = shortfall.ratios(np.ones(4), np.ones((3, 1)), [2, 3])
    assert found.shape == (3, 4, 2)


def test_consistent_finds_the_pair_that_made_the_numbers():
    truth = shortfall.ratios(500.0, 0.17, DEPTHS)
    printed, bulk = truth.round(2), (np.array(DEPTHS) / truth).round(2)
    assert shortfall.consistent(500.0, 0.17, DEPTHS, printed, bulk)
    assert not shortfall.consistent(500.0, 0.30, DEPTHS, printed, bulk)
    assert not shortfall.consistent(5000.0, 0.17, DEPTHS, printed, bulk)
    # Each printed number counts.
    for i in range(6):
        shifted = printed + 0.02 * (np.arange(6) == i)
        assert not shortfall.consistent(500.0, 0.17, DEPTHS, shifted, bulk)
        shifted = bulk + 0.02 * (np.arange(6) == i)
        assert not shortfall.consistent(500.0, 0.17, DEPTHS, printed, shifted)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shortfall.training_time([-1], 0.1, 0.9), "updates must be >= 0"),
        (lambda: shortfall.training_time([1], 0.0, 0.9), "lr must be"),
        (lambda: shortfall.training_time([1], 0.1, 1.0), "momentum must be"),
        (lambda: shortfall.training_time([1], 0.1, -0.5), "momentum must be"),
        (lambda: shortfall.excess(1.0, 1), "depth must be"),
        (lambda: shortfall.excess(1.0, 2, product=-1.0), "product must be"),
        (lambda: shortfall.excess(1.0, 2, extra_layers=-1), "extra_layers must be"),
        (lambda: shortfall.ratios(1.0, -0.1, [2]), "share must be"),
        (lambda: shortfall.consistent(1.0, 0.1, [2], [1.0, 2.0], [1.0]), "printed_ratios must"),
        (lambda: shortfall.consistent(1.0, 0.1, [2], [1.0], [1.0, 2.0]), "printed_bulk must"),
        (lambda: shortfall.consistent(1.0, 0.1, [1], [1.0], [1.0]), "depths must be"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_single_layer_has_no_law_whatever_is_added():
    with pytest.raises(ValueError, match="depth must be an integer >= 2"):
        shortfall.excess(1.0, 1, extra_layers=2)
