"""Answers to the exercises of the chapter "Depth or data"."""

from answers import Answer

_TURNED = """
import numpy as np

turn = np.array([[1, -1], [1, 1]]) / 2**0.5


def curvatures(L, X):
    power = lambda n: np.diag([1.0, 0.0]) if n else np.eye(2)
    J = np.hstack([np.kron(power(L - k), X.T @ power(k - 1)) for k in range(1, L + 1)])
    return np.linalg.eigvalsh(J @ J.T)[:0:-1].round(3)


def turned(depth, kappa):
    return curvatures(depth, turn @ np.diag([1, kappa**0.5]))
"""

_SAMPLES = """
def samples(features, depth):
    root = depth**0.5
    return features * ((root + 1) / (root - 1)) ** 2
"""

_REGIMES = """
def splits(depth, kappa):
    levels = {"kappa L": kappa * depth, "L": depth, "kappa": kappa, "1": 1}
    names = sorted(levels, key=levels.get, reverse=True)
    steps = [levels[names[k]] / levels[names[k + 1]] for k in range(3)]
    return [names[: k + 1] for k in range(3) if steps[k] > 0.999 * max(steps)]
"""

ANSWERS = {
    "depth-or-conditioning-ex-swap": Answer(
        solution=_TURNED,
        wrong=[
            (
                _TURNED.replace(
                    "turn @ np.diag([1, kappa**0.5])", "np.diag([1, kappa**0.5]) @ turn"
                ),
                "from which side does a rotation",
                "The rotation is applied to the samples: X X^T does not change.",
            ),
            (
                _TURNED.replace("kappa**0.5", "kappa"),
                "X has standard deviations",
                "The variance is written into X.",
            ),
            (
                """
import numpy as np


def turned(depth, kappa):
    off = depth**0.5 * (1 - kappa)
    K = np.array([[depth * (1 + kappa), off], [off, 1 + kappa]]) / 2
    return np.linalg.eigvalsh(K)[::-1]
""",
                "The theorem has a second line",
                "K is taken for the whole spectrum.",
            ),
            (
                _TURNED.replace("return curvatures(depth, ", "return depth * curvatures(1, "),
                "yours multiplies all",
                "Depth is thought to scale the whole spectrum.",
            ),
        ],
        marks=2,
    ),
    "depth-or-conditioning-ex-scale": Answer(
        solution="""
y = 28 ** (1 / 6)
scales = (y, y**-2, y)
""",
        wrong=[
            (
                "y = 8 ** (1 / 6)\nscales = (y, y**-2, y)\n",
                "With these scales the gap is 10",
                "Ten is taken for the gap, and not for the factor over L.",
            ),
            (
                "y = 28 ** (1 / 6)\nscales = (1 / y, y**2, 1 / y)\n",
                "One over each scale would do",
                "A layer with large weights is thought to contribute much.",
            ),
            (
                "y = 14**0.5\nscales = (1.0, 28**-0.5, 1.0)\n",
                "The product of your scales is",
                "The values are chosen for the gap, and the product is forgotten.",
            ),
            (
                """
first = ((29 + (29**2 - 4) ** 0.5) / 2) ** 0.5
scales = (1 / first, 1.0, first)
""",
                "the bulk has grown with it",
                "The dominant eigenvalue is made ten times as large, and the bulk is forgotten.",
            ),
        ],
        marks=2,
    ),
    "depth-or-conditioning-ex-samples": Answer(
        solution=_SAMPLES,
        wrong=[
            (
                _SAMPLES.replace(" ** 2", ""),
                "you have lost a square",
                "The square of the formula is forgotten when it is solved for n.",
            ),
            (
                "def samples(features, depth):\n    return 5 * features\n",
                "whatever the depth",
                "The rule of thumb for seven layers is taken for a law.",
            ),
            (
                _SAMPLES.replace("(root + 1) / (root - 1)", "(root - 1) / (root + 1)"),
                "no more samples than features",
                "d/n is taken for n/d.",
            ),
            (
                _SAMPLES.replace("root = depth**0.5", "root = depth**0.25"),
                "only the root of the depth",
                "The root is taken twice, once for kappa and once more in the formula.",
            ),
        ],
        marks=4,
    ),
    "depth-or-conditioning-ex-forget": Answer(
        solution="""
def gap(delta):
    return 2 / (1 + abs(delta) / (delta**2 + 4) ** 0.5)
""",
        wrong=[
            (
                "def gap(delta):\n    return 2 - abs(delta)\n",
                "right to first order",
                "The expansion for a small start is taken for the function.",
            ),
            (
                "def gap(delta):\n    return (delta**2 + 4) ** 0.5\n",
                "That is the dominant eigenvalue",
                "The bulk is thought to stay 1.",
            ),
            (
                "def gap(delta):\n    return 2 / (1 + delta / (delta**2 + 4) ** 0.5)\n",
                "Right for delta above zero",
                "The larger bulk eigenvalue is taken to be w_2^2 always.",
            ),
            (
                "def gap(delta):\n    return 2 / (1 - abs(delta) / (delta**2 + 4) ** 0.5)\n",
                "the smaller of the two bulk eigenvalues",
                "One of the two roots is picked, the wrong one.",
            ),
        ],
        marks=4,
    ),
    "depth-or-conditioning-ex-rank": Answer(
        solution="""
y = 0.8
first = ((1 + (1 - y**6) ** 0.5) / y**2) ** -0.5
scales = (first, 1 / (y * first), y)
""",
        wrong=[
            (
                "scales = (1.0, 1.0, 1.0)",
                "These layers are balanced",
                "The gap is L there, but that was not asked for.",
            ),
            (
                "scales = (0.5, 1.0, 2.0)",
                "With theta_3 above 1",
                "Any unbalanced layers are thought to do.",
            ),
            (
                """
y = 0.8
first = ((1 + (1 - y**6) ** 0.5) / y**2) ** -0.5
scales = (y, 1 / (y * first), first)
""",
                "Read from the output to the input",
                "Layers are counted from the output, as they stand in the product.",
            ),
            (
                "scales = (0.8**-0.5, 0.8**-0.5, 0.8)",
                "Keep theta_3 and solve",
                "The other two layers are taken to be equal.",
            ),
        ],
        marks=4,
    ),
    "depth-or-conditioning-ex-regimes": Answer(
        solution=_REGIMES,
        wrong=[
            (
                _REGIMES.replace("] / levels", "] - levels"),
                "that is the largest difference",
                "Gaps are read off a linear axis.",
            ),
            (
                """
def splits(depth, kappa):
    return [["kappa L", "L"]] if kappa < depth else [["kappa L", "kappa"]]
""",
                "the step in the middle is not the largest here",
                "The crossing of the levels at kappa = L is taken for that of the gaps.",
            ),
            (
                _REGIMES.replace("max(steps)]", "max(steps)][:1]"),
                "one more quotient that is just as large",
                "Only the first of two equal quotients is seen.",
            ),
            (
                "def splits(depth, kappa):\n    return [['kappa L', 'L']]\n",
                "another order of the levels",
                "The theorem for whitened data is carried over.",
            ),
        ],
        marks=6,
    ),
}
