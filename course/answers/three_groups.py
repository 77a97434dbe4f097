"""Answers of the chapter "Why L: three groups"."""

from answers import Answer

ANSWERS = {
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
                "def mixed(mu, depth):\n    return depth * mu ** (depth - 1)",
                "both directions be half learnt",
                "The formula for the pair (2, 2) is used for the pair (1, 2).",
            ),
        ],
        marks=3,
    ),
}
