"""Directions that feed constants really change the outputs by constants."""

import pytest
import torch

from depth_not_data.residual import functions, sources
from depth_not_data.residual.network import train_student

SMALL = {"n_samples": 60, "progress": False}


@pytest.mark.parametrize("options", [{}, {"rotation": "separate"}, {"bias": True}], ids=str)
def test_directions_are_orthonormal_and_sit_in_w2(options):
    student = train_student(3, 2, seed=0, steps=3, **SMALL, **options)
    columns = sources.constants_in_w2(student)
    assert torch.allclose(columns.T @ columns, torch.eye(6, dtype=torch.float64))
    shares = functions.parameter_shares(student, columns)
    assert shares["FC2", 1].tolist() == pytest.approx([1, 1, 1, 0, 0, 0])
    assert shares["FC2", 2].tolist() == pytest.approx([0, 0, 0, 1, 1, 1])


def test_without_normalisation_the_mean_change_is_the_mean_hidden_activation():
    student = train_student(3, 1, seed=0, steps=3, placement="none", activation="abs", **SMALL)
    change = functions.output_changes(student, sources.constants_in_w2(student))
    block = student.model.blocks[0]
    hidden = (student.inputs @ block.w1.T).abs().mean(0)
    mean = change.mean(1)
    assert torch.allclose(mean, hidden.norm() * torch.eye(3, dtype=torch.float64))


def test_bad_students_are_named():
    frozen = train_student(3, 1, seed=0, steps=0, frozen=["gain"], **SMALL)
    with pytest.raises(ValueError, match="student must have no frozen part"):
        sources.constants_in_w2(frozen)
    before = train_student(3, 1, seed=0, steps=0, placement="pre", **SMALL)
    with pytest.raises(ValueError, match="student must not normalise before"):
        sources.constants_in_w2(before)
