"""Random searches that try to refute what the book says of the residual network's Hessian.

E40: the assembled matrix is the Hessian. The truth is reverse-over-reverse autograd. Drawn are the
sizes, every option of the network (placement, normalisation, activation, biases, rotations, frozen
parts), inputs with a mean and with dead components, one sample or many, and weights far from those
of training: zero matrices, small and large ones.

Beside it: the zero eigenvalues that a LayerNorm makes, and where ``torch.func.hessian`` is wrong.
"""

import numpy as np
import pytest
import torch
from hypothesis import event, given, target
from hypothesis import strategies as st
from strategies import REFUTE, SEARCH
from torch.func import functional_call

from depth_not_data.residual import activations
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import network as residual_network
from depth_not_data.residual.network import train_student
from depth_not_data.spectra import autograd

# Round-off of sums over samples and blocks. The scale is the largest entry of the Hessian, or the
# curvature 2/(nN) of one output, where the Hessian is smaller than the terms that cancel in it.
TOLERANCE = 1e-12


@st.composite
def students(draw, **fixed):
    """An untrained student with random options, its weights moved far from their start."""
    placement = draw(st.sampled_from(residual_network.PLACEMENTS))
    norm = "layer" if placement == "none" else draw(st.sampled_from(residual_network.NORMS))
    options = {
        "placement": placement,
        "norm": norm,
        "activation": draw(st.sampled_from(sorted(activations.FUNCTIONS))),
        "bias": draw(st.booleans()),
        "rotation": draw(st.sampled_from(residual_network.ROTATIONS)),
        "n_samples": draw(st.sampled_from([1, 2, 7, 30])),
    } | fixed
    if options["placement"] != "none":
        parts = {"layer": ["gain", "bias"], "rms": ["gain"], "layer-plain": []}[options["norm"]]
        options["frozen"] = [part for part in parts if draw(st.booleans())]
        options |= {"frozen": fixed["frozen"]} if "frozen" in fixed else {}
    # A LayerNorm maps two numbers to +-1, whatever they are, up to its epsilon: derivatives are
    # differences of nearly equal numbers there, and autograd itself is asymmetric at 1e-10.
    n_embd = draw(st.integers(3, 4))
    if draw(st.booleans()):
        options["input_mean"] = [draw(st.sampled_from([-2.0, 0.0, 0.5])) for _ in range(n_embd)]
        # A component that does not vary, but never a state that does not vary between components.
        options["input_std"] = [1.0] + [
            draw(st.sampled_from([0.0, 0.3])) for _ in range(n_embd - 1)
        ]
    seed = draw(st.integers(0, 2**20))
    student = train_student(
        n_embd, draw(st.integers(1, 3)), seed=seed, steps=0, progress=False, **options
    )
    generator = torch.Generator().manual_seed(seed)
    scales = st.sampled_from([0.0, 0.1, 1.0, 4.0])
    for name, p in student.model.named_parameters():
        noise = torch.randn(p.shape, generator=generator, dtype=p.dtype)
        with torch.no_grad():
            if name.endswith((".w1", ".w2")):
                p.copy_(draw(scales, label=name) * noise)
            else:
                p += 0.5 * noise
    return student


def loss_of(student):
    """The loss as a function of the parameters that are not frozen, and these parameters."""
    free = {k: p for k, p in student.model.named_parameters() if p.requires_grad}

    def loss(values):
        outputs = functional_call(
            student.model, dict(zip(free, values, strict=True)), (student.inputs,)
        )
        return (outputs - student.targets).square().mean()

    return loss, [p.detach() for p in free.values()]


def deviation(student):
    """Largest deviation of the assembled from the autograd Hessian."""
    assembled = residual_hessian.hessian(student)
    expected = autograd.dense_hessian(*loss_of(student))
    assert assembled.shape == expected.shape
    scale = max(expected.abs().max().item(), 2.0 / student.targets.numel())
    return (assembled - expected).abs().max().item() / scale


def attack(student):
    found = deviation(student)
    target(found, label="deviation of the assembled Hessian")
    block = student.model.blocks[0]
    event(f"placement {block.placement}, activation {block.activation}")
    assert found <= TOLERANCE, f"the assembled Hessian is off by {found:.1e}"


