"""Answers to the exercises of the chapter "Knock-outs"."""

from answers import Answer

ANSWERS = {
    "knock-outs-unequal": Answer(
        solution="""
def nonzero(trained, second):
    if trained == (1, 2):
        return 1 + second**2, 1, second**2
    return (1, 1) if trained == (2,) else (second**2, second**2)
""",
        wrong=[
            (
                """
def nonzero(trained, second):
    if trained == (1, 2):
        return 1 + second, 1, second
    return (1, 1) if trained == (2,) else (second, second)
""",
                "shrinks by `second`",
                "The factor of a change is not squared.",
            ),
            (
                """
def nonzero(trained, second):
    if trained == (1, 2):
        return 1 + second**2, 1, second**2
    return (1, 1) if trained == (1,) else (second**2, second**2)
""",
                "own strength does not matter",
                "A layer's own weight is taken for what its changes pass.",
            ),
            (
                """
def nonzero(trained, second):
    return (2, 1, 1) if trained == (1, 2) else (1, 1)
""",
                "at equal strength",
                "The output of the cell is repeated.",
            ),
            (
                """
def nonzero(trained, second):
    if trained == (1, 2):
        return (1 + second**2,)
    return (1,) if trained == (2,) else (second**2,)
""",
                "some trained layer can change",
                "Only the entry that both layers share is counted.",
            ),
        ],
        marks=3,
    ),
    "knock-outs-leaky": Answer(
        solution="""
zeta = (1 - 0.2**0.5) / (1 + 0.2**0.5)
""",
        wrong=[
            (
                "zeta = 2 / 3",
                "an ease is a square",
                "Mean and slope are compared, not their squares.",
            ),
            (
                "zeta = 0.5",
                "write both levels as functions",
                "A guess near the middle.",
            ),
            (
                "zeta = np.roots([1.8 - 0.36, -3.6 - 0.72, 1.8 + 1 - 0.36]).min()",
                "constants meet the other linear maps",
                "The gain is left out: the level of the other linear maps is used.",
            ),
            (
                "zeta = 1 - (0.36 / 1.8) ** 0.5",
                "do not stay at 1.36",
                "Only the constants are thought to depend on the slope.",
            ),
            (
                "zeta = np.roots([1.8 - 0.36, -3.6 - 0.72, 1.8 - 1 - 0.36]).min()",
                "The bias makes constants too",
                "The second source of the constants is forgotten.",
            ),
        ],
        marks=4,
    ),
    "knock-outs-echo": Answer(
        solution="""
def echo(n):
    theta = (1 - 1 / (n - 1)) ** 0.5
    return (1 - theta) / (1 + theta)
""",
        wrong=[
            (
                """
def echo(n):
    theta = 1 - 1 / (n - 1)
    return (1 - theta) / (1 + theta)
""",
                "squared cosine",
                "The fraction is taken for the inner product.",
            ),
            (
                """
def echo(n):
    return 1 - (1 - 1 / (n - 1)) ** 0.5
""",
                "divide by the sum",
                "The echo's ease in units of one block is given.",
            ),
            (
                """
def echo(n):
    theta = (1 - 1 / (n - 1)) ** 0.5
    return (1 + theta) / (1 - theta)
""",
                "The other way round",
                "Sum and difference are interchanged.",
            ),
            (
                "def echo(n): return 1 / (n - 1)",
                "takes from one constant",
                "The damping of one constant is taken for the echo of two.",
            ),
        ],
        marks=4,
    ),
    "knock-outs-sphere": Answer(
        solution="""
def removed(n):
    y = np.random.default_rng(0).normal(size=(10**5, n))
    y -= y.mean(1, keepdims=True)
    y *= n**0.5 / np.linalg.norm(y, axis=1, keepdims=True)
    return (y**4).mean() / n
""",
        wrong=[
            (
                """
def removed(n):
    y = np.random.default_rng(0).normal(size=(10**5, n))
    y *= n**0.5 / np.linalg.norm(y, axis=1, keepdims=True)
    return (y**4).mean() / n
""",
                "still have a mean",
                "The mean is not subtracted.",
            ),
            (
                """
def removed(n):
    y = np.random.default_rng(0).normal(size=(10**5, n))
    y -= y.mean(1, keepdims=True)
    return (y**4).mean() / n
""",
                "squared length N on average",
                "Gaussian vectors are taken for vectors on a sphere.",
            ),
            (
                """
def removed(n):
    y = np.random.default_rng(0).normal(size=(10**5, n))
    y -= y.mean(1, keepdims=True)
    y *= n**0.5 / np.linalg.norm(y, axis=1, keepdims=True)
    return (y**4).mean()
""",
                "The 1/N is missing",
                "The square of y in the radial part is forgotten.",
            ),
            (
                """
def removed(n):
    y = np.random.default_rng(0).normal(size=(10**5, n))
    y -= y.mean(1, keepdims=True)
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    return (y**4).mean() / n
""",
                "have length 1",
                "The state is normalised to length 1, not to variance 1.",
            ),
        ],
        marks=3,
    ),
    "knock-outs-scalar-gain": Answer(
        solution="""
def predict(n):
    return {"gaps": [n - 1], "edge": n**2}
""",
        wrong=[
            (
                'def predict(n): return {"gaps": [n - 1, 2 * n - 2], "edge": n**2}',
                "What makes the second cluster",
                "A gain is a gain: nothing is thought to change.",
            ),
            (
                'def predict(n): return {"gaps": [n - 1], "edge": n**2 - 1}',
                "with all gains held",
                "The rescaling that the last gain makes is forgotten.",
            ),
            (
                'def predict(n): return {"gaps": [n - 1], "edge": n**2 - n}',
                "has another source",
                "All diagonal maps are thought to be lost, those of the branches too.",
            ),
            (
                'def predict(n): return {"gaps": [n - 1, n], "edge": n**2}',
                "a single function is no cluster",
                "The rescaling is thought to stand clear.",
            ),
        ],
        marks=6,
    ),
}
