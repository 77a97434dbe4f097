"""Random searches that try to refute the theorems on the training of a balanced network.

Drawn are widths and bottlenecks, depth 1 included, layers, data and target of any rank with equal,
zero and widely spread singular values, targets out of reach, step size and momentum. Statements
that stood in the book without a hypothesis that they need stand here too, each with the search that
refutes it.
"""

import numpy as np
import pytest
import torch
from hypothesis import assume, event, given, settings, target
from hypothesis import strategies as st
from mpmath import mp, mpf
from networks import aligned, block_matrix, networks, padded, pairs, shapes, spectrum
from strategies import SEARCH, layer_widths, orthogonal, rectangular_diagonal, rngs, singular_values

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import recursion

TOLERANCE = 1e-11


def slope(lam, x, s, depth):
    """The gradient's diagonal, from the theorem: x lam^(L-1) (x lam^L - s)."""
    return x * lam ** (depth - 1) * (x * lam**depth - s)


def check_training(network, rate, momentum, steps=3, unchanged=None):
    """P1a, P1b, P2a, P2b, P3: train by autograd and compare every entry with the recursion.

    `unchanged` names directions that are said to keep their value; those without data do.
    """
    d = len(network.lam)
    lam, x, s = network.lam.copy(), network.x[:d], network.s[:d]
    # The largest curvature on the way: beyond 2/curvature round-off off the balanced form grows.
    top = max(np.max(lam), np.max((s / np.where(x > 0, x, np.inf)) ** (1 / network.depth)))
    curvature = network.depth * network.x.max() ** 2 * top ** (2 * network.depth - 2)
    lr = rate / (curvature or 1.0)
    path, velocity = [lam], np.zeros(d)
    for _ in range(steps):
        velocity = momentum * velocity + slope(path[-1], x, s, network.depth)
        path.append(path[-1] - lr * velocity)
    if unchanged is not None:
        for row in path:
            row[unchanged] = network.lam[unchanged]

    worst, scale = 0.0, max(np.abs(row).max(initial=0.0) for row in path) or 1.0
    trained = linear_network.gradient_descent(
        network.weights(), network.target, lr=lr, steps=steps, momentum=momentum,
        inputs=network.inputs,
    )  # fmt: skip
    for t, weights in trained:
        for layer in network.in_bases(weights):
            expected = rectangular_diagonal(path[t], *layer.shape)
            worst = max(worst, np.abs(layer - expected).max() / scale)
    assert worst <= TOLERANCE, f"an entry of a layer is off by {worst:.1e} of the largest"
    return np.array(path)


RATES = st.floats(0.01, 1.5)
MOMENTA = st.sampled_from([0.0, 0.5, 0.9])


@SEARCH
@given(networks(decades=1.0), RATES, MOMENTA)
def test_balanced_form_and_recursion(network, rate, momentum):
    """P1a, P1b, P2a, P2b: every entry of every layer, with and without momentum."""
    check_training(network, rate, momentum)


@SEARCH
@given(networks(decades=1.0), RATES, MOMENTA)
def test_directions_without_data_keep_their_value(network, rate, momentum):
    """P3 under the paper's assumption: what the data do not reach does not move."""
    unreached = network.x[: len(network.lam)] == 0
    event(f"unreached: {bool(unreached.any())}")
    check_training(network, rate, momentum, unchanged=unreached)


def test_the_search_refutes_unchanged_where_the_data_reach():
    """P3 without its assumption: directions of target 0 stay, whatever the data."""

    @SEARCH
    @given(networks(decades=1.0), RATES, MOMENTA)
    def attack(network, rate, momentum):
        empty = network.s[: len(network.lam)] == 0
        check_training(network, rate, momentum, unchanged=empty)

    with pytest.raises(AssertionError, match="an entry of a layer is off"):
        attack()


def test_the_search_notices_an_unaligned_target():
    """The power of the searches above: a target in other bases leaves the balanced form."""

    @SEARCH
    @given(networks(decades=1.0), RATES, rngs())
    def attack(network, rate, rng):
        turned = orthogonal(rng, network.widths[-1]) @ network.target.numpy()
        check_training(
            type(network)(**vars(network) | {"target": network.target.new_tensor(turned)}),
            rate,
            0.0,
        )

    with pytest.raises(AssertionError, match="an entry of a layer is off"):
        attack()


