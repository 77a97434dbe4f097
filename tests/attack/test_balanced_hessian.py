"""Random searches that try to refute the theorems on the Hessian of a balanced network.

The truth is a dense autograd Hessian in random bases. What the proofs leave free is drawn: widths
and bottlenecks, rank one and full rank, equal, zero and widely spread singular values, data of any
rank, targets out of reach, depth 1 where the statement makes sense.
"""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import event, given, target
from hypothesis import strategies as st
from networks import (
    Network,
    aligned,
    networks,
    padded,
    rotation_of_parameters,
    shapes,
    spectrum,
    tensor,
    whole_matrix,
)
from strategies import SEARCH, layer_widths, rngs, singular_values

from depth_not_data.linear import network as linear_network
from depth_not_data.linear.spectrum import hessian_eigenvalues, pair_eigenvalues
from depth_not_data.spectra import autograd

# Two backward-stable routes to at most some hundred eigenvalues, relative to the largest one.
TOLERANCE = 1e-11


def compare(found, dense, what, network):
    """Assert that the largest deviation, over the largest entry, is round-off."""
    found, dense = np.asarray(found, dtype=float), np.asarray(dense, dtype=float)
    assert found.shape == dense.shape, f"{what}: {found.size} values, autograd has {dense.size}"
    # Where the Hessian is zero, round-off of its ingredients is what it is compared with.
    scale = max(np.abs(dense).max(), network.scale)
    deviation = np.abs(found - dense).max() / scale
    assert deviation <= TOLERANCE, f"{what} is off by {deviation:.1e} of the largest"


def descending(values, size):
    """Sorted, with zeros up to `size`; without trailing zeros where there are too many."""
    values = np.sort(np.concatenate([values, np.zeros(max(0, size - len(values)))]))[::-1]
    assert np.all(values[size:] == 0), "more nonzero eigenvalues than parameters"
    return values[:size]


@SEARCH
@given(networks())
def test_blocks_of_the_whole_hessian(network):
    """T2: entry by entry, which is more than the spectrum, and the helper's spectrum too."""
    rotation = rotation_of_parameters(network)
    dense = rotation @ network.hessian().numpy() @ rotation.T
    compare(whole_matrix(network), dense, "a block entry", network)
    eigenvalues = spectrum(tensor((dense + dense.T) / 2))
    event(f"negative eigenvalues: {bool(eigenvalues[-1] < -1e-9)}")
    helper = hessian_eigenvalues(
        network.lam, network.s, network.widths, data_singular_values=network.x
    )
    compare(helper, eigenvalues, "the spectrum from the blocks", network)


class WithoutData(Network):
    """A network whose residual slope is e_i = lam_i^L - s_i, which is right on whitened data."""

    @property
    def slope(self):
        lam, s = (padded(values, max(self.widths)) for values in (self.lam, self.s))
        return np.where(np.arange(len(lam)) < len(self.s), lam**self.depth - s, 0.0)


def test_the_search_notices_a_residual_without_the_data():
    """T2 with e_i for g_i: the power of the search above."""

    @SEARCH
    @given(networks(min_depth=2))
    def attack(network):
        rotation = rotation_of_parameters(network)
        dense = rotation @ network.hessian().numpy() @ rotation.T
        compare(whole_matrix(WithoutData(**vars(network))), dense, "a block entry", network)

    with pytest.raises(AssertionError, match="a block entry is off"):
        attack()


@SEARCH
@given(networks())
def test_gram_spectrum_of_the_outer_part(network):
    """P4a: the nonzero eigenvalues of H_o, for singular values and data of any kind."""
    d_in, d_out = network.widths[0], network.widths[-1]
    sides = [padded(network.lam, d)[:d] for d in (d_out, d_in)]
    closed = pair_eigenvalues(*sides, network.depth, data_singular_values=network.x)
    dense = spectrum(network.outer_part())
    compare(descending(closed.ravel(), dense.size), dense, "the spectrum of H_o", network)


@SEARCH
@given(widths=layer_widths(min_depth=2, max_depth=5, max_width=4), rng=rngs(), data=st.data())
def test_functional_part_is_bounded_by_the_residual(widths, rng, data):
    """P4b and its lemma: any weights, balanced or not, any data and any target."""
    weights = [tensor(rng.standard_normal((b, a))) for a, b in pairwise(widths)]
    weights = [w * data.draw(st.sampled_from([0.1, 1.0, 3.0])) for w in weights]
    samples = data.draw(st.integers(1, 6))
    inputs = tensor(rng.standard_normal((widths[0], samples)))
    scale = data.draw(st.sampled_from([0.0, 1e-3, 1.0, 30.0]))
    event(f"residual: {scale}")
    residual = scale * tensor(rng.standard_normal((widths[-1], samples)))
    goal = linear_network.product(weights) @ inputs - residual

    whole = linear_network.dense_hessian(weights, goal, inputs)
    constant = residual.detach()
    functional = autograd.dense_hessian(
        lambda w: (constant * (linear_network.product(w) @ inputs)).sum(), weights
    )
    largest = max(np.linalg.norm(w.numpy(), 2) for w in weights)
    bound = (len(weights) - 1) * largest ** (len(weights) - 2)
    bound *= np.linalg.norm((residual @ inputs.T).numpy(), 2)
    moved = np.abs(spectrum(whole) - spectrum(whole - functional)).max()
    room = TOLERANCE * (np.abs(spectrum(whole)).max() + bound)
    target(float(moved / bound) if bound else 0.0)
    assert moved <= bound + room, f"eigenvalues move by {moved / bound:.4f} of the bound"


