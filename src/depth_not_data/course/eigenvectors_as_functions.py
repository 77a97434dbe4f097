"""Checks of the exercises of the chapter "Eigenvectors as functions"."""

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, exercise, number
from depth_not_data.linear import minimum

# Means over a standard Gaussian, as sums over a fine grid with the kink of the ReLU on it.
NODES = np.linspace(-8, 8, 4001)
WEIGHTS = np.exp(-(NODES**2) / 2)
WEIGHTS /= WEIGHTS.sum()


@exercise(
    "eigenvectors-as-functions-hand",
    stub='''
def curvature(nu):
    """Layers diag(1, nu): array (2, 2), the eigenvalue of a change of each entry of the map."""
    ...  # your code here
''',
    answer="curvature",
)
def hand(curvature):
    """Compare with the Gram matrix of the Jacobian, which is diagonal here."""
    values = (0.2, 0.55, 0.8)
    found = [array(curvature(nu), (2, 2), f"curvature({nu})") for nu in values]
    wanted = np.array([_entries(np.diag([1.0, nu])) for nu in values])

    def table(corner, side, last):
        return [[[corner(x), side(x)], [side(x), last(x)]] for x in values]

    def two(x):
        return 2.0

    def square(x):
        return 1 + x**2

    recognise(
        found,
        wanted,
        [
            (
                table(two, lambda x: 1 + x, lambda x: 2 * x),
                "A curvature is the square of a change: which factors does a change pass?",
            ),
            (
                table(two, square, lambda x: x**2),
                "Right but for the entry (2, 2): how many layers can change it?",
            ),
            (
                table(two, square, lambda x: 2 * x**4),
                "Right but for the entry (2, 2): a change made in one layer passes the other only.",
            ),
            (
                table(two, lambda x: 1.0, lambda x: 0.0),
                "That is the case nu = 0; now the second direction lets something through.",
            ),
            (
                table(two, square, lambda x: 0.0),
                "Entry (2, 2) is no longer out of reach: each layer passes on nu.",
            ),
            (
                wanted / 2,
                "Half of what it should be: both layers can make each change.",
            ),
        ],
        "Take one entry of the map at a time: what do layer 1 and layer 2 add to its curvature?",
    )


def _entries(layer):
    """Eigenvalues of the four changes of a product of two equal diagonal layers."""
    return np.diag(minimum.jacobian_gram([layer, layer])).reshape(2, 2)


@exercise(
    "eigenvectors-as-functions-leaky",
    stub='''
def ease(zeta):
    """Ease of constants, and of linear maps, made by W_2, as multiples of those of ReLU."""
    ...  # your code here
''',
    answer="ease",
)
def leaky(ease):
    """Compare with the mean and the slope of the leaky ReLU under a Gaussian."""
    slopes = np.array([-0.5, 0.2, 0.5, 0.7])
    found = [array(ease(z), (2,), f"ease({z:g})") for z in slopes]
    wanted = np.array([_moments(z) for z in slopes]) / _moments(0.0)
    less, more = 1 - slopes, 1 + slopes
    recognise(
        found,
        wanted,
        [
            (wanted[:, ::-1], "The order is constants, then linear maps."),
            (np.array([less, more]).T, "An ease is a mean square; you have the change itself."),
            (
                np.array([less**2, (more / 2) ** 2]).T,
                "Constants are right. A ReLU's own slope is not 1: divide by its ease.",
            ),
            (
                np.array([less**2, np.ones(4)]).T,
                "Constants are right. The mean slope changes as well: what is it at zeta = 1?",
            ),
            (
                np.array([more**2, more**2]).T,
                "Linear maps are right. What is the mean of a leaky ReLU at zeta = 1?",
            ),
            (
                np.array([less**2, 1 + slopes**2]).T,
                "Constants are right. Average the slope before you square it: W_2 sees its mean.",
            ),
        ],
        "Write the leaky ReLU as a multiple of z plus a multiple of |z|: which makes constants?",
        rtol=0.03,
    )


def _moments(slope):
    """Square of the mean, and of the mean slope, for a standard Gaussian."""
    value = np.where(NODES > 0, 1.0, slope) * NODES
    return np.array([(WEIGHTS @ value) ** 2, (WEIGHTS @ (value * NODES)) ** 2])


@exercise(
    "eigenvectors-as-functions-relu",
    stub='''
def parts(variance):
    """Mean squares of mean, linear part and rest of the ReLU, for a Gaussian z of this variance."""
    ...  # your code here
''',
    answer="parts",
)
def relu(parts):
    """Compare with integrals at other variances, loosely enough for a million samples."""
    variances = np.array([1 / 3, 0.8, 2.0])
    found = [array(parts(v), (3,), f"parts({v:.3g})") for v in variances]
    wanted = np.array([_relu_parts(v) for v in variances])
    one_third = np.repeat([_relu_parts(1 / 3)], 3, axis=0)
    rest = wanted[:, [0, 1]]
    recognise(
        found,
        wanted,
        [
            (
                np.array([_relu_parts(v**2) for v in variances]),
                "You take the variance for the standard deviation: divide by its root in size.",
            ),
            (one_third, "Right for the chapter's variance alone: use the argument."),
            (
                np.column_stack([np.sqrt(wanted[:, 0]), rest[:, 1], wanted[:, 2]]),
                "The first is the mean itself; its mean square is asked for.",
            ),
            (
                np.column_stack([rest, wanted[:, 0] + wanted[:, 2]]),
                "The rest still contains the mean: its own mean should be 0.",
            ),
            (
                np.column_stack([rest, variances / 2 - wanted[:, 0]]),
                "The rest still contains the linear part: subtract z / 2 as well.",
            ),
            (
                np.column_stack([wanted[:, 0], variances, wanted[:, 2]]),
                "The linear part of the ReLU is not z: with which slope does z enter?",
            ),
        ],
        "The three mean squares should add up to that of the ReLU, half of the variance.",
        rtol=0.03,
    )


