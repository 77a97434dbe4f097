"""Checks of the exercises of the chapter "Every eigenvalue at every step"."""

import numpy as np

from depth_not_data.course import _dense_oracles as dense_oracles
from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, close, exercise, number, require
from depth_not_data.linear import blocks, spectrum

# Counting


@exercise(
    "whole-hessian-ex-count",
    stub='''
def negative(depth, hidden, rank):
    """Number of negative Hessian eigenvalues at a small uniform start.

    16 inputs, `depth` layers, all hidden layers of width `hidden`, 10 outputs, `rank` directions
    of the target. The paper's network is negative(depth, 32, 5).
    """
    ...  # your code here
''',
    answer="negative",
)
def count(negative):
    """Right for every depth, width and rank."""
    cases = [(2, 32, 5), (7, 32, 5), (3, 9, 4), (5, 20, 1), (4, 6, 6), (6, 12, 2)]
    found = [number(negative(*case), f"negative{case}") for case in cases]
    levels = [_small_start(*case) for case in cases]
    wanted = [sum(level.count for level in six if level.eigenvalue < 0) for six in levels]
    path, mirror = ([six[k].count for six in levels] for k in (0, 3))
    deeper = [_negative(depth + 1, *rest) for depth, *rest in cases]
    narrow = [_negative(depth, rank, rank) for depth, _, rank in cases]
    missing = np.subtract(wanted, path)
    sign = (
        "Before the target is reached e is negative: which of the two lines with e lambda^(L-2) "
        "alone is then below zero?"
    )
    twice = (
        "Too many: of the two lines with e lambda^(L-2) alone, one is the mirror image of the "
        "other, and only one of them is negative."
    )
    mistakes = [
        (
            missing,
            "These are the negative eigenvalues that go to zero with the residual. Near the start "
            "one more line of the theorem is below zero: what sign has each at a small lambda?",
        ),
        (mirror, sign),
        (np.add(mirror, path), sign),
        (np.add(mirror, missing), twice),
        (np.add(mirror, wanted), twice),
        (
            deeper,
            "A network with one layer more has so many: count the hidden layers, not the layers.",
        ),
        (
            narrow,
            "Your count does not change with the hidden width. What about pairs of a direction of "
            "the target and an unused hidden direction?",
        ),
    ]
    wrong = next((c for c, a, b in zip(cases, found, wanted, strict=True) if a != b), cases[0])
    recognise(
        found, wanted, mistakes, f"Not yet right for negative{wrong}: add up the theorem's lines."
    )
    return "Right, also for widths and ranks that the paper did not use."


def _small_start(depth, hidden, rank):
    widths = (16, *[hidden] * (depth - 1), 10)
    return blocks.uniform_levels(0.05 ** (1 / depth), 1.0, rank, widths)


def _negative(depth, hidden, rank):
    return sum(six.count for six in _small_start(depth, hidden, rank) if six.eigenvalue < 0)


# A turned target


@exercise(
    "every-eigenvalue-ex-turn",
    stub='''
import numpy as np
import torch

from depth_not_data.linear import blocks, network

widths = (4, 4, 4, 3)
problem = network.aligned_problem(widths, rank=2, seed=0, variance=0.3)
layers = network.in_singular_basis(problem.weights, problem.left, problem.right)
target = problem.left.T @ problem.target @ problem.right  # in the same basis, 3 by 4
order, sizes, pairs = blocks.pair_order(widths)


def outside(angle):
    """Size of the largest entry of the Hessian outside the blocks of the pairs.

    Start `layers`; `target` turned by `angle` (radians) in the plane of output directions 0 and 1.
    """
    ...  # your code here
''',
    answer="outside",
)
def turn(outside):
    """Right if it agrees with the dense Hessian at other angles."""
    angles = (0.0, 0.003, 0.07, -0.2, 1.1)
    found = np.array([number(outside(angle), f"outside({angle})") for angle in angles])
    wanted = np.array([dense_oracles.outside(angle) for angle in angles])
    require(
        abs(found[0]) < 1e-9,
        f"Without a turn nothing lies outside the blocks, and you find {found[0]:.2g}: sort rows "
        "and columns by `order`, and leave out whole blocks, not the diagonal alone.",
    )
    require(
        np.abs(found).max() > 1e-9,
        "Nothing appears outside the blocks at any angle. Turn the target and leave the layers as "
        "they are, and take the whole Hessian, the part with the residual included.",
    )
    require(
        not close(found, [dense_oracles.outside(np.deg2rad(angle)) for angle in angles]),
        "Yours would be right for degrees: the angle is in radians.",
    )
    require(
        not close(found, [dense_oracles.outside(angle, relative=True) for angle in angles], 1e-5),
        "You divide by the largest entry of the Hessian: the size itself is asked for.",
    )
    require(
        close(found, wanted, 1e-5),
        f"At the angle {angles[2]} yours is {found[2]:.4g} and should be {wanted[2]:.4g}: is the "
        "turn a rotation of the outputs, applied to the target only?",
    )
    return "Right: for small angles the entries outside grow in proportion to the angle."


