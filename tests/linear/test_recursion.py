"""The recursion: closed forms, fixed points, stability, and the trained network as judge."""

import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import recursion

LR, STEPS = 0.01, 300


def largest_difference(weights, problem, expected):
    """Largest |singular value of any layer - expected| while torch trains `weights`."""
    largest = 0.0
    descent = linear_network.gradient_descent(weights, problem.target, lr=LR, steps=STEPS)
    for t, snapshot in descent:
        row = torch.from_numpy(expected[t]).sort(descending=True).values
        for layer in snapshot:
            values = torch.linalg.svdvals(layer)[: row.numel()]
            largest = max(largest, (values - row).abs().max().item())
    return largest


@pytest.fixture(scope="module")
def problem():
    return linear_network.aligned_problem((6, 8, 8, 5), rank=2, seed=3)


@pytest.fixture(scope="module")
def path(problem):
    return recursion.trajectory(
        problem.layer_singular_values.numpy(), problem.target_singular_values.numpy(), 3, LR, STEPS
    )


def test_trained_network_follows_the_recursion(problem, path):
    assert largest_difference(problem.weights, problem, path) < 1e-12


def test_exponent_off_by_one_goes_red(problem, path):
    wrong = path.copy()
    for t in range(STEPS):  # lam^L for lam^(L-1)
        residual = wrong[t] ** 3 - problem.target_singular_values.numpy()
        wrong[t + 1] = wrong[t] - LR * wrong[t] ** 3 * residual
    assert largest_difference(problem.weights, problem, wrong) > 1e-2


def test_depth_off_by_one_goes_red(problem):
    wrong = recursion.trajectory(
        problem.layer_singular_values.numpy(), problem.target_singular_values.numpy(), 4, LR, STEPS
    )
    assert largest_difference(problem.weights, problem, wrong) > 1e-2


def test_one_unbalanced_layer_goes_red(problem, path):
    first, *inner, last = problem.weights
    unbalanced = [1.01 * first, *inner, last / 1.01]  # the same product, so the same function
    assert largest_difference(unbalanced, problem, path) > 1e-3


def test_unaligned_target_goes_red(problem, path):
    turned = linear_network.aligned_problem((6, 8, 8, 5), rank=2, seed=4).target
    descent = linear_network.gradient_descent(problem.weights, turned, lr=LR, steps=STEPS)
    rotated = [
        linear_network.in_singular_basis(w, problem.left, problem.right)[1] for _, w in descent
    ]
    off_diagonal = rotated[-1] - torch.diag(rotated[-1].diagonal())
    assert off_diagonal.abs().max() > 1e-2


@given(
    lam=st.floats(0.01, 1.2),
    target=st.floats(0.0, 1.5),
    depth=st.integers(1, 8),
    lr=st.floats(1e-4, 0.05),
)
def test_step_is_the_gradient_step_of_one_of_the_layers(lam, target, depth, lr):
    layer = torch.tensor(lam, dtype=torch.float64, requires_grad=True)
    (0.5 * (layer * lam ** (depth - 1) - target) ** 2).backward()
    assert recursion.step(lam, target, depth, lr) == pytest.approx(
        lam - lr * layer.grad.item(), rel=1e-13
    )


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_target_root_is_a_fixed_point(depth):
    root = 0.7 ** (1 / depth)
    assert recursion.step(root, 0.7, depth, 0.1) == pytest.approx(root, abs=1e-16)


@pytest.mark.parametrize("depth", [2, 3, 7])
def test_target_is_stable_below_two_over_depth_and_not_above(depth):
    below = recursion.trajectory(1 + 1e-3, 1.0, depth, 0.95 * 2 / depth, 400)
    above = recursion.trajectory(1 + 1e-3, 1.0, depth, 1.05 * 2 / depth, 400)
    assert abs(below[-1] - 1) < 1e-12
    assert abs(above[-1] - 1) > 1e-2


@pytest.mark.parametrize("depth", [2, 3, 7])
def test_target_zero_stays_below_the_flow_and_meets_its_power_law(depth):
    power = 2 * depth - 2
    lr, steps = 0.1, 20_000
    lam = recursion.trajectory(1.0, 0.0, depth, lr, steps)
    time = lr * np.arange(steps + 1)
    assert np.all(lam <= (1 + power * time) ** (-1 / power) * (1 + 1e-12))
    assert lam[-1] * (power * time[-1]) ** (1 / power) == pytest.approx(1, abs=1e-3)


def test_one_layer_with_target_zero_decays_geometrically():
    lam = recursion.trajectory(1.0, 0.0, 1, 0.1, 50)
    np.testing.assert_allclose(lam, 0.9 ** np.arange(51), rtol=1e-13)


