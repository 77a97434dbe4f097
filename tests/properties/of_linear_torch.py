"""Properties of the room `linear`, its part in torch."""

import math

import bad_values as bad
import draws
import numpy as np
import torch
from hypothesis import strategies as st
from registry import properties

WIDTHS = bad.integers(minimum=1)
ONE = bad.tensor(dtype=False)
MATRICES = bad.layers(bad.tensor())
# Any floating-point type, but the same in all layers.
ANY_TYPE = bad.layers(ONE)
BATCH = bad.layers(bad.tensor(dtype=False, axes=False))
TARGET = bad.tensor()
INPUTS = bad.without(bad.tensor(), "None")
STEPS = {"lr": bad.number(zero=0.0), "steps": bad.integer(0)}
MOMENTUM = bad.number(negative=-0.1, one=1.0)


def problem(draw, *, depth=(1, 3), inputs=True):
    widths, _ = draws.widths(draw, depth=depth)
    args = {"weights": draws.tensors(draws.layers(draw, widths))}
    samples = 3 if inputs else widths[0]
    args["target"] = torch.from_numpy(draws.matrix(draw, widths[-1], samples))
    if inputs:
        args["inputs"] = torch.from_numpy(draws.matrix(draw, widths[0], samples))
    return args


def turned(draw, weights):
    """The same network in other hidden bases."""
    turns = [torch.from_numpy(draws.orthogonal(draw, len(layer))) for layer in weights[:-1]]
    eye = torch.eye(len(weights[-1]), dtype=torch.float64)
    before = [torch.eye(weights[0].shape[1], dtype=torch.float64), *turns]
    return [q @ w @ p.T for q, w, p in zip([*turns, eye], weights, before, strict=True)]


def aligned(draw):
    from depth_not_data.linear import network

    widths, rank = draws.widths(draw)
    return network.aligned_problem(widths, rank, seed=draw(draws.SEEDS))


# batched


@properties(
    "linear.batched.stacked",
    problems=lambda valid: {
        "None": None,
        "a number": 2.5,
        "none": [],
        "a string": "three",
        "no problem": [1.0],
        "another shape": [*valid, torch.ones(2)],
    },
)
def stacked(draw):
    one = aligned(draw)

    def check(call):
        weights, target = call([one, one])
        assert [layer.shape[0] for layer in weights] == [2] * one.depth
        draws.close(target[1], one.target)

    return {"problems": [one]}, check


@properties("linear.batched.product", weights=BATCH)
def product_of_batch(draw):
    widths, _ = draws.widths(draw)
    args = {"weights": draws.tensors(draws.layers(draw, widths, batch=(2,)))}

    def check(call):
        found = call(**args)
        assert found.shape == (2, widths[-1], widths[0])
        draws.close(call([layer.flip(0) for layer in args["weights"]]), found.flip(0))
        draws.close(call([2 * w for w in args["weights"]]), 2.0 ** len(args["weights"]) * found)

    return args, check


def several_times(valid):
    return bad.integers(minimum=0)(valid)


@properties(
    "linear.batched.gradient_descent",
    weights=BATCH,
    target=bad.tensor(),
    lr=bad.number(zero=0.0),
    momentum=MOMENTUM,
    marks=several_times,
    outputs=bad.function,
)
def descent_of_batch(draw):
    from depth_not_data.linear import batched

    widths, _ = draws.widths(draw)
    args = {"weights": draws.tensors(draws.layers(draw, widths, batch=(2,)))}
    args["target"] = torch.from_numpy(draws.rng(draw).normal(size=(2, widths[-1], widths[0])))
    args |= {"lr": 1e-3, "momentum": 0.5, "marks": [0, 2], "outputs": batched.product}

    def check(call):
        found = dict(call(**args))
        assert list(found) == [0, 2]
        mirrored = {name: args[name].flip(0) for name in ("target",)}
        mirrored["weights"] = [layer.flip(0) for layer in args["weights"]]
        again = dict(call(**args | mirrored))
        for one, other in zip(found[2], again[2], strict=True):
            assert torch.isfinite(one).all()
            draws.close(other, one.flip(0))

    return args, check


