"""Answers to the exercises of the chapter "Step size and the edge"."""

from answers import Answer

_COBWEB = """
import numpy as np

from depth_not_data.linear import recursion


def cobweb(start, depth, lr, steps):
    path = recursion.trajectory(start, 1.0, depth, lr, steps)
    corners = np.repeat(path, 2)
    return corners[:-1], corners[1:]
"""

_RATIO = """
import numpy as np

from depth_not_data.linear import stability


def ratio(depth, excess):
    lr = (2 + excess) / depth
    orbit = stability.attractor(0.99, 1.0, depth, [lr], transient=int(40 / excess), keep=2)
    predicted = 3 * excess / (4 * (depth - 1) * (5 * depth - 4))
    return (np.ptp(orbit) / 2) ** 2 / predicted
"""

_ORBIT = """
def orbit(eta):
    half = (1 + eta) / 2
    chi = half - (half**2 - 1) ** 0.5
    larger = (1 / (eta * chi)) ** 0.5
    return chi * larger, larger
"""

ANSWERS = {
    "step-size-staircase": Answer(
        solution=_COBWEB,
        wrong=[
            (
                _COBWEB.replace("corners[:-1], corners[1:]", "corners[1:], corners[:-1]"),
                "x and y have changed places",
                "The axes are exchanged: the picture is mirrored at the diagonal.",
            ),
            (
                _COBWEB.replace("corners[:-1], corners[1:]", "path[:-1], path[1:]"),
                "One corner for each update",
                "Only the points on the map; joined by lines they make no stairs.",
            ),
            (
                _COBWEB.replace("depth, lr, steps)\n    c", "depth, lr / depth, steps)\n    c"),
                "learning rate over the depth",
                "The argument is taken for eta L.",
            ),
            (
                _COBWEB.replace("corners[:-1], corners[1:]", "corners[:-2], corners[1:-1]"),
                "with the first it should be",
                "The path stops on the map, one stroke short of the diagonal.",
            ),
        ],
        marks=2,
    ),
    "step-size-momentum": Answer(
        solution="""
def largest_lr(beta, depth, s1):
    return 2 * (1 + beta) / (depth * s1 ** (2 - 2 / depth))
""",
        wrong=[
            (
                """
def largest_lr(beta, depth, s1):
    return 2 * (1 - beta) / (depth * s1 ** (2 - 2 / depth))
""",
                "Along flat directions momentum makes steps longer",
                "The effective learning rate eta/(1 - beta) of flat directions is used.",
            ),
            (
                """
def largest_lr(beta, depth, s1):
    return 2 / (depth * s1 ** (2 - 2 / depth))
""",
                "the limit without momentum",
                "Momentum is thought to change the speed and not the limit.",
            ),
            (
                """
def largest_lr(beta, depth, s1):
    return (1 + beta**0.5) ** 2 / (depth * s1 ** (2 - 2 / depth))
""",
                "cease to be complex",
                "Only the discriminant of the quadratic is looked at.",
            ),
            (
                "def largest_lr(beta, depth, s1):\n    return 2 * (1 + beta) / depth\n",
                "Right for the target 1",
                "The formula of the paper's network, where every target value is 1.",
            ),
            (
                "def largest_lr(beta, depth, s1):\n    return 2 * (1 + beta)\n",
                "times the largest eigenvalue",
                "The limit of eta Lambda is handed in.",
            ),
        ],
        marks=2,
    ),
    "step-size-amplitude": Answer(
        solution=_RATIO,
        wrong=[
            (
                _RATIO.replace("(np.ptp(orbit) / 2)", "np.ptp(orbit)"),
                "A is half the width",
                "The distance between the two values is taken for A.",
            ),
            (
                _RATIO.replace("int(40 / excess)", "400"),
                "wait for more updates",
                "The transient is chosen once; next to the threshold it is too short.",
            ),
            (
                _RATIO.replace(
                    "return (np.ptp(orbit) / 2) ** 2 / predicted",
                    "return np.ptp(orbit) / 2 / predicted**0.5",
                ),
                "the theorem speaks of their squares",
                "A is compared, whose error is half as large.",
            ),
            (
                _RATIO.replace("(2 + excess) / depth", "2 / depth + excess"),
                "yours is added to eta",
                "Learning rate and learning rate times depth are mixed up.",
            ),
        ],
        marks=4,
    ),
    "step-size-conserved": Answer(
        solution="""
eta = 0.47
start = (2.0, 2.2)  # error 3.4, above sqrt(2) / eta
""",
        wrong=[
            (
                "start = (0.4, 2.0)",
                "nearer to balance",
                "A large imbalance is thought to grow; it is the start of the chapter's cell.",
            ),
            (
                "start = (2.2, 2.2)",
                "there is no imbalance that could grow",
                "Only the error is made large.",
            ),
            (
                "start = (1.7, 2.0)",
                "it changes the sign",
                "The error is above 1/eta, where the factor is negative, but below sqrt(2)/eta.",
            ),
            (
                "start = (0.5, 2.0)",
                "Your start is a minimum",
                "The factor is 1 there, taken for growth.",
            ),
        ],
        marks=4,
    ),
    "step-size-cubic": Answer(
        solution=_ORBIT,
        wrong=[
            (
                _ORBIT.replace("chi * larger, larger", "chi, 1 / chi"),
                "these are chi and 1/chi",
                "The quadratic in chi is solved and its roots are handed in.",
            ),
            (
                """
from depth_not_data.linear import stability


def orbit(eta):
    late = stability.attractor(0.8, 1.0, 2, [eta], transient=8000, keep=2)
    return late.min(), late.max()
""",
                "Iterating finds stable orbits only",
                "The recursion is iterated instead of solved.",
            ),
            (
                """
def orbit(eta):
    A = (eta - 1) ** 0.5 / 2
    return 1 - A, 1 + A
""",
                "symmetric about 1",
                "The leading order of the theorem is used far from the threshold.",
            ),
            (
                """
def orbit(eta):
    size = ((2 + eta) / eta) ** 0.5
    return -size, size
""",
                "swings about zero",
                "g(lambda) = -lambda gives an orbit of period 2 too, but not this one.",
            ),
            (
                _ORBIT.replace("chi * larger, larger", "(chi * larger) ** 2, larger**2"),
                "these are the squares",
                "The equations are solved for lambda^2, and the root is forgotten.",
            ),
        ],
        marks=6,
    ),
}
