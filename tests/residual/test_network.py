import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from depth_not_data.residual import activations
from depth_not_data.residual import network as residual_network
from depth_not_data.residual.network import ResidualNetwork, train_student, zero_residual_student

SMALL = {"steps": 3, "n_samples": 12}


def network(n_embd=3, n_block=2, seed=0, **options):
    return ResidualNetwork(
        n_embd, n_block, generator=torch.Generator().manual_seed(seed), **options
    )


def reference(model, h, placement, norm, activation):
    """Compute the same network from PyTorch's own layers."""
    act = {
        "relu": nn.ReLU(),
        "gelu": nn.GELU(),
        "silu": nn.SiLU(),
        "tanh": nn.Tanh(),
        "relu-centred": lambda u: u.clamp(min=0) - (1 / 3 / (2 * np.pi)) ** 0.5,
        "abs": lambda u: u * u.sign(),
    }[activation]
    width = h.shape[1]
    for block in model.blocks:
        layer = nn.Identity()
        if placement != "none":
            layer = {
                "layer": nn.LayerNorm(width),
                "layer-plain": nn.LayerNorm(width, elementwise_affine=False),
                "rms": nn.RMSNorm(width),
            }[norm].double()
            if block.norm.gain is not None:
                layer.weight = block.norm.gain
            if block.norm.bias is not None:
                layer.bias = block.norm.bias
        first = nn.Linear(width, 4 * width).double()
        second = nn.Linear(4 * width, width).double()
        first.weight, second.weight = block.w1, block.w2
        first.bias, second.bias = block.b1, block.b2
        v = layer(h) if placement == "pre" else h
        h = h + second(act(first(v)))
        h = layer(h) if placement != "pre" else h
    return h


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("activation", activations.FUNCTIONS)
@pytest.mark.parametrize("norm", residual_network.NORMS)
@pytest.mark.parametrize("placement", residual_network.PLACEMENTS)
def test_every_candidate_is_the_network_it_says(placement, norm, activation, bias):
    model = network(placement=placement, norm=norm, activation=activation, bias=bias)
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():  # gains and biases away from 1 and 0
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data += 0.1 * noise
    h = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    expected = reference(model, h, placement, norm, activation)
    torch.testing.assert_close(model(h), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 1640),
        ({"norm": "layer-plain"}, 1600),
        ({"norm": "rms"}, 1620),
        ({"placement": "pre"}, 1640),
        ({"placement": "none"}, 1600),
        ({"bias": True}, 1740),
    ],
)
def test_parameter_counts(options, expected):
    assert sum(p.numel() for p in network(10, 2, **options).parameters()) == expected


def test_initial_weights_follow_pytorch_s_default_for_linear_layers():
    model = network(20, 8, bias=True)
    for name, fan_in in [("w1", 20), ("b1", 20), ("w2", 80), ("b2", 80)]:
        draws = torch.cat([getattr(block, name).detach().flatten() for block in model.blocks])
        bound = fan_in**-0.5
        assert draws.abs().max() <= bound
        # A uniform distribution on +-bound has mean 0 and variance bound^2 / 3; allow five
        # standard errors.
        count = len(draws)
        assert abs(draws.mean()) < 5 * bound / (3 * count) ** 0.5
        assert abs(draws.var() / (bound**2 / 3) - 1) < 5 * (0.8 / count) ** 0.5
    layer = nn.Linear(20, 80)
    assert layer.weight.abs().max() <= 20**-0.5  # the bound is PyTorch's


def test_a_seed_gives_the_same_student_whatever_the_global_state():
    torch.manual_seed(1)
    state = torch.get_rng_state()
    one = train_student(3, 2, seed=4, **SMALL)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    two = train_student(3, 2, seed=4, **SMALL)
    other = train_student(3, 2, seed=5, **SMALL)
    for a, b, c in zip(
        one.model.parameters(), two.model.parameters(), other.model.parameters(), strict=True
    ):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
    assert torch.equal(one.inputs, two.inputs)
    assert torch.equal(one.targets, two.targets)


def test_training_options_leave_the_draws_alone():
    one = train_student(3, 1, seed=0, steps=0, n_samples=5)
    two = train_student(3, 1, seed=0, steps=0, n_samples=9, lr=1e-2, optimiser="sgd")
    assert torch.equal(one.teacher.blocks[0].w1, two.teacher.blocks[0].w1)
    assert torch.equal(one.model.blocks[0].w1, two.model.blocks[0].w1)
    assert not torch.equal(one.model.blocks[0].w1, one.teacher.blocks[0].w1)


def test_everything_is_float64():
    student = train_student(3, 2, seed=0, bias=True, **SMALL)
    tensors = [student.inputs, student.targets, *student.model.parameters()]
    assert {t.dtype for t in tensors} == {torch.float64}


