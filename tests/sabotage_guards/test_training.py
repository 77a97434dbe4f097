"""Guards for sabotages of the training that went unseen: small runs, the chapters' assertions."""

import pytest
import torch

from depth_not_data.presentation import evidence
from depth_not_data.residual import stored_runs, sweeps
from depth_not_data.residual.network import train_student


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(stored_runs.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.mark.parametrize("lr", [1e-3, 3e-3, 1e-2])
def test_the_first_step_of_adam_is_the_learning_rate(lr):
    before, after = (
        torch.cat([p.detach().flatten() for p in student.model.parameters()])
        for student in (train_student(4, 2, seed=0, lr=lr, steps=t, n_samples=50) for t in (0, 1))
    )
    moved = (after - before).abs()
    # Adam's first step is lr times the gradient's sign, where the gradient is far above 1e-8.
    assert moved.max().item() == pytest.approx(lr, rel=1e-3)
    assert moved.median().item() == pytest.approx(lr, rel=1e-3)


def test_a_sweep_is_evidence():
    runs = sweeps.sweep([4], [1], range(3), steps=40, n_samples=40, n_jobs=1)
    evidence.independent(runs)
