import itertools
from types import SimpleNamespace

import psutil
import pytest
import torch
from torch.func import functional_call

from depth_not_data.residual import activations
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network
from depth_not_data.residual.hessian import hessian
from depth_not_data.residual.network import train_student
from depth_not_data.spectra.autograd import dense_hessian, relative_asymmetry

# Both sides are exact derivatives in float64: they differ by the round-off of sums over samples
# and blocks, some tens of 2e-16.
TOLERANCE = 1e-12

CANDIDATES = [
    {"placement": placement, "norm": norm, "activation": activation, "bias": bias}
    for placement, norm, activation, bias in itertools.product(
        residual_network.PLACEMENTS, residual_network.NORMS, activations.FUNCTIONS, [False, True]
    )
    if placement != "none" or norm == "layer"
]


def small_student(n_embd=3, n_block=2, seed=1, **options):
    """A student away from its start, where gains are 1 and shifts are 0."""
    student = train_student(n_embd, n_block, seed=seed, steps=5, n_samples=20, **options)
    generator = torch.Generator().manual_seed(seed)
    for p in student.model.parameters():
        p.data += 0.2 * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    return student


def loss_of(student):
    """Return the loss as a function of a list of tensors, and the list."""
    names = [name for name, _ in student.model.named_parameters()]

    def loss(values):
        outputs = functional_call(
            student.model, dict(zip(names, values, strict=True)), (student.inputs,)
        )
        # Written out: forward mode over functional.mse_loss stops with an error in torch 2.13.
        return (outputs - student.targets).square().mean()

    return loss, [p.detach() for p in student.model.parameters()]


def relative_error(matrix, expected):
    return ((matrix - expected).abs().max() / expected.abs().max()).item()


@pytest.mark.parametrize("options", CANDIDATES, ids=lambda o: "-".join(map(str, o.values())))
def test_every_candidate_agrees_with_the_oracle(options):
    student = small_student(**options)
    assert relative_error(hessian(student), dense_hessian(*loss_of(student))) < TOLERANCE


@pytest.mark.parametrize(("n_embd", "n_block"), [(2, 1), (5, 1), (3, 4), (6, 2)])
def test_other_sizes_agree_with_the_oracle(n_embd, n_block):
    student = small_student(n_embd, n_block)
    assert relative_error(hessian(student), dense_hessian(*loss_of(student))) < TOLERANCE


# torch loads its forward-mode rules through torch.jit.script, which it has deprecated itself.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_agrees_with_forward_over_reverse_of_the_gradient():
    student = small_student(activation="tanh")
    loss, point = loss_of(student)
    matrix = hessian(student)
    generator = torch.Generator().manual_seed(0)
    direction = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in point]
    _, product = torch.func.jvp(torch.func.grad(loss), (point,), (direction,))
    flat = torch.cat([p.flatten() for p in direction])
    expected = torch.cat([p.flatten() for p in product])
    assert relative_error(matrix @ flat, expected) < TOLERANCE


def test_agrees_with_finite_differences_of_the_gradient():
    student = small_student(activation="tanh")
    loss, point = loss_of(student)
    matrix = hessian(student)
    step = 1e-5
    start = 0
    for p in point:  # one column of every parameter
        original = p.flatten()[0].item()
        gradients = []
        for sign in (1, -1):
            p.view(-1)[0] = original + sign * step
            moved = [q.clone().requires_grad_(True) for q in point]
            gradients.append(
                torch.cat([g.flatten() for g in torch.autograd.grad(loss(moved), moved)])
            )
        p.view(-1)[0] = original
        column = (gradients[0] - gradients[1]) / (2 * step)
        # A central difference errs by step^2 = 1e-10 and by round-off over the step, 1e-11.
        assert relative_error(matrix[:, start], column) < 1e-8
        start += p.numel()


def test_the_number_of_samples_per_pass_does_not_matter(monkeypatch):
    student = small_student()
    whole = hessian(student)
    monkeypatch.setattr(residual_hessian, "CHUNK", 7)  # 20 samples: 7 + 7 + 6
    assert relative_error(hessian(student), whole) < TOLERANCE


def test_the_result_is_symmetric_in_every_block():
    assert relative_asymmetry(hessian(small_student(bias=True))) < 1e-15


def test_the_student_is_left_as_it_was():
    student = small_student()
    before = [p.detach().clone() for p in student.model.parameters()]
    matrix = hessian(student)
    assert not matrix.requires_grad
    for p, q in zip(student.model.parameters(), before, strict=True):
        assert torch.equal(p, q)
        assert p.requires_grad


@pytest.mark.parametrize(
    ("place", "broken"),
    [
        # The normalisation's own curvature.
        ("_NormPass.pull", lambda self, bent, dx: (bent * self.gain[:, None]) @ self.jacobian),
        # The loss-to-go Hessian of the block's output.
        (
            "_BlockPass.displace",
            lambda self, dh, source, displace=residual_hessian._BlockPass.displace: displace(
                self, 1.001 * dh, source
            ),
        ),
    ],
)
def test_a_broken_formula_is_noticed(monkeypatch, place, broken):
    student = small_student()
    owner, method = place.split(".")
    monkeypatch.setattr(getattr(residual_hessian, owner), method, broken)
    assert relative_error(hessian(student), dense_hessian(*loss_of(student))) > 1e-6


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_torch_func_hessian_is_wrong_on_this_network():
    student = small_student()
    loss, point = loss_of(student)
    blocks = torch.func.hessian(loss)(point)
    sizes = [p.numel() for p in point]
    matrix = torch.cat(
        [
            torch.cat([b.reshape(n, m) for b, m in zip(row, sizes, strict=True)], dim=1)
            for row, n in zip(blocks, sizes, strict=True)
        ]
    )
    ours = hessian(student)
    assert relative_asymmetry(ours) < TOLERANCE
    assert relative_asymmetry(matrix) > 1e-4, (
        f"torch.func.hessian of torch {torch.__version__} is symmetric on a network with affine "
        "LayerNorm: the fault seen in torch 2.13 seems to be mended. Rewrite the book's warning."
    )
    assert relative_error(matrix, ours) > 1e-4
    # Without the affine part it is right: that is where the fault lies.
    plain = small_student(norm="layer-plain")
    loss, point = loss_of(plain)
    first = torch.func.hessian(loss)(point)[0][0].reshape(point[0].numel(), -1)
    assert relative_error(hessian(plain)[: len(first), : len(first)], first) < TOLERANCE


def test_another_kind_of_model_is_refused():
    student = small_student()
    other = residual_network.Student(
        torch.nn.Linear(3, 3),
        student.teacher,
        student.inputs,
        student.targets,
        student.loss_history,
    )
    with pytest.raises(ValueError, match="must be a ResidualNetwork, got Linear"):
        hessian(other)


def test_a_matrix_that_does_not_fit_in_memory_is_refused(monkeypatch):
    student = small_student()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**10))
    with pytest.raises(MemoryError, match="a dense Hessian of 156 parameters needs"):
        hessian(student)