def test_targets_are_the_teacher_s_and_the_loss_is_recorded_at_both_ends():
    start = train_student(3, 2, seed=0, steps=0, n_samples=12)
    student = train_student(3, 2, seed=0, **SMALL)
    with torch.no_grad():
        assert torch.equal(student.teacher(student.inputs), student.targets)
        final = functional.mse_loss(student.model(student.inputs), student.targets)
    assert student.loss_history.shape == (4,)
    assert student.loss_history[0] == start.loss_history[0]
    assert student.loss_history[-1] == final.item()


def test_gradient_descent_takes_the_step_it_should():
    start = train_student(3, 1, seed=0, steps=0, n_samples=12)
    moved = train_student(3, 1, seed=0, steps=1, n_samples=12, optimiser="sgd", lr=0.5)
    loss = functional.mse_loss(start.model(start.inputs), start.targets)
    before = list(start.model.parameters())
    for p, g, q in zip(
        before, torch.autograd.grad(loss, before), moved.model.parameters(), strict=True
    ):
        torch.testing.assert_close(p - 0.5 * g, q, rtol=0, atol=1e-15)


def test_adam_lowers_the_loss():
    history = train_student(4, 2, seed=0, steps=200, n_samples=50).loss_history
    assert np.all(np.isfinite(history))
    assert history[-1] < 0.2 * history[0]


def test_no_bar_is_drawn_outside_a_terminal_unless_asked_for(capsys):
    train_student(3, 1, seed=0, **SMALL)
    assert capsys.readouterr().err == ""
    train_student(3, 1, seed=0, progress=True, **SMALL)
    assert "training" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"n_embd": 0}, "n_embd"),
        ({"n_embd": 1}, "n_embd"),
        ({"n_embd": 2.5}, "n_embd"),
        ({"n_block": 0}, "n_block"),
        ({"n_block": True}, "n_block"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
        ({"placement": "both"}, "placement"),
        ({"norm": "batch"}, "norm"),
        ({"activation": "linear"}, "activation"),
        ({"bias": 1}, "bias"),
        ({"optimiser": "lbfgs"}, "optimiser"),
        ({"lr": 0.0}, "lr"),
        ({"lr": float("nan")}, "lr"),
        ({"steps": -1}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"n_samples": 0}, "n_samples"),
    ],
)
def test_bad_input_is_named(arguments, name):
    with pytest.raises(ValueError, match=f"{name} must be"):
        train_student(**{"n_embd": 3, "n_block": 1, "seed": 0, **SMALL, **arguments})


def test_a_width_of_one_is_fine_without_a_layernorm():
    assert train_student(1, 1, seed=0, placement="none", **SMALL).targets.shape == (12, 1)


def test_the_zero_residual_student_is_the_untrained_one_with_its_own_outputs():
    ours, start = (
        make(3, 2, seed=5, n_samples=12, norm="rms", **options)
        for make, options in ((zero_residual_student, {}), (train_student, {"steps": 0}))
    )
    assert torch.equal(ours.inputs, start.inputs)
    for p, q in zip(ours.model.parameters(), start.model.parameters(), strict=True):
        assert torch.equal(p, q)
    with torch.no_grad():
        assert torch.equal(ours.targets, start.model(start.inputs))
        assert torch.equal(ours.targets, ours.teacher(ours.inputs))
    assert ours.loss_history.tolist() == [0.0]
    assert start.loss_history[0] > 0


def test_the_zero_residual_student_can_be_a_trained_one():
    ours, trained = (
        zero_residual_student(3, 1, seed=0, **SMALL),
        train_student(3, 1, seed=0, **SMALL),
    )
    for p, q in zip(ours.model.parameters(), trained.model.parameters(), strict=True):
        assert torch.equal(p, q)
    with pytest.raises(ValueError, match="norm must be"):
        zero_residual_student(3, 1, seed=0, norm="batch")


@pytest.mark.parametrize("rotation", ["none", "shared", "separate"])
@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"n_embd": -1}, "n_embd"), ({"n_embd": 2.5}, "n_embd"), ({"n_block": "2"}, "n_block")],
    ids=str,
)
def test_the_size_is_named_whatever_the_rotation(rotation, arguments, name):
    with pytest.raises(ValueError, match=f"{name} must be an integer"):
        train_student(
            **{"n_embd": 3, "n_block": 1, "seed": 0, "rotation": rotation, **SMALL, **arguments}
        )


@pytest.mark.parametrize("frozen", ["gain", None, 1], ids=repr)
def test_frozen_parts_come_in_a_sequence(frozen):
    with pytest.raises(ValueError, match=f"frozen must be a sequence .*, got {frozen!r}"):
        train_student(3, 1, seed=0, frozen=frozen, **SMALL)
