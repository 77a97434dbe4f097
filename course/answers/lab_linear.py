"""Answers to the exercises of the lab "The spectrum of your own linear network"."""

from answers import Answer

JACOBIAN = """
def jacobian(weights):
    pieces = []
    for k in range(len(weights)):
        above, below = np.eye(weights[-1].shape[0]), np.eye(weights[0].shape[1])
        for layer in weights[:k:-1]:
            above = above @ layer
        for layer in weights[:k]:
            below = layer @ below
        pieces.append(np.kron(above, below.T))
    return np.hstack(pieces)
"""
TRAIN = """
def train(weights, target, lr, steps):
    for _ in range(steps):
        new = []
        for k in range(len(weights)):
            above, below = np.eye(target.shape[0]), np.eye(target.shape[1])
            for layer in weights[:k:-1]:
                above = above @ layer
            for layer in weights[:k]:
                below = layer @ below
            residual = above @ weights[k] @ below - target
            new.append(weights[k] - lr * above.T @ residual @ below.T)
        weights = new
    return weights
"""
RATIO = """
def ratio(spectrum, widths, rank):
    dominant, bulk = rank**2, rank * (widths[0] + widths[-1] - 2 * rank)
    return spectrum[:dominant].mean() / spectrum[dominant : dominant + bulk].mean()
"""
STAIRCASE = """
def staircase(widths, rank):
    depth = len(widths) - 1
    bulk = rank * (widths[0] + widths[-1] - 2 * rank)
    return np.array([depth] * rank**2 + [1.0] * bulk)
"""

ANSWERS = {
    "lab-linear-staircase": Answer(
        solution=STAIRCASE,
        wrong=[
            (
                STAIRCASE.replace("rank**2", "rank"),
                "how many such pairs",
                "Eigenvalues are counted by directions, not by pairs of directions.",
            ),
            (
                STAIRCASE.replace(" - 2 * rank", ""),
                "counted again",
                "Pairs with both directions learnt are counted as bulk too.",
            ),
            (
                STAIRCASE.replace("[depth]", "[depth - 1]"),
                "How many layers can make a change",
                "Matrix products are counted in place of layers.",
            ),
            (
                """
def staircase(widths, rank):
    rest = widths[0] * widths[-1] - rank**2
    return np.array([len(widths) - 1] * rank**2 + [1.0] * rest)
""",
                "neither direction learnt",
                "Every entry of the map is thought to be within reach of some layer.",
            ),
        ],
        marks=3,
    ),
    "lab-linear-jacobian": Answer(
        solution=JACOBIAN,
        wrong=[
            (
                JACOBIAN.replace("np.hstack(pieces)", "np.hstack(pieces).T"),
                "one row for each entry",
                "Rows and columns of a Jacobian are interchanged.",
            ),
            (
                JACOBIAN.replace("np.kron(above, below.T)", "np.kron(above, below)"),
                "is transposed",
                "The rule for vec of a product is remembered without its transpose.",
            ),
            (
                JACOBIAN.replace("weights[:k:-1]", "weights[k:][::-1]"),
                "own matrix should not occur",
                "The changed layer is left in the product.",
            ),
            (
                JACOBIAN.replace("return np.hstack(pieces)", "return pieces[0]"),
                "columns, one a weight",
                "Only one layer is differentiated.",
            ),
        ],
        marks=5,
    ),
    "lab-linear-train": Answer(
        solution=TRAIN,
        wrong=[
            (
                TRAIN.replace("new.append(", "weights[k] = (").replace(
                    "        weights = new\n", ""
                ),
                "before the gradient of the next one",
                "The layers are overwritten one by one.",
            ),
            (
                TRAIN.replace("lr * above", "2 * lr * above"),
                "twice too large",
                "The factor 1/2 of the loss is forgotten.",
            ),
            (
                TRAIN.replace("weights[k] - lr", "weights[k] + lr"),
                "check the sign",
                "The gradient is followed upwards.",
            ),
            (
                TRAIN.replace("range(steps)", "range(steps - 1)"),
                "One step is missing",
                "The start is counted as a step.",
            ),
        ],
        marks=5,
    ),
    "lab-linear-ratio": Answer(
        solution=RATIO,
        wrong=[
            (
                RATIO.replace("dominant : dominant + bulk", "dominant:"),
                "has a last member",
                "The zeros are averaged with the bulk.",
            ),
            (
                RATIO.replace("rank**2", "rank"),
                "more members than r",
                "The dominant group is thought to have r members.",
            ),
            (
                "def ratio(spectrum, widths, rank): return spectrum[0] / spectrum[rank**2]",
                "is no mean",
                "The tops of the groups are compared.",
            ),
        ],
        marks=2,
    ),
    "lab-linear-rescaled": Answer(
        solution="""
def levels(strengths):
    c = np.array(strengths)
    return np.sum(c**-2.0), c[0] ** -2.0, c[-1] ** -2.0
""",
        wrong=[
            (
                """
def levels(strengths):
    c = np.array(strengths)
    return np.sum(c**2), c[0] ** 2, c[-1] ** 2
""",
                "own strength is the one",
                "A strong layer is thought to make large changes itself.",
            ),
            (
                "def levels(strengths): return len(strengths), 1, 1",
                "levels of equal layers",
                "The same function is thought to have the same Hessian.",
            ),
            (
                """
def levels(strengths):
    c = np.array(strengths)
    return np.sum(c**-2.0), c[-1] ** -2.0, c[0] ** -2.0
""",
                "two kinds of bulk are interchanged",
                "It is overlooked which layer is next to the input.",
            ),
            (
                """
def levels(strengths):
    c = np.array(strengths)
    return np.sum(c**-2.0), 1, 1
""",
                "The bulk changes too",
                "The bulk is thought to be 1 because one layer makes it.",
            ),
        ],
        marks=5,
    ),
}