def test_shapes_broadcast_and_entries_do_not_see_each_other():
    lam = np.array([[0.2], [0.5], [0.9]])
    target = np.array([0.0, 1.0])
    path = recursion.trajectory(lam, target, 3, 0.1, 4)
    assert path.shape == (5, 3, 2)
    assert path.dtype == np.float64
    np.testing.assert_array_equal(path[0], np.broadcast_to(lam, (3, 2)))
    np.testing.assert_array_equal(path[1], recursion.step(lam, target, 3, 0.1))
    np.testing.assert_array_equal(
        path[:, 2, 1], recursion.trajectory(0.9, 1.0, 3, 0.1, 4), strict=True
    )


def test_step_may_cross_zero_and_says_so_in_the_value():
    assert recursion.step(2.0, 0.0, 2, 1.0) == -6.0


def test_inputs_are_left_alone():
    lam = np.array([0.5, 0.6])
    recursion.trajectory(lam, 1.0, 2, 0.1, 3)
    np.testing.assert_array_equal(lam, [0.5, 0.6])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lam": -0.1}, r"^lam must be >= 0 everywhere"),
        ({"lam": [0.1, float("nan")]}, r"^lam must be finite"),
        ({"lam": "a"}, r"^lam must be an array of real numbers"),
        ({"lam": 0.5 + 0j}, r"^lam must be an array of real numbers"),
        ({"lam": [True]}, r"^lam must be an array of real numbers"),
        ({"target": -1.0}, "target must be >= 0 everywhere"),
        ({"target": float("inf")}, "target must be finite"),
        ({"lam": [0.1, 0.2], "target": [1.0, 1.0, 0.0]}, r"target must broadcast .*\(2,\).*\(3,\)"),
        ({"depth": 0}, "depth must be an integer >= 1, got 0"),
        ({"depth": -2}, "depth must be an integer >= 1, got -2"),
        ({"depth": 2.0}, "depth must be an integer >= 1, got 2.0"),
        ({"depth": True}, "depth must be an integer >= 1, got True"),
        ({"lr": 0}, "lr must be a finite number > 0, got 0"),
        ({"lr": -0.1}, "lr must be a finite number > 0, got -0.1"),
        ({"lr": float("nan")}, "lr must be a finite number > 0, got nan"),
        ({"lr": True}, "lr must be a finite number > 0, got True"),
        ({"lr": "0.1"}, "lr must be a finite number > 0, got '0.1'"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    arguments = {"lam": 0.5, "target": 1.0, "depth": 2, "lr": 0.1} | changes
    with pytest.raises(ValueError, match=message):
        recursion.step(**arguments)
    arguments["lam0"] = arguments.pop("lam")
    with pytest.raises(ValueError, match=message.replace("^lam ", "^lam0 ")):
        recursion.trajectory(steps=3, **arguments)


@pytest.mark.parametrize("steps", [-1, 1.5, float("nan"), True])
def test_bad_number_of_steps_is_named(steps):
    with pytest.raises(ValueError, match="steps must be an integer >= 0, got"):
        recursion.trajectory(0.5, 1.0, 2, 0.1, steps)


@given(
    depth=st.integers(1, 6),
    target=st.floats(0.0, 2.0),
    lr=st.floats(1.0, 50.0),
    momentum=st.sampled_from([0.0, 0.5]),
)
def test_a_diverging_trajectory_says_after_how_many_steps(depth, target, lr, momentum):
    start = 3.0
    try:
        path = recursion.trajectory(start, target, depth, lr, 60, momentum=momentum)
    except ArithmeticError as error:
        steps = int(re.search(r"not finite after (\d+) steps", str(error)).group(1))
        assert steps >= 1
        path = recursion.trajectory(start, target, depth, lr, steps - 1, momentum=momentum)
        with pytest.raises(ArithmeticError, match=f"lr = {lr:g}: not finite after {steps} steps"):
            recursion.trajectory(start, target, depth, lr, steps, momentum=momentum)
    assert np.isfinite(path).all()


def test_a_diverging_trajectory_is_refused_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ArithmeticError, match="diverges with lr = 2: not finite after 4 steps"):
            recursion.trajectory([0.5, 3.0], [1.0, 1.0], 3, 2.0, 500)
        with pytest.raises(ArithmeticError, match="not finite after 1 steps"):
            recursion.step([0.5, 1e200], 1.0, 2, 0.1)
        assert np.isfinite(recursion.trajectory([0.5, 3.0], [1.0, 1.0], 3, 2.0, 3)).all()
