"""Answers to the exercises of the chapter "Growing with depth"."""

from answers import Answer

ANSWERS = {
    "growing-with-depth-angle": Answer(
        solution="""
def two_blocks(theta):
    c = abs(np.cos(theta))
    return 1 + c, 1 - c, np.log2(1 + c)
""",
        wrong=[
            (
                """
def two_blocks(theta):
    c = np.cos(theta)
    return 1 + c, 1 - c, np.log2(1 + c)
""",
                "Right up to 90 degrees. Beyond",
                "The sign of the cosine is kept; v and -v make the same matrix.",
            ),
            (
                """
def two_blocks(theta):
    c = abs(np.cos(theta))
    return 1 + c, 1 - c, np.log(1 + c)
""",
                "logarithm to the base 2",
                "An exponent is taken for a natural logarithm.",
            ),
            (
                """
def two_blocks(theta):
    c = np.cos(theta) ** 2
    return 1 + c, 1 - c, np.log2(1 + c)
""",
                "squared overlap",
                "The overlap is squared, as for probabilities.",
            ),
            (
                """
def two_blocks(theta):
    c = abs(np.cos(np.radians(theta)))
    return 1 + c, 1 - c, np.log2(1 + c)
""",
                "in radians",
                "The cell of the chapter prints degrees.",
            ),
        ],
        marks=3,
    ),
    "growing-with-depth-ky-fan": Answer(
        solution="""
K1 = np.diag([1.0, 0.0])
K2 = np.diag([0.0, 1.0])
""",
        wrong=[
            (
                "K1 = K2 = np.diag([2.0, 1.0])",
                "Equal: the second eigenvalue",
                "Equal blocks make every eigenvalue grow D-fold; here that is not wanted.",
            ),
            (
                "K1, K2 = np.diag([1.0, -1.0]), np.diag([-1.0, 1.0])",
                "none below zero",
                "The inequality is tried on matrices that no block can have.",
            ),
            (
                """
K1 = np.array([[1.0, 1.0], [0.0, 0.0]])
K2 = np.array([[0.0, 0.0], [0.0, 1.0]])
""",
                "should be symmetric",
                "Eigenvalues of any matrix are taken.",
            ),
            (
                "K1, K2 = np.diag([2.0, 1.0, 0.0]), np.diag([0.0, 1.5, 2.0])",
                "The other way round",
                "Subadditivity of the sums is taken for that of each eigenvalue.",
            ),
        ],
        marks=6,
    ),
    "growing-with-depth-more-zeros": Answer(
        solution="""
def zeros(kind, n, d):
    return {"RMSNorm": 0, "Pre-LN": 0, "bias": (4 * n + 1) * d}[kind]
""",
        wrong=[
            (
                """
def zeros(kind, n, d):
    return {"RMSNorm": 4 * n * d, "Pre-LN": 0, "bias": (4 * n + 1) * d}[kind]
""",
                "RMSNorm: an added multiple",
                "Every normalisation is thought to remove a mean.",
            ),
            (
                """
def zeros(kind, n, d):
    return {"RMSNorm": 0, "Pre-LN": 4 * n * (d - 1), "bias": (4 * n + 1) * d}[kind]
""",
                "Pre-LN: the next LayerNorm does not see",
                "The residual stream around the next LayerNorm is forgotten.",
            ),
            (
                """
def zeros(kind, n, d):
    return {"RMSNorm": 0, "Pre-LN": 0, "bias": 5 * n * d}[kind]
""",
                "bias: not each of its N numbers",
                "All N numbers of the bias are thought to be flat, not the one direction.",
            ),
            (
                """
def zeros(kind, n, d):
    return {"RMSNorm": 0, "Pre-LN": 0, "bias": 4 * n * d}[kind]
""",
                "bias: it is a parameter as well",
                "The bias is not looked at as a parameter that can move.",
            ),
        ],
        marks=4,
    ),
    "growing-with-depth-unequal": Answer(
        solution="""
def exponent(a, d):
    return np.log2((a + 2 * d - 1) / (a + d - 1))
""",
        wrong=[
            (
                "def exponent(a, d): return np.log2((a + 2 * d) / (a + d))",
                "one block too many",
                "The strong block is added to the d others.",
            ),
            (
                "def exponent(a, d): return 1.0",
                "all blocks are alike",
                "The largest eigenvalue is thought to double whatever the blocks are.",
            ),
            (
                "def exponent(a, d): return np.log2(1 + 1 / a)",
                "Right for d = 1 alone",
                "The case of the cell, one and two blocks, is taken for the rule.",
            ),
            (
                "def exponent(a, d): return np.log2((a + 2 * (d - 1)) / (a + d - 1))",
                "how many of the 2 d",
                "The d - 1 equal blocks are doubled, not the d blocks.",
            ),
        ],
        marks=3,
    ),
    "growing-with-depth-average": Answer(
        solution="""
def widest(spectra):
    ordered = -np.sort(-spectra, axis=1)
    mean = np.exp(np.log(ordered).mean(axis=0))
    half = len(mean) // 2
    ratios = mean[:half] / mean[1 : half + 1]
    return np.sort(np.argsort(-ratios)[:3] + 1)
""",
        wrong=[
            (
                """
def widest(spectra):
    mean = np.exp(np.log(spectra).mean(axis=0))
    half = len(mean) // 2
    return np.sort(np.argsort(-mean[:half] / mean[1 : half + 1])[:3] + 1)
""",
                "The spectra are not sorted",
                "Scattered values are read as if column k held eigenvalue k.",
            ),
            (
                """
def widest(spectra):
    mean = -np.sort(-np.exp(np.log(spectra).mean(axis=0)))
    half = len(mean) // 2
    return np.sort(np.argsort(-mean[:half] / mean[1 : half + 1])[:3] + 1)
""",
                "You sort the mean",
                "Sorting and averaging are thought to commute.",
            ),
            (
                """
def widest(spectra):
    mean = (-np.sort(-spectra, axis=1)).mean(axis=0)
    half = len(mean) // 2
    return np.sort(np.argsort(-mean[:half] / mean[1 : half + 1])[:3] + 1)
""",
                "arithmetic mean",
                "`mean` is taken without the logarithm.",
            ),
            (
                """
def widest(spectra):
    mean = np.exp(np.log(-np.sort(-spectra, axis=1)).mean(axis=0))
    half = len(mean) // 2
    return np.sort(np.argsort(-mean[:half] / mean[1 : half + 1])[:3])
""",
                "one too small",
                "Indices of NumPy are taken for ranks.",
            ),
        ],
        marks=4,
    ),
}
