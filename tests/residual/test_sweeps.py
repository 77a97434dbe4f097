import functools
import shutil
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch

from depth_not_data import _source
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network
from depth_not_data.residual import stored_runs
from depth_not_data.residual.sweeps import sweep, top_sweep

SMALL = {"steps": 3, "n_samples": 12}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(stored_runs.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def trainings(monkeypatch):
    """Count the students trained in this process."""
    calls = []
    train = residual_network.train_student

    @functools.wraps(train)
    def counted(*args, **kwargs):
        calls.append(args)
        return train(*args, **kwargs)

    monkeypatch.setattr(residual_network, "train_student", counted)
    return calls


def test_runs_come_in_order_and_hold_the_student_s_spectrum():
    runs = sweep([2, 3], [1, 2], [0, 5], n_jobs=1, **SMALL)
    keys = [(run.n_embd, run.n_block, run.seed) for run in runs]
    assert keys == [(n, d, s) for n in (2, 3) for d in (1, 2) for s in (0, 5)]
    student = residual_network.train_student(3, 2, seed=5, **SMALL)
    expected = np.linalg.eigvalsh(residual_hessian.hessian(student).numpy())[::-1]
    np.testing.assert_allclose(runs[-1].eigenvalues, expected, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(runs[-1].loss_history, student.loss_history)


def test_a_second_sweep_trains_only_what_is_new(trainings):
    first = sweep([2], [1], [0, 1], n_jobs=1, **SMALL)
    second = sweep([2], [1], [0, 1, 2], n_jobs=1, **SMALL)
    assert len(trainings) == 3
    np.testing.assert_array_equal(first[1].eigenvalues, second[1].eigenvalues)


def test_another_option_is_another_result(trainings):
    relu, tanh = (
        sweep([2], [1], [0], n_jobs=1, activation=name, **SMALL)[0] for name in ("relu", "tanh")
    )
    assert len(trainings) == 2
    assert not np.allclose(relu.eigenvalues, tanh.eigenvalues)


def test_a_default_spelt_out_is_the_same_run(trainings):
    sweep([2], [1], [0], n_jobs=1, **SMALL)
    sweep([2], [1], [0], n_jobs=1, lr=1e-3, norm="layer", frozen=(), **SMALL)
    assert len(trainings) == 1


def test_code_that_does_something_else_is_another_key(monkeypatch):
    before = stored_runs.fingerprint(sweep)
    monkeypatch.setattr(_source, "fingerprint", lambda module: f"edited {module}")
    assert stored_runs.fingerprint(sweep) != before


def test_a_top_sweep_trains_each_seed_once(trainings):
    first = top_sweep(3, 1, [2, 0], 4, n_jobs=1, **SMALL)
    second = top_sweep(3, 1, [2, 0], 4, n_jobs=1, **SMALL)
    assert len(trainings) == 2
    assert [run.seed for run in second] == [2, 0]
    np.testing.assert_array_equal(first[1].eigenvalues, second[1].eigenvalues)


def test_another_torch_is_seen(monkeypatch):
    before = stored_runs.fingerprint(sweep)
    monkeypatch.setattr(torch, "__version__", "0.0")
    assert stored_runs.fingerprint(sweep) != before


def test_the_backend_can_be_switched_from_outside():
    here = sweep([2], [1], [0, 1], n_jobs=1, **SMALL)
    shutil.rmtree(stored_runs.cache_folder())
    with joblib.parallel_config(backend="threading"):
        there = sweep([2], [1], [0, 1], n_jobs=2, **SMALL)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_array_equal(a.eigenvalues, b.eigenvalues)


def test_the_number_of_threads_is_left_as_it_was():
    before = torch.get_num_threads()
    sweep([2], [1], [0], n_jobs=1, **SMALL)
    assert torch.get_num_threads() == before


def test_the_cache_of_a_checkout_lies_in_it(monkeypatch):
    monkeypatch.delenv(stored_runs.CACHE_VARIABLE)
    assert stored_runs.cache_folder() == Path(__file__).resolve().parents[2] / ".cache"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (([0], [1], [0]), "n_embd"),
        (([2], [1.5], [0]), "n_block"),
        (([2], [1], [-1]), "seeds"),
        (([2], [1], [True]), "seeds"),
    ],
)
def test_bad_input_is_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        sweep(*arguments, n_jobs=1, **SMALL)


def test_a_bad_option_is_named():
    with pytest.raises(ValueError, match="lr must be"):
        sweep([2], [1], [0], n_jobs=1, lr=-1.0)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0, 1, [0], 4), "n_embd"),
        (("2", 1, [0], 4), "n_embd"),
        ((2, 1.5, [0], 4), "n_block"),
        ((2, 1, [-1], 4), "seeds"),
        ((2, 1, 3, 4), "seeds must be an iterable of integers, got 3"),
        ((2, 1, [0], 0), "count"),
    ],
    ids=str,
)
def test_bad_input_of_a_top_sweep_is_named_before_anything_is_trained(trainings, arguments, name):
    with pytest.raises(ValueError, match=name):
        top_sweep(*arguments, n_jobs=1, **SMALL)
    assert not trainings