# measured


@properties("linear.measured.jacobian", weights=ANY_TYPE, inputs=INPUTS)
def jacobian(draw):
    args = problem(draw)
    del args["target"]

    def check(call):
        found = call(**args)
        weights, inputs = args["weights"], args["inputs"]
        size = sum(layer.numel() for layer in weights)
        assert found.shape == (len(weights[-1]) * inputs.shape[1], size)
        draws.close(call(weights, 2 * inputs), 2 * found)
        # Euler: the outputs are of degree L in the weights.
        flat = torch.cat([layer.flatten() for layer in weights])
        product = inputs
        for layer in weights:
            product = layer @ product
        draws.close(found @ flat, len(weights) * product.flatten(), atol=1e-7)

    return args, check


@properties("linear.measured.outer_eigenvalues", weights=ANY_TYPE, inputs=INPUTS)
def outer_eigenvalues(draw):
    args = problem(draw)
    del args["target"]

    def check(call):
        found = call(**args)
        draws.real(found, (len(args["weights"][-1]) * 3,))
        draws.falling(found)
        draws.close(call(turned(draw, args["weights"]), args["inputs"]), found, atol=1e-7)
        order = torch.from_numpy(draws.rng(draw).permutation(3))
        draws.close(call(args["weights"], args["inputs"][:, order]), found, atol=1e-7)

    return args, check


LOSS = {"weights": MATRICES, "target": TARGET, "inputs": INPUTS}


@properties("linear.measured.hessian_eigenvalues", **LOSS)
def hessian_eigenvalues(draw):
    from depth_not_data.linear import network

    args = problem(draw)

    def check(call):
        found = call(**args)
        matrix = network.dense_hessian(**args)
        draws.real(found, (len(matrix),))
        draws.close(found.sum(), torch.trace(matrix), atol=1e-7)
        moved = call(**args | {"weights": turned(draw, args["weights"])})
        draws.close(moved, found, rtol=1e-7, atol=1e-7)

    return args, check


# network


@properties("linear.network.product", weights=ANY_TYPE)
def product(draw):
    args = {"weights": problem(draw)["weights"]}

    def check(call):
        found, weights = call(**args), args["weights"]
        assert found.shape == (len(weights[-1]), weights[0].shape[1])
        draws.close(call(turned(draw, weights)), found)
        draws.close(call([layer.T for layer in weights[::-1]]), found.T)

    return args, check


@properties("linear.network.loss", **LOSS)
def loss(draw):
    args = problem(draw)

    def check(call):
        found = call(**args)
        assert found.shape == ()
        assert found >= 0
        draws.close(call(**args | {"weights": turned(draw, args["weights"])}), found, atol=1e-7)
        order = torch.from_numpy(draws.rng(draw).permutation(3))
        mixed = {name: args[name][:, order] for name in ("target", "inputs")}
        draws.close(call(**args | mixed), found, atol=1e-7)

    return args, check


@properties("linear.network.dense_hessian", **LOSS)
def dense_hessian(draw):
    args = problem(draw)

    def check(call):
        found, weights = call(**args), args["weights"]
        size = sum(layer.numel() for layer in weights)
        assert found.shape == (size, size)
        assert torch.isfinite(found).all()
        draws.close(found, found.T, atol=1e-7)
        if len(weights) == 1:
            second = args["inputs"] @ args["inputs"].T
            draws.close(found, torch.kron(torch.eye(len(weights[0]), dtype=second.dtype), second))

    return args, check