@SEARCH
@given(students())
def test_the_assembled_hessian_is_the_hessian(student):
    """E40, for every option of the helper."""
    attack(student)


def without_second_product(matrix, places, row, column, node, *, moved, add=residual_hessian._add):
    add(matrix, places, row, column, node, moved=False)


def without_norm_curvature(self, bent, dx):
    return (bent * self.gain[:, None]) @ self.jacobian


def without_bend(u):
    return torch.tanh(u), 1 - torch.tanh(u) ** 2, None


@pytest.mark.parametrize(
    ("owner", "name", "broken"),
    [
        (residual_hessian, "_add", without_second_product),
        (residual_hessian._NormPass, "pull", without_norm_curvature),
        (residual_hessian.DERIVATIVES, "tanh", without_bend),
    ],
    ids=["second product", "curvature of the norm", "bend of tanh"],
)
def test_the_search_refutes_an_assembly_that_lacks_one_term(monkeypatch, owner, name, broken):
    set_ = monkeypatch.setitem if isinstance(owner, dict) else monkeypatch.setattr
    set_(owner, name, broken)
    with pytest.raises(AssertionError, match="off by"):
        REFUTE(given(students())(attack))()


def zeros(student):
    """Number of Hessian eigenvalues that are zero up to round-off."""
    values = np.abs(autograd.eigenvalues(residual_hessian.hessian(student)))
    return int(np.sum(values <= 1e-11 * max(values.max(), 2.0 / student.targets.numel())))


def attack_zeros(student, zeros_per_block):
    assert zeros(student) >= zeros_per_block * len(student.model.blocks)


@SEARCH
@given(students(placement="post", norm="layer"))
def test_a_layer_norm_behind_the_sum_makes_4nd_zeros(student):
    """At any weights: 4 N D zero eigenvalues, and D more with biases."""
    n_hidden, n_embd = student.model.blocks[0].w1.shape
    assert n_hidden == 4 * n_embd
    attack_zeros(student, n_hidden + (student.model.blocks[0].b2 is not None))


@pytest.mark.parametrize("options", [{"placement": "post", "norm": "rms"}, {"placement": "pre"}])
def test_the_search_refutes_the_same_zeros_for_other_norms(options):
    fixed = {"norm": "layer", "n_samples": 30, "activation": "tanh", "bias": False} | options

    def attack(student):
        attack_zeros(student, 4 * student.inputs.shape[1])

    with pytest.raises(AssertionError):
        REFUTE(given(students(**fixed))(attack))()


def torch_func_error(student):
    """What ``torch.func.hessian`` returns less the Hessian, and the rows of each parameter."""
    names, point = zip(*student.model.named_parameters(), strict=True)
    sizes = [p.numel() for p in point]

    def loss(vector):
        parts = zip(names, vector.split(sizes), point, strict=True)
        weights = {k: v.view(p.shape) for k, v, p in parts}
        outputs = functional_call(student.model, weights, (student.inputs,))
        return (outputs - student.targets).square().mean()

    vector = torch.cat([p.detach().flatten() for p in point])
    ends = np.cumsum(sizes)
    rows = {k: slice(e - n, e) for k, n, e in zip(names, sizes, ends, strict=True)}
    return torch.func.hessian(loss)(vector) - residual_hessian.hessian(student), rows


# torch loads its forward-mode rules through torch.jit.script, which it has deprecated itself.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@SEARCH
@given(students(norm="layer", frozen=[], rotation="none"))
def test_the_fault_of_torch_stays_in_the_rows_of_gains(student):
    """The appendix: wrong are rows of gains only, in columns of parameters before them."""
    error, rows = torch_func_error(student)
    scale = max(residual_hessian.hessian(student).abs().max().item(), 2.0 / student.targets.numel())
    for name, span in rows.items():
        before = slice(0, span.start) if name.endswith("norm.gain") else slice(0, 0)
        allowed = torch.zeros(error.shape[1], dtype=torch.bool)
        allowed[before] = True
        found = error[span][:, ~allowed].abs().max().item() / scale
        assert found <= TOLERANCE, f"torch.func.hessian is wrong in the rows of {name}"
