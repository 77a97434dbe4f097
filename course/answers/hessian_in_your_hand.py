"""Answers of the chapter "A Hessian in your hand"."""

from answers import Answer

SADDLE = """
saddle = {{
    "eigenvalues": {values},
    "part": "{part}",
    "from (0.01, 0.01)": {same},
    "from (0.01, -0.01)": {opposite},
}}
"""


def saddle(values="[1, -1]", part="f", same="[1, 1]", opposite="[0, 0]"):
    """Code of an answer to the exercise on the saddle."""
    return SADDLE.format(values=values, part=part, same=same, opposite=opposite)


CYCLE = """
def cycle(eta, s):
    total, product = {total}, 1 / eta**2
    root = np.sqrt(total**2 / 4 - product)
    return {returned}
"""

ANSWERS = {
    "hand-flattest": Answer(
        solution="""
flattest = {"weights": [-1.0, -1.0, 1.0], "curvature": 3.0}
""",
        wrong=[
            (
                'flattest = {"weights": [-1, 1, 1], "curvature": 3}',
                "the product of your weights is -1",
                "One sign is changed, and the product with it.",
            ),
            (
                'flattest = {"weights": [1, 1, 1], "curvature": 3}',
                "with negative weights",
                "The obvious minimum, before the question was read to its end.",
            ),
            (
                'flattest = {"weights": [-1, -1, 1], "curvature": 1}',
                "is another number",
                "The curvature of a single layer: it is the same function.",
            ),
            (
                'flattest = {"weights": [-2, -0.5, 1], "curvature": 5.25}',
                "a random search finds flatter ones",
                "Any point of the valley is taken: the loss is zero everywhere on it.",
            ),
        ],
        marks=2,
    ),
    "hand-target": Answer(
        solution="""
def curvature_and_edge(s, depth):
    curvature = depth * s ** (2 - 2 / depth)
    return curvature, 2 / curvature
""",
        wrong=[
            (
                "def curvature_and_edge(s, depth):\n    return depth * s, 2 / (depth * s)",
                "Right for two layers only",
                "The result for L = 2, 2s, is continued by writing L for 2.",
            ),
            (
                "def curvature_and_edge(s, depth):\n"
                "    return depth * s ** (2 * depth - 2), 2 / (depth * s ** (2 * depth - 2))",
                "the weights are the L-th root of s",
                "Each weight is thought to be s.",
            ),
            (
                "def curvature_and_edge(s, depth):\n    return depth, 2 / depth",
                "does not know of the target",
                "Depth, not data: the curvature is thought to be L whatever the target.",
            ),
            (
                "def curvature_and_edge(s, depth):\n"
                "    c = depth * s ** (2 - 2 / depth)\n    return c, 1 / c",
                "multiplies the error by 0",
                "The best learning rate is taken for the largest.",
            ),
            (
                "def curvature_and_edge(s, depth):\n"
                "    return depth * s ** (2 - 2 / depth), 2 / depth",
                "the edge moves with it",
                "The edge 2/L is remembered as a law of its own.",
            ),
        ],
        marks=3,
    ),
    "hand-saddle": Answer(
        solution=saddle(),
        wrong=[
            (
                saddle(values="[0, 0]"),
                "the residual is not",
                "Only the outer-product part is looked at; H_f is forgotten.",
            ),
            (
                saddle(values="[1, 1]"),
                "No direction downhill?",
                "A Hessian is thought to have positive eigenvalues.",
            ),
            (
                saddle(part="o"),
                "What is it at the origin?",
                "The two parts are mixed up.",
            ),
            (
                saddle(same="[0, 0]"),
                "does it stay?",
                "The gradient is small near a saddle, so nothing is thought to happen.",
            ),
            (
                saddle(opposite="[1, -1]"),
                "so it is no minimum",
                "Each weight grows to 1 and keeps its sign.",
            ),
            (
                saddle(opposite="[1, 1]"),
                "at a minimum they cannot",
                "All roads lead to the minimum; the symmetry of the start is overlooked.",
            ),
        ],
        marks=4,
    ),
    "hand-count": Answer(
        solution="""
def counts(d, r, depth):
    dominant, bulk = r * r, 2 * r * (d - r)
    return dominant, bulk, depth * d**2 - dominant - bulk
""",
        wrong=[
            (
                "def counts(d, r, depth):\n"
                "    return r, 2 * r * (d - r), depth * d**2 - r - 2 * r * (d - r)",
                "not pairs of them",
                "One large eigenvalue for each learnt direction, as in principal components.",
            ),
            (
                "def counts(d, r, depth):\n"
                "    return r * r, r * (d - r), depth * d**2 - r * r - r * (d - r)",
                "did you count both orders of the pair?",
                "(1, 2) and (2, 1) are taken for one entry.",
            ),
            (
                "def counts(d, r, depth):\n    return r * r, 2 * r * (d - r), (d - r) ** 2",
                "H has a row for every weight",
                "The pairs of unlearnt directions are thought to be all the zeros.",
            ),
            (
                "def counts(d, r, depth):\n    return r * r, d * d - r * r, depth * d**2 - d**2",
                "two unlearnt directions into the bulk",
                "What is not dominant is thought to be bulk.",
            ),
        ],
        marks=4,
    ),
    "hand-two-cycle": Answer(
        solution=CYCLE.format(
            total="s + 1 / eta", returned="np.sqrt(total / 2 - root), np.sqrt(total / 2 + root)"
        ),
        wrong=[
            (
                CYCLE.format(
                    total="1 + 1 / eta",
                    returned="np.sqrt(total / 2 - root), np.sqrt(total / 2 + root)",
                ),
                "Right for the target 1.",
                "The sum and product of the text are used for every target.",
            ),
            (
                CYCLE.format(total="s + 1 / eta", returned="total / 2 - root, total / 2 + root"),
                "the squares of the weights",
                "The quadratic equation is solved, and its unknown is forgotten to be a square.",
            ),
            (
                "def cycle(eta, s):\n    return np.sqrt(s), np.sqrt(s)",
                "a fixed point, not a cycle",
                "The minimum solves both equations too; it was divided out.",
            ),
            (
                "def cycle(eta, s):\n    p = 0.5\n    return p, p - eta * p * (p**2 - s)",
                "not back from q to p",
                "Any two neighbours of an orbit are taken for a cycle.",
            ),
        ],
        marks=6,
    ),
}
