"""Answers of the chapter "Why L: three groups"."""

from answers import Answer


def one_layer(step="4", spectrum="[9, 9, 4, 4, 1, 1]"):
    """Code of an answer to the exercise on a single layer."""
    return f'one_layer = {{"step": {step}, "spectrum": {spectrum}}}\n'


GROUPS = """
def groups(widths, r):
    d_in, d_out, least = widths[0], widths[-1], min(widths)
    return {top}, {bulk}
"""

INVARIANT = """
def nonzero(r, q, outputs):
    return {count}


invariant = {{"nonzero": nonzero, "G": {G}}}
"""
STRETCHED = "np.diag([10.0, 1.0, 1.0])"

ANSWERS = {
    "bifurcation-theorem-one-layer": Answer(
        solution=one_layer(),
        wrong=[
            (
                one_layer(spectrum="[9, 9, 4, 1, 0, 0]"),
                "can a single layer turn c into a",
                "The zeros of the third group are thought to be there at every depth.",
            ),
            (
                one_layer(spectrum="[3, 3, 2, 2, 1, 1]"),
                "where its square belongs",
                "The data enter the loss once, so the curvature is thought to have x once.",
            ),
            (
                one_layer(spectrum="[9, 4, 1, 0, 0, 0]"),
                "once for each output",
                "The Hessian is taken for Sigma_xx itself.",
            ),
            (
                one_layer(step="1"),
                "Step 1 holds for a single layer too",
                "The factor L of step 1 looks wrong at L = 1, and is not.",
            ),
            (
                one_layer(step="6"),
                "has five steps",
                "The proof of the closed form, six steps, is taken for that of the counts.",
            ),
        ],
        marks=3,
    ),
    "bifurcation-theorem-classifier": Answer(
        solution=GROUPS.format(top="r * r", bulk="(d_in + d_out - 2 * r) * r"),
        wrong=[
            (
                GROUPS.format(top="r * r", bulk="(least + d_out - 2 * r) * r"),
                "the first layer sees every input",
                "The paper's count, with d* in place of q.",
            ),
            (
                GROUPS.format(top="r", bulk="(d_in + d_out - 2 * r) * r"),
                "each learnt output with each learnt input",
                "One outlier for each class, as is often said of classifiers.",
            ),
            (
                GROUPS.format(top="r * r", bulk="(d_in - r) * r"),
                "both the first and the last make them",
                "Right for this network, where every output is learnt; not in general.",
            ),
            (
                GROUPS.format(top="r * r", bulk="d_in * d_out - r * r"),
                "Those of two unlearnt directions are at 0",
                "What is not dominant is thought to be bulk.",
            ),
            (
                GROUPS.format(top="r * r", bulk="d_in + d_out - 2 * r"),
                "There are r.",
                "Directions are counted, not pairs.",
            ),
        ],
        marks=3,
    ),
    "three-groups-half-learnt": Answer(
        solution="""
def mixed(mu, depth):
    return sum(mu**k for k in range(depth))
""",
        wrong=[
            (
                "def mixed(mu, depth):\n    return sum(mu**k for k in range(depth + 1))",
                "one layer too many",
                "The sum is thought to run to L, as the exponent of the product does.",
            ),
            (
                "def mixed(mu, depth):\n    return sum(mu**k for k in range(1, depth + 1))",
                "has met no other layer",
                "Layer k is given the factor mu**k: its own is counted as well.",
            ),
            (
                "def mixed(mu, depth):\n    return sum(mu ** (k / 2) for k in range(depth))",
                "lambda where its square belongs",
                "The change of the output is taken for the curvature.",
            ),
            (
                "def mixed(mu, depth):\n    return sum(mu ** (2 * k) for k in range(depth))",
                "squared once more",
                "The closed form is copied with mu in the place of lambda.",
            ),
            (
                "def mixed(mu, depth):\n    return 1 + mu ** (depth - 1)",
                "the first and the last layer only",
                "At the minimum only one layer counts; the layers between are forgotten.",
            ),
            (
                "def mixed(mu, depth):\n    return depth * mu ** (depth - 1)",
                "both directions be half learnt",
                "The formula for the pair (2, 2) is used for the pair (1, 2).",
            ),
        ],
        marks=3,
    ),
    "three-groups-filled": Answer(
        solution="""
def bulk(r, q, outputs, inputs):
    with_data = min(q, r)  # learnt inputs that have data
    return with_data * (outputs - r) + max(q - r, 0) * r
""",
        wrong=[
            (
                "def bulk(r, q, outputs, inputs):\n    return (q + outputs - 2 * r) * r",
                "For q < r the theorem does not hold",
                "The theorem's formula is used where its hypothesis r <= q fails.",
            ),
            (
                "def bulk(r, q, outputs, inputs):\n    return (inputs + outputs - 2 * r) * r",
                "What is x_c there?",
                "The number of inputs is taken for the number of directions with data.",
            ),
            (
                "def bulk(r, q, outputs, inputs):\n"
                "    return (q + outputs - 2 * r) * r if q >= r else 0",
                "a learnt input and an unlearnt output still make pairs",
                "With too few data nothing is thought to be in the bulk.",
            ),
            (
                "def bulk(r, q, outputs, inputs):\n"
                "    return (outputs - r) * r + max(q - r, 0) * r",
                "you count learnt inputs without data",
                "A learnt direction is thought to count whether or not it has data.",
            ),
        ],
        marks=4,
    ),
    "three-groups-invariant": Answer(
        solution=INVARIANT.format(count="r * (q + outputs - r)", G=STRETCHED),
        wrong=[
            (
                INVARIANT.format(count="r * r", G=STRETCHED),
                "the dominant ones only",
                "Only the group at L is thought to be protected.",
            ),
            (
                INVARIANT.format(count="r * (q + outputs)", G=STRETCHED),
                "two learnt directions twice",
                "Rows and columns of rank r are added, and their overlap is forgotten.",
            ),
            (
                INVARIANT.format(count="q * outputs", G=STRETCHED),
                "not those of two unlearnt directions",
                "J is thought to have full rank.",
            ),
            (
                INVARIANT.format(
                    count="r * (q + outputs - r)",
                    G="np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]",
                ),
                "only turns the directions",
                "A random rotation is taken for a random G.",
            ),
            (
                INVARIANT.format(
                    count="r * (q + outputs - r)",
                    G="np.random.default_rng(0).normal(size=(3, 3))",
                ),
                "but why?",
                "A random G does it as well, and teaches nothing.",
            ),
            (
                INVARIANT.format(count="r * r + q + outputs - 2 * r", G=STRETCHED),
                "makes a pair with every learnt one",
                "Directions are counted in the bulk, not pairs.",
            ),
            (
                INVARIANT.format(count="r * (q + outputs - r)", G="np.diag([1.0, 1.0, 10.0])"),
                "What has G to do with the length of a direction?",
                "The direction that is stretched is one that nothing passes through.",
            ),
            (
                INVARIANT.format(count="r * (q + outputs - r)", G="np.diag([10.0, 1.0, 0.0])"),
                "should be invertible",
                "A projection is tried, and changes the function.",
            ),
        ],
        marks=6,
    ),
}
