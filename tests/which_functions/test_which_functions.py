"""The command against a dense oracle, and what it says where it cannot answer."""

import copy
import inspect
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from depth_not_data import which_functions
from depth_not_data.residual.functions import function_shares, output_changes
from depth_not_data.residual.network import train_student
from depth_not_data.spectra import autograd
from depth_not_data.which_functions.lanczos import NotConverged, leading


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 9), nn.Linear(9, 3)
        self.norm = nn.LayerNorm(9)

    def forward(self, x):
        return self.second(self.norm(torch.tanh(self.first(x))))


def perceptron():
    return Norm(), torch.randn(50, 4)


def transformer(training=False):
    model = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True)
    return model.train(training), torch.randn(40, 3, 4)


def convolutional():
    layers = [nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3)]
    return nn.Sequential(*layers), torch.randn(60, 1, 5, 5)


def recurrent():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.LSTM(2, 3, batch_first=True)

        def forward(self, x):
            return self.cell(x)[0][:, -1]

    return Last(), torch.randn(40, 4, 2)


MODELS = {
    "perceptron": perceptron,
    "transformer, eval": transformer,
    "transformer, train": lambda: transformer(training=True),
    "convolutional, train": convolutional,
    "convolutional, eval": lambda: (lambda m, x: (m.eval(), x))(*convolutional()),
    "recurrent": recurrent,
}


def case(name, dtype=torch.float64):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, inputs = MODELS[name]()
        model, inputs = model.to(dtype), inputs.to(dtype)
        with torch.no_grad():
            goal = torch.randn_like(model.eval()(inputs) if "eval" in name else model(inputs))
    return model, inputs, lambda out: nn.functional.mse_loss(out, goal)


def oracle(model, inputs, loss):
    """The whole Hessian, and the change of the output along any direction by finite differences."""
    names = [n for n, p in model.named_parameters() if p.requires_grad]
    point = [p.detach() for p in model.parameters() if p.requires_grad]
    model = copy.deepcopy(model)

    def run(values):
        # Weights that require gradients keep the encoder's fast path away.
        return functional_call(model, dict(zip(names, values, strict=True)), (inputs,))

    with sdpa_kernel(SDPBackend.MATH):
        matrix = autograd.dense_hessian(lambda values: loss(run(values)), point)

    def change(direction, eps=1e-5):
        flat = torch.cat([p.reshape(-1) for p in point])
        sizes = [p.numel() for p in point]
        both = []
        for sign in (1, -1):
            pieces = (flat + sign * eps * direction).split(sizes)
            values = [v.view(p.shape) for v, p in zip(pieces, point, strict=True)]
            both.append(run([v.requires_grad_() for v in values]).detach())
        return (both[0] - both[1]) / (2 * eps)

    return matrix, change


