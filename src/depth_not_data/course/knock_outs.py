"""Checks of the exercises of the chapter "Knock-outs"."""

import numpy as np

from depth_not_data.course._mistakes import recognise
from depth_not_data.course.exercise import array, entries, exercise, number, require
from depth_not_data.spectra import autograd


@exercise(
    "knock-outs-unequal",
    stub='''
def nonzero(trained, second):
    """Nonzero eigenvalues, descending, if the layers in `trained` are trained, e.g. (1, 2) or (2,).

    second: strength of the second layer, between 0 and 1; the first has strength 1.
    """
    ...  # your code here
''',
    answer="nonzero",
)
def unequal(nonzero):
    """Compare with the Jacobian of two diagonal layers, of each layer and of both."""
    for trained in ((1, 2), (2,), (1,)):
        size = 1 + len(trained)
        strengths = (0.5, 0.3, 0.9)
        found = [array(nonzero(trained, s), None, f"nonzero({trained}, {s})") for s in strengths]
        require(
            all(f.shape == (size,) for f in found),
            f"With layers {trained} trained there are {size} nonzero eigenvalues: one for each "
            "entry of the map that some trained layer can change.",
        )
        wanted = [_two_layers(trained, s) for s in strengths]
        other = [_two_layers(tuple(3 - k for k in trained), s) for s in strengths]
        recognise(
            found,
            wanted,
            [
                (
                    [np.sort(f) for f in wanted],
                    "The right values, but not in descending order.",
                ),
                (
                    [_two_layers(trained, s**0.5) for s in strengths],
                    "A change that passes the second layer shrinks by `second`; the eigenvalue is "
                    "its square.",
                ),
                (
                    other,
                    f"Layers {trained}: a layer's own strength does not matter for its changes. "
                    "Which strength do they pass?",
                ),
                (
                    [_two_layers(trained, 1.0) for s in strengths],
                    "Those are the values at equal strength, as in the chapter.",
                ),
            ],
            f"Layers {trained}: for each entry of the map, add the squared strengths that a "
            "change made in a trained layer passes.",
        )


def _two_layers(trained, second):
    first_map, second_map = np.diag([1.0, 0.0]), np.diag([second, 0.0])
    pieces = {1: np.kron(second_map, np.eye(2)), 2: np.kron(np.eye(2), first_map)}
    jacobian = np.hstack([pieces[k] for k in trained])
    return autograd.eigenvalues(jacobian.T @ jacobian)[: 1 + len(trained)]


@exercise(
    "knock-outs-leaky",
    stub="""
# Slope at which constants and diagonal maps stand at the same level; N = 10, two digits
zeta = ...  # your code here
""",
    answer="zeta",
)
def leaky(zeta):
    """Compare with the root of the difference of the two levels."""
    found = number(zeta, "zeta")
    mistakes = [
        (
            _crossing(lambda z: _constants(z) - _linear(z)),
            "There constants meet the other linear maps; diagonal maps have the gain as well.",
        ),
        (
            _crossing(lambda z: _constants(z) - 1 - 1 - _linear(z)),
            "The bias makes constants too: add its 1 per block.",
        ),
        (
            _crossing(lambda z: _constants(z) - 1),
            "The gain is not the only source: a diagonal map is a linear map as well.",
        ),
        (
            _crossing(lambda z: _constants(z) - 1.36),
            "The diagonal maps do not stay at 1.36: the slope of the activation changes too.",
        ),
        (
            _crossing(lambda z: 1.8 * (1 - z) - 0.36 * (1 + z)),
            "Mean and slope change in proportion to 1 - zeta and 1 + zeta; an ease is a square.",
        ),
    ]
    right = _crossing(lambda z: _constants(z) - 1 - _linear(z))
    if abs(found - right) <= 0.006:
        return
    for wrong, message in mistakes:
        require(abs(found - wrong) > 0.006, message)
    difference = _constants(found) - 1 - _linear(found)
    where = "above" if difference > 0 else "below"
    require(
        False,
        f"At zeta = {found:.3g} constants stand {where} the diagonal maps; write both levels as "
        "functions of zeta and set them equal.",
    )


def _constants(slope):
    return 1.8 * (1 - slope) ** 2 + 1


def _linear(slope):
    return 0.36 * (1 + slope) ** 2


def _crossing(difference):
    """Slope between 0 and 1 at which a difference of levels vanishes, to four digits."""
    slopes = np.linspace(0, 1, 10_001)
    return slopes[np.argmin(np.abs(difference(slopes)))]


