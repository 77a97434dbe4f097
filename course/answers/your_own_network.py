"""Answers to the exercises of the chapter "Your own network"."""

from answers import Answer

ANSWERS = {
    "your-own-network-losses": Answer(
        solution="""
def constants(k):
    return k - 1, k, k
""",
        wrong=[
            (
                "def constants(k): return k, k, k",
                "does not see a shift",
                "Outputs are counted, and the softmax's blind direction is forgotten.",
            ),
            (
                "def constants(k): return k - 1, k - 1, k - 1",
                "against its own target",
                "What the softmax does not see is thought to be invisible to every loss.",
            ),
            (
                "def constants(k): return k - 1, k, k - 1",
                "a sigmoid each",
                "A sigmoid for each output is taken for a softmax over all.",
            ),
        ],
        marks=2,
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
