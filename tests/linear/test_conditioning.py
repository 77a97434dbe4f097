from itertools import pairwise

import numpy as np
import pytest

from depth_not_data.linear import conditioning, minimum
from depth_not_data.linear import network as linear_network

WIDTHS, RANK = (5, 3, 6, 4), 2
DEPTH = len(WIDTHS) - 1
BULK = RANK * (WIDTHS[0] + WIDTHS[-1] - 2 * RANK)


def aligned(lam, widths=WIDTHS):
    """Dense Hessian at the minimum of layers with singular values lam[k, i]."""
    weights = [
        linear_network.rectangular_diagonal(row, d_out, d_in)
        for row, (d_in, d_out) in zip(lam, pairwise(widths), strict=True)
    ]
    return linear_network.dense_hessian(weights, linear_network.product(weights)).numpy()


def of_target(s):
    return aligned(np.tile(np.asarray(s) ** (1 / DEPTH), (DEPTH, 1)))


def test_target_pairs_are_the_corner_of_every_layer():
    weights = [np.zeros((d_out, d_in)) for d_in, d_out in pairwise(WIDTHS)]
    for layer in weights:
        layer[:RANK, :RANK] = 1.0
    expected = np.concatenate([layer.ravel() for layer in weights]).astype(bool)
    np.testing.assert_array_equal(conditioning.target_pairs(WIDTHS, RANK), expected)


def test_the_groups_have_their_sizes():
    values = np.linalg.eigvalsh(of_target(np.ones(RANK)))
    assert np.sum(np.abs(values - DEPTH) < 1e-9) == RANK**2
    assert np.sum(np.abs(values - 1) < 1e-9) == BULK == conditioning.bulk_size(WIDTHS, RANK)


def test_leading_mass_tells_who_leads():
    assert conditioning.leading_mass(of_target([1.0, 1.0]), WIDTHS, RANK) == pytest.approx(1.0)
    uneven = conditioning.leading_mass(of_target([1.0, 0.9]), WIDTHS, RANK)
    assert 1 - 0.01 < uneven < 1
    overlapping = conditioning.leading_mass(of_target([1.0, 0.1]), WIDTHS, RANK)
    assert overlapping <= 1 - 1 / RANK**2 + 1e-12


def test_leading_mass_asks_for_all_layers_together():
    # The only curvature is of the difference of two layers, in a target pair.
    difference = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert conditioning.leading_mass(difference, (1, 1, 1), 1) == pytest.approx(0.0)


@pytest.mark.parametrize("widths", [WIDTHS, (5, 2, 2, 4)])
def test_the_turning_point_is_where_the_groups_touch(widths):
    def hessian_at(q):
        return aligned(np.tile(np.array([1.0, q]) ** (1 / DEPTH), (DEPTH, 1)), widths)

    found = conditioning.turning_point(hessian_at, widths, RANK, 0.1, 0.9)
    assert found == pytest.approx(DEPTH ** (-DEPTH / (2 * DEPTH - 2)), rel=1e-6)


@pytest.mark.parametrize(("high", "where"), [(0.95, "both ends"), (0.2, "neither end")])
def test_a_turning_point_needs_a_change(high, where):
    low = 0.9 if where == "both ends" else 0.1
    with pytest.raises(ValueError, match=f"low and high must enclose a change.*{where}"):
        conditioning.turning_point(lambda q: of_target([1.0, q]), WIDTHS, RANK, low, high)


def test_one_layer_has_pairs_in_neither_group_and_no_gap():
    assert conditioning.ratio_by_pairs(np.eye(6), (3, 2), rank=1) == 1.0


@pytest.mark.parametrize("weakest", [0.9, 0.1])  # groups apart, and overlapping
def test_groups_by_directions_agree_with_the_closed_form(weakest):
    s = np.array([1.0, weakest])
    split = minimum.unequal_layers(
        np.tile(s ** (1 / DEPTH), (DEPTH, 1)), RANK, WIDTHS[0], WIDTHS[-1]
    )
    hessian = of_target(s)
    assert conditioning.ratio_by_pairs(hessian, WIDTHS, RANK) == pytest.approx(split.ratio)
    assert conditioning.gap_by_eigenvectors(hessian, WIDTHS, RANK) == pytest.approx(split.gap)
    by_size = conditioning.ratio_by_size(np.linalg.eigvalsh(hessian), RANK, BULK)
    if split.gap > 1:
        assert by_size == pytest.approx(split.ratio)
    else:
        assert by_size > split.ratio * 1.01


def test_levels_shared_by_both_groups_count_for_both():
    # kappa = L: the weaker dominant and the stronger bulk pairs have the same eigenvalue.
    lam = np.ones((DEPTH, RANK))
    inputs = np.diag([DEPTH**0.5, 1, 1, 1, 1])
    weights = [
        linear_network.rectangular_diagonal(row, d_out, d_in)
        for row, (d_in, d_out) in zip(lam, pairwise(WIDTHS), strict=True)
    ]
    inputs = linear_network.rectangular_diagonal(np.diag(inputs), 5, 5)
    target = linear_network.product(weights) @ inputs
    hessian = linear_network.dense_hessian(weights, target, inputs).numpy()
    assert conditioning.gap_by_eigenvectors(hessian, WIDTHS, RANK) == pytest.approx(1.0)


