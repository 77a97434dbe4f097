import numpy as np
import pytest

from depth_not_data.linear import least_squares, minibatches


def data(samples=40):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(4, samples))
    inputs -= inputs.mean(axis=1, keepdims=True)
    root = np.linalg.cholesky(inputs @ inputs.T / samples)
    inputs = np.linalg.solve(root, inputs)
    return inputs, np.diag([3.0, 2.0, 1.0]) @ inputs[:3] + 0.1 * rng.normal(size=(3, samples)) + 5


OPTIONS = {"seeds": [0, 1], "excess": 1e-4, "lr": 0.01}


@pytest.mark.parametrize("batch", [None, 10])
def test_every_seed_arrives(batch):
    inputs, targets = data()
    _, cross = least_squares.moments(inputs, targets)
    for first, last in minibatches.train(inputs, targets, 2, batch=batch, **OPTIONS):
        wrong = ((last @ first - cross) ** 2).sum() / (cross**2).sum()
        assert 0 < wrong <= 1e-4


def test_batches_leave_another_trace_than_all_samples_and_are_drawn_once():
    inputs, targets = data()
    full, again, batches = (
        minibatches.train(inputs, targets, 2, batch=b, **OPTIONS)[0][0] for b in (None, None, 10)
    )
    np.testing.assert_array_equal(full, again)
    assert np.abs(full - batches).max() > 1e-4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch": 0}, "batch must be"),
        ({"excess": 0}, "excess must be"),
        ({"lr": np.nan}, "lr must be"),
        ({"steps": 1}, "steps must be enough"),
        ({"depth": 0}, "depth must be"),
        ({"inputs": 2 * data()[0]}, "inputs must be whitened"),
    ],
)
def test_bad_arguments(change, message):
    inputs, targets = data()
    options = {"inputs": inputs, "targets": targets, "depth": 2, "batch": None, **OPTIONS}
    with pytest.raises(ValueError, match=message):
        minibatches.train(**{**options, **change})