@SEARCH
@given(
    depth=st.integers(1, 9), s=st.floats(0.05, 4.0), share=st.floats(1e-3, 1.0), u=st.floats(0, 1)
)
def test_fixed_point_attracts_from_below(depth, s, share, u):
    """Fixed points, parts 1 and 3: slope 1 - eta L s^(2-2/L), and no step past the target."""
    root, limit = s ** (1 / depth), 1 / (depth * s ** (2 - 2 / depth))
    near = root * (1 + 1e-6 * np.array([-1.0, 1.0]))
    ends = recursion.step(near, s, depth, share * limit)
    assert (ends[1] - ends[0]) / (near[1] - near[0]) == pytest.approx(1 - share, abs=1e-6)
    before = root * u
    after = float(recursion.step(before, s, depth, share * limit))
    assert before <= after <= root * (1 + 1e-15)
    # Zero is at rest for L >= 2; between zero and the target the step is not lost to rounding.
    if 0.05 < u < 0.95 or (u == 0 and depth == 1):
        assert after > before


def check_decay(lam0, depth, lr, steps=20_000):
    """T1: positive, never above the flow, and y = lam^(-p) grows by p eta a step in the end."""
    p, y0 = 2 * depth - 2, lam0 ** -(2 * depth - 2) if lam0 else np.inf
    lam, settled = lam0, None
    for t in range(steps):
        u = lr * lam**p
        if settled is None and u <= 0.01:
            settled = (t, lam**-p, u) if lam else (t, np.inf, u)
        lam -= u * lam
        assert lam > 0, f"not positive after {t + 1} steps"
        flow = (y0 + p * lr * (t + 1)) ** (-1 / p)
        assert lam <= flow * (1 + 1e-12), f"above the flow after {t + 1} steps"
    assert settled, "does not fall"
    start, y, u = settled
    # The increments of y are ((1 - v)^(-p) - 1) / z with v = eta z <= u: at most this much larger
    # than p eta, a bound that goes to 1 with u.
    most = 1 + (p + 1) / 2 * u / (1 - u) ** (p + 2)
    grown = (lam**-p - y) / (p * lr * (steps - start))
    room = 1e-10 * y / (p * lr * (steps - start))
    target(float(abs(grown - 1)))
    assert 1 - 1e-9 - room <= grown <= most + 1e-9 + room, f"y grows by {grown} p eta a step"


@SEARCH
@given(
    depth=st.integers(2, 8),
    lam0=st.floats(-6, 2).map(lambda e: 10.0**e),
    u=st.floats(-3, 0).map(lambda e: 0.999 * 10.0**e),
)
def test_decay_of_a_direction_with_target_zero(depth, lam0, u):
    """T1: starts over eight decades, first steps up to 0.999 of the whole value."""
    check_decay(lam0, depth, u / lam0 ** (2 * depth - 2), steps=3_000)


@pytest.mark.parametrize(
    "first",
    [{"lam0": 0.0}, {"u": 1.0}, {"u": 2.0}, {"u": 1.5}],
    ids=["zero", "lands", "cycle", "crosses"],
)
def test_decay_needs_its_hypotheses(first):
    """T1 as its entry once stood, for any start and step: zero stays, a long step crosses."""
    lam0 = first.get("lam0", 1.0)
    with pytest.raises(AssertionError, match=r"not positive|does not fall|y grows"):
        check_decay(lam0, 2, first.get("u", 0.1), steps=3_000)


@st.composite
def late_networks(draw, *, between=False):
    """Learnt directions at 1, decaying ones small, those without data as at the start.

    The data fill the target directions only, or all d* directions, or with `between` any number.
    """
    widths = draw(shapes(min_depth=2, max_depth=4, max_width=5))
    smallest = min(widths)
    r = draw(st.integers(0, smallest))
    all_directions = st.integers(smallest, widths[0])
    q = draw(st.integers(r, widths[0]) if between else st.just(r) | all_directions)
    lam = draw(singular_values(smallest)) / 3.0  # up to 1
    lam[:r] = 1.0
    lam[r : min(q, smallest)] *= draw(st.sampled_from([0.01, 0.3]))
    s = (np.arange(min(widths[0], widths[-1])) < r).astype(float)
    x = (np.arange(widths[0]) < q).astype(float)
    event(f"data: {'target only' if q == r else 'some' if q < smallest else 'all d*'}")
    return aligned(draw(rngs()), widths, lam, x, s), r, q


