"""Descent within an eigenspace: against free descent, and against the quadratic model."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from depth_not_data.residual import restricted_descent
from depth_not_data.residual.network import train_student

SMALL = {"n_samples": 40, "progress": False}


@pytest.fixture(scope="module")
def students():
    return restricted_descent.five_students(3, 2, seed=0, steps=300, n_samples=40)


def test_the_tasks_are_changes_that_a_layer_norm_can_make(students):
    assert tuple(students) == restricted_descent.TASKS
    for task, size in (("linear", 0.1), ("quadratic", 0.1), ("small linear", 0.01)):
        change = students[task].targets - students[task].model(students[task].inputs)
        assert change.square().mean().sqrt().item() == pytest.approx(size)
        assert change.mean(1).abs().max() < 1e-12
    ratio = (students["linear"].targets - students["late"].model(students["late"].inputs)) / (
        students["small linear"].targets - students["late"].model(students["late"].inputs)
    )
    assert torch.allclose(ratio, torch.full_like(ratio, 10.0))


def test_the_free_descent_is_plain_gradient_descent():
    student = train_student(3, 2, seed=1, steps=0, **SMALL)
    free = restricted_descent.descend([student], 5)[0, 0]
    lr = 1 / restricted_descent.eigenspaces(student)[0]
    losses = []
    for _ in range(6):
        loss = functional.mse_loss(student.model(student.inputs), student.targets)
        losses.append(loss.item())
        student.model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in student.model.parameters():
                p -= lr * p.grad
    assert np.allclose(free, losses)


def test_a_restricted_step_leaves_the_other_space_alone(students):
    """At a small residual the three descents share out what free descent removes."""
    curves = restricted_descent.descend([students["small linear"]], 1)[:, 0]
    removed = curves[:, 0] - curves[:, 1]
    assert removed[1] + removed[2] == pytest.approx(removed[0], rel=0.05)
    assert removed[1] > 5 * abs(removed[2])


def test_students_descend_side_by_side_as_alone(students):
    pair = [students["linear"], students["quadratic"]]
    both = restricted_descent.descend(pair, 3)
    alone = [restricted_descent.descend([student], 3)[:, 0] for student in pair]
    assert np.allclose(both, np.stack(alone, axis=1))


def test_the_model_says_what_a_small_change_does(students):
    student = students["small linear"]
    curves = restricted_descent.descend([student], 3)[:, 0]
    model = restricted_descent.removed_by_quadratic_model(student, 3)
    assert model[:2] == pytest.approx((curves[:, 0] - curves[:, -1])[:2], rel=0.1)


def test_eigenspaces_are_orthogonal_and_complete():
    student = train_student(3, 1, seed=0, steps=5, **SMALL)
    _, top, rest = restricted_descent.eigenspaces(student)
    assert top.shape[1] == 9
    whole = torch.cat([top, rest], 1)
    assert torch.allclose(whole.T @ whole, torch.eye(len(whole), dtype=torch.float64))


def test_bad_input_is_named():
    student = train_student(3, 1, seed=0, steps=0, activation="tanh", **SMALL)
    with pytest.raises(ValueError, match="students must be post-LN networks with ReLU"):
        restricted_descent.descend([student], 1)
    with pytest.raises(ValueError, match="students must hold at least one"):
        restricted_descent.descend([], 1)
    with pytest.raises(ValueError, match="steps must be"):
        restricted_descent.descend([student], 0)
    with pytest.raises(ValueError, match="steps must be"):
        restricted_descent.removed_by_quadratic_model(student, 0)
