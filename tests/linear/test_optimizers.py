"""Scalar recursions of the optimisers against torch on one weight a layer, and bad arguments."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import optimizer_oracle, optimizers, recursion

LAM, TARGET, DEPTH = [0.9, 0.7, 0.4], [1.5, 0.3, 0.0], 3
HYPER = {
    "adam": {"betas": (0.8, 0.9), "eps": 1e-3},
    "muon": {"momentum": 0.7, "nesterov": True},
    "newton-schulz": {"momentum": 0.7, "ns_steps": 3},
    "rmnp": {"momentum": 0.7, "eps": 1e-2},
    "shampoo": {"eps": 1e-3},
    "sam": {"rho": 0.2},
    "heavy-ball": {"momentum": 0.5},
    "nesterov": {"momentum": 0.5},
    "gd": {},
}


def trained(name, lr, steps, **hyper):
    layers = [torch.diag(torch.tensor(LAM, dtype=torch.float64)) for _ in range(DEPTH)]
    phi = torch.diag(torch.tensor(TARGET, dtype=torch.float64))
    path = optimizer_oracle.train(name, layers, phi, lr=lr, steps=steps, **hyper)
    return np.array([[layer.diagonal().numpy() for layer in w] for w in path])


@pytest.mark.parametrize("name", optimizers.NAMES)
@pytest.mark.parametrize("given", [False, True])
def test_the_recursion_is_the_network(name, given):
    hyper = HYPER[name] if given else {}
    path = optimizers.trajectory(name, LAM, TARGET, DEPTH, 0.003, 60, **hyper)
    assert path.shape == (61, 3)
    np.testing.assert_allclose(
        trained(name, 0.003, 60, **hyper), np.repeat(path[:, None], 3, axis=1), atol=1e-12
    )


def test_two_of_them_are_the_recursion_of_the_book():
    path = optimizers.trajectory("gd", LAM, TARGET, DEPTH, 0.1, 50)
    np.testing.assert_array_equal(path, recursion.trajectory(LAM, TARGET, DEPTH, 0.1, 50))
    path = optimizers.trajectory("heavy-ball", LAM, TARGET, DEPTH, 0.01, 50)
    book = recursion.trajectory(LAM, TARGET, DEPTH, 0.01, 50, momentum=0.9)
    np.testing.assert_array_equal(path, book)


def test_defaults_of_torch():
    weight = torch.nn.Parameter(torch.tensor(LAM, dtype=torch.float64))
    optimiser = torch.optim.Adam([weight], lr=0.01)
    for row in optimizers.trajectory("adam", LAM, TARGET, DEPTH, 0.01, 30):
        np.testing.assert_allclose(weight.detach().numpy(), row, atol=1e-14)
        lam = weight.detach()
        weight.grad = lam ** (DEPTH - 1) * (lam**DEPTH - torch.tensor(TARGET))
        optimiser.step()


def test_nesterov_looks_ahead():
    lam, target = np.array([1.2]), np.array([1.0])  # slope 0.528 at two layers
    for nesterov, moved in ((False, -1.0), (True, 1.0)):
        chosen = optimizers.settings("muon", {"momentum": 0.4, "nesterov": nesterov})
        state = {"velocity": np.array([-2.0])}
        assert optimizers.direction("muon", lam, target, 2, state, chosen) == moved


@pytest.mark.parametrize("name", ["muon", "rmnp", "newton-schulz", "sam", "shampoo", "adam"])
def test_a_point_without_gradient_is_kept(name):
    path = optimizers.trajectory(name, [1.0, 0.0], [1.0, 0.5], 2, 0.1, 5)
    np.testing.assert_array_equal(path, np.tile([1.0, 0.0], (6, 1)))


def test_newton_schulz_magnifies_the_smallest_and_never_reaches_one():
    small = optimizers.newton_schulz([1.0, 1e-6])
    assert small[1] == pytest.approx(3.4445**5 * 1e-6, rel=1e-3)
    grid = np.linspace(0.02, 1, 500)
    out = optimizers.newton_schulz(np.stack([grid, np.sqrt(1 - grid**2)], axis=1))[:, 0]
    assert 0.6 < out.min() < out.max() < 1.2
    assert np.array_equal(optimizers.newton_schulz([0.0, 0.0]), [0.0, 0.0])


def test_what_ends_a_range_is_allowed():
    path = optimizers.trajectory("gd", [0.0, 0.5], 0.0, 1, 0.5, 0)
    np.testing.assert_array_equal(path, [[0.0, 0.5]])
    # Without steps the polynomial leaves the direction as it is: 3/5 and 4/5 of the rate.
    np.testing.assert_allclose(optimizers.newton_schulz([3.0, 4.0], steps=0), [0.6, 0.8])
    path = optimizers.trajectory("newton-schulz", [3.0, 4.0], 0.0, 1, 0.1, 1, ns_steps=0)
    np.testing.assert_allclose(path[1], [2.94, 3.92])
    with pytest.raises(ValueError, match="steps must be an integer >= 0"):
        optimizers.newton_schulz([3.0, 4.0], steps=-1)
    # Adam without memory and the first step of Shampoo are signs; SAM without radius is descent.
    hyper = {"betas": (0.0, 0.0), "eps": 0.0}
    np.testing.assert_allclose(
        optimizers.trajectory("adam", [3.0], 0.0, 1, 0.1, 2, **hyper), [[3.0], [2.9], [2.8]]
    )
    np.testing.assert_allclose(
        optimizers.trajectory("shampoo", [3.0], 0.0, 1, 0.1, 1, eps=0.0), [[3.0], [2.9]]
    )
    np.testing.assert_array_equal(
        optimizers.trajectory("sam", LAM, TARGET, 3, 0.1, 9, rho=0.0),
        optimizers.trajectory("gd", LAM, TARGET, 3, 0.1, 9),
    )


def test_divergence_is_named():
    with pytest.raises(ArithmeticError, match="nesterov diverges with lr = 9"):
        optimizers.trajectory("nesterov", [2.0], [1.0], 3, 9.0, 50)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "lion"}, "name must be one of"),
        ({"lam0": [-0.1]}, "lam0 must be >= 0"),
        ({"lam0": 0.5}, "lam0 must be one-dimensional"),
        ({"lam0": [np.nan]}, "lam0 must be finite"),
        ({"target": [1.0, 2.0]}, r"target must have shape \(\) or \(1,\)"),
        ({"target": [-1.0]}, "target must be >= 0"),
        ({"depth": 0}, "depth must be an integer >= 1"),
        ({"depth": 2.0}, "depth must be an integer"),
        ({"lr": 0.0}, "lr must be a finite number > 0"),
        ({"steps": -1}, "steps must be an integer >= 0"),
        ({"momentum": 0.9}, "momentum is no hyper-parameter of 'gd'"),
        ({"name": "muon", "momentum": 1.0}, "momentum must be"),
        ({"lam0": []}, "lam0 must hold at least one singular value"),
        ({"name": "muon", "momentum": -0.5}, "momentum must be"),
        ({"name": "adam", "betas": (-0.5, 0.9)}, "betas must be >= 0"),
        ({"name": "newton-schulz", "ns_steps": -1}, "ns_steps must be"),
        ({"name": "muon", "nesterov": 1}, "nesterov must be True or False"),
        ({"name": "adam", "betas": (0.9, 1.0)}, "betas must be < 1"),
        ({"name": "adam", "betas": 0.9}, "betas must be one-dimensional"),
        ({"name": "adam", "eps": -1e-8}, "eps must be"),
        ({"name": "sam", "rho": -1}, "rho must be"),
        ({"name": "newton-schulz", "ns_steps": 1.5}, "ns_steps must be an integer"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    arguments = {"name": "gd", "lam0": [0.5], "target": [1.0], "depth": 2, "lr": 0.1, "steps": 3}
    with pytest.raises(ValueError, match=message):
        optimizers.trajectory(**(arguments | changes))


def test_sam_climbs_in_every_row_by_itself():
    lam, target = np.array([[0.9, 0.7], [0.2, 0.1]]), np.array([1.5, 0.3])
    chosen = optimizers.settings("sam", {"rho": 0.2})
    both = optimizers.direction("sam", lam, target, 3, {}, chosen)
    rows = [optimizers.direction("sam", row, target, 3, {}, chosen) for row in lam]
    np.testing.assert_array_equal(both, rows)


def test_what_an_optimiser_has_is_told():
    with pytest.raises(
        ValueError, match=r"rho is no .* of 'rmnp', which has: momentum, nesterov, eps"
    ):
        optimizers.settings("rmnp", {"rho": 0.1})
    with pytest.raises(ValueError, match="rho is no hyper-parameter of 'gd', which has: none"):
        optimizers.settings("gd", {"rho": 0.1})


@pytest.mark.parametrize("name", optimizers.NAMES)
def test_no_optimiser_starts_below_zero(name):
    with pytest.raises(ValueError, match="lam0 must"):
        optimizers.trajectory(name, [-0.5], 1.0, 2, 0.01, 1)