def check_groups_at_late_times(network, r, q):
    """T4 for H_o: bulk 1 + mu + ... + mu^(L-1), and L mu^(L-1) the largest of the rest."""
    L, (d_in, *_, d_out) = network.depth, network.widths
    mu = network.lam**2
    sides = [padded(mu, d_in)[r:q], padded(mu, d_out)[r:]]
    bulk = np.repeat([sum(m**k for k in range(L)) for m in np.concatenate(sides)], r)
    rest = L * mu[r:q].max(initial=0.0) ** (L - 1)
    dense = np.append(spectrum(network.outer_part()), 0.0)
    known = np.sort(np.concatenate([np.full(r * r, float(L)), bulk]))[::-1]
    off = np.abs(dense[: len(known)] - known).max(initial=0.0)
    assert off <= TOLERANCE, f"dominant or bulk off by {off:.1e}"
    found = dense[len(known)]
    assert abs(found - rest) <= TOLERANCE, f"largest of the rest {found:.3g}, said {rest:.3g}"


def check_eigenvalues_of_empty_targets(network):
    """T4 and P5c for H, at any time: (2L-1) mu^(L-1), and -mu^(L-1) at least L-1 times."""
    L, dense = network.depth, spectrum(network.hessian())
    room = TOLERANCE * max(np.abs(dense).max(), network.scale)
    d = len(network.lam)
    for i in np.flatnonzero((network.x[:d] == 1) & (network.s[:d] == 0)):
        power = network.lam[i] ** (2 * L - 2)
        nearest = np.abs(dense - (2 * L - 1) * power).min()
        assert nearest <= room, f"(2L-1) mu^(L-1) is {nearest:.1e} from an eigenvalue"
        copies = np.count_nonzero(np.abs(dense + power) <= room)
        assert copies >= L - 1, f"-mu^(L-1) occurs {copies} times"


@SEARCH
@given(late_networks())
def test_groups_at_late_times(found):
    """T4: the bulk and the largest of the rest, H_o and H."""
    check_groups_at_late_times(*found)
    check_eigenvalues_of_empty_targets(found[0])


def test_the_search_refutes_data_in_some_directions():
    """T4 as its theorem once read, for any data: it needs q = r or q >= d*.

    An output direction that the data do not reach keeps its start; with an input direction that
    decays it has an eigenvalue that does not vanish.
    """

    @SEARCH
    @given(late_networks(between=True))
    def attack(found):
        check_groups_at_late_times(*found)

    with pytest.raises(AssertionError, match=r"largest of the rest|dominant or bulk"):
        attack()


@SEARCH
@given(networks(min_depth=2, max_depth=4), st.floats(0.01, 0.99))
def test_third_group(network, share):
    """P5c: the rest of H where the data fill the target directions only, and where they do more."""
    whitened = (network.x > 0).astype(float)
    network = aligned(np.random.default_rng(1), network.widths, network.lam, whitened, network.s)
    check_eigenvalues_of_empty_targets(network)

    L, d_out = network.depth, network.widths[-1]
    reached = np.flatnonzero(whitened[: len(network.lam)])
    only_target = np.zeros_like(whitened)
    only_target[reached] = 1.0
    network = aligned(np.random.default_rng(2), network.widths, network.lam, only_target, network.s)
    e = network.lam[reached] ** L - network.s[reached]
    bound = (L - 1) * network.lam.max(initial=0.0) ** (L - 2) * np.abs(e).max(initial=0.0)
    rest = np.abs(spectrum(network.hessian())[len(reached) * d_out :]).max(initial=0.0)
    event(f"rest: {bool(rest > 0)}")
    target(float(rest / bound) if bound else 0.0)
    assert rest <= bound + TOLERANCE * network.scale, f"rest at {rest / bound:.4f} of the bound"
    # and the residual of such a direction falls by 1 - eta L in the end
    lam = 1 + 1e-6
    after = recursion.step(lam, 1.0, L, share / L)
    assert (after**L - 1) / (lam**L - 1) == pytest.approx(1 - share, abs=1e-4)


@st.composite
def ends_of_training(draw, *, empty=False, out_of_reach=False):
    """Widths, starts of the d* directions and targets; the first r of them are learnt.

    With `empty` all other directions may start at zero; with `out_of_reach` the target may have
    directions beyond d*.
    """
    widths = draw(layer_widths(min_depth=2, max_depth=4, max_width=3))
    smallest, reach = min(widths), min(widths[0], widths[-1])
    r = draw(st.integers(0, smallest - 1))
    start = np.ones(smallest)
    start[r:] = draw(singular_values(smallest - r)) / 3.0
    s = (np.arange(reach) < r).astype(float)
    if out_of_reach:
        s[smallest:] = draw(singular_values(reach - smallest))
    assume(empty or start[r] > 0)
    return widths, start, s, r