@properties(
    "linear.network.gradient_descent", momentum=MOMENTUM, every=bad.integer(1), **STEPS, **LOSS
)
def gradient_descent(draw):
    args = problem(draw) | {"lr": 1e-3, "steps": draw(st.integers(0, 4)), "momentum": 0.5}
    args["every"] = 1

    def check(call):
        found = dict(call(**args))
        assert list(found) == list(range(args["steps"] + 1))
        for one, other in zip(found[0], args["weights"], strict=True):
            draws.close(one, other)
        seldom = dict(call(**args | {"every": 2}))
        assert list(seldom) == list(found)[::2]

    return args, check


@properties("linear.network.in_singular_basis", weights=ANY_TYPE, left=TARGET, right=TARGET)
def in_singular_basis(draw):
    one = aligned(draw)
    args = {"weights": list(one.weights), "left": one.left, "right": one.right}

    def check(call):
        found = call(**args)
        for layer, given in zip(found, one.weights, strict=True):
            assert layer.shape == given.shape
            draws.close(layer.norm(), given.norm())
            size = min(layer.shape)
            draws.close(layer[:size, :size].diagonal().diag(), layer[:size, :size])

    return args, check


@properties(
    "linear.network.chained",
    weights=bad.layers(bad.tensor(dtype=False)),
    batch=bad.flag,
)
def chained(draw):
    args = {"weights": problem(draw)["weights"], "batch": False}

    def check(call):
        for one, other in zip(call(**args), args["weights"], strict=True):
            assert one is other

    return args, check


@properties("linear.network.is_finite", untried={"tensor": "what a caller has checked"})
def is_finite(draw):
    args = {"tensor": torch.from_numpy(draws.matrix(draw, 2, 3))}

    def check(call):
        assert call(**args) is True
        # Finite terms whose sum is not, then terms that are not.
        assert call(torch.full((2,), 1.7e308, dtype=torch.float64)) is True
        for value in (math.nan, math.inf, -math.inf):
            broken = args["tensor"].clone()
            broken[1, 2] = value
            assert call(broken) is False
        assert call(torch.tensor([math.inf, -math.inf])) is False

    return args, check


@properties(
    "linear.network.fitting",
    untried={
        "name": "what a message calls the tensor",
        "shape": "what the caller has computed",
        "dtype": "what the caller computes with",
    },
    tensor=bad.tensor(),
)
def fitting(draw):
    found = torch.from_numpy(draws.matrix(draw, 2, 3))
    args = {"name": "tensor", "tensor": found, "shape": (2, 3), "dtype": torch.float64}

    def check(call):
        assert call(**args) is found

    return args, check


# optimizer_oracle


@properties(
    "linear.optimizer_oracle.train", name=bad.choice, weights=MATRICES, target=TARGET, **STEPS
)
def oracle_train(draw):
    args = problem(draw, inputs=False) | {"lr": 1e-3, "steps": draw(st.integers(0, 2))}
    args["name"] = draw(st.sampled_from(["gd", "adam", "muon", "rmnp", "shampoo", "sam"]))

    def check(call):
        found = list(call(**args))
        assert len(found) == args["steps"] + 1
        assert all(torch.isfinite(layer).all() for weights in found for layer in weights)
        for one, other in zip(found[0], args["weights"], strict=True):
            draws.close(one, other)

    return args, check


def one_matrix(draw):
    rows, columns = draw(draws.SIZES), draw(draws.SIZES)
    return torch.from_numpy(draws.matrix(draw, rows, columns))


ANY_MATRIX = bad.tensor(dtype=False)


@properties(
    "linear.optimizer_oracle.polar_factor",
    matrix=ANY_MATRIX,
    cutoff=bad.number(negative=-0.1, one=1.0),
)
def polar_factor(draw):
    args = {"matrix": one_matrix(draw), "cutoff": 1e-12}

    def check(call):
        found = call(**args)
        values = torch.linalg.svdvals(found)
        draws.close(values, torch.ones_like(values))
        draws.close(call(5.0 * args["matrix"]), found)
        draws.close(call(args["matrix"].T), found.T)

    return args, check