# Two scalar layers


@exercise(
    "whole-hessian-ex-scalar",
    stub='''
def positive_definite(s):
    """Ends (low, high) of the range of lambda > 0 in which the 2 by 2 Hessian is positive definite.

    The loss is (w_2 w_1 - s)**2 / 2, taken at w_1 = w_2 = lambda.
    """
    ...  # your code here
''',
    answer="positive_definite",
)
def scalar(positive_definite):
    """Right if the smallest eigenvalue is zero at both ends and positive between them."""
    for s in (0.37, 1.0, 2.6):
        call = f"positive_definite({s})"
        low, high = array(positive_definite(s), (2,), call)
        require(
            np.isfinite(high),
            f"{call}: beyond the minimum one curvature is negative. Across the path, on (1, -1), "
            "what is the sign there?",
        )
        require(0 <= low < high, f"{call}: give 0 <= low < high, not {low:.3g} and {high:.3g}.")
        ends = dense_oracles.smallest(low, s), dense_oracles.smallest(high, s)
        squares = dense_oracles.smallest(np.sqrt(low), s), dense_oracles.smallest(np.sqrt(high), s)
        require(
            close(ends, (0, 0)) or not close(squares, (0, 0)),
            "These are the ends for lambda squared, that is, for the product w_2 w_1: the question "
            "asks for lambda.",
        )
        require(
            abs(ends[1]) < 1e-9,
            f"At your upper end for s = {s} the smallest eigenvalue is {ends[1]:.3g}: where does "
            "it become zero?",
        )
        require(
            low > 0,
            "Near zero the loss bends downwards along the path of training, on (1, 1): from where "
            "on does it bend upwards?",
        )
        require(
            abs(ends[0]) < 1e-9,
            f"At your lower end for s = {s} the smallest eigenvalue is {ends[0]:.3g} and not zero. "
            "Look at both eigenvalues of the whole Hessian, residual included.",
        )
        middle = dense_oracles.smallest((low + high) / 2, s)
        require(middle > 0, f"Between your ends for s = {s} the Hessian is not positive definite.")
    return "Right, for every target."


# Unequal layers


@exercise(
    "whole-hessian-ex-unbalanced",
    stub='''
import numpy as np


def block(lam, x, s, a, c):
    """Return u, shape (L,), and C, shape (L, L), of the pair of the directions a != c.

    lam[k, i] is the singular value of layer k + 1 in direction i; x[i] and s[i] those of data and
    target. u[k] stands for the entry (a, c) of layer k + 1. C[l, k] couples the entry (a, c) of
    layer l + 1 and the entry (c, a) of layer k + 1.
    """
    ...  # your code here
''',
    answer="block",
)
def unbalanced(block):
    """Right if u and C agree with automatic differentiation of the loss."""
    random = np.random.default_rng(17)
    for depth, a, c in ((2, 0, 1), (3, 2, 0), (5, 1, 2)):
        lam = random.uniform(0.4, 1.6, (depth, 3))
        x, s = random.uniform(0.5, 1.5, (2, 3))
        found = block(lam, x, s, a, c)
        require(np.iterable(found) and len(found) == 2, "block should return u and C.")
        _examine_u(array(found[0], (depth,), "u"), lam, x, s, a, c)
        _examine_coupling(array(found[1], (depth, depth), "C"), lam, x, s, a, c)
    return "Right: automatic differentiation finds the same block."


