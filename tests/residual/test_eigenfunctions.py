import numpy as np
import pytest
import torch

from depth_not_data.residual import functions, stored_runs
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network
from depth_not_data.residual.eigenfunctions import _summary, analyse

SMALL = {"steps": 20, "n_samples": 60}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(stored_runs.CACHE_VARIABLE, str(tmp_path / "cache"))


def test_shares_and_eigenvalues_are_those_of_the_student():
    (found,) = analyse([(4, 2, 3)], n_jobs=1, **SMALL)
    student = residual_network.train_student(4, 2, seed=3, **SMALL)
    exact = np.linalg.eigvalsh(residual_hessian.hessian(student).numpy())[::-1]
    np.testing.assert_allclose(found.eigenvalues, exact[:20], rtol=0, atol=1e-13)
    np.testing.assert_allclose(sum(found.kinds.values()), 1.0, atol=1e-12)
    np.testing.assert_allclose(sum(found.parts.values()), 1.0, atol=1e-12)
    assert np.all(found.identity <= found.diagonal + 1e-12)
    assert np.all(found.constant_along_mean <= found.kinds["constant"] + 1e-12)
    assert found.loss == student.loss_history[-1]


def test_the_first_cluster_is_seen_as_constants_and_a_random_direction_is_not():
    (found,) = analyse([(6, 2, 0)], n_jobs=1, steps=200, n_samples=300)
    constants = found.kinds["constant"]
    assert constants[:5].mean() > 0.7
    assert constants[15:36].mean() < 0.1
    assert found.random_kinds["constant"].mean() < 0.5


def test_results_come_in_the_order_of_the_cases_and_only_once(monkeypatch):
    calls = []
    train = residual_network.train_student

    def counted(*args, **kwargs):
        calls.append(args)
        return train(*args, **kwargs)

    monkeypatch.setattr(residual_network, "train_student", counted)
    cases = [(3, 1, 1), (4, 1, 0), (3, 1, 0)]
    first = analyse(cases, n_jobs=1, **SMALL)
    assert [(f.n_embd, f.n_block, f.seed) for f in first] == cases
    second = analyse(cases, n_jobs=1, **SMALL)
    assert len(calls) == 3
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.eigenvalues, b.eigenvalues)


def test_threads_are_left_as_they_were():
    before = torch.get_num_threads()
    analyse([(3, 1, 0)], n_jobs=1, **SMALL)
    assert torch.get_num_threads() == before


def test_the_signs_of_the_eigenvectors_change_nothing():
    student = residual_network.train_student(4, 2, seed=3, **SMALL)
    values, vectors = functions.leading_eigenpairs(residual_hessian.hessian(student), 20)
    signs = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(10)
    one, two = (_summary(student, 3, values, v) for v in (vectors, vectors * signs))
    for name, before in vars(one).items():
        after = getattr(two, name)
        pairs = (
            zip(before.values(), after.values(), strict=True)
            if isinstance(before, dict)
            else [(before, after)]
        )
        for a, b in pairs:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize(
    ("case", "name"), [((1, 1, 0), "n_embd"), ((3, 0, 0), "n_block"), ((3, 1, -1), "seed")]
)
def test_bad_input_is_named(case, name):
    with pytest.raises(ValueError, match=f"{name} must be"):
        analyse([case], n_jobs=1, **SMALL)


@pytest.mark.parametrize("cases", [(3, 1, 0), [(3, 1)], 3, [(3, 1, 0, 0)]], ids=repr)
def test_cases_come_in_triples(cases):
    with pytest.raises(ValueError, match="cases must be triples"):
        analyse(cases, n_jobs=1, **SMALL)
