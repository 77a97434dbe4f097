"""Training in batches: every network moves as it would alone."""

import pytest
import torch

from depth_not_data.linear import batched, network, tanh

WIDTHS = (4, 5, 5, 3)


def problems(*seeds):
    return [network.aligned_problem(WIDTHS, 2, seed=seed, variance=0.1) for seed in seeds]


def test_a_linear_batch_trains_as_each_network_alone():
    weights, target = batched.stacked(problems(0, 1, 2))
    settings = {"lr": 0.02, "momentum": 0.9}
    both = dict(batched.gradient_descent(weights, target, marks=(0, 50, 200), **settings))
    assert list(both) == [0, 50, 200]
    for i, p in enumerate(problems(0, 1, 2)):
        alone = network.gradient_descent(p.weights, p.target, steps=200, every=50, **settings)
        for t, layers in alone:
            for k, layer in enumerate(layers):
                if t in both:
                    assert torch.allclose(both[t][k][i], layer, atol=1e-13)


def test_the_first_step_goes_down_the_gradient_of_any_outputs():
    (p,) = problems(0)
    path = batched.gradient_descent(
        p.weights, p.target, lr=0.05, momentum=0.9, marks=(1, 40), outputs=tanh.outputs
    )
    trained = dict(path)
    point = [layer.clone().requires_grad_(True) for layer in p.weights]
    gradients = torch.autograd.grad(tanh.losses(point, p.target), point)
    for before, after, gradient in zip(p.weights, trained[1], gradients, strict=True):
        assert torch.allclose(after, before - 0.05 * gradient)
    assert tanh.losses(trained[40], p.target) < tanh.losses(p.weights, p.target)


def test_weights_of_the_caller_are_left_alone():
    weights, target = batched.stacked(problems(0))
    before = [layer.clone() for layer in weights]
    list(batched.gradient_descent(weights, target, lr=0.1, momentum=0.0, marks=[3]))
    assert all(torch.equal(a, b) for a, b in zip(before, weights, strict=True))


def test_a_batch_stops_where_its_first_network_diverges():
    eye = torch.eye(2, dtype=torch.float64)
    steep, flat = [2 * eye] * 3, [0.1 * eye] * 3
    with pytest.raises(ArithmeticError) as alone:
        list(network.gradient_descent(steep, eye, lr=0.5, steps=500))
    weights = [torch.stack(pair) for pair in zip(flat, steep, strict=True)]
    settings = {"lr": 0.5, "momentum": 0.0}
    with pytest.raises(ArithmeticError, match="of a batch diverges with lr") as together:
        list(batched.gradient_descent(weights, eye, marks=[500], **settings))
    assert str(together.value).replace(" of a batch", "") == str(alone.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 0}, "lr must"),
        ({"momentum": 1.0}, "momentum must"),
        ({"marks": [-1]}, "marks must be an integer"),
        ({"marks": []}, "marks must hold"),
    ],
)
def test_bad_input(change, message):
    weights, target = batched.stacked(problems(0))
    settings = {"lr": 0.1, "momentum": 0.0, "marks": [1]} | change
    with pytest.raises(ValueError, match=message):
        batched.gradient_descent(weights, target, **settings)


def test_problems_of_different_shape_make_no_batch():
    other = network.aligned_problem((3, 2), 1, seed=0)
    with pytest.raises(ValueError, match="problems must have the same widths"):
        batched.stacked([*problems(0), other])