@pytest.mark.parametrize("name", MODELS)
def test_eigenpairs_and_changes_are_those_of_the_dense_oracle(name):
    model, inputs, loss = case(name)
    found = which_functions(model, inputs, loss, count=8)
    matrix, change = oracle(model, inputs, loss)
    values = autograd.eigenvalues(matrix)
    assert np.allclose(found.eigenvalues, values[:8], rtol=1e-9, atol=1e-9 * values[0])
    off = matrix @ found.vectors.T - found.vectors.T * torch.from_numpy(found.eigenvalues)
    assert off.norm(dim=0).numpy() == pytest.approx(found.residuals, abs=1e-12)
    assert found.residuals.max() <= 1e-8 * values[0]
    for k in (0, 5):  # a constant's share from a change that another route computed
        moved = change(found.vectors[k]).flatten(1)
        share = len(moved) * moved.mean(0).square().sum() / moved.square().sum()
        assert found.functions["constant"].iloc[k] == pytest.approx(share.item(), abs=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_tables_add_to_one_and_name_the_parameters(name):
    model, inputs, loss = case(name)
    found = which_functions(model, inputs, loss, count=5)
    assert np.allclose(found.functions.sum(axis=1), 1)
    assert np.allclose(found.parameters.sum(axis=1), 1)
    assert (found.functions >= 0).all(axis=None)
    assert list(found.parameters) == [n for n, _ in model.named_parameters()]
    assert list(found.functions.index) == [1, 2, 3, 4, 5]
    assert np.all(np.diff(found.eigenvalues) <= 0)
    assert found.chance.sum() == pytest.approx(1)
    assert np.allclose(found.clusters[list(found.functions)].sum(axis=1), 1)


def test_shares_are_those_of_the_book_for_its_student():
    student = train_student(5, 2, seed=0, steps=20, n_samples=200, progress=False)

    def loss(out):
        return nn.functional.mse_loss(out, student.targets)

    found = which_functions(student.model, student.inputs, loss, count=12)
    changes = output_changes(student, found.vectors.T.contiguous())
    wanted = function_shares(changes, student.inputs)
    linear = wanted["linear, mean-free"] + wanted["linear, mean"]
    assert np.allclose(found.functions["constant"], wanted["constant"], atol=1e-10)
    assert np.allclose(found.functions["linear"], linear, atol=1e-10)
    assert np.allclose(found.functions["quadratic"], wanted["quadratic"], atol=1e-10)
    # Proposition: v.Hv = 2 / N mean |J v|^2 + a part of the residual.
    explained = 2 / 5 * changes.square().sum(2).mean(1).numpy() / found.eigenvalues
    assert np.allclose(found.from_change, explained)


def test_float32_is_close_and_says_how_close():
    found = {}
    for dtype in (torch.float64, torch.float32):
        model, inputs, loss = case("perceptron")
        matrix = oracle(model, inputs, loss)[0]
        model, inputs = model.to(dtype), inputs.to(dtype)
        with torch.random.fork_rng():
            torch.manual_seed(1)
            goal = torch.randn(50, 3, dtype=torch.float64).to(dtype)
        found[dtype] = which_functions(
            model, inputs, lambda out, goal=goal: nn.functional.mse_loss(out, goal), count=6
        )
    exact, rough = found[torch.float64], found[torch.float32]
    assert rough.vectors.dtype == torch.float32
    assert exact.eigenvalues.dtype == rough.eigenvalues.dtype == np.float64
    top = exact.eigenvalues[0]
    assert 1e-9 * top < rough.residuals.max() <= 1e-4 * top
    assert np.allclose(rough.eigenvalues, exact.eigenvalues, atol=1e-5 * top)
    assert matrix.shape[0] == exact.vectors.shape[1]


def test_equal_eigenvalues_are_all_found():
    x = torch.cat([torch.eye(4), -torch.eye(4)]).double().repeat(5, 1)
    model = nn.Linear(4, 4, bias=False).double()
    found = which_functions(model, x, lambda out: out.square().sum(1).mean(), count=16)
    assert np.allclose(found.eigenvalues, 0.5)
    assert np.allclose(found.functions["linear"], 1)
    assert torch.allclose(found.vectors @ found.vectors.T, torch.eye(16).double())


@pytest.mark.parametrize("multiplicity", [1, 3, 7])
def test_no_member_of_an_eigenspace_is_missed(multiplicity):
    diagonal = torch.cat([torch.full((multiplicity,), 2.0), torch.linspace(0, 1, 400)]).double()
    found = leading(
        lambda v: diagonal * v, diagonal, multiplicity + 2, tolerance=1e-8, max_products=4000
    )
    wanted = diagonal.sort(descending=True).values[: multiplicity + 2]
    assert torch.allclose(found.values, wanted, atol=1e-8)


def test_negative_eigenvalues_come_last():
    diagonal = torch.tensor([1.0, -5.0, 0.5, -2.0]).double()
    found = leading(lambda v: diagonal * v, diagonal, 4, tolerance=1e-8, max_products=100)
    assert found.values.tolist() == pytest.approx([1.0, 0.5, -2.0, -5.0])


def test_one_parameter():
    model = nn.Linear(1, 1, bias=False).double()
    x = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]]).double()
    found = which_functions(model, x, lambda out: out.square().mean())
    assert found.eigenvalues.tolist() == pytest.approx([2.0])
    assert found.functions["linear"].item() == pytest.approx(1)
    assert found.parameters["weight"].item() == 1
    assert found.gaps == ()


