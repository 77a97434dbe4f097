"""Checks of the exercises of the chapter "Depth or data"."""

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, close, exercise, number, require
from depth_not_data.linear import minimum

# A strong input, turned

_TURN = np.array([[1.0, -1.0], [1.0, 1.0]]) / 2**0.5


@exercise(
    "depth-or-conditioning-ex-swap",
    stub='''
import numpy as np

turn = np.array([[1, -1], [1, 1]]) / 2**0.5


def turned(depth, kappa):
    """The three Hessian eigenvalues that are not zero, descending.

    Layers diag(1, 0); inputs of the variances 1 and `kappa`, turned by 45 degrees.
    """
    ...  # your code here
''',
    answer="turned",
)
def swap(turned):
    """Right if the dense Hessian has these eigenvalues."""
    cases = [(5, 5.0), (2, 1.0), (7, 30.0), (3, 4.5)]
    found = []
    for case in cases:
        values = array(turned(*case), what=f"turned{case}").ravel()
        require(
            values.size != 2,
            "Two eigenvalues: those of K. The theorem has a second line, for the output that the "
            "target does not use.",
        )
        require(values.size == 3, f"turned{case} should hold three numbers, not {values.size}.")
        found.append(np.sort(values)[::-1])
    recognise(
        found,
        [_eigenvalues(L, _TURN @ _inputs(kappa)) for L, kappa in cases],
        [
            (
                [_eigenvalues(L, _inputs(kappa)) for L, kappa in cases],
                "These are the eigenvalues for inputs that are not turned. Each column of X is an "
                "input: from which side does a rotation of the inputs multiply?",
            ),
            (
                [_eigenvalues(L, _TURN @ _inputs(kappa**2)) for L, kappa in cases],
                "Your strong direction has the variance kappa squared: X has standard deviations.",
            ),
            (
                [_eigenvalues(L, _TURN @ _inputs(kappa**0.5)) for L, kappa in cases],
                "Your strong direction has too small a variance: one root too many.",
            ),
            (
                [_eigenvalues(1, _TURN @ _inputs(kappa), 2) * L for L, kappa in cases],
                "Depth multiplies target inputs only, and yours multiplies all.",
            ),
        ],
        "An eigenvalue is not that of the Hessian: which entries of the covariance does the turn "
        "mix, and which of them does depth multiply?",
        rtol=2e-3,  # the chapter's cell rounds to three digits
    )
    return "Right: the two of K never meet, since turning puts an entry off the diagonal."


def _inputs(kappa):
    return np.diag([1.0, kappa**0.5])


def _eigenvalues(depth, inputs, outputs=1):
    """Largest three of layers diag(1, 0), or of the identity, whose labels they make themselves."""
    layer = np.diag([1.0] * outputs + [0.0] * (2 - outputs))
    return np.linalg.eigvalsh(minimum.jacobian_gram([layer] * depth, inputs))[:0:-1]


# Scales of the layers


@exercise(
    "depth-or-conditioning-ex-scale",
    stub="""
# theta_1, theta_2, theta_3: the gap becomes ten times as large as for equal layers
scales = (..., ..., ...)
""",
    answer="scales",
)
def scale(scales):
    """Right if three layers with these scales and the product 1 have the gap 30."""
    c = _scales(scales)
    dominant, bulk = minimum.unequal_layers(c[:, None], 1, 5, 4)
    gap = dominant[0] / bulk[0]
    levels = f"the dominant eigenvalue is {dominant[0]:.4g}, the largest of the bulk {bulk[0]:.4g}"
    if close(gap, 30.0, 5e-3):
        return f"Right: {levels}."
    require(
        not close(gap, 10.0, 1e-3),
        "With these scales the gap is 10. Ten times as large as depth makes it: what is it for "
        "equal layers?",
    )
    require(
        not close(_gap(1 / c, d_in=5, d_out=4), 30.0, 1e-3),
        "One over each scale would do: what a layer's step brings about depends on the *other* "
        "layers.",
    )
    require(
        not close(dominant[0], 30.0, 1e-3),
        f"The dominant eigenvalue is 30, but the bulk has grown with it: the gap is {gap:.3g}.",
    )
    require(
        False,
        f"With these scales {levels}, and the gap {gap:.4g}: it should be ten times the "
        f"{_gap(np.ones(3), 5, 4):.4g} of equal layers.",
    )


