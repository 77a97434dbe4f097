"""The options of the residual network that only the knock-outs use."""

import numpy as np
import pytest
import torch
from torch.func import functional_call

from depth_not_data.residual import activations
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual.network import train_student
from depth_not_data.spectra.autograd import dense_hessian

SMALL = {"steps": 5, "n_samples": 20}

KNOCK_OUTS = [
    {"frozen": ["gain"]},
    {"frozen": ["bias"]},
    {"frozen": ["gain", "bias"]},
    {"frozen": ["gain"], "norm": "rms"},
    {"frozen": ["bias"], "placement": "pre", "bias": True},
    {"frozen": ["gain"], "activation": "relu-centred"},
    {"rotation": "shared"},
    {"rotation": "separate"},
    {"rotation": "separate", "placement": "pre"},
    {"rotation": "separate", "placement": "none", "activation": "tanh"},
    {"input_mean": [1.0, -1.0, 0.5], "input_std": [2.0, 1.0, 0.0]},
]


def student_of(options, n_block=3):
    student = train_student(3, n_block, seed=1, **SMALL, **options)
    generator = torch.Generator().manual_seed(1)
    for p in student.model.parameters():
        p.data += 0.2 * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    return student


def oracle(student):
    """Return the Hessian over the parameters that are trained, from automatic differentiation."""
    trained = {k: p.detach() for k, p in student.model.named_parameters() if p.requires_grad}

    def loss(values):
        state = dict(zip(trained, values, strict=True))
        outputs = functional_call(student.model, state, (student.inputs,))
        return (outputs - student.targets).square().mean()

    return dense_hessian(loss, list(trained.values()))


def relative_error(student):
    expected = oracle(student)
    matrix = residual_hessian.hessian(student)
    return ((matrix - expected).abs().max() / expected.abs().max()).item()


@pytest.mark.parametrize("options", KNOCK_OUTS, ids=str)
def test_the_hessian_of_every_knock_out_agrees_with_the_oracle(options):
    assert relative_error(student_of(options)) < 1e-12


def test_a_forgotten_rotation_is_noticed(monkeypatch):
    student = student_of({"rotation": "separate"})
    monkeypatch.setattr(residual_hessian, "_turn", lambda h, block: h)
    assert relative_error(student) > 1e-3


def test_frozen_parts_stay_and_leave_the_hessian():
    student = train_student(3, 2, seed=0, frozen=["gain"], **SMALL)
    for block in student.model.blocks:
        assert torch.equal(block.norm.gain, torch.ones(3, dtype=torch.float64))
        assert not torch.equal(block.norm.bias, torch.zeros(3, dtype=torch.float64))
    free = train_student(3, 2, seed=0, **SMALL)
    assert not torch.equal(free.model.blocks[0].norm.gain, torch.ones(3, dtype=torch.float64))
    assert len(residual_hessian.hessian(free)) - len(residual_hessian.hessian(student)) == 6


def test_freezing_both_parts_is_the_network_without_them():
    frozen = train_student(3, 2, seed=0, frozen=["gain", "bias"], **SMALL)
    plain = train_student(3, 2, seed=0, norm="layer-plain", **SMALL)
    torch.testing.assert_close(
        residual_hessian.hessian(frozen), residual_hessian.hessian(plain), rtol=0, atol=1e-12
    )


def test_a_shared_rotation_turns_the_inputs_and_nothing_else():
    student = train_student(4, 2, seed=0, rotation="shared", **SMALL)
    turn = student.model.blocks[0].rotation
    torch.testing.assert_close(turn @ turn.T, torch.eye(4, dtype=torch.float64))
    outputs = student.model(student.inputs)
    for block in student.model.blocks:
        block.rotation = None
    torch.testing.assert_close(student.model(student.inputs @ turn.T), outputs)


def test_teacher_and_student_share_rotations_that_differ_between_blocks():
    student = train_student(4, 3, seed=0, rotation="separate", **SMALL)
    pairs = zip(student.model.blocks, student.teacher.blocks, strict=True)
    assert all(torch.equal(a.rotation, b.rotation) for a, b in pairs)
    first, second, _ = (block.rotation for block in student.model.blocks)
    assert not torch.allclose(first, second)


def test_inputs_have_the_mean_and_the_deviation_asked_for():
    plain = train_student(3, 1, seed=0, **SMALL).inputs.numpy()
    mean, std = [1.0, -2.0, 0.0], [2.0, 1.0, 0.0]
    moved = train_student(3, 1, seed=0, input_mean=mean, input_std=std, **SMALL).inputs.numpy()
    np.testing.assert_allclose(moved, plain * std + mean, rtol=0, atol=1e-15)


def test_the_mean_of_the_centred_relu_is_that_of_the_start():
    draws = torch.randn(200_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    values = activations.FUNCTIONS["relu-centred"](draws / 3**0.5)
    assert abs(values.mean()) < 5 * values.std() / len(draws) ** 0.5


@pytest.mark.parametrize("name", activations.FUNCTIONS)
def test_the_derivatives_of_every_activation_are_those_of_its_function(name):
    u = torch.linspace(-2.0, 2.0, 40, dtype=torch.float64).requires_grad_()
    value = activations.FUNCTIONS[name](u)
    (slope,) = torch.autograd.grad(value.sum(), u, create_graph=True)
    ours = activations.DERIVATIVES[name](u.detach())
    torch.testing.assert_close(ours[0], value.detach())
    torch.testing.assert_close(ours[1], slope.detach())
    if ours[2] is not None:
        (bend,) = torch.autograd.grad(slope.sum(), u)
        torch.testing.assert_close(ours[2], bend)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"frozen": ["weights"]}, "frozen"),
        ({"frozen": ["gain"], "norm": "layer-plain"}, "frozen"),
        ({"frozen": ["bias"], "norm": "rms"}, "frozen"),
        ({"frozen": ["gain"], "placement": "none"}, "frozen"),
        ({"rotation": "both"}, "rotation"),
        ({"input_mean": [1.0]}, "input_mean"),
        ({"input_mean": [1.0, float("nan"), 0.0]}, "input_mean"),
        ({"input_std": [1.0, -1.0, 0.0]}, "input_std"),
        ({"input_std": [1.0, 1.0]}, "input_std"),
    ],
)
def test_bad_input_is_named(arguments, name):
    with pytest.raises(ValueError, match=f"{name} must"):
        train_student(3, 1, seed=0, **SMALL, **arguments)