def test_gaps_stand_where_the_rule_of_the_book_puts_them():
    x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0)).double()
    x = torch.linalg.qr(x - x.mean(0)).Q * 200**0.5 * torch.tensor([2.0, 1.0, 1.0]).double()
    model = nn.Linear(3, 2).double()
    found = which_functions(model, x, lambda out: out.square().sum(1).mean() / 2)
    assert np.allclose(found.eigenvalues, [4, 4, 1, 1, 1, 1, 1, 1])
    assert found.gaps == (2,)
    assert found.clusters.index.tolist() == ["1 to 2", "3 to 8"]
    second = found.clusters.loc["3 to 8"]
    assert second[["constant", "linear"]].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert second[["weight", "bias"]].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_groups_and_frozen_parameters():
    model, inputs, loss = case("perceptron")
    model.first.requires_grad_(False)
    found = which_functions(model, inputs, loss, count=4, groups=lambda name: name.split(".")[0])
    assert list(found.parameters) == ["second", "norm"]
    matrix = oracle(model, inputs, loss)[0]
    assert found.vectors.shape == (4, 3 * 9 + 3 + 18) == (4, len(matrix))
    assert np.allclose(found.eigenvalues, autograd.eigenvalues(matrix)[:4])


@pytest.mark.parametrize("name", MODELS)
def test_the_model_stays_as_it_is(name):
    model, inputs, loss = case(name)
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    before = copy.deepcopy(model.state_dict())
    random, fast = torch.get_rng_state(), torch.backends.mha.get_fastpath_enabled()
    which_functions(model, inputs, loss, count=2)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert all((p.grad == 1).all() and p.requires_grad for p in model.parameters())
    assert all(m.training == ("eval" not in name) for m in model.modules())
    assert torch.equal(random, torch.get_rng_state())
    assert torch.backends.mha.get_fastpath_enabled() == fast


def test_examples_may_stand_in_the_second_dimension():
    layer = nn.TransformerEncoderLayer(4, 2, 6)
    model = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False).double().eval()
    x, goal = torch.randn(2, 3, 40, 4, generator=torch.Generator().manual_seed(0)).double()
    found = which_functions(
        model, x, lambda out: nn.functional.mse_loss(out, goal), count=3, batch_dim=1
    )
    model.layers[0].self_attn.batch_first = True
    x, goal = x.transpose(0, 1), goal.transpose(0, 1)
    other = which_functions(model, x, lambda out: nn.functional.mse_loss(out, goal), count=3)
    assert np.allclose(found.eigenvalues, other.eigenvalues)
    assert np.allclose(found.functions, other.functions, atol=1e-6)


def test_tokens_are_linear_in_what_stands_at_each_place():
    tokens = torch.randint(0, 5, (90, 2), generator=torch.Generator().manual_seed(0))
    model = nn.Sequential(nn.Embedding(5, 3), nn.Flatten()).double()
    found = which_functions(model, tokens, lambda out: out.square().mean(), count=10)
    assert np.allclose(found.functions["constant"] + found.functions["linear"], 1)
    assert "8 independent numbers" in found.meaning


def test_functions_of_what_the_reader_names():
    x = torch.randn(80, 3, generator=torch.Generator().manual_seed(0)).double()
    model = nn.Linear(3, 1).double()

    def loss(out):
        return out.square().mean()

    assert np.allclose(which_functions(model, x, loss).functions.iloc[:, 2:], 0)
    found = which_functions(model, x, loss, features=x[:, :1])
    assert "1 independent numbers" in found.meaning
    assert found.functions["rest"].max() > 0.5


def test_many_numbers_and_few_inputs():
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2)).double()
    x = torch.randn(60, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    found = which_functions(model, x, lambda out: out.square().mean(), count=3)
    assert found.chance["linear"] <= 0.25
    assert found.chance["quadratic"] <= 0.25
    assert "leading principal components" in found.meaning


def test_a_direction_that_changes_nothing_has_no_share():
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))

        def forward(self, x):
            return self.a * self.b * x

    x = torch.linspace(-1, 1, 20)[:, None].double()
    found = which_functions(Product().double(), x, lambda out: (out - x).square().mean())
    assert found.functions.iloc[0].sum() == pytest.approx(1)
    assert found.functions.iloc[1].isna().all()
    assert "none" in repr(found)


