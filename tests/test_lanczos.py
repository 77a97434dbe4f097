"""The largest eigenvalues without a dense Hessian."""

import numpy as np
import pytest
import torch

from depth_not_data import hessian, resnet, resnet_hessian, sweeps
from depth_not_data.lanczos import largest_eigenvalues, top_sweep

SMALL = {"steps": 30, "n_samples": 40}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(sweeps.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.mark.parametrize("n_block", [1, 3])
def test_they_are_those_of_the_dense_hessian(n_block):
    student = resnet.train_student(4, n_block, seed=1, **SMALL)
    dense = hessian.eigenvalues(resnet_hessian.hessian(student))
    found = largest_eigenvalues(student, 12)
    np.testing.assert_allclose(found, dense[:12], rtol=0, atol=1e-13 * dense[0])


def test_the_comparison_sees_other_weights():
    student = resnet.train_student(4, 2, seed=1, **SMALL)
    before = largest_eigenvalues(student, 3)
    with torch.no_grad():
        student.model.blocks[0].w1.mul_(1.01)
    assert np.all(np.abs(largest_eigenvalues(student, 3) / before - 1) > 1e-5)


def test_the_global_random_state_is_not_used():
    student = resnet.train_student(4, 1, seed=1, **SMALL)
    state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    largest_eigenvalues(student, 3)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    assert torch.equal(torch_state, torch.get_rng_state())


def test_a_sweep_trains_each_seed_once(monkeypatch):
    calls = []
    train = resnet.train_student

    def counted(*args, **kwargs):
        calls.append(kwargs["seed"])
        return train(*args, **kwargs)

    monkeypatch.setattr(resnet, "train_student", counted)
    first = top_sweep(3, 1, [2, 0], 4, n_jobs=1, **SMALL)
    second = top_sweep(3, 1, [2, 0], 4, n_jobs=1, **SMALL)
    assert calls == [2, 0]
    assert [run.seed for run in second] == [2, 0]
    np.testing.assert_array_equal(first[1].eigenvalues, second[1].eigenvalues)


@pytest.mark.parametrize("count", [0, 2.5, 1000, True])
def test_bad_input_is_named(count):
    student = resnet.train_student(3, 1, seed=0, steps=0, n_samples=5)
    with pytest.raises(ValueError, match="count"):
        largest_eigenvalues(student, count)
