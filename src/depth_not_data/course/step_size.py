"""Checks of the exercises of the chapter "Step size and the edge"."""

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, close, exercise, number, require
from depth_not_data.linear import recursion, stability

# A cobweb


@exercise(
    "step-size-staircase",
    stub='''
import numpy as np

from depth_not_data.linear import recursion


def cobweb(start, depth, lr, steps):
    """Corners (x, y) of the cobweb of `steps` updates, target 1, for plt.plot(x, y).

    The first corner is (start, start); from the diagonal the path goes up or down to the map, and
    across to the diagonal again, where it ends.
    """
    ...  # your code here
''',
    answer="cobweb",
)
def staircase(cobweb):
    """Right if the corners lie on map and diagonal in turn, along the recursion."""
    for case in ((0.5, 5, 0.2, 40), (0.3, 2, 0.8, 7), (0.7, 3, 0.75, 12)):
        start, depth, lr, steps = case
        found = cobweb(*case)
        require(np.iterable(found) and len(found) == 2, "cobweb should return x and y.")
        x, y = array(found[0], what="x"), array(found[1], what="y")
        require(x.ndim == 1 and x.shape == y.shape, "x and y should be lists of the same length.")
        require(
            len(x) != steps and len(x) != steps + 1,
            "One corner for each update: a stair has two, one on the map and one on the diagonal.",
        )
        corners = np.repeat(recursion.trajectory(start, 1.0, depth, lr, steps), 2)
        require(
            len(x) == len(corners) - 1,
            f"cobweb{case} has {len(x)} corners: with the first it should be {len(corners) - 1}, "
            "one on the map and one on the diagonal for each update.",
        )
        mistakes = [
            (
                (corners[1:], corners[:-1]),
                "Yours goes across first: x and y have changed places. What stands on the x-axis "
                "is the value before the update.",
            )
        ]
        for factor, said in ((depth, "times"), (1 / depth, "over")):
            other = recursion.trajectory(start, 1.0, depth, lr * factor, steps) if lr < 0.7 else []
            other = np.repeat(other, 2)
            mistakes.append(
                ((other[:-1], other[1:]), f"You update with the learning rate {said} the depth.")
            )
        recognise(
            (x, y),
            (corners[:-1], corners[1:]),
            mistakes,
            f"cobweb{case}: corner {_first_difference(x, y, corners)} is not where the path goes.",
        )
    return "Right. The stairs are low near zero, where the map keeps close to the diagonal."


def _first_difference(x, y, corners):
    off = ~(np.isclose(x, corners[:-1]) & np.isclose(y, corners[1:]))
    return int(np.argmax(off)) + 1


# Momentum


@exercise(
    "step-size-momentum",
    stub='''
def largest_lr(beta, depth, s1):
    """Learning rate at which the minimum with balanced layers loses its stability.

    Heavy-ball momentum `beta`, `depth` layers, largest singular value `s1` of the target.
    """
    ...  # your code here
''',
    answer="largest_lr",
)
def momentum(largest_lr):
    """Right if the recursion with momentum loses its stability there."""
    cases = [(0.0, 3, 1.0), (0.9, 7, 1.0), (0.5, 2, 1.7), (0.7, 4, 0.6)]
    found = np.array([number(largest_lr(*case), f"largest_lr{case}") for case in cases])
    wanted = np.array([_measured_limit(*case) for case in cases])
    beta = np.array([case[0] for case in cases])
    sharpness = np.array([stability.sharpness_at_minimum([s1], int(L)) for _, L, s1 in cases])
    at_one = [0, 1]  # the cases with s1 = 1
    require(
        close(found, wanted, 1e-3) or not close(found[at_one], wanted[at_one], 1e-3),
        "Right for the target 1 and for no other: where does s1 enter?",
    )
    recognise(
        found,
        wanted,
        [
            (2 / sharpness, "That is the limit without momentum."),
            (
                2 * (1 - beta) / sharpness,
                "Along flat directions momentum makes steps longer by 1/(1 - beta). At the edge "
                "the updates alternate, and momentum then works against the step: follow the root "
                "of the quadratic that leaves the unit circle.",
            ),
            (
                (1 + beta**0.5) ** 2 / sharpness,
                "There the two roots of the quadratic cease to be complex. They still lie inside "
                "the unit circle.",
            ),
            (
                wanted * sharpness,
                "That is the limit of the learning rate times the largest eigenvalue: divide by "
                "the sharpness of the minimum.",
            ),
        ],
        _unstable_where(cases, found, wanted),
        rtol=1e-3,
    )
    return "Right: the recursion with momentum loses its stability there."


def _unstable_where(cases, found, wanted):
    case, mine, limit = next(
        (row for row in zip(cases, found, wanted, strict=True) if not close(row[1], row[2], 1e-3)),
        (cases[0], 1.0, 1.0),
    )
    still = "already grow" if mine > limit else "still decay, and a little above as well"
    return (
        f"At largest_lr{case} = {mine:.4g} small displacements {still}. Along an eigenvector one "
        "update takes the last two displacements to the next: when do the powers z**t that solve "
        "this stop decaying?"
    )


def _measured_limit(beta, depth, s1):
    """Bisect the learning rate at which a small displacement of the recursion begins to grow."""
    minimum = s1 ** (1 / depth)
    low, high = np.array([0.5, 5.0]) / stability.sharpness_at_minimum([s1], depth)

    def grows(lr):
        try:
            path = recursion.trajectory(minimum + 1e-9, s1, depth, lr, 400, momentum=beta)
        except ArithmeticError:
            return True
        size = np.abs(path - minimum)
        return size.max() > 1e-3 or size[300:].max() > size[100:200].max()

    while high - low > 1e-4 * low:
        middle = (low + high) / 2
        low, high = (low, middle) if grows(middle) else (middle, high)
    return (low + high) / 2


