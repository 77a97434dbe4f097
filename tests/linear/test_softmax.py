import numpy as np
import pytest
import torch

from depth_not_data.linear import softmax
from depth_not_data.spectra import autograd


def data(seed=0, d_in=3, classes=3, samples=12):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(d_in, samples))
    labels = (rng.normal(size=(classes, d_in)) @ inputs).argmax(axis=0)
    return inputs, np.eye(classes)[:, labels]


def test_outer_part_is_the_hessian_less_the_functional_part():
    inputs, targets = data()
    [done] = softmax.train(inputs, targets, (3, 4, 3), seeds=[0], loss=0.9, lr=0.1)
    values, layers = softmax.outer_eigenvalues(done.weights, inputs)
    x, y = torch.tensor(inputs), torch.tensor(targets)
    kept = [torch.tensor(layer) for layer in done.weights]
    tangent = [layer.clone() for layer in kept]

    def loss(weights):
        # Linearised about `kept`: its Hessian is the outer-product part.
        map_ = kept[1] @ weights[0] + weights[1] @ kept[0] - kept[1] @ kept[0]
        return -(torch.log_softmax(map_ @ x, dim=0) * y).sum(dim=0).mean()

    found = autograd.eigenvalues(autograd.dense_hessian(loss, tangent))
    np.testing.assert_allclose(values, found[:9], atol=1e-12)
    assert np.abs(found[9:]).max() < 1e-12
    assert np.all(layers[:4] > 1)
    assert np.all(layers <= 2 + 1e-9)


def test_loss_falls_as_gradient_descent_says():
    inputs, targets = data()
    [done] = softmax.train(inputs, targets, (3, 4, 3), seeds=[3], loss=0.8, lr=0.2)
    [start] = softmax.train(inputs, targets, (3, 4, 3), seeds=[3], loss=50.0, lr=0.2)
    weights = [torch.tensor(layer, requires_grad=True) for layer in start.weights]
    assert start.updates == 0
    for _ in range(done.updates):
        logits = weights[1] @ weights[0] @ torch.tensor(inputs)
        loss = -(torch.log_softmax(logits, dim=0) * torch.tensor(targets)).sum(dim=0).mean()
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for layer, gradient in zip(weights, gradients, strict=True):
                layer -= 0.2 * gradient
    for layer, ours in zip(weights, done.weights, strict=True):
        np.testing.assert_allclose(layer.detach().numpy(), ours, atol=1e-12)


def test_a_seed_is_the_same_alone_and_in_company():
    inputs, targets = data()
    options = {"loss": 0.8, "lr": 0.2}
    [alone] = softmax.train(inputs, targets, (3, 4, 3), seeds=[1], **options)
    _, other = softmax.train(inputs, targets, (3, 4, 3), seeds=[0, 1], **options)
    assert alone.updates == other.updates
    np.testing.assert_allclose(alone.weights[0], other.weights[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": np.ones((3, 12))}, "targets must be one-hot"),
        ({"targets": np.ones((3, 5))}, "one column a sample"),
        ({"widths": (4, 3)}, "widths must lead from 3 inputs"),
        ({"loss": 0.0}, "loss must be"),
        ({"lr": -1.0}, "lr must be"),
        ({"seeds": [-1]}, "seeds must be"),
        ({"steps": 1, "loss": 1e-3}, "steps must be enough"),
    ],
)
def test_bad_arguments(change, message):
    inputs, targets = data()
    options = {"inputs": inputs, "targets": targets, "widths": (3, 3), "seeds": [0]}
    with pytest.raises(ValueError, match=message):
        softmax.train(**{**options, "loss": 0.5, "lr": 0.1, **change})


def test_weights_that_do_not_chain():
    with pytest.raises(ValueError, match=r"weights\[1\] must have 2 columns"):
        softmax.outer_eigenvalues([np.ones((2, 3)), np.ones((3, 3))], np.ones((3, 4)))


def test_training_ends_at_the_first_loss_that_is_at_most_the_goal():
    inputs, targets = data()
    options = {"seeds": [0, 2], "lr": 0.2}
    for done in softmax.train(inputs, targets, (3, 4, 3), loss=0.8, **options):
        logits = done.weights[1] @ done.weights[0] @ inputs
        powers = np.exp(logits)
        shares = powers / powers.sum(axis=0)
        loss = -np.log((shares * targets).sum(axis=0)).mean()
        assert done.loss == pytest.approx(loss, rel=1e-12)
        assert done.loss <= 0.8
    again = softmax.train(inputs, targets, (3, 4, 3), loss=done.loss, **options)[1]
    assert again.updates == done.updates > 1
    steps = done.updates + 1
    options["seeds"] = [2]
    [same] = softmax.train(inputs, targets, (3, 4, 3), loss=0.8, steps=steps, **options)
    assert same.updates == done.updates
    with pytest.raises(ValueError, match=r"steps must be enough to arrive at a loss of 0.8"):
        softmax.train(inputs, targets, (3, 4, 3), loss=0.8, steps=steps - 1, **options)


@pytest.mark.parametrize("columns", [[0.5, 0.5], [1.0, 1.0], [0.0, 0.0], [2.0, -1.0]])
def test_a_target_is_one_class(columns):
    targets = np.array([[1.0, columns[0]], [0.0, columns[1]]])
    with pytest.raises(ValueError, match="targets must be one-hot columns"):
        softmax.train(np.eye(2), targets, (2, 2), seeds=[0], loss=9.0, lr=0.1)


def test_large_logits_overflow_nowhere():
    values = softmax.outer_eigenvalues([1e4 * np.eye(2)], np.eye(2))[0]
    np.testing.assert_array_equal(values, np.zeros(4))
