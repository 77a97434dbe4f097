"""Equal eigenvalues above some that converge as fast: from one start Lanczos sees one member."""

import pytest
import torch

from depth_not_data.which_functions import lanczos


@pytest.mark.parametrize("equal", [2, 5])
def test_equal_eigenvalues_above_others_that_stand_alone_are_all_found(equal):
    diagonal = torch.tensor([3.0] * equal + [2.0, 1.8, 1.6, 1.4, 1.2], dtype=torch.float64)
    diagonal = torch.cat([diagonal, torch.linspace(0.0, 0.1, 400, dtype=torch.float64)])
    found = lanczos.leading(
        lambda v: diagonal * v, diagonal, equal, tolerance=1e-8, max_products=5000
    )
    assert found.values.tolist() == pytest.approx([3.0] * equal, abs=1e-8)
