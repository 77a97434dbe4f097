"""The batched descent against the book's own training and Hessian, and the predicted level."""

import numpy as np
import pytest
import torch

from depth_not_data.residual import batched, hessian, stable_steps, wide_limit
from depth_not_data.residual.batched import Batch, Setting
from depth_not_data.residual.network import train_student
from depth_not_data.spectra import autograd

FROZEN = {(1, 1): (), (0, 1): ("gain",), (1, 0): ("bias",), (0, 0): ("gain", "bias")}


@pytest.mark.parametrize("affine", FROZEN)
@pytest.mark.parametrize("activation", ["relu", "relu-centred"])
def test_each_run_is_the_books_training(affine, activation):
    batch = Batch(Setting(5, 2, activation, *affine), [3, 4], 30, copies=2)
    steps = torch.tensor([0.5, 0.5, 1.0, 1.0], dtype=torch.float64)
    histories = batched.descend(batch, steps, 15)
    largest = batched.sharpness(batch)
    for run, (lr, seed) in enumerate([(0.5, 3), (0.5, 4), (1.0, 3), (1.0, 4)]):
        student = train_student(
            5, 2, seed=seed, lr=lr, steps=15, n_samples=30, optimiser="sgd",
            activation=activation, frozen=FROZEN[affine], progress=False,
        )  # fmt: skip
        assert histories[run] == pytest.approx(student.loss_history, rel=1e-9)
        top = autograd.eigenvalues(hessian.hessian(student))[0]
        assert largest[run] == pytest.approx(top, rel=1e-3)


def test_smaller_learning_rate_of_gain_and_bias_is_a_scale():
    slow = Batch(Setting(5, 2, gain=0.1, bias=0.25), [0], 30)
    batched.descend(slow, torch.tensor([0.5], dtype=torch.float64), 10)
    student = train_student(5, 2, seed=0, steps=0, n_samples=30, progress=False)
    model = student.model
    ratio = {"gain": 0.1, "bias": 0.25}
    named = dict(model.named_parameters())
    for _ in range(10):
        loss = (model(student.inputs) - student.targets).square().mean()
        gradients = torch.autograd.grad(loss, named.values())
        with torch.no_grad():
            for (name, p), g in zip(named.items(), gradients, strict=True):
                p -= 0.5 * ratio.get(name.split(".")[-1], 1.0) * g
    with torch.no_grad():
        assert slow.outputs()[0].numpy() == pytest.approx(model(student.inputs).numpy(), abs=1e-12)


def test_the_teacher_can_keep_its_own_activation():
    own, other = (Batch(Setting(5, 1, "relu-centred", teacher=t), [0], 9) for t in (None, "relu"))
    plain = Batch(Setting(5, 1), [0], 9)
    assert torch.equal(other.targets, plain.targets)
    assert not torch.equal(own.targets, plain.targets)
    assert torch.equal(own.inputs, other.inputs)
    assert torch.equal(own.inputs, plain.inputs)


@pytest.mark.parametrize(("n", "d"), [(6, 1), (10, 2), (12, 4)])
def test_predicted_level_is_that_of_the_wide_limit(n, d):
    found = {level.functions: level.eigenvalue for level in wide_limit.levels(n, d)}
    assert stable_steps.predicted_sharpness(Setting(n, d)) == pytest.approx(found["constants"])
    bare = stable_steps.predicted_sharpness(Setting(n, d, "relu-centred", gain=1, bias=0))
    assert bare == pytest.approx(found["diagonal maps"])
    none = stable_steps.predicted_sharpness(Setting(n, d, "relu-centred", gain=0, bias=0))
    assert none == pytest.approx(found["antisymmetric maps"])


@pytest.mark.parametrize("part", [{"gain": 0.0}, {"bias": 0.0}, {"gain": 0.1, "bias": 0.1}])
def test_without_affine_parts_the_level_does_not_rise(part):
    whole = stable_steps.predicted_sharpness(Setting())
    assert stable_steps.predicted_sharpness(Setting(**part)) <= whole


def test_stored_runs_have_one_row_a_step_and_look_where_asked(monkeypatch, tmp_path):
    monkeypatch.setenv("DEPTH_NOT_DATA_CACHE", str(tmp_path))
    (run,) = stable_steps.trained(
        [Setting(4, 1)], [[0.1, 0.2, 0.4]], [0, 1], updates=3, n_samples=10, look=[1]
    )
    assert run.losses.shape == (3, 2, 4)
    assert run.sharpness.shape == (3, 2)
    assert np.isfinite(run.sharpness).tolist() == [[False] * 2, [True] * 2, [False] * 2]


@pytest.mark.parametrize(
    "setting",
    [Setting(1), Setting(5, 0), Setting(activation="step"), Setting(gain=-1), "unchanged"],
)
def test_bad_settings(setting):
    with pytest.raises(ValueError, match=r"n_embd|n_block|activation|gain|setting"):
        batched.checked(setting)


def test_bad_shapes_and_rules():
    with pytest.raises(ValueError, match="losses and steps"):
        stable_steps.largest_step(np.ones((2, 1, 3)), [1.0], "quiet")
    with pytest.raises(ValueError, match="rule"):
        stable_steps.largest_step(np.ones((1, 1, 3)), [1.0], "loud")
    diverged = np.array([[[1.0, np.nan, np.nan]]])
    for rule in ("quiet", "usable"):
        assert np.isnan(stable_steps.largest_step(diverged, [1.0], rule)).all()
