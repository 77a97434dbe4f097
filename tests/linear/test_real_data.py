import numpy as np
import pytest
from sklearn import datasets

from depth_not_data.linear import real_data

SIZES = {"digits": (64, 61, 10, 1797), "breast cancer": (30, 30, 2, 569)}
SIZES["diabetes"] = (10, 10, 1, 442)


def variances(inputs):
    """Eigenvalues of the second moment, descending; from singular values, to keep small ones."""
    return np.linalg.svd(inputs, compute_uv=False) ** 2 / inputs.shape[1]


@pytest.mark.parametrize("name", real_data.NAMES)
def test_shapes(name):
    d_in, there, d_out, samples = SIZES[name]
    for whitening, rows in ((0, d_in), (0.5, d_in), (1, there)):
        inputs, targets = real_data.load(name, whitening=whitening)
        assert (inputs.shape, targets.shape) == ((rows, samples), (d_out, samples))
        assert inputs.dtype == targets.dtype == np.float64


def test_raw_inputs_are_centred_and_otherwise_as_they_are():
    features = datasets.load_breast_cancer().data
    inputs, _ = real_data.load("breast cancer", whitening=0)
    np.testing.assert_allclose(inputs, (features - features.mean(axis=0)).T, rtol=0, atol=1e-9)


@pytest.mark.parametrize("whitening", [0, 0.25, 0.5, 1])
@pytest.mark.parametrize("name", real_data.NAMES)
def test_every_row_has_mean_zero(name, whitening):
    inputs, _ = real_data.load(name, whitening=whitening)
    assert np.abs(inputs.mean(axis=1)).max() <= 1e-14 * np.abs(inputs).max()


@pytest.mark.parametrize("whitening", [0.25, 0.5, 0.75])
@pytest.mark.parametrize("name", real_data.NAMES)
def test_the_dial_is_a_power_of_the_covariance(name, whitening):
    raw, _ = real_data.load(name, whitening=0)
    turned, _ = real_data.load(name, whitening=whitening)
    there = SIZES[name][1]
    expected = variances(raw)[:there] ** (1 - whitening)
    np.testing.assert_allclose(variances(turned)[:there], expected, rtol=1e-6)
    assert np.all(variances(turned)[there:] < 1e-20)
    second, again = raw @ raw.T, turned @ turned.T  # same principal axes: they commute
    commutator = second @ again - again @ second
    assert np.abs(commutator).max() < 1e-11 * np.linalg.norm(second) * np.linalg.norm(again)


@pytest.mark.parametrize("name", real_data.NAMES)
def test_at_one_the_second_moment_is_the_identity(name):
    inputs, _ = real_data.load(name, whitening=1)
    moment = inputs @ inputs.T / inputs.shape[1]
    np.testing.assert_allclose(moment, np.eye(SIZES[name][1]), rtol=0, atol=1e-12)


def test_whitened_coordinates_are_the_principal_axes_in_order():
    raw, _ = real_data.load("diabetes", whitening=0)
    inputs, _ = real_data.load("diabetes", whitening=1)
    axes = raw @ inputs.T / raw.shape[1]  # deviation times axis, column by column
    assert np.all(np.diff(np.linalg.norm(axes, axis=0)) < 0)
    assert np.all(axes[np.abs(axes).argmax(axis=0), np.arange(10)] > 0)


def test_classes_are_one_hot_and_real_targets_as_they_are():
    _, targets = real_data.load("digits", whitening=0.5)
    np.testing.assert_array_equal(targets.argmax(axis=0), datasets.load_digits().target)
    np.testing.assert_array_equal(np.sort(targets, axis=0)[-2:], [[0.0] * 1797, [1.0] * 1797])
    _, targets = real_data.load("diabetes", whitening=0.5)
    np.testing.assert_array_equal(targets[0], datasets.load_diabetes().target)


@pytest.mark.parametrize("whitening", [0, 0.5, 1])
def test_inputs_know_nothing_of_the_labels(monkeypatch, whitening):
    inputs, targets = real_data.load("digits", whitening=whitening)
    features, labels = datasets.load_digits(return_X_y=True)
    shuffled = np.random.default_rng(0).permutation(labels)
    monkeypatch.setattr(real_data.datasets, "load_digits", lambda **_: (features, shuffled))
    again, other = real_data.load("digits", whitening=whitening)
    np.testing.assert_array_equal(again, inputs)
    assert (other != targets).any()


def test_words_may_be_joined_as_in_scikit_learn():
    joined, spoken = (real_data.load(n, whitening=1) for n in ("breast_cancer", "breast cancer"))
    assert np.array_equal(joined[0], spoken[0])
    assert np.array_equal(joined[1], spoken[1])


@pytest.mark.parametrize("name", ["iris", "", None, "Digits", ["digits"]])
def test_an_unknown_name_gets_the_list(name):
    with pytest.raises(ValueError, match="name must be one of 'digits', 'breast cancer', 'diabe"):
        real_data.load(name, whitening=1)


@pytest.mark.parametrize("whitening", [-0.1, 1.1, np.nan, np.inf, "1", None, True, [0.5]])
def test_the_dial_ends_at_zero_and_one(whitening):
    with pytest.raises(ValueError, match="whitening must be a finite number >= 0 and <= 1"):
        real_data.load("digits", whitening=whitening)


def test_raw_inputs_have_only_their_mean_taken_away():
    features = datasets.load_digits().data
    once = features - features.mean(axis=0)
    inputs, _ = real_data.load("digits", whitening=0)
    np.testing.assert_array_equal(inputs, (once - once.mean(axis=0)).T)


def test_what_has_no_variance_is_told_by_the_largest_one(monkeypatch):
    signs = np.array([[a, b, a * b] for a in (-1, 1) for b in (-1, 1)], dtype=float)
    for sizes, rows in (
        ([1e-6, 1e-12, 1e-15], 3),
        ([1e6, 1.0, 1e-5], 3),
        ([1e6, 1.0, 1e-7], 2),
        ([1e6, 1e-7, 1e-7], 1),
    ):
        features = signs * sizes, np.arange(4.0)
        monkeypatch.setattr(real_data.datasets, "load_diabetes", lambda f=features, **_: f)
        assert real_data.load("diabetes", whitening=1)[0].shape == (rows, 4)
