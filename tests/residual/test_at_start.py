"""Networks at the start: LayerNorms alone, scaled branches, means of the groups."""

import numpy as np
import pytest
import torch

from depth_not_data.residual import at_start, functions
from depth_not_data.residual import hessian as residual_hessian


@pytest.mark.parametrize("n_block", [1, 3])
def test_biases_alone_have_the_level_of_the_closed_form(n_block):
    level = 2 / 5 * functions.norm_stack_level(5, n_block)
    found = at_start.norm_stack_spectrum(5, n_block)
    assert len(found) == 5 * n_block
    assert np.isclose(found, level).sum() >= 4


def test_scaling_shrinks_the_branches_and_leaves_no_residual():
    plain, scaled = (at_start.scaled_start(4, 4, seed=1, exponent=e) for e in (0.0, -0.5))
    first, second = plain.model.blocks[0], scaled.model.blocks[0]
    assert torch.allclose(second.w1, first.w1 / 2)
    assert torch.allclose(second.w2, first.w2 / 2)
    assert torch.equal(scaled.model(scaled.inputs), scaled.targets)


def test_group_means_are_those_of_all_eigenvalues():
    student = at_start.scaled_start(4, 2, seed=0, exponent=0.0)
    with torch.no_grad():
        values = torch.linalg.eigvalsh(residual_hessian.hessian(student)).flip(0).numpy()
    expected = [values[:3].mean(), values[3:6].mean(), values[6:16].mean()]
    assert np.allclose(at_start.group_means(student), expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: at_start.norm_stack_spectrum(1, 1), "n_embd must be"),
        (lambda: at_start.norm_stack_spectrum(3, 0), "n_block must be"),
        (lambda: at_start.scaled_start(3, 1, seed=0, exponent=np.nan), "exponent must be"),
        (
            lambda: at_start.group_means(at_start.scaled_start(3, 1, seed=0, exponent=0.0)),
            "student must have a width",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