def _scales(scales):
    c = array(scales, (3,), "scales")
    require((c > 0).all(), "scales should be positive.")
    require(
        close(c.prod(), 1.0, 2e-3),
        f"The product of your scales is {c.prod():.4g}: with it the function changes, and this is "
        "no longer the minimum. It has to be 1.",
    )
    return c


def _gap(c, d_in, d_out):
    return minimum.unequal_layers(c[:, None], 1, d_in, d_out).gap


# Samples


@exercise(
    "depth-or-conditioning-ex-samples",
    stub='''
def samples(features, depth):
    """Number of samples from which on a network of `depth` layers is sure of its gap.

    White features; the condition number by the theory of large random matrices.
    """
    ...  # your code here
''',
    answer="samples",
)
def enough(samples):
    """Right if the condition number of theory passes the depth there."""
    cases = [(50, 7), (200, 3), (1000, 20)]
    found = np.array([number(samples(*case), f"samples{case}") for case in cases])
    features, depth = np.transpose(cases)
    too_few = found <= features
    require(
        not too_few.any(),
        f"samples{cases[int(np.argmax(too_few))]}: with no more samples than features the "
        "covariance has no full rank, and its condition number is infinite.",
    )
    require(
        np.ptp(found / features) > 1e-2 * found[0] / features[0],
        "Yours is the same number of samples for each feature whatever the depth. A deeper "
        "network bears more: how much?",
    )
    reached = [_condition_number(n, d) for n, d in zip(found, features, strict=True)]
    for n, value, message in (
        (
            found**2 / features,
            depth,
            "Solving for n, you have lost a square: there is a root.",
        ),
        (found, depth**0.5, "At yours the condition number is only the root of the depth."),
        (found, depth**2, "At yours the condition number is the square of the depth."),
    ):
        passed = [_condition_number(m, d) for m, d in zip(n, features, strict=True)]
        require(not close(passed, value, 0.02), message)
    for case, n, value in zip(cases, found, reached, strict=True):
        right = _condition_number(n - 1, case[0]) >= case[1] >= _condition_number(n + 1, case[0])
        require(
            right or abs(value / case[1] - 1) > 0.3,
            f"samples{case} = {n:.4g} is near: a draw of finite size differs from theory: solve "
            "its formula for n.",
        )
        require(
            right,
            f"At samples{case} = {n:.4g} theory has the condition number {value:.3g}: with which "
            "is the gap just sure?",
        )
    return f"Right. For seven layers that is {found[0] / features[0]:.2f} samples for each feature."


def _condition_number(samples, features):
    root = (features / samples) ** 0.5
    return float(((1 + root) / (1 - root)) ** 2)


# What flow remembers


@exercise(
    "depth-or-conditioning-ex-forget",
    stub='''
def gap(delta):
    """Gap of two layers at the minimum where w_2**2 - w_1**2 = delta in every target direction."""
    ...  # your code here
''',
    answer="gap",
)
def forget(gap):
    """Right if layers with this difference have this gap."""
    w1 = np.array([1.0, 0.8, 1.5, 0.97, 0.3])
    deltas = (w1**-2 - w1**2).tolist()
    found = np.array([number(gap(delta), f"gap({delta:.4g})") for delta in deltas])
    splits = [minimum.unequal_layers([[w], [1 / w]], 1, 3, 3) for w in w1]
    wanted = np.array([split.gap for split in splits])
    dominant = np.array([split.dominant[0] for split in splits])
    ahead = np.greater_equal(deltas, 0)
    require(
        close(found, wanted) or not close(found[ahead], wanted[ahead]),
        "Right for delta above zero, wrong below. If the two layers change places, delta changes "
        "its sign: does the gap?",
    )
    recognise(
        found,
        wanted,
        [
            (2 - np.abs(deltas), "That is right to first order in delta. The whole function?"),
            (dominant, "That is the dominant eigenvalue: divide by the largest of the bulk."),
            (
                dominant / [split.bulk[-1] for split in splits],
                "You divide by the smaller of the two bulk eigenvalues: the gap is to the larger.",
            ),
        ],
        f"gap({deltas[1]:.4g}) is {found[1]:.4g}, and should be {wanted[1]:.4g}.",
    )
    return "Right: from 2 for balanced layers down to 1 for very unbalanced ones."