@properties("linear.optimizer_oracle.newton_schulz", matrix=ANY_MATRIX, steps=bad.integer(0))
def newton_schulz(draw):
    args = {"matrix": one_matrix(draw), "steps": draw(st.integers(0, 5))}

    def check(call):
        found = call(**args)
        assert torch.isfinite(found).all()
        draws.close(call(5.0 * args["matrix"], args["steps"]), found)
        draws.close(call(args["matrix"].T, args["steps"]), found.T)

    return args, check


@properties(
    "linear.optimizer_oracle.row_normalised", matrix=ANY_MATRIX, eps=bad.number(negative=-0.1)
)
def row_normalised(draw):
    args = {"matrix": one_matrix(draw), "eps": 0.0}

    def check(call):
        found = call(**args)
        draws.close(found.norm(dim=1), torch.ones(len(found)).double())
        draws.close(call(5.0 * args["matrix"]), found)
        draws.close(call(args["matrix"].flip(0)), found.flip(0))

    return args, check


# problem


@properties("linear.problem.paper_widths", depth=bad.integer(1))
def paper_widths(draw):
    depth = draw(st.integers(1, 9))
    return {"depth": depth}, lambda call: [len(call(depth))].index(depth + 1)


@properties(
    "linear.problem.rectangular_diagonal",
    values=bad.array(axes=1, empty=True),
    rows=bad.integer(1),
    columns=bad.integer(1),
)
def rectangular_diagonal(draw):
    rows, columns = draw(draws.SIZES), draw(draws.SIZES)
    values = draws.values(draw, min(rows, columns))
    args = {"values": values, "rows": rows, "columns": columns}

    def check(call):
        found = call(**args)
        assert found.shape == (rows, columns)
        draws.close(found.diagonal(), values)
        draws.close(found.sum(), values.sum())

    return args, check


@properties("linear.problem.balanced_weights", widths=WIDTHS, product=ONE)
def balanced_weights(draw):
    from depth_not_data.linear import defect, network

    widths, _ = draws.widths(draw)
    wide = (widths[0], *(max(w, widths[0], widths[-1]) for w in widths[1:-1]), widths[-1])
    product = torch.from_numpy(draws.matrix(draw, wide[-1], wide[0]))
    args = {"widths": wide, "product": product}

    def check(call):
        found = call(**args)
        draws.close(network.product(found), product)
        draws.close(defect.defect([layer.numpy() for layer in found]), 0.0)

    return args, check


PROBLEM = {"widths": WIDTHS, "rank": bad.integer(1), "seed": bad.integer(0)}


@properties("linear.problem.aligned_problem", variance=bad.number(zero=0.0), **PROBLEM)
def aligned_problem(draw):
    widths, rank = draws.widths(draw)
    args = {"widths": widths, "rank": rank, "seed": draw(draws.SEEDS), "variance": 0.01}

    def check(call):
        found = call(**args)
        assert (found.widths, found.rank, found.depth) == (widths, rank, len(widths) - 1)
        draws.close(torch.linalg.svdvals(found.target)[:rank], torch.ones(rank).double())
        one = found.trajectory(0.01, 3)
        draws.real(one, (4, min(widths)))
        draws.close(one[0], found.layer_singular_values)
        size = sum(layer.numel() for layer in found.weights)
        draws.real(found.hessian_eigenvalues(), (size,))
        larger = call(**args | {"variance": 0.04})
        lam = 2.0 ** (1 / found.depth) * found.layer_singular_values
        draws.close(larger.layer_singular_values, lam)

    return args, check


# subspace, tanh, training


@properties(
    "linear.subspace.leading_eigenvalues",
    weights=MATRICES,
    target=TARGET,
    count=bad.integer(1),
    iterations=bad.integer(1),
)
def leading_eigenvalues(draw):
    args = problem(draw, inputs=False) | {"count": 1, "iterations": 2}

    def check(call):
        found = call(**args)
        draws.real(found.eigenvalues, (1,))
        assert np.isfinite(found.bound)
        assert found.bound >= 0

    return args, check


def small(draw):
    widths, _ = draws.widths(draw)
    return {"weights": draws.tensors(draws.layers(draw, widths))}


