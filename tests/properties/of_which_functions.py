"""Properties of the room `which_functions`, for networks and data that a reader brings."""

import bad_values as bad
import draws
import numpy as np
import torch
from hypothesis import strategies as st
from registry import properties

MODEL = {"None": None, "a string": "three", "a number": 2.5, "a function": lambda x: x}
MODEL["a class"] = torch.nn.Linear
MODEL["without parameters"] = torch.nn.ReLU()


def models(valid):
    """A module, with parameters that are finite and of one type."""
    spoilt, short = torch.nn.Linear(3, 2).double(), torch.nn.Linear(3, 2).double()
    with torch.no_grad():
        spoilt.weight[0, 0] = bad.NAN
    short.bias = torch.nn.Parameter(short.bias.float())
    return MODEL | {"NaN in a parameter": spoilt, "two types": short}


def inputs(valid):
    """A tensor of examples, or several."""
    values = bad.without(bad.tensor(dtype=False, axes=False), "integers", "booleans")(valid)
    return values | {"no tensor": (), "no tensor among them": (1.0,)}


def losses(valid):
    return bad.function(valid) | {
        "NaN": lambda out: out.sum() * bad.NAN,
        "no scalar": lambda out: out,
        "a number": lambda out: 2.5,
        "a constant": lambda out: torch.ones(()),
    }


NETWORK = {"model": models, "inputs": inputs}


def network(draw):
    n, seed = draw(st.integers(12, 16)), draw(draws.SEEDS)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.Linear(2, 2))
    x = torch.from_numpy(draws.matrix(draw, n, 3))
    wanted = torch.from_numpy(draws.matrix(draw, n, 2))

    def loss(out):
        return (out - wanted[: len(out)]).square().mean()

    return {"model": model.double(), "inputs": x, "loss": loss}


@properties(
    "which_functions.command.which_functions",
    loss=losses,
    count=bad.without(bad.integer(1, maximum=14), "None"),
    batch_dim=bad.integer(0, maximum=1),
    features=bad.without(bad.tensor(dtype=False, axes=False), "None", "integers", "booleans"),
    groups=bad.without(bad.function, "None"),
    tolerance=bad.without(bad.number(zero=0.0, one=1.0), "None"),
    max_products=bad.integer(1),
    **NETWORK,
)
def which_functions(draw):
    args = network(draw) | {"count": 3, "batch_dim": 0, "groups": str}
    args |= {"features": args["inputs"] ** 2, "tolerance": 1e-6, "max_products": 2000}

    def check(call):
        found = call(**args)
        draws.real(found.eigenvalues, (3,))
        draws.falling(found.eigenvalues)
        assert (found.residuals <= 1e-6 * abs(found.eigenvalues).max()).all()
        draws.close(found.vectors @ found.vectors.T, torch.eye(3).double(), atol=1e-8)
        draws.close(found.parameters.sum(axis=1), np.ones(3))
        draws.close(found.functions.sum(axis=1), np.ones(3))
        order = torch.from_numpy(draws.rng(draw).permutation(len(args["inputs"])))
        wanted = args["model"](args["inputs"]).detach()
        mixed = args | {name: args[name][order] for name in ("inputs", "features")}
        same = {"loss": lambda out: (out - wanted - 1).square().mean()}
        moved = {"loss": lambda out: (out - wanted[order] - 1).square().mean()}
        one, other = call(**args | same), call(**mixed | moved)
        draws.close(one.eigenvalues, other.eigenvalues, rtol=1e-6, atol=1e-8)
        larger = call(**args | {"loss": lambda out: 3.0 * args["loss"](out)})
        draws.close(larger.eigenvalues, 3.0 * found.eigenvalues, rtol=1e-6, atol=1e-8)

    return args, check


@properties("which_functions.derivatives.Derivatives", loss=losses, **NETWORK)
def derivatives(draw):
    args = network(draw)

    def check(call):
        given = call(**args)
        source = draws.rng(draw)
        u, v = (torch.from_numpy(source.normal(size=given.size)) for _ in range(2))
        draws.close(u @ given.hessian(v), v @ given.hessian(u), atol=1e-8)
        draws.close(given.hessian(2 * u - v), 2 * given.hessian(u) - given.hessian(v), atol=1e-8)
        draws.close(given.change(-2 * u), -2 * given.change(u), atol=1e-8)

    return args, check


FEATURES = bad.without(bad.tensor(dtype=False, axes=False), "integers", "booleans")


@properties("which_functions.kinds.kinds", features=FEATURES, batch_dim=bad.integer(0, maximum=1))
def kinds(draw):
    args = {"features": torch.from_numpy(draws.matrix(draw, 20, 2)), "batch_dim": 0}

    def check(call):
        found = call(**args)
        basis = torch.cat(found.parts, dim=1)
        draws.close(basis.T @ basis, torch.eye(basis.shape[1]).double(), atol=1e-8)
        draws.close(sum(found.chance()), 1.0)
        x = args["features"]
        shares = found.shares(torch.stack([0 * x + 1, x - x.mean(0)]))
        draws.close(shares, [[1, 0, 0, 0], [0, 1, 0, 0]], atol=1e-8)
        assert found.text() == call(x.T, batch_dim=1).text()

    return args, check


@properties(
    "which_functions.kinds.rows",
    untried={"name": "what a message calls the tensor"},
    tensor=lambda valid: bad.NO_NUMBERS | {"an array": valid.numpy(), "empty": valid[:0]},
    batch_dim=bad.integer(0, maximum=2),
)
def rows(draw):
    tensor = torch.from_numpy(draws.rng(draw).normal(size=(4, 3, 2)))
    args = {"name": "tensor", "tensor": tensor, "batch_dim": draw(st.integers(0, 2))}

    def check(call):
        found = call(**args)
        assert len(found) == tensor.shape[args["batch_dim"]]
        assert found.numel() == tensor.numel()
        draws.close(found.sum(), tensor.sum())

    return args, check


@properties(
    "which_functions.lanczos.leading",
    multiply=bad.function,
    start=lambda valid: (
        bad.NO_NUMBERS
        | {
            "an array": valid.numpy(),
            "integers": valid.long(),
            "empty": valid[:0],
            "two axes": valid[None],
        }
    ),
    count=bad.integer(1, maximum=8),
    tolerance=bad.number(zero=0.0),
    max_products=bad.integer(1),
)
def leading(draw):
    matrix = torch.from_numpy(draws.symmetric(draw, 8))
    args = {"multiply": lambda v: matrix @ v, "start": torch.zeros(8).double()}
    args |= {"count": draw(st.integers(1, 4)), "tolerance": 1e-8, "max_products": 500}

    def check(call):
        found = call(**args)
        wanted = torch.linalg.eigvalsh(matrix).flip(0)[: args["count"]]
        draws.close(found.values, wanted, rtol=1e-6, atol=1e-7)
        draws.close(found.vectors @ found.vectors.T, torch.eye(args["count"]).double(), atol=1e-8)
        assert found.products <= 500

    return args, check