# The orbit next to the edge


@exercise(
    "step-size-amplitude",
    stub='''
import numpy as np

from depth_not_data.linear import stability


def ratio(depth, excess):
    """Measured over predicted A**2, at eta L = 2 + excess and target 1.

    Measured: half the width of the orbit of period 2, squared. Predicted: the leading term of the
    theorem.
    """
    ...  # your code here
''',
    answer="ratio",
)
def amplitude(ratio):
    """Right if it agrees with the orbit, also close to the threshold."""
    cases = [(2, 0.12), (3, 0.03), (6, 0.05), (4, 0.004)]
    found = np.array([number(ratio(*case), f"ratio{case}") for case in cases])
    wanted = np.array([_ratio(*case) for case in cases])
    require(
        not close(found[:3], wanted[:3], 1e-3) or close(found, wanted, 1e-3),
        "Right far from the threshold and wrong close to it, where the orbit is reached slowly: "
        "wait for more updates.",
    )
    scaled = [_ratio(L, L * excess) * L for L, excess in cases]
    recognise(
        found,
        wanted,
        [
            (4 * wanted, "Four times too much: A is half the width of the orbit."),
            (wanted**0.5, "That is the ratio of the widths; the theorem speaks of their squares."),
            (1 / wanted, "Upside down: the measured value over the predicted one."),
            (scaled, "The excess is one of eta L; yours is added to eta."),
        ],
        f"At ratio{cases[0]} yours is {found[0]:.4g}. It should tend to 1 for a small excess: is "
        "each part right by itself?",
        rtol=1e-3,
    )
    return "Right: 1 minus it shrinks in proportion to the excess."


def _ratio(depth, excess):
    wait = int(40 / excess)
    late = stability.attractor(0.99, 1.0, depth, [(2 + excess) / depth], transient=wait, keep=2)
    return float((np.ptp(late) / 2) ** 2 / (3 * excess / (4 * (depth - 1) * (5 * depth - 4))))


# A step away from balance


@exercise(
    "step-size-conserved",
    stub="""
eta = 0.47
start = (..., ...)  # your w1, w2: the first update makes the imbalance larger in size
""",
    answer="start",
)
def conserved(start):
    """Right if the first update makes the imbalance larger in size."""
    w1, w2 = array(start, (2,), "start")
    require(np.isfinite([w1, w2]).all(), "start should hold two finite numbers.")
    eta = 0.47
    error = w2 * w1 - 1
    before = w2**2 - w1**2
    after = (w2 - eta * error * w1) ** 2 - (w1 - eta * error * w2) ** 2
    said = f"From your start the imbalance goes from {before:.4g} to {after:.4g}"
    require(
        abs(before) > 1e-9 * (1 + w1**2),
        "Your layers are balanced, and stay so: there is no imbalance that could grow.",
    )
    require(
        abs(error) > 1e-9, "Your start is a minimum: no update moves it, and the imbalance stays."
    )
    require(
        before * after > 0 or abs(after) > abs(before),
        f"{said}: a long step, it changes the sign. It is too short to make the size grow.",
    )
    require(
        abs(after) > abs(before),
        f"{said}, nearer to balance. What has to be large, the imbalance or the error?",
    )
    return f"Right. {said}."


# Two layers in closed form


@exercise(
    "step-size-cubic",
    stub='''
def orbit(eta):
    """Both values (smaller, larger) of the orbit of period 2 with positive values; eta > 1.

    Two layers, target 1. In closed form: also where the orbit is not stable.
    """
    ...  # your code here
''',
    answer="orbit",
)
def cubic(orbit):
    """Right if one update takes each value to the other, stable or not."""
    for eta in (1.01, 1.21, 1.42, 1.93):
        low, high = np.sort(array(orbit(eta), (2,), f"orbit({eta})"))
        following = _update(np.array([low, high]), eta)
        if low > 0 and close(following, (high, low), 1e-8) and high - low > 1e-6:
            continue
        _explain_orbit(eta, low, high, following)
    return "Right, on both sides of the second doubling."


def _update(lam, eta):
    """Update two layers with the target 1, whatever the sign."""
    return lam - eta * lam * (lam**2 - 1)


def _explain_orbit(eta, low, high, following):
    call = f"orbit({eta})"
    require(
        high - low > 1e-6,
        f"{call}: both values are the same, a fixed point. Divide it out before you solve.",
    )
    require(
        low > 0,
        f"{call}: one value is not positive. That orbit, which swings about zero, is another one.",
    )
    require(
        not close(low * high, 1.0),
        f"{call}: these are chi and 1/chi, the ratios of the two values; the values are asked for.",
    )
    squares = np.sqrt([low, high])
    require(
        not close(_update(squares, eta), squares[::-1]),
        f"{call}: these are the squares of the two values.",
    )
    require(
        not close(low + high, 2.0),
        f"{call}: symmetric about 1, as the orbit is to leading order next to the threshold only.",
    )
    require(
        eta < 1.3,
        f"{call}: one update takes {high:.4g} to {following[1]:.4g} and not to {low:.4g}. "
        "Iterating finds stable orbits only, and beyond the second doubling this one is none.",
    )
    require(
        False,
        f"{call}: one update takes {low:.4g} to {following[0]:.4g}, and {high:.4g} to "
        f"{following[1]:.4g}: they should change places.",
    )