# A gap of L without balance


@exercise(
    "depth-or-conditioning-ex-rank",
    stub="""
# theta_1, theta_2, theta_3, not all equal: r = d_0 < d_L, and the gap is exactly 3
scales = (..., ..., ...)
""",
    answer="scales",
)
def rank(scales):
    """Right if three unbalanced layers have the gap 3 where all inputs are target inputs."""
    c = _scales(scales)
    require(np.ptp(c) > 0.05, "These layers are balanced, or nearly: the question is for others.")
    gap = _gap(c, d_in=1, d_out=4)
    require(
        close(gap, 3.0, 5e-3) or not close(_gap(c[::-1], d_in=1, d_out=4), 3.0, 1e-3),
        "Read from the output to the input they are right: scales begin with theta_1, that of the "
        "layer next to the inputs.",
    )
    require(
        close(gap, 3.0, 5e-3) or not close((c**-2).sum(), 3.0, 1e-3),
        "The dominant eigenvalue is 3 only for equal layers, and the bulk need not be 1.",
    )
    require(
        close(gap, 3.0, 5e-3) or c[2] < 1 + 1e-6,
        f"The gap is {gap:.4g}. With theta_3 above 1 it cannot be brought down to 3: why?",
    )
    require(
        close(gap, 3.0, 5e-3),
        f"The gap is {gap:.4g}: too {'large' if gap > 3 else 'small'}. Keep theta_3 and solve "
        "for the other two, whose product is known.",
    )
    return "Right: a gap of L does not prove that layers are balanced."


# The largest gap


@exercise(
    "depth-or-conditioning-ex-regimes",
    stub='''
def splits(depth, kappa):
    """What lies above the largest quotient of neighbours among kappa L, L, kappa, 1.

    A list of lists, one for each quotient that is largest (two may tie): the levels above it. Name
    them "kappa L", "L", "kappa", "1".
    """
    ...  # your code here
''',
    answer="splits",
)
def regimes(splits):
    """Right in all three regimes, on both sides of kappa = L."""
    for depth, kappa in ((9, 2.0), (9, 100.0), (9, 5.0), (9, 50.0), (4, 3.0), (6, 40.0)):
        call = f"splits({depth}, {kappa})"
        found = splits(depth, kappa)
        shaped = isinstance(found, (list, tuple)) and all(
            isinstance(one, (list, tuple, set)) for one in found
        )
        require(shaped, f"{call} should be a list of lists of names.")
        found = {frozenset(one) for one in found}
        wanted = _largest(depth, kappa, np.divide)
        if found == wanted:
            continue
        require(
            not (found < wanted),
            f"{call}: there is one more quotient that is just as large.",
        )
        require(
            found != _largest(depth, kappa, np.subtract),
            f"{call}: that is the largest difference. On a logarithmic axis quotients count.",
        )
        require(
            found != {frozenset({"kappa L", "L"})} or kappa < depth,
            f"{call}: for kappa above L there is another order of the levels.",
        )
        require(
            found & wanted or len(wanted) != 2,
            f"{call}: the step in the middle is not the largest here. Compare with the outer two.",
        )
        require(False, f"{call}: order the four levels, and look at all three quotients.")
    return "Right: the largest gap shows the split by depth only while kappa is below sqrt(L)."


def _largest(depth, kappa, compare):
    names, values = np.array(["1", "L", "kappa", "kappa L"]), np.kron([1.0, kappa], [1.0, depth])
    order = np.argsort(-values)
    steps = compare(values[order[:-1]], values[order[1:]])
    return {
        frozenset(names[order[: k + 1]].tolist())
        for k in np.flatnonzero(steps > steps.max() * (1 - 1e-9))
    }
