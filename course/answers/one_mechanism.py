"""Answers to the exercises of the chapter "One mechanism, and what to take home"."""

from answers import Answer

ANSWERS = {
    "one-mechanism-ex-memory": Answer(
        solution="""
def memory(alpha):
    return 1 / (1 - alpha**2), int(np.ceil(np.log(0.05) / np.log(alpha**2)))
""",
        wrong=[
            (
                """
def memory(alpha):
    return 1 / (1 - alpha), int(np.ceil(np.log(0.05) / np.log(alpha**2)))
""",
                "curvature alpha squared",
                "The sum is taken over changes, not over their squares.",
            ),
            (
                """
def memory(alpha):
    return 1 / (1 - alpha**2), int(np.ceil(np.log(0.05) / np.log(alpha)))
""",
                "twice too large",
                "The fading of a change is taken for that of a curvature.",
            ),
            (
                """
def memory(alpha):
    return 1 / (1 - alpha**2), round(1 / (1 - alpha**2))
""",
                "a third is still missing",
                "The memory is thought to be the depth at which the bulk has ended.",
            ),
            (
                """
def memory(alpha):
    return alpha**2 / (1 - alpha**2), int(np.ceil(np.log(0.05) / np.log(alpha**2)))
""",
                "next to the blocked end is missing",
                "The sum is started at the first power.",
            ),
        ],
        marks=3,
    ),
    "one-mechanism-ex-order": Answer(
        solution="""
def curvatures_at(k, depth):
    return np.array([[depth, k], [depth + 1 - k, 1]])
""",
        wrong=[
            (
                "def curvatures_at(k, depth): return np.array([[depth, depth + 1 - k], [k, 1]])",
                "have changed places",
                "Rows and columns, or input and output, are interchanged.",
            ),
            (
                "def curvatures_at(k, depth): return np.array([[depth, k - 1], [depth - k, 1]])",
                "it is not counted",
                "The blocking layer is thought to be unable to change what it blocks.",
            ),
            (
                "def curvatures_at(k, depth): return np.array([[depth, k], [depth + 1 - k, 0]])",
                "others pass it on",
                "A blocked direction is thought to be out of reach for every layer.",
            ),
            (
                "def curvatures_at(k, depth): return np.array([[depth, 1], [1, 0]])",
                "every layer blocks",
                "The paper's three groups are carried over.",
            ),
        ],
        marks=4,
    ),
    "one-mechanism-ex-hidden": Answer(
        solution="""
def ratio(tau, depth):
    mu = (1 + (2 * depth - 2) * tau) ** (-1 / (depth - 1))
    return depth / sum(mu**k for k in range(depth))
""",
        wrong=[
            (
                """
def ratio(tau, depth):
    mu = (1 + (2 * depth - 2) * tau) ** (-1 / (2 * depth - 2))
    return depth / sum(mu**k for k in range(depth))
""",
                "powers of f^2, not of f",
                "The factor f is put where its square belongs.",
            ),
            (
                """
def ratio(tau, depth):
    mu = (1 + (2 * depth - 2) * tau) ** (-1 / (depth - 1))
    return sum(mu**k for k in range(depth)) / depth
""",
                "The other way round",
                "Bulk over dominant.",
            ),
            (
                "def ratio(tau, depth): return depth",
                "the paper's ratio already",
                "The skip is thought to change nothing.",
            ),
            (
                """
def ratio(tau, depth):
    mu = (1 + (2 * depth - 2) * tau) ** (-1 / (depth - 1))
    return depth / (depth * mu ** (depth - 1))
""",
                "dominant over the rest",
                "The pairs without a target direction are taken for the bulk.",
            ),
        ],
        marks=4,
    ),
    "one-mechanism-ex-budget": Answer(
        solution="""
def depths(lr, steps):
    return 1, max(1, int(np.ceil(1 / (lr * steps) - 1e-9)))
""",
        wrong=[
            (
                "def depths(lr, steps): return 1, 1",
                "does it learn them in time",
                "Width is thought to be better in any case.",
            ),
            (
                "def depths(lr, steps): return 1, int(2 / lr)",
                "deepest stable network has the fewest",
                "Depth is thought to be better as long as training is stable.",
            ),
            (
                "def depths(lr, steps): return 2 * [max(1, int(np.ceil(1 / (lr * steps) - 1e-9)))]",
                "largest stable learning rate, whatever",
                "One depth is thought to serve both.",
            ),
            (
                "def depths(lr, steps): return 1, 1 / (lr * steps)",
                "whole number of layers",
                "The estimate is not rounded up to a depth.",
            ),
        ],
        marks=6,
    ),
}