def check_rest(widths, start, s, r, digits=8):
    """T6 at the time when lambda is 10^-digits, all blocks of T2, 150 digits of arithmetic."""
    L, p = len(widths) - 1, 2 * (len(widths) - 1) - 2
    n, (d_in, *_, d_out) = max(widths), widths
    with mp.workdps(150):
        law = mpf(10) ** (-digits * p)  # 1 / ((2L-2) eta t)
        lam = [mpf(1)] * r + [
            (mpf(y) ** -p + 1 / law) ** (-mpf(1) / p) if y else mpf(0) for y in start[r:]
        ]
        lam += [mpf(0)] * (n - len(lam))
        g = [lam[i] ** L - mpf(s[i]) if i < len(s) else mpf(0) for i in range(n)]
        x = [mpf(1)] * d_in + [mpf(0)] * (n - d_in)
        found = []
        for pair in pairs(widths):
            block, entries = block_matrix(widths, lam, g, x, pair)
            if entries:
                found += list(mp.eigsy(mp.matrix(block), eigvals_only=True))
        rest = sorted(found, reverse=True)[r * r + (d_in + d_out - 2 * r) * r :]
        high, low = float(rest[0] / law), float(rest[-1] / law)
    assert abs(high - (2 * L - 1)) < 1e-4, f"largest of the rest is {high:.5g} laws, L = {L}"
    assert abs(low + 1) < 1e-4, f"smallest of the rest is {low:.5g} laws, L = {L}"


SLOW = settings(SEARCH, max_examples=25)


@SLOW
@given(ends_of_training())
def test_rest_of_the_whole_hessian(end):
    """T6: both ends, for any widths, with other directions at zero as long as one is not."""
    check_rest(*end)


@pytest.mark.parametrize("missing", ["empty", "out_of_reach"])
def test_rest_needs_its_hypotheses(missing):
    """T6 as it once stood: without lam_i(0) > 0, and without s_i = 0 beyond d*."""

    @SLOW
    @given(ends_of_training(**{missing: True}))
    def attack(end):
        check_rest(*end)

    with pytest.raises(AssertionError, match="of the rest is"):
        attack()


def ratios_from_an_unaligned_start(depth, seed, lr):
    """Extreme ratios of a dominant and a bulk eigenvalue, and how far the first layer turned."""
    rng = np.random.default_rng(seed)
    widths = (5, *[4] * (depth - 1), 3)
    start = 0.3 * rng.standard_normal((3, 5))
    goal = orthogonal(rng, 3) @ rectangular_diagonal(np.ones(3), 3, 5) @ orthogonal(rng, 5)
    weights = linear_network.balanced_weights(widths, torch.from_numpy(start))
    steps = int(300 / lr)
    *_, (_, ends) = linear_network.gradient_descent(
        weights, torch.from_numpy(goal), lr=lr, steps=steps, every=steps
    )
    eigenvalues = spectrum(linear_network.dense_hessian(ends, torch.from_numpy(goal)))
    dominant, bulk = eigenvalues[:9], eigenvalues[9:15]
    left = np.linalg.svd(start)[0].T @ ends[-1].numpy()
    turned = np.abs(left[:, :3] - np.diag(np.diag(left))).max()
    return np.array([dominant[-1] / bulk[0], dominant[0] / bulk[-1]]), turned


@pytest.mark.parametrize(("depth", "seed"), [(2, 0), (2, 1), (3, 2)])
def test_an_unaligned_balanced_start_ends_with_the_same_two_groups(depth, seed):
    """The recursion needs alignment; the spectrum at the end needs balance, up to O(eta)."""
    coarse, turned = ratios_from_an_unaligned_start(depth, seed, 0.1)
    fine, _ = ratios_from_an_unaligned_start(depth, seed, 0.025)
    assert turned > 0.1
    assert np.abs(fine - depth).max() < 0.02 * depth
    shrinks = np.abs(coarse - depth).max() / np.abs(fine - depth).max()
    assert 3 < shrinks < 5.5, f"by {shrinks:.2f} for a quarter of the step"
