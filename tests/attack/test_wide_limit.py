"""Random searches that try to refute the levels of wide blocks, and the rate of the limit.

Every kind of functions is written down from its definition, with random coefficients, and the
operator is applied to it by quadrature: no spectrum, no symmetry and no level is used on the way.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEARCH, rngs
from test_residual import hold

from depth_not_data.residual import wide_fields, wide_limit, wide_operator

NORMS = [(True, True), (True, False), (False, True), (False, False)]


@SEARCH
@given(st.integers(4, 7), st.integers(1, 6), st.sampled_from(NORMS), st.floats(0, 0.999), rngs())
def test_every_kind_is_an_eigenfunction(n_embd, n_block, norm, which, rng):
    subtract, divide = norm
    found = wide_limit.levels(n_embd, n_block, subtract=subtract, divide=divide)
    level = found[int(which * len(found))]
    hold(
        wide_fields.residual(level, n_embd, n_block, rng, subtract=subtract, divide=divide),
        level.functions,
        1e-6,
    )


@pytest.mark.parametrize("norm", NORMS)
def test_the_search_sees_a_wrong_level(norm):
    subtract, divide = norm
    rng = np.random.default_rng(0)
    for level in wide_limit.levels(5, 2, subtract=subtract, divide=divide):
        wrong = level._replace(eigenvalue=level.eigenvalue * 1.01)
        assert wide_fields.residual(wrong, 5, 2, rng, subtract=subtract, divide=divide) > 1e-4, (
            level.functions
        )


@SEARCH
@given(st.integers(4, 6), st.integers(1, 3), st.sampled_from(NORMS), st.floats(0, 3), rngs())
def test_the_rate_holds_for_any_inputs(n_embd, n_block, norm, spread, rng):
    """Inputs of length sqrt(N), clustered about one direction or not; 30 draws of W_1."""
    subtract, divide = norm
    y = wide_fields.states(rng, n_embd, subtract, 8)
    y = y + spread * y[:1]
    y /= np.sqrt((y**2).mean(axis=1, keepdims=True))
    chosen = {"subtract": subtract, "divide": divide}
    limit = wide_operator.kernel_matrix(y, n_block, **chosen)
    values = np.linalg.eigvalsh(limit)
    constant, hidden = wide_operator.rate_constant(y, n_block, **chosen), 40
    distances = []
    for _ in range(30):
        first = rng.standard_normal((n_block, hidden, n_embd)) / np.sqrt(3 * n_embd)
        finite = wide_operator.kernel_matrix(y, n_block, first=first, **chosen)
        distance = np.sum((finite - limit) ** 2)
        assert np.sum((np.linalg.eigvalsh(finite) - values) ** 2) <= distance * (1 + 1e-9)
        distances.append(distance)
    # A mean of 30 positive numbers with a heavy tail: three times its expectation is out of reach.
    hold(float(hidden * np.mean(distances) / constant), "rate", 3.0)
