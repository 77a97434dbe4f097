import numpy as np
import pytest
import torch

from depth_not_data.residual import functions
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual.functions import (
    KINDS,
    function_shares,
    leading_eigenpairs,
    norm_stack_level,
    output_changes,
    parameter_shares,
    span_share,
)
from depth_not_data.residual.network import train_student, zero_residual_student


def gaussian(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module")
def student():
    return train_student(4, 2, seed=0, steps=50, n_samples=60)


def flat(student):
    return torch.cat([p.detach().flatten() for p in student.model.parameters()])


def outputs_at(student, vector):
    before = flat(student)
    torch.nn.utils.vector_to_parameters(vector, student.model.parameters())
    with torch.no_grad():
        result = student.model(student.inputs)
    torch.nn.utils.vector_to_parameters(before, student.model.parameters())
    return result


@pytest.mark.parametrize(
    "options",
    [{}, {"norm": "rms"}, {"placement": "pre", "bias": True}, {"rotation": "separate"}],
    ids=str,
)
def test_changes_agree_with_finite_differences(options):
    student = train_student(4, 2, seed=0, steps=5, n_samples=20, activation="tanh", **options)
    directions = gaussian(len(flat(student)), 3)
    for k, change in enumerate(output_changes(student, directions)):
        step = 1e-5 * directions[:, k]
        slope = outputs_at(student, flat(student) + step) - outputs_at(
            student, flat(student) - step
        )
        torch.testing.assert_close(change, slope / 2e-5, rtol=1e-5, atol=1e-6)


def test_frozen_parts_have_no_rows():
    student = train_student(4, 2, seed=0, steps=5, n_samples=20, frozen=["gain"])
    size = sum(p.numel() for p in student.model.parameters() if p.requires_grad)
    assert output_changes(student, gaussian(size, 2)).shape == (2, 20, 4)
    assert {part for part, _ in parameter_shares(student, gaussian(size, 1))} == {
        "FC1",
        "FC2",
        "bias",
    }
    with pytest.raises(ValueError, match="directions must have"):
        output_changes(student, gaussian(size + 8, 2))


def test_without_a_residual_the_eigenvalue_is_the_mean_square_of_the_change(student):
    at_target = zero_residual_student(4, 2, seed=0, n_samples=60)
    values, vectors = leading_eigenpairs(residual_hessian.hessian(at_target), 20)
    mean_square = output_changes(at_target, vectors).square().sum((1, 2)) / 60
    torch.testing.assert_close(values, 2 / 4 * mean_square, rtol=1e-10, atol=0)
    # and with one it is not
    values, vectors = leading_eigenpairs(residual_hessian.hessian(student), 20)
    mean_square = output_changes(student, vectors).square().sum((1, 2)) / 60
    assert ((values - 2 / 4 * mean_square).abs() / values).max() > 1e-3


@pytest.mark.parametrize("share", [0.0, 1.0], ids=["dense", "lanczos"])
def test_leading_eigenpairs_agree_with_all_of_them(student, monkeypatch, share):
    monkeypatch.setattr(functions, "DENSE_SHARE", share)
    matrix = residual_hessian.hessian(student)
    values, vectors = leading_eigenpairs(matrix, 20)
    exact = torch.linalg.eigvalsh(matrix).flip(0)[:20]
    torch.testing.assert_close(values, exact, rtol=1e-12, atol=0)
    torch.testing.assert_close(matrix @ vectors, vectors * values, rtol=0, atol=1e-13)
    torch.testing.assert_close(vectors.T @ vectors, torch.eye(20, dtype=torch.float64))


@pytest.mark.parametrize("count", [2, 40, 60])
@pytest.mark.parametrize(
    "diagonal",
    [torch.zeros(60), torch.ones(60), -torch.arange(1.0, 61.0), (torch.arange(60) < 1) * 3.0],
    ids=["zero", "identity", "negative", "rank one"],
)
def test_leading_eigenpairs_of_equal_zero_and_negative_eigenvalues(diagonal, count):
    values, vectors = leading_eigenpairs(torch.diag(diagonal).double(), count)
    expected = diagonal.double().sort(descending=True).values[:count]
    torch.testing.assert_close(values, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(vectors.T @ vectors, torch.eye(count, dtype=torch.float64))


def test_leading_eigenpairs_leave_the_global_random_state_alone():
    matrix = torch.diag(torch.arange(1.0, 101.0)).double()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = leading_eigenpairs(matrix, 2), leading_eigenpairs(matrix, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_eigenpairs_that_do_not_solve_the_equation_are_refused(monkeypatch):
    def sloppy(matrix, **options):
        values, vectors = np.linalg.eigh(matrix)
        return values[-2:], vectors[:, -2:] + 1e-8

    monkeypatch.setattr(functions, "eigsh", sloppy)
    with pytest.raises(ArithmeticError, match="an eigenpair is wrong by"):
        leading_eigenpairs(torch.diag(torch.arange(1.0, 101.0)).double(), 2)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (gaussian(2, 3), "matrix must be square"),
        (gaussian(3, 3), "matrix must be symmetric"),
        (torch.eye(3) * float("nan"), "matrix must be finite"),
        (torch.eye(3, dtype=torch.complex128), "matrix must be real"),
        ("abc", "matrix must be an array of real numbers"),
    ],
    ids=["shape", "asymmetric", "nan", "complex", "words"],
)
def test_a_matrix_without_leading_eigenpairs_is_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        leading_eigenpairs(matrix, 1)


@pytest.mark.parametrize("count", [0, 4, 1.5, True])
def test_a_wrong_number_of_eigenpairs_is_named(count):
    with pytest.raises(ValueError, match="count must be"):
        leading_eigenpairs(torch.eye(3, dtype=torch.float64), count)


def polynomial(x, kind):
    """A function of one kind on standard Gaussian inputs, with values in two outputs."""
    mean = x.mean(1)
    free = x - mean[:, None]
    scalar = {
        "constant": torch.ones(len(x), dtype=x.dtype),
        "linear, mean-free": free[:, 0] - 2 * free[:, 1],
        "linear, mean": mean,
        "quadratic": x[:, 0] * x[:, 1],
        "rest": x[:, 0] * x[:, 1] * x[:, 2],
    }[kind]
    return scalar[:, None] * torch.tensor([1.0, -2.0, 0.5], dtype=x.dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_recognised(kind):
    x = gaussian(4000, 3)
    shares = function_shares(polynomial(x, kind)[None], x)
    # On a sample, each of the ten functions of other kinds takes about 1 / 4000 of a cubic one,
    # more where its fourth moments are large.
    assert shares[kind][0] > 0.98


def test_shares_of_a_mixture_follow_its_weights_and_add_to_one():
    x = gaussian(4000, 3)
    parts = [polynomial(x, kind) for kind in KINDS]
    weights = [4.0, 3.0, 2.0, 1.0, 0.5]
    scaled = [w * p / p.square().mean().sqrt() for w, p in zip(weights, parts, strict=True)]
    shares = function_shares(sum(scaled)[None], x)
    expected = np.square(weights) / np.sum(np.square(weights))
    np.testing.assert_allclose([shares[kind][0] for kind in KINDS], expected, atol=0.03)
    np.testing.assert_allclose(sum(shares.values()), 1.0, atol=1e-13)


def test_scaling_and_rotating_the_output_changes_nothing():
    x, changes = gaussian(200, 3), gaussian(2, 200, 3, seed=1)
    turn = torch.linalg.qr(gaussian(3, 3, seed=2)).Q
    one, two = function_shares(changes, x), function_shares(-7 * changes @ turn, x)
    for kind in KINDS:
        np.testing.assert_allclose(one[kind], two[kind], atol=1e-13)


def test_the_mean_direction_is_told_from_the_others():
    x = gaussian(4000, 3)
    along = x.sum(1, keepdim=True).expand(-1, 3)
    assert function_shares(along[None], x)["linear, mean"][0] > 0.99
    assert function_shares((x[:, :1] - x[:, 1:2]).expand(-1, 3)[None], x)["linear, mean"][0] < 0.01


def test_span_share_of_functions_in_and_out_of_the_span():
    f = gaussian(3, 50, 2)
    inside = span_share(f[:2] + 3 * f[1], f[:2])
    np.testing.assert_allclose(inside, 1.0, atol=1e-13)
    assert span_share(f[2:], f[:2])[0] < 0.2
    with pytest.raises(ValueError, match="functions must be linearly independent"):
        span_share(f, torch.stack([f[0], 2 * f[0]]))
    with pytest.raises(ValueError, match="functions must have shape"):
        span_share(f, f[:, 1:])


def test_parameter_shares_find_the_part_and_the_block(student):
    names = [name for name, _ in student.model.named_parameters()]
    sizes = [p.numel() for p in student.model.parameters()]
    start = sum(sizes[: names.index("blocks.1.norm.gain")])
    direction = torch.zeros(sum(sizes), 2, dtype=torch.float64)
    direction[start, :] = 2.0
    direction[0, 1] = 2.0
    shares = parameter_shares(student, direction)
    np.testing.assert_allclose(shares["gain", 2], [1.0, 0.5])
    np.testing.assert_allclose(shares["FC1", 1], [0.0, 0.5])
    np.testing.assert_allclose(sum(shares.values()), 1.0, atol=1e-15)


def test_bad_input_is_named(student):
    x = gaussian(30, 3)
    with pytest.raises(ValueError, match="changes must have shape"):
        function_shares(gaussian(2, 29, 3), x)
    with pytest.raises(ValueError, match="changes must be nonzero"):
        function_shares(torch.zeros(1, 30, 3, dtype=torch.float64), x)
    with pytest.raises(ValueError, match="inputs must be more"):
        function_shares(gaussian(1, 10, 3), x[:10])
    with pytest.raises(ValueError, match="directions must have"):
        parameter_shares(student, gaussian(7, 1))
    with pytest.raises(ValueError, match="changes must be nonzero"):
        span_share(torch.zeros(1, 30, 3, dtype=torch.float64), gaussian(2, 30, 3))
    size = len(flat(student))
    for call in (output_changes, parameter_shares):
        with pytest.raises(ValueError, match="directions must have 2 dimensions"):
            call(student, gaussian(size))
        with pytest.raises(ValueError, match="must be a float64 tensor, got torch"):
            call(student, torch.ones(size, 1))
        with pytest.raises(ValueError, match="must be a float64 tensor, got ndarray"):
            call(student, np.ones((size, 1)))
    with pytest.raises(ValueError, match="directions must be nonzero"):
        parameter_shares(student, torch.zeros(size, 1, dtype=torch.float64))


@pytest.mark.parametrize(("n_embd", "n_block"), [(2, 5), (3, 1), (5, 2), (10, 8)])
def test_the_level_of_a_stack_is_the_larger_eigenvalue_of_two_functions(n_embd, n_block):
    """D - 1 biases make one function of mean square rho, the last one of mean square 1."""
    rho, copies = 1 - 1 / (n_embd - 1), n_block - 1
    gram = [[copies * rho, copies**0.5 * rho], [copies**0.5 * rho, 1]]
    expected = np.linalg.eigvalsh(gram)[-1]
    assert norm_stack_level(n_embd, n_block) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("arguments", "name"), [((1, 2), "n_embd"), ((3, 0), "n_block")])
def test_a_stack_outside_its_range_is_named(arguments, name):
    with pytest.raises(ValueError, match=f"{name} must be"):
        norm_stack_level(*arguments)