@st.composite
def learnt(draw, *, min_depth=2, unlearnt=False):
    """Minima with r equal learnt directions and q directions of data; the rest empty, or not."""
    widths = draw(shapes(min_depth=min_depth, max_depth=5, max_width=5))
    rng = draw(rngs())
    smallest = min(widths)
    r = draw(st.integers(1, smallest))
    q = r if unlearnt else draw(st.integers(r, widths[0]))
    m = draw(st.floats(0.3, 2.0))
    lam, s = np.zeros(smallest), np.zeros(min(widths[0], widths[-1]))
    lam[:r], s[:r] = m, m ** (len(widths) - 1)
    if unlearnt:
        lam[r:] = draw(singular_values(smallest - r, decades=1.0))
    event(f"rank: {'one' if r == 1 else 'full' if r == smallest else 'between'}")
    x = (np.arange(widths[0]) < q).astype(float)
    return aligned(rng, widths, lam, x, s), r, q, m


@SEARCH
@given(learnt())
def test_three_groups_and_their_counts(found):
    """P5a, P5b, P6a: r^2 at L m^(2L-2), (q + d_L - 2r) r at m^(2L-2), all others zero."""
    network, r, q, m = found
    check_counts(network, r, q, m)


def check_counts(network, r, q, m):
    depth, d_out = network.depth, network.widths[-1]
    bulk = m ** (2 * depth - 2)
    groups = np.repeat([depth * bulk, bulk], [r * r, (q + d_out - 2 * r) * r])
    dense = spectrum(network.hessian())
    compare(descending(groups, dense.size), dense, "a group", network)


@pytest.mark.parametrize(
    "said", [lambda widths, q: min(widths), lambda widths, q: widths[0]], ids=["d*", "d_0"]
)
def test_the_search_refutes_other_counts(said):
    """P5b with d* or d_0 in place of the rank of the data: right in some settings only."""

    @SEARCH
    @given(learnt())
    def attack(found):
        network, r, q, m = found
        check_counts(network, r, max(r, said(network.widths, q)), m)

    with pytest.raises(AssertionError, match=r"a group is off|more nonzero"):
        attack()


def test_the_search_refutes_three_groups_for_one_layer():
    """The theorem asks for L >= 2: a single layer has q d_L equal eigenvalues."""

    @SEARCH
    @given(learnt(min_depth=1))
    def attack(found):
        check_counts(*found)

    with pytest.raises(AssertionError, match="a group is off"):
        attack()


@SEARCH
@given(learnt(unlearnt=True))
def test_the_bulk_keeps_what_the_data_do_not_reach(found):
    """T3: data in the target directions, singular values of any kind in the others."""
    network, r, _, m = found
    L, d_out = network.depth, network.widths[-1]
    others = padded(network.lam, d_out)[r:d_out]
    bulk = [sum(a ** (2 * (L - k)) * m ** (2 * k - 2) for k in range(1, L + 1)) for a in others]
    values = np.concatenate([np.full(r * r, L * m ** (2 * L - 2)), np.repeat(bulk, r)])
    dense = spectrum(network.hessian())
    compare(descending(values, dense.size), dense, "the bulk", network)
    # And its size is m^(2L-2) only where these singular values are zero.
    for a, value in zip(others, bulk, strict=True):
        assert (abs(value / m ** (2 * L - 2) - 1) < 1e-12) == (a < 1e-6 * m)


@st.composite
def uniform_networks(draw):
    """Whitened data; r directions of one singular value and one target; hidden widths >= r."""
    depth, r = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    widths = tuple(draw(st.integers(r, 5)) for _ in range(depth + 1))
    lam, s = np.zeros(min(widths)), np.zeros(min(widths[0], widths[-1]))
    lam[:r] = draw(st.sampled_from([0.0, 1.0]) | st.floats(0.1, 1.5))
    s[:r] = draw(st.sampled_from([0.0, 1.0]) | st.floats(0.1, 1.5))
    return aligned(draw(rngs()), widths, lam, np.ones(widths[0]), s), r


def six(network, r):
    """The table of T5: values and multiplicities, zeros last."""
    L, (d_in, *hidden, d_out) = network.depth, network.widths
    lam = network.lam[0]
    e, bulk = lam**L - network.s[0], lam ** (2 * L - 2)
    free = sum(h - r for h in hidden)
    return [
        (L * bulk + (L - 1) * e * lam ** (L - 2), r * (r + 1) // 2),
        (L * bulk - (L - 1) * e * lam ** (L - 2), r * (r - 1) // 2),
        (bulk, (d_in + d_out - 2 * r) * r),
        (-e * lam ** (L - 2), (L - 1) * r * (r + 1) // 2 + r * free),
        (e * lam ** (L - 2), (L - 1) * r * (r - 1) // 2 + r * free),
    ]


@SEARCH
@given(uniform_networks())
def test_six_eigenvalues(found):
    """T5 with hidden widths of any kind: values and multiplicities, the zeros by counting."""
    network, r = found
    values, counts = zip(*six(network, r), strict=True)
    dense = spectrum(network.hessian())
    event(f"negative eigenvalues: {bool(dense[-1] < -1e-9)}")
    compare(
        descending(np.repeat(values, counts), dense.size),
        dense,
        "an eigenvalue of the table",
        network,
    )


def test_the_search_refutes_six_different_eigenvalues():
    """T5 as it once stood, "six different eigenvalues": five for r = 1, three at e = 0."""

    @SEARCH
    @given(uniform_networks())
    def attack(found):
        network, _ = found
        different = len(np.unique(spectrum(network.hessian()).round(8)))
        assert different == 6, f"{different} different eigenvalues"

    with pytest.raises(AssertionError, match=r"\d different eigenvalues"):
        attack()