@exercise(
    "knock-outs-echo",
    stub='''
def echo(n):
    """Ease of the difference over that of the sum, two blocks of width n, LayerNorm alone."""
    ...  # your code here
''',
    answer="echo",
)
def echo(echo):
    """Compare with the Gram matrix of the two functions over vectors of the sphere's moments."""
    widths = np.array([4, 10, 25])
    found = [number(echo(int(n)), f"echo({n})") for n in widths]
    grams = np.array([_gram(n) for n in widths])
    values = np.linalg.eigvalsh(grams)
    wanted = values[:, 0] / values[:, 1]
    theta = grams[:, 0, 1]
    recognise(
        found,
        wanted,
        [
            (1 / wanted, "The other way round: the echo is the smaller of the two."),
            (
                values[:, 0],
                "That is the ease of the echo in units of one block: divide by the sum.",
            ),
            (
                (1 - theta**2) / (1 + theta**2),
                "1 - 1/(N-1) is a squared cosine: the Gram matrix holds the cosine itself.",
            ),
            (
                1 - theta**2,
                "That is what the LayerNorm takes from one constant; set up a Gram matrix of two.",
            ),
            (
                np.zeros(3),
                "Zero if both blocks made the same function; they differ by y (y . u)/N.",
            ),
        ],
        "Put the two functions u and u - y (y . u)/N, each of mean square 1, into a Gram matrix.",
        rtol=0.02,
    )


def _gram(n):
    """Inner products of a constant and of what the next LayerNorm leaves of it, normalised."""
    free = np.linalg.qr(np.eye(n) - 1 / n)[0][:, : n - 1].T
    y, u = np.sqrt(n) * free, free.T @ np.linspace(1, 2, n - 1)
    both = np.array([np.tile(u, (n - 1, 1)), u - y * (y @ u)[:, None] / n]).reshape(2, -1)
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    return both @ both.T


@exercise(
    "knock-outs-sphere",
    stub='''
def removed(n):
    """Mean of y_i^4 / N over mean-free vectors y of squared length N = n, by sampling."""
    ...  # your code here
''',
    answer="removed",
)
def sphere(removed):
    """Compare with the fourth moments on a sphere, and on what is sampled by mistake."""
    widths = np.array([5, 8, 20])
    found = [number(removed(int(n)), f"removed({n})") for n in widths]
    n = widths
    wanted = n * _fourth(n - 1) * ((n - 1) / n) ** 2
    recognise(
        found,
        wanted,
        [
            (n * _fourth(n), "Your vectors still have a mean: subtract it first."),
            (
                3 * (n - 1) ** 2 / n**3,
                "Your vectors have squared length N on average; each of them should have it.",
            ),
            (wanted * n, "The 1/N is missing: the radial part is y_i^4 / N."),
            (wanted / n**2, "Your vectors have length 1, not the square root of N."),
            (
                1 / (n - 1),
                "That is what a constant loses; for a diagonal map the fourth power is needed.",
            ),
            (1 / n, "You average the square of y_i; the radial part has its fourth power."),
        ],
        "Draw Gaussian vectors, subtract their means, stretch each to squared length N: then "
        "average y_i^4 / N.",
        rtol=0.03,
    )


def _fourth(dimensions):
    """Mean of the fourth power of a component of a random unit vector."""
    return 3 / (dimensions * (dimensions + 2))


@exercise(
    "knock-outs-scalar-gain",
    stub='''
def predict(n):
    """Return {"gaps": a list of ranks, "edge": a rank} if each LayerNorm's gain is one number."""
    ...  # your code here
''',
    answer="predict",
)
def scalar_gain(predict):
    """Compare with the counts of what is still made, at other widths."""
    for n in (10, 16):
        ranks, edge = entries(predict(n), "gaps", "edge", what=f"predict({n})")
        ranks = sorted(array(ranks, None, "the list of gaps").ravel().tolist())
        edge = number(edge, "the edge")
        at = f"N = {n}:"
        require(
            ranks != [n - 1, 2 * n - 2],
            f"{at} those are the gaps of the unchanged network. What makes the second cluster?",
        )
        require(
            ranks != [n - 1, n],
            f"{at} a single function is no cluster: at which ease does the last gain make it?",
        )
        require(
            ranks != [], f"{at} constants do not come from the gain, so their cluster should stay."
        )
        require(
            ranks != [n], f"{at} the LayerNorm still subtracts the mean: how many constants remain?"
        )
        require(ranks == [n - 1], f"{at} go through the sources: which of them lost its functions?")
        require(
            edge != n * n - 1,
            f"{at} that is the edge with all gains held. Which function can one number make?",
        )
        require(
            edge != n * n - n,
            f"{at} you lost N functions; but a linear map that is diagonal has another source.",
        )
        require(
            edge == _affine(n),
            f"{at} the gaps are right. The edge counts constants and linear maps: which one is "
            "made by the gain alone, and is it lost?",
        )


def _affine(n):
    """Constants, one along the mean, linear maps among mean-free directions and of the mean."""
    return (n - 1) + 1 + (n - 1) ** 2 + (n - 1)