def _relu_parts(variance):
    z = np.sqrt(variance) * NODES
    value = np.maximum(z, 0)
    mean, linear = WEIGHTS @ value, (WEIGHTS @ (value * z)) / variance
    rest = value - mean - linear * z
    return np.array([mean**2, linear**2 * variance, WEIGHTS @ rest**2])


@exercise(
    "eigenvectors-as-functions-damping",
    stub='''
def constant_share(n):
    """Share of the mean square behind the LayerNorm that is a constant, at width n."""
    ...  # your code here
''',
    answer="constant_share",
)
def damping(constant_share):
    """Compare with means over vectors y that have the second moment of the sphere."""
    widths = np.array([3, 7, 12, 30])
    found = [number(constant_share(int(n)), f"constant_share({n})") for n in widths]
    wanted = np.array([_constant_share(n) for n in widths])
    recognise(
        found,
        wanted,
        [
            (
                1 - wanted,
                "That is the share that is lost to the quadratic function; asked is what is left.",
            ),
            (
                wanted**2,
                "You compare with the change in front of the LayerNorm; the mean square behind it "
                "has shrunk as well.",
            ),
            (
                1 - 1 / widths,
                "y has no mean: over how many dimensions is it distributed evenly?",
            ),
            (
                np.ones(4),
                "All of it would be a constant if y (y . u) were one. What is its dependence on y?",
            ),
        ],
        "Apply C - y y^T / N to u, and compare the square of the mean with the mean of the square.",
        rtol=0.015,
    )


def _constant_share(n):
    """Mean squares over plus and minus a basis of the mean-free vectors of squared length n."""
    free = np.linalg.qr(np.eye(n) - 1 / n)[0][:, : n - 1].T
    y = np.sqrt(n) * np.concatenate([free, -free])
    u = free.T @ np.linspace(1, 2, n - 1)
    change = u - y * (y @ u)[:, None] / n
    return (change.mean(0) ** 2).sum() / (change**2).sum(1).mean()


@exercise(
    "eigenvectors-as-functions-one-block",
    stub='''
def second_gap(n):
    """Number of functions of ease 1 or more in one block of width n (from 10 on)."""
    ...  # your code here
''',
    answer="second_gap",
)
def one_block(second_gap):
    """Count the list of the chapter."""
    widths = np.array([10, 14, 21])
    found = [number(second_gap(int(n)), f"second_gap({n})") for n in widths]
    recognise(
        found,
        [_easy(n) for n in widths],
        [
            (2 * widths - 2, "Two functions that the last block alone makes are missing here."),
            (
                2 * widths - 1,
                "One is missing: the last bias makes a constant, and the last gain something too.",
            ),
            (widths - 1, "Those are the constants alone. What else stands at 1 or more?"),
            (widths**2, "The linear maps stand far below 1: they do not count."),
        ],
        "Go down the list of the chapter and count what stands at 1 or more.",
    )


def _easy(n):
    """Functions of ease 1 or more, from the list: number and ease of each kind."""
    kinds = [(n - 1, 0.178 * n + 1), (n - 1, 1.36), (1, 1.0), (1, 1.0), ((n - 1) ** 2, 0.36)]
    return sum(count for count, ease in kinds if ease >= 1)


@exercise(
    "eigenvectors-as-functions-rms",
    stub='''
def ranks(n):
    """RMSNorm: rank of the first gap, of the second gap, and of the edge, at width n."""
    ...  # your code here
''',
    answer="ranks",
)
def rms(ranks):
    """Compare with the counts of functions that are reached, one by one."""
    widths = np.array([10, 15, 23])
    found = [array(ranks(int(n)), (3,), f"ranks({n})") for n in widths]
    wanted = np.array([_reached(n) for n in widths])
    n = widths
    recognise(
        found,
        wanted,
        [
            (
                np.array([n - 1, 2 * n - 2, n**2]).T,
                "Those are the ranks of LayerNorm: which of M and R needs a mean taken off?",
            ),
            (
                np.array([n, 2 * n, n + n**2]).T,
                "M and R are two reasons: does a rescaling of the state change the output now?",
            ),
            (
                np.array([n - 1, 2 * n - 1, n + n**2]).T,
                "You give back the rescaling and keep the mean out; look at both reasons again.",
            ),
            (
                np.array([n, n - 1, n + n**2]).T,
                "Those are sizes of the clusters; a gap stands at the rank where its cluster ends.",
            ),
            (
                np.array([n, 2 * n - 1, n**2]).T,
                "The gaps are right. For the edge, count constants and all linear maps of all "
                "inputs.",
            ),
        ],
        "Count: how many constants, how many diagonal maps, how many affine maps in all?",
    )


def _reached(n):
    """Constants; and diagonal maps, one lost to the normalisation; all affine maps."""
    constants, diagonal, linear = n, n - 1, n * n
    return constants, constants + diagonal, constants + linear