@properties("linear.tanh.states", weights=BATCH)
def states(draw):
    args = small(draw)

    def check(call):
        found = call(**args)
        assert len(found) == len(args["weights"]) + 1
        assert all((level.abs() <= 1).all() for level in found)
        mirrored = [layer.clone() for layer in args["weights"]]
        mirrored[-1] = -mirrored[-1]
        draws.close(call(mirrored)[-1], -found[-1])

    return args, check


@properties("linear.tanh.outputs", weights=BATCH)
def tanh_outputs(draw):
    args = small(draw)

    def check(call):
        found = call(**args)
        assert found.shape == (len(args["weights"][-1]), args["weights"][0].shape[1])
        assert (found.abs() < 1).all()

    return args, check


@properties("linear.tanh.losses", weights=BATCH, target=TARGET)
def losses(draw):
    from depth_not_data.linear import tanh

    args = small(draw)
    args["target"] = tanh.outputs(args["weights"])

    def check(call):
        draws.close(call(**args), 0.0)
        farther = args["target"] + 1
        draws.close(call(args["weights"], farther), args["target"].numel() / 2)

    return args, check


@properties("linear.tanh.jacobian_gram", weights=BATCH)
def tanh_gram(draw):
    args = small(draw)

    def check(call):
        found = call(**args)
        size = len(args["weights"][-1]) * args["weights"][0].shape[1]
        assert found.shape == (size, size)
        draws.close(found, found.T)
        assert torch.linalg.eigvalsh(found)[0] > -1e-9 * (1 + found.abs().max())

    return args, check


@properties(
    "linear.tanh.diagonal_eigenvalues",
    diagonals=bad.array(axes=2),
    d_in=bad.integer(1),
    d_out=bad.integer(1),
)
def diagonal_eigenvalues(draw):
    from depth_not_data.linear import network, tanh

    depth, size = draw(draws.SIZES), draw(st.integers(1, 3))
    args = {"diagonals": draws.matrix(draw, depth, size), "d_in": size + 1, "d_out": size}

    def check(call):
        found = call(**args)
        draws.real(found, (size, size + 1))
        shapes = [*[(size, size + 1)], *[(size, size)] * (depth - 1)]
        pairs = zip(args["diagonals"], shapes, strict=True)
        layers = [network.rectangular_diagonal(w, *shape) for w, shape in pairs]
        draws.close(found.sum(), torch.trace(tanh.jacobian_gram(layers)))

    return args, check


TIMES = bad.integers(minimum=0, empty=True)


@properties(
    "linear.training.follow",
    problem=lambda valid: bad.NO_NUMBERS | {"a number": 2.5, "weights": list(valid.weights)},
    momentum=MOMENTUM,
    filled=bad.without(bad.integer(1), "None"),
    every=bad.integer(1),
    keep=TIMES,
    decompose=bad.flag,
    **STEPS,
)
def follow(draw):
    one = aligned(draw)
    args = {"problem": one, "lr": 0.01, "steps": draw(st.integers(0, 4)), "momentum": 0.0}
    args |= {"filled": None, "every": 1, "keep": [0], "decompose": True}

    def check(call):
        found, size = call(**args), min(one.widths)
        times = args["steps"] + 1
        draws.real(found.recursion, (times, size))
        draws.real(found.entries, (times, one.depth, size))
        assert found.deviation.max() < 1e-9
        assert list(found.weights) == [0]

    return args, check


@properties(
    "linear.training.paper_run",
    depth=bad.integer(1),
    seed=bad.integer(0),
    rank=bad.integer(1, maximum=10),
)
def paper_run(draw):
    args = {"depth": 1, "seed": draw(draws.SEEDS), "rank": draw(st.integers(1, 5))}

    def check(call):
        found = call(**args, lr=0.1, steps=1)
        assert found.problem.rank == args["rank"]
        assert found.deviation.max() < 1e-9

    return args, check