def test_a_batch_of_spectra_has_one_ratio_each():
    spectra = np.array([[4.0, 1.0, 1.0, 0.0], [0.0, 2.0, 9.0, 1.0]])
    np.testing.assert_allclose(conditioning.ratio_by_size(spectra, 1, 2), [4.0, 6.0])


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_depth_share_is_that_of_the_dense_hessian(depth):
    widths = (5, *[4] * (depth - 1), 4)
    rng = np.random.default_rng(depth)
    basis = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    covariance = basis * np.geomspace(8.0, 1.0, 5) @ basis.T
    values, vectors = np.linalg.eigh(covariance)
    inputs = linear_network.rectangular_diagonal(np.sqrt(values), 5, 5)
    turn = inputs.new_tensor(vectors)
    inputs = turn @ inputs @ turn.T
    weights = [
        linear_network.rectangular_diagonal(np.ones(RANK), d_out, d_in)
        for d_in, d_out in pairwise(widths)
    ]
    target = linear_network.product(weights) @ inputs
    hessian = linear_network.dense_hessian(weights, target, inputs).numpy()
    share = conditioning.depth_share(covariance, RANK, 4, depth)
    assert share == pytest.approx(conditioning.leading_mass(hessian, widths, RANK), abs=1e-9)
    assert 0 < share < 1


def test_depth_decides_below_kappa_and_data_above_it():
    spiked = np.diag([1.0, 6.0, 1.0])
    assert conditioning.depth_share(spiked, 1, 2, 7) == 1.0
    assert conditioning.depth_share(spiked, 1, 2, 5) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conditioning.bulk_size((2, 1, 2), 2), r"rank must be <= min\(widths\) = 1, got 2"),
        (lambda: conditioning.bulk_size((2, 1, 2), 0), "rank must be an integer >= 1, got 0"),
        (lambda: conditioning.target_pairs((2,), 1), "widths must hold at least d_0 and d_L"),
        (lambda: conditioning.leading_mass(np.eye(3), (1, 1, 1), 1), "hessian must have P = 2"),
        (
            lambda: conditioning.leading_mass([[0.0, 1.0], [0.0, 0.0]], (1, 1, 1), 1),
            "hessian must be symmetric",
        ),
        (
            lambda: conditioning.ratio_by_pairs(np.eye(2), (1, 1, 1), 1),
            "rank must be below d_0 or d_L, or the bulk is empty; all are 1",
        ),
        (
            lambda: conditioning.gap_by_eigenvectors(np.ones((2, 2)), (1, 1, 1), 1),
            "hessian must have a nonzero eigenvalue in both groups",
        ),
        (
            lambda: conditioning.gap_by_eigenvectors(np.zeros((4, 4)), (2, 1, 2), 1),
            "hessian must have a nonzero eigenvalue in both groups",
        ),
        (lambda: conditioning.ratio_by_size([1.0, 2.0], 1, 2), "eigenvalues must have a last axis"),
        (lambda: conditioning.ratio_by_size(1.0, 1, 1), "eigenvalues must have a last axis"),
        (lambda: conditioning.ratio_by_size([1.0, 2.0], 1, 0), "bulk must be an integer >= 1"),
        (lambda: conditioning.depth_share(np.eye(2), 3, 4, 2), "rank must be <= min"),
        (lambda: conditioning.depth_share(np.ones(2), 1, 4, 2), "covariance must be a square"),
        (lambda: conditioning.depth_share(np.eye(2), 1, 2, 0), "depth must be an integer >= 1"),
        (
            lambda: conditioning.turning_point(lambda q: q, (1, 1, 1), 1, 2.0, 1.0),
            "low must be a finite number < 1",
        ),
        (
            lambda: conditioning.turning_point(lambda q: q, (1, 1), 1, 1.0, 2.0, tolerance=0.0),
            "tolerance must be a finite number > 0",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_bisection_stops_at_its_tolerance():
    # Pairs with the eigenvalues 2 and t: the target pair leads below t = 2.
    def hessian_at(t):
        return np.array([[1.0, 0, 1, 0], [0, t, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])

    for tolerance, expected in ((4.0, 2.5), (2.5, 1.5), (2.0, 1.5), (1.0, 2.0)):
        found = conditioning.turning_point(hessian_at, (2, 1, 2), 1, 0.5, 4.5, tolerance=tolerance)
        assert found == expected


def test_ratio_by_size_of_a_batch_and_of_no_more_than_enough():
    values = np.array([[5.0, 1.0, 3.0], [1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(conditioning.ratio_by_size(values, 1, 2), [2.5, 2.0])
    np.testing.assert_array_equal(conditioning.ratio_by_size(values, 1, 1), [5 / 3, 1.5])
    with pytest.raises(ValueError, match=r"rank\^2 \+ bulk = 4, got shape \(2, 3\)"):
        conditioning.ratio_by_size(values, 1, 3)


def test_a_rank_as_large_as_the_smallest_width_is_allowed():
    assert conditioning.bulk_size((3, 2, 2), 2) == 2
    assert conditioning.target_pairs((2, 2), 2).all()
    assert conditioning.depth_share(np.eye(2), 2, 3, 1) == pytest.approx(2 / 3)
    assert conditioning.depth_share(np.eye(1), 1, 1, 1) == 1.0


def test_groups_by_size_of_rank_two():
    assert conditioning.ratio_by_size([8.0, 8.0, 4.0, 4.0, 2.0], 2, 1) == 3.0


def test_an_eigenvalue_at_the_level_of_zero_is_zero():
    hessian = np.diag([2.0, 1.0, 2.0, conditioning._LEVEL])
    assert conditioning.gap_by_eigenvectors(hessian, (2, 1, 2), 1) == 2.0