def test_plot_shows_three_panels_and_the_gaps():
    model, inputs, loss = case("transformer, eval")
    found = which_functions(model, inputs, loss, count=6)
    figure = found.plot()
    assert len(figure.axes) == 3
    assert np.allclose(figure.axes[0].lines[0].get_ydata(), found.eigenvalues)
    for axis in figure.axes[1:]:
        tops = np.zeros(6)
        for bar in axis.patches:
            tops[round(bar.get_x() + bar.get_width() / 2) - 1] += bar.get_height()
        assert np.allclose(tops, 1)
    names = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert len(names) == 7
    assert names[-1] == "others"
    lines = [line.get_xdata()[0] - 0.5 for line in figure.axes[0].lines[1:]]
    assert lines == list(found.gaps)


def bad_loss(out):
    return out


GOOD = {
    "model": nn.Linear(2, 1),
    "inputs": torch.ones(5, 2),
    "loss": lambda out: out.square().mean(),
}
BAD = {
    "model must be a torch.nn.Module": {"model": abs},
    "model must have a parameter that requires a gradient": {"model": nn.ReLU()},
    "model must have parameters all float32 or all float64": {"model": nn.Linear(2, 1).half()},
    "model must give the same output twice": {
        "model": nn.Sequential(nn.Linear(2, 9), nn.Dropout(0.5))
    },
    "model must return one tensor": {"model": nn.LSTM(2, 3)},
    "inputs must be a tensor": {"inputs": [[1.0, 2.0]]},
    "inputs must be finite": {"inputs": torch.full((5, 2), torch.inf)},
    "inputs must be numbers, got NaN": {"inputs": torch.full((5, 2), torch.nan)},
    "inputs must not be empty": {"inputs": torch.ones(0, 2)},
    "features must be finite": {"features": torch.full((5, 1), torch.nan)},
    "features must be a tensor": {"features": 3},
    "features must have as many examples": {"features": torch.ones(4, 1)},
    "loss must be a function": {"loss": 3},
    "loss must return a scalar": {"loss": bad_loss},
    "loss must be finite": {"loss": lambda out: out.sum() / 0},
    "loss must be computed from the model's output": {"loss": lambda out: torch.ones(())},
    "loss must be curved in the parameters": {"loss": lambda out: out.sum()},
    "count must be an integer >= 1": {"count": 0},
    "count must be <= number of trained parameters = 3": {"count": 4},
    "batch_dim must be an integer >= 0": {"batch_dim": -1},
    "must have a dimension batch_dim = 2": {"batch_dim": 2},
    "groups must map": {"groups": 3},
    "groups must return a string": {"groups": len},
    "tolerance must be": {"tolerance": 0.0},
    "max_products must be": {"max_products": 0},
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_argument_is_named(message):
    with pytest.raises(ValueError, match=message):
        which_functions(**(GOOD | BAD[message]))


def test_a_penalty_on_the_weights_is_refused():
    model = GOOD["model"]
    with pytest.raises(ValueError, match="loss must depend on the parameters through"):
        which_functions(
            model, GOOD["inputs"], lambda out: out.square().mean() + model.weight.square().sum()
        )


def test_it_says_so_where_it_does_not_converge():
    model, inputs, loss = case("perceptron")
    with pytest.raises(NotConverged, match=r"5 products .* raise max_products"):
        which_functions(model, inputs, loss, max_products=5)
    model, inputs, loss = case("perceptron", torch.float32)
    with pytest.raises(NotConverged, match="take float64"):
        which_functions(model, inputs, loss, tolerance=1e-12, max_products=500)


def test_it_says_how_much_memory_it_needs(monkeypatch):
    class Free:
        available = 1000

    monkeypatch.setattr("psutil.virtual_memory", Free)
    model, inputs, loss = case("perceptron")
    with pytest.raises(MemoryError, match=r"GiB are free: ask for fewer"):
        which_functions(model, inputs, loss)


def test_an_operation_without_second_derivative_is_refused():
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            return 2 * grad

    class Model(nn.Linear):
        def forward(self, x):
            return Once.apply(super().forward(x).square())

    with pytest.raises(ValueError, match="model must be differentiable twice"):
        which_functions(Model(2, 1), torch.ones(5, 2), lambda out: out.square().mean())


def test_a_wrong_second_derivative_is_seen():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * (3 * x**2 + 0.1 * x.roll(1, 0) ** 2)

    class Model(nn.Linear):
        def forward(self, x):
            return Wrong.apply(super().forward(x))

    model = Model(2, 3).double()
    x = torch.randn(9, 2, generator=torch.Generator().manual_seed(0)).double()
    with pytest.raises(ArithmeticError, match="not symmetric"):
        which_functions(model, x, lambda out: out.square().mean())


def test_the_command_is_at_the_top_and_torch_is_not():
    code = "import sys, depth_not_data; assert 'torch' not in sys.modules; "
    code += "assert callable(depth_not_data.which_functions); "
    code += "assert not hasattr(depth_not_data, 'nothing')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert callable(which_functions)
    assert list(inspect.signature(which_functions).parameters)[:3] == ["model", "inputs", "loss"]


def test_a_network_whose_hessian_does_not_fit():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [nn.Linear(30, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 5)]
        model, inputs, goal = nn.Sequential(*layers), torch.randn(100, 30), torch.randn(100, 5)
    found = which_functions(model, inputs, lambda out: nn.functional.mse_loss(out, goal), count=5)
    assert found.vectors.shape == (5, 47405)  # the matrix would take 8 GiB in float32
    assert found.residuals.max() <= 1e-4 * found.eigenvalues[0]
    assert found.functions["constant"].iloc[:4].min() > 0.9


# On a graphics processor: the same answer. Skipped without one.

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@needs_cuda
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_cuda_agrees_with_the_processor(name, dtype):
    model, inputs, loss = case(name, dtype)
    here = which_functions(model, inputs, loss, count=4)
    there = which_functions(
        model.cuda(), inputs.cuda(), lambda out: loss(out.cpu()).to(out.device), count=4
    )
    assert there.vectors.is_cuda
    top = here.eigenvalues[0]
    rough = 1e-8 if dtype == torch.float64 else 1e-3
    assert np.allclose(here.eigenvalues, there.eigenvalues, atol=rough * top)


def on_device(name, dtype=torch.float64):
    """Model, inputs and loss of a case, with everything on the device."""
    model, inputs, _ = case(name, dtype)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        goal = torch.randn(model(inputs).shape, dtype=torch.float64).to(dtype)
    here = (model, inputs, lambda out: nn.functional.mse_loss(out, goal))
    model, inputs, _ = case(name, dtype)
    there = goal.to("cuda")
    return here, (
        model.to("cuda"),
        inputs.to("cuda"),
        lambda out: nn.functional.mse_loss(out, there),
    )


@needs_cuda
@pytest.mark.parametrize("name", MODELS)
def test_the_answer_is_that_of_the_processor(name):
    here, there = on_device(name)
    expected = which_functions(*here, count=8)
    found = which_functions(*there, count=8)
    scale = abs(expected.eigenvalues[0])
    assert np.allclose(found.eigenvalues, expected.eigenvalues, rtol=0, atol=1e-8 * scale)
    assert found.residuals.max() <= 1e-8 * scale
    assert isinstance(found.eigenvalues, np.ndarray)
    assert np.allclose(found.functions.sum(axis=1), 1)
    assert np.allclose(found.parameters.sum(axis=1), 1)


@needs_cuda
@pytest.mark.parametrize("name", ["perceptron", "transformer, eval"])
def test_single_precision(name):
    here, _ = on_device(name)
    _, there = on_device(name, torch.float32)
    expected = which_functions(*here, count=4).eigenvalues
    found = which_functions(*there, count=4).eigenvalues
    assert np.allclose(found, expected, rtol=0, atol=1e-3 * expected[0])


@needs_cuda
def test_neither_random_state_is_moved():
    _, there = on_device("transformer, train")
    torch.cuda.manual_seed(5)
    before = torch.cuda.get_rng_state(), torch.get_rng_state()
    which_functions(*there, count=3)
    after = torch.cuda.get_rng_state(), torch.get_rng_state()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@needs_cuda
def test_what_does_not_fit_on_the_device_is_refused_with_the_figure(monkeypatch):
    _, there = on_device("perceptron")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 2000))
    with pytest.raises(MemoryError, match="GiB are free"):
        which_functions(*there, count=8)


@needs_cuda
def test_a_model_on_another_device_than_its_inputs_is_named():
    model, inputs, loss = on_device("perceptron")[1]
    with pytest.raises(ValueError, match="inputs"):
        which_functions(model, inputs.cpu(), loss, count=2)
