"""Answers to the exercises of the chapter "Eigenvectors as functions"."""

from answers import Answer

ANSWERS = {
    "eigenvectors-as-functions-hand": Answer(
        solution="""
def curvature(nu):
    return np.array([[2, 1 + nu**2], [1 + nu**2, 2 * nu**2]])
""",
        wrong=[
            (
                "def curvature(nu): return np.array([[2, 1 + nu], [1 + nu, 2 * nu]])",
                "the square of a change",
                "The factor of a change is not squared.",
            ),
            (
                "def curvature(nu): return np.array([[2, 1 + nu**2], [1 + nu**2, nu**2]])",
                "how many layers can change it",
                "Only one layer is thought to change an entry that was not learnt.",
            ),
            (
                "def curvature(nu): return np.array([[2, 1 + nu**2], [1 + nu**2, 2 * nu**4]])",
                "passes the other only",
                "The factors of both layers are multiplied, that of the changed one too.",
            ),
            (
                "def curvature(nu): return np.array([[2, 1], [1, 0]])",
                "That is the case nu = 0",
                "The values of the chapter's cell are carried over.",
            ),
        ],
        marks=3,
    ),
    "eigenvectors-as-functions-leaky": Answer(
        solution="""
def ease(zeta):
    return (1 - zeta) ** 2, (1 + zeta) ** 2
""",
        wrong=[
            (
                "def ease(zeta): return 1 - zeta, 1 + zeta",
                "An ease is a mean square",
                "The change is given, not its square.",
            ),
            (
                "def ease(zeta): return (1 - zeta) ** 2, 1",
                "The mean slope changes as well",
                "A linear map is thought to need no change of slope.",
            ),
            (
                "def ease(zeta): return (1 + zeta) ** 2, (1 - zeta) ** 2",
                "The order is constants",
                "Mean and slope are interchanged.",
            ),
            (
                "def ease(zeta): return (1 - zeta) ** 2, 1 + zeta**2",
                "Average the slope before you square",
                "The mean square of the slope is taken for the square of its mean.",
            ),
        ],
        marks=4,
    ),
    "eigenvectors-as-functions-relu": Answer(
        solution="""
def parts(variance):
    z = np.random.default_rng(0).normal(size=10**6) * variance**0.5
    r = np.maximum(z, 0)
    return r.mean() ** 2, (z / 2).var(), (r - r.mean() - z / 2).var()
""",
        wrong=[
            (
                """
def parts(variance):
    z = np.random.default_rng(0).normal(size=10**6) * variance
    r = np.maximum(z, 0)
    return r.mean() ** 2, (z / 2).var(), (r - r.mean() - z / 2).var()
""",
                "variance for the standard deviation",
                "The second argument of `normal` is a standard deviation.",
            ),
            (
                """
def parts(variance):
    z = np.random.default_rng(0).normal(size=10**6) * variance**0.5
    r = np.maximum(z, 0)
    return r.mean(), (z / 2).var(), (r - r.mean() - z / 2).var()
""",
                "The first is the mean itself",
                "A mean square is confused with a mean.",
            ),
            (
                """
def parts(variance):
    z = np.random.default_rng(0).normal(size=10**6) * variance**0.5
    r = np.maximum(z, 0)
    return r.mean() ** 2, (z / 2).var(), r.var()
""",
                "still contains the linear part",
                "The variance of the whole is taken for that of the rest.",
            ),
            (
                """
def parts(variance):
    z = np.random.default_rng(0).normal(size=10**6) * variance**0.5
    r = np.maximum(z, 0)
    return r.mean() ** 2, (z / 2).var(), ((r - z / 2) ** 2).mean()
""",
                "still contains the mean",
                "The mean square about zero is taken.",
            ),
        ],
        marks=3,
    ),
    "eigenvectors-as-functions-damping": Answer(
        solution="""
def constant_share(n):
    return 1 - 1 / (n - 1)
""",
        wrong=[
            (
                "def constant_share(n): return (1 - 1 / (n - 1)) ** 2",
                "the mean square behind it has shrunk",
                "The constant is compared with what came in, not with what comes out.",
            ),
            (
                "def constant_share(n): return 1 / (n - 1)",
                "lost to the quadratic function",
                "The complement is given.",
            ),
            (
                "def constant_share(n): return 1 - 1 / n",
                "over how many dimensions",
                "y is taken on the whole sphere of N dimensions.",
            ),
        ],
        marks=6,
    ),
    "eigenvectors-as-functions-one-block": Answer(
        solution="""
def second_gap(n):
    return 2 * n
""",
        wrong=[
            (
                "def second_gap(n): return 2 * (n - 1)",
                "Two functions that the last block",
                "The count of two blocks is carried over.",
            ),
            (
                "def second_gap(n): return 2 * n - 1",
                "One is missing",
                "Either the constant along the mean or the rescaling is forgotten.",
            ),
            (
                "def second_gap(n): return n**2",
                "stand far below 1",
                "The edge is given: all affine maps.",
            ),
        ],
        marks=3,
    ),
    "eigenvectors-as-functions-rms": Answer(
        solution="""
def ranks(n):
    return n, 2 * n - 1, n + n**2
""",
        wrong=[
            (
                "def ranks(n): return n - 1, 2 * n - 2, n**2",
                "the ranks of LayerNorm",
                "Nothing is thought to change.",
            ),
            (
                "def ranks(n): return n, 2 * n, n + n**2",
                "M and R are two reasons",
                "Both missing members are thought to have one cause.",
            ),
            (
                "def ranks(n): return n, 2 * n - 1, n**2",
                "For the edge, count",
                "N^2 is taken for a law.",
            ),
            (
                "def ranks(n): return n, n - 1, n + n**2",
                "sizes of the clusters",
                "Sizes are given in place of ranks.",
            ),
        ],
        marks=4,
    ),
}
