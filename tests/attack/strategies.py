"""Random inputs for the searches that try to refute the theorems outside their examples.

Every strategy reaches the corners where statements break: rank one and full rank, equal, zero
and widely spread singular values, depth one, narrow and wide layers.
"""

import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st

from depth_not_data.linear import network as linear_network

# The same examples in every run, on every machine: a search that finds a counterexample only
# sometimes would make the tests unstable.
SEARCH = settings(max_examples=100, deadline=None, derandomize=True, database=None)
# Where a search has to find a counterexample: the first will do, however large it is.
REFUTE = settings(SEARCH, phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False)


@st.composite
def layer_widths(draw, *, min_depth=1, max_depth=5, max_width=5):
    """Widths (d_0, ..., d_L), bottlenecks included."""
    depth = draw(st.integers(min_depth, max_depth))
    return tuple(draw(st.integers(1, max_width)) for _ in range(depth + 1))


@st.composite
def singular_values(draw, size, *, allow_zero=True, decades=3.0):
    """`size` values, descending: equal, spread over decades, or drawn freely; zeros at the end."""
    kind = draw(st.sampled_from(["equal", "spread", "free"]))
    if kind == "equal":
        values = np.full(size, draw(st.floats(0.3, 3.0)))
    elif kind == "spread":
        values = draw(st.floats(0.3, 3.0)) * np.logspace(0, -draw(st.floats(0, decades)), size)
    else:
        values = np.array([draw(st.floats(0.05, 3.0)) for _ in range(size)])
    if allow_zero and size:
        values[size - draw(st.integers(0, size)) :] = 0.0
    return np.sort(values)[::-1].copy()


@st.composite
def rngs(draw):
    """A generator with a seed that Hypothesis can report and shrink."""
    return np.random.default_rng(draw(st.integers(0, 2**20)))


def orthogonal(rng, n):
    """A Haar-random orthogonal matrix."""
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    return q * np.sign(np.diag(r))


def rectangular_diagonal(values, rows, columns):
    """The package's matrix with `values` on its diagonal, as NumPy has it."""
    return linear_network.rectangular_diagonal(values, rows, columns).numpy()
