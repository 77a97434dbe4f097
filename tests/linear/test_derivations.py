"""Derivations against each other, against torch and against the numerical recursion."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
import torch

from depth_not_data.linear import derivations, recursion
from depth_not_data.linear import network as linear_network
from depth_not_data.linear.derivations import L, eta, lam, s, x

WIDTHS = [(3, 4, 2), (2, 3, 4, 3), (3, 2, 4, 3, 3)]


@pytest.fixture(scope="module")
def layers_by_depth():
    return {len(widths) - 1: derivations.layers_after_step(widths) for widths in WIDTHS}


def equal(first, second):
    return all((a - b).expand().is_zero_matrix for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("widths", [(3, 2), (2, 3, 2), (3, 2, 3, 2), (2, 3, 2, 1, 2)])
def test_formula_is_the_derivative_by_every_entry(widths):
    network = derivations.generic_network(widths)
    assert equal(
        derivations.gradients_by_entry(*network), derivations.gradients_by_formula(*network)
    )


def test_formula_without_the_transposes_is_not_the_gradient():
    (first, second), inputs, target = derivations.generic_network((2, 2, 2))
    residual = second * first * inputs - target
    wrong = [second * residual * inputs.T, residual * inputs.T * first]
    assert not equal(derivations.gradients_by_entry([first, second], inputs, target), wrong)


def test_formula_is_torch_s_gradient():
    rng = np.random.default_rng(0)
    widths = (3, 4, 2, 3)
    arrays = [rng.normal(size=(b, a)) for a, b in pairwise(widths)]
    inputs, target = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    weights = [torch.tensor(a, requires_grad=True) for a in arrays]
    linear_network.loss(weights, torch.tensor(target), torch.tensor(inputs)).backward()
    exact = derivations.gradients_by_formula(
        *[[sp.Matrix(a) for a in arrays], sp.Matrix(inputs), sp.Matrix(target)]
    )
    for layer, gradient in zip(weights, exact, strict=True):
        np.testing.assert_allclose(
            layer.grad, np.array(gradient, dtype=float), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("size", [1, 2, 3])
def test_rotation_is_orthogonal(size):
    matrix = derivations.rotation(size, "u")
    assert (matrix.T * matrix).applyfunc(sp.cancel) == sp.eye(size)
    assert len(matrix.free_symbols) == size * (size - 1) // 2


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_balanced_form_survives_a_step(layers_by_depth, depth):
    assert derivations.entries_off_balance(layers_by_depth[depth]) == 0


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_every_layer_follows_the_scalar_recursion(layers_by_depth, depth):
    layers = layers_by_depth[depth]
    for layer in layers:
        for i in range(min(min(layer.shape) for layer in layers)):
            lam_i, x_i = (
                sp.Symbol(f"lambda_{i + 1}", positive=True),
                sp.Symbol(f"x_{i + 1}", nonnegative=True),
            )
            s_i = sp.Symbol(f"s_{i + 1}", nonnegative=True)
            expected = derivations.recursion_step(depth).subs({lam: lam_i, s: s_i, x: x_i})
            assert sp.expand(layer[i, i] - expected) == 0


def test_a_target_out_of_reach_moves_no_layer(monkeypatch):
    seen, original = [], derivations.gradients_by_formula

    def spy(weights, inputs, target):
        seen.append(target.to_Matrix().rank())
        return original(weights, inputs, target)

    monkeypatch.setattr(derivations, "gradients_by_formula", spy)
    layers = derivations.layers_after_step((2, 1, 2))
    assert seen == [2]  # the target has a direction that the hidden unit cannot carry
    assert derivations.entries_off_balance(layers) == 0


def test_one_unbalanced_layer_is_counted():
    a, b = sp.symbols("a b", positive=True)
    layers = derivations.layers_after_step((2, 2, 2, 2), [(a, b), (a, b), (2 * a, b)])
    assert derivations.entries_off_balance(layers) == 1  # the third layer's first entry
    # The start is still aligned: nothing leaves the diagonal, U and V stay.
    assert all(layer[0, 1] == layer[1, 0] == 0 for layer in layers)


def test_unaligned_target_turns_the_singular_vectors():
    def layers(target):
        identity = sp.eye(2)
        gradients = derivations.gradients_by_formula([2 * identity] * 2, identity, target)
        return [2 * identity - eta * gradient for gradient in gradients]

    assert derivations.entries_off_balance(layers(sp.diag(1, 1))) == 0
    assert derivations.entries_off_balance(layers(sp.Matrix([[1, 1], [0, 1]]))) == 2


@pytest.mark.parametrize("depth", [1, 2, 3, 7])
def test_scalar_recursion_is_the_numerical_one(depth):
    step = sp.lambdify((lam, s, eta), derivations.recursion_step(depth).subs(x, 1))
    for value, target in [(0.3, 1.0), (1.2, 0.0), (0.9, 0.4)]:
        assert step(value, target, 0.05) == pytest.approx(
            recursion.step(value, target, depth, 0.05).item(), rel=1e-14
        )


def test_symbolic_depth_agrees_with_every_given_depth():
    for depth in (1, 2, 5):
        difference = derivations.recursion_step().subs(L, depth) - derivations.recursion_step(depth)
        assert sp.expand(difference) == 0


def test_slope_at_the_target_gives_the_stability_limit():
    assert sp.solve(derivations.slope_at_target().subs(s, 1) + 1, eta) == [2 / L]
    for depth in (1, 2, 5):
        numeric = sp.diff(derivations.recursion_step(depth).subs(x, 1), lam).subs(
            lam, s ** sp.Rational(1, depth)
        )
        assert sp.simplify(numeric - derivations.slope_at_target().subs(L, depth)) == 0


def test_flow_solves_its_equation():
    flow, tau = derivations.target_zero_flow(), derivations.tau
    assert sp.simplify(sp.diff(flow, tau) + flow ** (2 * L - 1)) == 0
    assert sp.simplify(flow.subs(tau, 0).subs(L, 3)) == sp.Symbol("lambda_0", positive=True)


@pytest.mark.parametrize("depth", [2, 3, 7])
def test_inverse_power_increment_is_that_of_the_recursion(depth):
    value, lr, p = 0.2, 0.1, 2 * depth - 2
    before, after = value, recursion.step(value, 0.0, depth, lr).item()
    z_symbol, p_symbol = sp.symbols("z p", positive=True)
    series = derivations.inverse_power_increment().subs({p_symbol: p, z_symbol: value**p, eta: lr})
    # The next term of the series is of relative size (eta z p)^2.
    assert after**-p - before**-p == pytest.approx(
        float(series), rel=(lr * p * value**p) ** 2 + 1e-6
    )


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (derivations.generic_network, ((2,),), "widths must hold at least d_0 and d_L"),
        (derivations.generic_network, ((2, 0),), r"widths\[1\] must be an integer >= 1, got 0"),
        (derivations.generic_network, (3,), "widths must be a sequence"),
        (derivations.rotation, (0, "u"), "size must be an integer >= 1, got 0"),
        (derivations.rotation, (4, "u"), "size must be <= 3, got 4"),
        (derivations.rotation, (2.5, "u"), "size must be an integer >= 1, got 2.5"),
        (derivations.layers_after_step, ((2, 1.5),), r"widths\[1\] must be an integer"),
        (derivations.layers_after_step, ((4, 2),), "size must be <= 3, got 4"),
        (
            derivations.layers_after_step,
            ((2, 2, 2), [(1, 2)]),
            r"spectra must hold 2 .*lengths \[2\]",
        ),
        (
            derivations.layers_after_step,
            ((2, 2), [(1, 2, 3)]),
            r"spectra .*= 2 entries, got lengths \[3\]",
        ),
        (derivations.slope_at_zero, (0,), "depth must be an integer >= 1, got 0"),
        (derivations.slope_at_zero, (True,), "depth must be an integer >= 1, got True"),
    ],
)
def test_bad_arguments_are_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