def _examine_u(u, lam, x, s, a, c):
    wanted = dense_oracles.derivatives(lam, x, s, a, c)[0]
    data = "u misses its factor from the data: in which direction does the signal come in?"
    mistakes = [
        (
            dense_oracles.derivatives(_alike(lam), x, s, a, c)[0],
            "u is that of equal layers. A power of lambda is a product over layers that a signal "
            "passes, and now each has a value of its own.",
        ),
        (wanted / x[c], data),
        (wanted / x[c] * x[a], data),
        (
            dense_oracles.derivatives(lam, x, s, c, a)[0],
            "u is that of the entry (c, a): here the signal comes in along c and leaves along a.",
        ),
    ]
    otherwise = (
        f"u is not right for {len(lam)} layers. Which layers are above layer k and which below? "
        "Layer k itself is not a factor."
    )
    recognise(u, wanted, mistakes, otherwise)


def _examine_coupling(C, lam, x, s, a, c):
    wanted = dense_oracles.derivatives(lam, x, s, a, c)[1]
    require(np.allclose(np.diag(C), 0), "C: one layer cannot turn a signal there and back.")
    data = "C has forgotten the data: the residual is that of W X, and its product with X counts."
    mistakes = [
        (
            wanted.T,
            "C is transposed: for l > k the signal is turned first in layer k.",
        ),
        (-wanted, "C has the wrong sign: the residual is output minus target."),
        (np.tril(wanted) / x[a] + np.triu(wanted) / x[c], data),
        (dense_oracles.derivatives(lam, np.ones(3), s, a, c)[1], data),
        (
            dense_oracles.derivatives(_alike(lam), x, s, a, c)[1],
            "C is that of equal layers, and depends on l - k only.",
        ),
    ]
    half = close(np.tril(C), np.tril(wanted))
    otherwise = (
        "C is right for l > k. For l < k the directions a and c change places, in g as well."
        if half
        else f"C is not right for {len(lam)} layers: which singular values does the signal meet "
        "before the first turn, between the two turns, and after the second?"
    )
    recognise(C, wanted, mistakes, otherwise)


def _alike(lam):
    """Return equal layers with the same product in every direction."""
    return np.broadcast_to(np.exp(np.log(lam).mean(axis=0)), lam.shape)


# Out of reach


@exercise(
    "whole-hessian-ex-bottleneck",
    stub='''
def pair(s_c, s_b, depth):
    """Both eigenvalues (larger, smaller) of the pair of the directions b and c.

    Direction c is learnt, with target s_c; direction b, with target s_b, is out of reach.
    """
    ...  # your code here
''',
    answer="pair",
)
def bottleneck(pair):
    """Right if the network 2-1-...-1-2 has these eigenvalues."""
    for s_c, s_b, depth in ((0.5, 0.8, 2), (0.5, 0.8, 3), (1.7, 0.6, 4), (0.3, 0.9, 6)):
        call = f"pair({s_c}, {s_b}, {depth})"
        found = np.sort(array(pair(s_c, s_b, depth), (2,), call))
        wanted = _eigenvalues_of_pair(s_c, s_b, depth)
        if close(found, wanted):
            continue
        require(
            not close(found, _eigenvalues_of_pair(s_c, s_b, 2)),
            f"{call}: right for two layers only. With more, a signal passes further layers.",
        )
        require(
            found[0] < 0 or wanted[0] >= 0,
            f"{call}: neither of yours is negative. The residual in direction b is not zero: where "
            "does it stand in the block?",
        )
        require(
            not close(np.ptp(found), np.ptp(wanted)),
            f"{call}: the distance of the two is right, and their mean is not: what stands on the "
            "diagonal of the block?",
        )
        require(
            not close(found.mean(), wanted.mean()),
            f"{call}: the mean of the two is right, and their distance is not: what couples the "
            "two entries, and which layers does the signal pass between the turns?",
        )
        require(False, f"{call}: the network 2-1-...-1-2 has no such pair of eigenvalues.")
    return "Right: a saddle exactly if what is missing is larger than what was learnt."


def _eigenvalues_of_pair(s_c, s_b, depth):
    """Return the spectrum without its zeros and the curvature along the path of training."""
    widths = (2, *[1] * (depth - 1), 2)
    values = spectrum.hessian_eigenvalues([s_c ** (1 / depth)], [s_c, s_b], widths)
    learnt = spectrum.hessian_eigenvalues([s_c ** (1 / depth)], [s_c], (1,) * (depth + 1))[0]
    return np.sort([v for v in values if abs(v) > 1e-9 and abs(v - learnt) > 1e-9])
