"""Answers of the chapter "How much depth is left when the target is noisy?"."""

from answers import Answer

ANSWERS = {
    "noise-ex-gap": Answer(
        solution="""
def gap(L, nu):
    mu = nu ** (2 / L)
    return L / sum(mu**k for k in range(L))
""",
        wrong=[
            (
                "def gap(L, nu):\n    return sum(nu ** (2 * k / L) for k in range(L)) / L",
                "bulk over the dominant",
                "Numerator and denominator are exchanged.",
            ),
            (
                "def gap(L, nu):\n    return L * (1 - nu ** (1 / L)) / (1 - nu)",
                "curvature is its square",
                "The change of the output is taken for the curvature.",
            ),
            (
                "def gap(L, nu):\n    return L / sum(nu ** (2 * k) for k in range(L))",
                "every layer the whole noise",
                "The level of the product is given to each layer.",
            ),
            (
                "def gap(L, nu):\n    return 1 / sum(nu ** (2 * k / L) for k in range(L))",
                "forget the factor L",
                "The dominant pair is given the eigenvalue of one layer.",
            ),
            (
                "def gap(L, nu):\n"
                "    return L * (1 - nu ** (2 / L)) / (1 - nu**2) if nu < 1 else float(L)",
                "all directions are alike",
                "The limit at nu = 1 is guessed.",
            ),
        ],
        marks=2,
    ),
    "noise-ex-half": Answer(
        solution="layers = 11",
        wrong=[
            ("layers = 12", "Half is gone there already", "Rounded up in place of down."),
            ("layers = 5", "counts halvings", "log2(1/nu) without the factor 2."),
            ("layers = 7", "natural logarithm", "2 ln(1/nu), the ceiling, is taken for the depth."),
            ("layers = 20", "one deeper", "A guess."),
        ],
        marks=1,
    ),
    "noise-ex-samples": Answer(
        solution="""
def samples(L, deviation, d_out, d_in):
    return deviation**2 * (d_out**0.5 + d_in**0.5) ** 2 * 2.0**L
""",
        wrong=[
            (
                "def samples(L, deviation, d_out, d_in):\n"
                "    return deviation * (d_out**0.5 + d_in**0.5) * 2 ** (L / 2)",
                "root of the number",
                "nu is taken to fall like 1/n.",
            ),
            (
                "def samples(L, deviation, d_out, d_in):\n"
                "    return (deviation * (d_out**0.5 + d_in**0.5)) ** 2 * 2 ** (L / 2)",
                "root of 2 with each layer",
                "1/nu is not squared with the rest.",
            ),
            (
                "def samples(L, deviation, d_out, d_in):\n"
                "    return deviation**2 * (d_out + d_in) * 2.0**L",
                "roots that add",
                "The edge is taken for the root of the sum of the sizes.",
            ),
            (
                "def samples(L, deviation, d_out, d_in):\n    return deviation**2 * 2.0**L",
                "left the sizes out",
                "The deviation of one entry is taken for the edge of the matrix.",
            ),
        ],
        marks=3,
    ),
    "noise-ex-time": Answer(
        solution="""
def level(L, tau):
    return (1 + (2 * L - 2) * tau) ** (-L / (2 * L - 2))
""",
        wrong=[
            (
                "def level(L, tau):\n    return (1 + (2 * L - 2) * tau) ** (-1 / (L - 1))",
                "That is mu",
                "mu is the square for one layer.",
            ),
            (
                "def level(L, tau):\n    return (1 + (2 * L - 2) * tau) ** (-1 / (2 * L - 2))",
                "what one layer holds",
                "The root of mu, without the power L.",
            ),
            (
                "def level(L, tau):\n    return (1 + (2 * L - 2) * tau) ** (-L / (L - 1))",
                "square of the product",
                "mu^L is nu squared.",
            ),
            (
                "def level(L, tau):\n"
                "    return ((2 * L - 2) * tau) ** (-L / (2 * L - 2)) if tau else float('inf')",
                "late form",
                "The asymptotic form is used at all times.",
            ),
        ],
        marks=2,
    ),
    "noise-ex-means": Answer(
        solution="""
import numpy as np


def ceiling_of_means(first, p, n):
    nu = first * np.arange(1.0, n + 1) ** -p
    return 1 / np.mean((1 - nu**2) / (2 * np.log(1 / nu)))
""",
        wrong=[
            (
                "import numpy as np\ndef ceiling_of_means(first, p, n):\n"
                "    nu = first * np.arange(1.0, n + 1) ** -p\n"
                "    return np.mean(2 * np.log(1 / nu) / (1 - nu**2))",
                "You average the ceilings",
                "The mean is taken of the ratios in place of the bulk.",
            ),
            (
                "import numpy as np\ndef ceiling_of_means(first, p, n):\n"
                "    return 2 * np.log(1 / first) / (1 - first**2)",
                "largest level only",
                "Gap and ratio of means are taken for the same.",
            ),
            (
                "import numpy as np\ndef ceiling_of_means(first, p, n):\n"
                "    nu = np.mean(first * np.arange(1.0, n + 1) ** -p)\n"
                "    return 2 * np.log(1 / nu) / (1 - nu**2)",
                "average after the formula",
                "The formula is applied to the mean level.",
            ),
        ],
        marks=4,
    ),
}
