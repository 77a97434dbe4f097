"""Answers to the exercises of the chapter "Your own network"."""

from answers import Answer

ANSWERS = {
    "your-own-network-softmax": Answer(
        solution="""
def curvature(p):
    return np.diag(p.mean(0)) - p.T @ p / len(p)
""",
        wrong=[
            (
                "def curvature(p): return np.diag(p.sum(0)) - p.T @ p",
                "That is the sum over the inputs",
                "Nothing is divided by the number of inputs.",
            ),
            (
                "def curvature(p): return np.diag(p.mean(0))",
                "a term is missing",
                "The normalisation of the probabilities is forgotten.",
            ),
            (
                "def curvature(p): return np.diag(p.mean(0)) - np.outer(p.mean(0), p.mean(0))",
                "average the probabilities before",
                "The mean of a product is taken for the product of means.",
            ),
            (
                "def curvature(p): return p.T @ p / len(p) - np.diag(p.mean(0))",
                "The sign is turned",
                "The log-probability is differentiated in place of the loss.",
            ),
        ],
        marks=3,
    ),
    "your-own-network-shares": Answer(
        solution="""
def shares(change, x):
    q = np.linalg.qr(np.column_stack([x**0, x, x**2]))[0]
    first = (q.T @ change) ** 2 / (change**2).sum()
    return np.array([*first, 1 - first.sum()])
""",
        wrong=[
            (
                """
def shares(change, x):
    raw = [(change @ f) ** 2 / (f @ f) / (change @ change) for f in (x**0, x, x**2)]
    return np.array([*raw, 1 - sum(raw)])
""",
                "one by one; they overlap",
                "The three functions are taken as if they were orthogonal.",
            ),
            (
                """
def shares(change, x):
    q = np.linalg.qr(np.column_stack([x**0, x, x**2]))[0]
    first = (q.T @ change) ** 2
    return np.array([*first, (change**2).sum() - first.sum()])
""",
                "divide by that of the whole change",
                "Nothing is normalised.",
            ),
            (
                """
def shares(change, x):
    change = change - change.mean()
    q = np.linalg.qr(np.column_stack([x**0, x, x**2]))[0]
    first = (q.T @ change) ** 2 / (change**2).sum()
    return np.array([*first, 1 - first.sum()])
""",
                "The mean was taken off before",
                "The variance is taken for the mean square.",
            ),
        ],
        marks=4,
    ),
    "your-own-network-chance": Answer(
        solution="""
def chance(n, d):
    return d / n, d * (d + 1) / 2 / n
""",
        wrong=[
            (
                "def chance(n, d): return d / n, d**2 / n",
                "the same in either order",
                "Products are counted twice.",
            ),
            (
                "def chance(n, d): return d / n, d * (d - 1) / 2 / n",
                "Squares of one number",
                "Only products of two different numbers are counted.",
            ),
            (
                "def chance(n, d): return (d + 1) / n, d * (d + 1) / 2 / n",
                "The constant has a share of its own",
                "Affine functions are taken for linear ones.",
            ),
        ],
        marks=3,
    ),
}
