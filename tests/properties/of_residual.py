"""Properties of the room `residual`: what is computed without training, and trainings of a step."""

import bad_values as bad
import draws
import numpy as np
import torch
from hypothesis import strategies as st
from registry import properties

N, D = st.integers(4, 5), st.integers(1, 2)
SEED = bad.integer(0)
STUDENT = "a Student comes from train_student"
GENERATOR = "made by the training that calls this"
TASK = "read from the file of predictions"
DIRECTIONS = bad.tensor(empty=True, finite=False)


def size(least, blocks=1):
    return {"n_embd": bad.integer(least), "n_block": bad.integer(blocks)}


def generators(valid):
    return {"None": None, "a string": "three", "a seed": 3}


def student(draw, **options):
    from depth_not_data.residual import network

    settings = {"seed": draw(st.integers(0, 99)), "steps": 1, "n_samples": 60, "progress": False}
    return network.train_student(draw(N), draw(D), **settings | options)


# network, hessian, functions

TRAINING = {
    "seed": SEED,
    "placement": bad.choice,
    "norm": bad.choice,
    "activation": bad.choice,
    "bias": bad.flag,
    "optimiser": bad.choice,
    "lr": bad.number(zero=0.0),
    "steps": bad.integer(0),
    "n_samples": bad.integer(1),
    "rotation": bad.choice,
    "input_mean": bad.without(bad.array(axes=1), "None"),
    "input_std": bad.without(bad.array(axes=1, minimum=0.0), "None"),
}


@properties(
    "residual.network.train_student",
    untried={"progress": "only whether a bar is shown"},
    frozen=lambda valid: {"None": None, "a string": "gain", "a number": 3, "a word": ["nonsense"]},
    **size(2),
    **TRAINING,
)
def train_student(draw):
    n, source = draw(N), draws.rng(draw)
    args = {"n_embd": n, "n_block": draw(D), "seed": draw(st.integers(0, 99)), "progress": False}
    args |= {"placement": draw(st.sampled_from(["post", "pre"])), "norm": "layer"}
    args |= {"activation": "relu", "bias": draw(st.booleans()), "optimiser": "adam", "lr": 1e-3}
    args |= {"steps": 2, "n_samples": 12, "frozen": ["gain"], "rotation": "shared"}
    args |= {"input_mean": source.normal(size=n), "input_std": source.uniform(0.5, 2, size=n)}

    def check(call):
        found = call(**args)
        draws.real(found.loss_history, (3,))
        assert (found.loss_history >= 0).all()
        assert found.inputs.shape == found.targets.shape == (12, n)
        draws.close(found.teacher(found.inputs).detach(), found.targets)
        draws.close(call(**args).loss_history, found.loss_history)

    return args, check


@properties("residual.network.zero_residual_student", seed=SEED, **size(2))
def zero_residual_student(draw):
    args = {"n_embd": draw(N), "n_block": draw(D), "seed": draw(st.integers(0, 99))}

    def check(call):
        found = call(**args, n_samples=12)
        draws.close(found.model(found.inputs).detach(), found.targets)
        draws.close(found.loss_history, [0.0])

    return args, check


@properties(
    "residual.network.ResidualNetwork",
    untried={"generator": GENERATOR},
    **size(2),
    **{name: TRAINING[name] for name in ("placement", "norm", "activation", "bias")},
)
def residual_network(draw):
    args = {"n_embd": draw(N), "n_block": draw(D), "placement": "post", "norm": "layer"}
    args |= {"activation": "relu", "bias": False, "generator": torch.Generator().manual_seed(0)}

    def check(call):
        found = call(**args)
        h = torch.from_numpy(draws.matrix(draw, 6, args["n_embd"]))
        out = found(h).detach()
        assert out.shape == h.shape
        draws.close(found(h.flip(0)).detach(), out.flip(0))
        # Post-LN: outputs are normalised, whatever the length of what comes in.
        draws.close(out.mean(1), torch.zeros(6).double())

    return args, check


@properties("residual.hessian.hessian", untried={"student": STUDENT})
def hessian(draw):
    from depth_not_data.spectra import autograd

    args = {"student": student(draw, n_samples=12)}

    def check(call):
        found = call(**args)
        parameters = list(args["student"].model.parameters())
        assert found.shape == (sum(p.numel() for p in parameters),) * 2
        assert torch.isfinite(found).all()
        draws.close(found, found.T)
        assert autograd.relative_asymmetry(found) < 1e-12

    return args, check


@properties(
    "residual.hessian.largest_eigenvalues", untried={"student": STUDENT}, count=bad.integer(1)
)
def largest_eigenvalues(draw):
    from depth_not_data.residual import hessian

    args = {"student": student(draw, n_samples=12), "count": 2}

    def check(call):
        found = call(**args)
        draws.real(found, (2,))
        dense = torch.linalg.eigvalsh(hessian.hessian(args["student"]).detach())
        draws.close(found, dense.flip(0)[:2], atol=1e-8)

    return args, check


@properties(
    "residual.functions.leading_eigenpairs",
    matrix=bad.symmetric,
    count=bad.integer(1),
)
def leading_eigenpairs(draw):
    args = {"matrix": draws.symmetric(draw, 4), "count": draw(st.integers(1, 4))}

    def check(call):
        values, vectors = call(**args)
        draws.close(vectors.T @ vectors, torch.eye(args["count"]).double())
        draws.close(torch.from_numpy(args["matrix"]) @ vectors, vectors * values, atol=1e-8)
        draws.close(call(2 * args["matrix"], args["count"])[0], 2 * values)

    return args, check


def steps_of(draw):
    one = student(draw, n_samples=12)
    size = sum(p.numel() for p in one.model.parameters())
    return {"student": one, "directions": torch.from_numpy(draws.matrix(draw, size, 2))}


@properties(
    "residual.functions.output_changes", untried={"student": STUDENT}, directions=DIRECTIONS
)
def output_changes(draw):
    args = steps_of(draw)

    def check(call):
        found = call(**args)
        assert found.shape == (2, *args["student"].inputs.shape)
        draws.close(call(args["student"], -2 * args["directions"]), -2 * found)
        draws.close(call(args["student"], args["directions"].flip(1)), found.flip(0))

    return args, check


@properties(
    "residual.functions.parameter_shares", untried={"student": STUDENT}, directions=DIRECTIONS
)
def parameter_shares(draw):
    args = steps_of(draw)

    def check(call):
        found = call(**args)
        draws.close(sum(found.values()), np.ones(2))
        assert all((share >= 0).all() for share in found.values())
        scaled = call(args["student"], 3 * args["directions"])
        for key, share in found.items():
            draws.close(scaled[key], share)

    return args, check


def changed(draw):
    inputs = torch.from_numpy(draws.matrix(draw, 40, 3))
    return {"changes": torch.from_numpy(draws.rng(draw).normal(size=(2, 40, 3))), "inputs": inputs}


@properties(
    "residual.functions.function_shares",
    changes=bad.tensor(empty=True, finite=False),
    inputs=bad.tensor(empty=True, finite=False),
)
def function_shares(draw):
    args = changed(draw)

    def check(call):
        found = call(**args)
        draws.close(sum(found.values()), np.ones(2))
        assert all((share > -1e-9).all() for share in found.values())
        order = torch.from_numpy(draws.rng(draw).permutation(40))
        mixed = call(args["changes"][:, order], args["inputs"][order])
        for kind, share in found.items():
            draws.close(mixed[kind], share)
        draws.close(call(args["changes"] * 0 + 1, args["inputs"])["constant"], np.ones(2))

    return args, check


@properties(
    "residual.functions.span_share",
    changes=bad.tensor(empty=True, finite=False),
    functions=bad.tensor(empty=True, finite=False),
)
def span_share(draw):
    changes = changed(draw)["changes"]
    args = {"changes": changes, "functions": changes[:1] + 0}

    def check(call):
        found = call(**args)
        draws.real(found, (2,))
        draws.close(found[0], 1.0)
        assert 0 <= found[1] <= 1
        draws.close(call(5 * changes, args["functions"]), found)

    return args, check


@properties("residual.functions.norm_stack_level", **size(2))
def norm_stack_level(draw):
    args = {"n_embd": draw(st.integers(2, 9)), "n_block": draw(st.integers(1, 6))}

    def check(call):
        from depth_not_data.residual import at_start

        found = call(**args)
        wanted = at_start.norm_stack_spectrum(**args)[0]
        draws.close(2 / args["n_embd"] * found, wanted, rtol=1e-7)

    return args, check


# at_start, heads, leaky_relu


@properties("residual.at_start.norm_stack_spectrum", **size(2))
def norm_stack_spectrum(draw):
    args = {"n_embd": draw(st.integers(2, 5)), "n_block": draw(st.integers(1, 3))}

    def check(call):
        found = call(**args)
        draws.real(found, (args["n_embd"] * args["n_block"],))
        draws.falling(found)
        assert (found > -1e-9).all()

    return args, check


@properties("residual.at_start.scaled_start", seed=SEED, exponent=bad.number(), **size(2))
def scaled_start(draw):
    args = {"n_embd": draw(N), "n_block": draw(D), "seed": draw(st.integers(0, 99))}
    args["exponent"] = draw(st.floats(-1.0, 1.0))

    def check(call):
        found, plain = call(**args), call(**args | {"exponent": 0.0})
        factor = args["n_block"] ** args["exponent"]
        for one, other in zip(found.model.blocks, plain.model.blocks, strict=True):
            draws.close(one.w1.detach(), factor * other.w1.detach())
        draws.close(found.model(found.inputs).detach(), found.targets)

    return args, check


@properties("residual.at_start.group_means", untried={"student": STUDENT})
def group_means(draw):
    args = {"student": student(draw)}

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        draws.falling(found)

    return args, check


@properties(
    "residual.heads.levels",
    curvature=bad.symmetric,
    norms=bad.integer(0),
    n_in=bad.without(bad.integer(1), "None"),
    seed=SEED,
    **size(2),
)
def head_levels(draw):
    args = {"n_embd": draw(N), "n_block": draw(D), "curvature": draws.covariance(draw, 2)}
    args |= {"norms": draw(st.integers(0, 3)), "seed": draw(draws.SEEDS), "n_in": 3}

    def check(call):
        found = call(**args)
        draws.real(found, (2 * (2 * args["n_embd"] + 1),))
        draws.falling(found)
        assert (found >= 0).all()
        draws.close(call(**args | {"curvature": 3 * args["curvature"]}), 3 * found)

    return args, check


@properties("residual.leaky_relu.harmonic_levels", slope=bad.array(), **size(2))
def harmonic_levels(draw):
    args = {"slope": np.array([1.0, draw(st.floats(-1, 1))]), "n_embd": draw(N), "n_block": draw(D)}

    def check(call):
        found = call(**args)
        draws.real(found, (3, 2))
        assert (found >= 0).all()
        draws.close(found[[0, 2], 0], np.zeros(2))
        doubled = call(**args | {"n_block": 2 * args["n_block"]})
        draws.close(doubled, 2 * found)

    return args, check


@properties("residual.leaky_relu.mean_component", n_embd=bad.integer(1))
def mean_component(draw):
    args = {"n_embd": draw(st.integers(1, 60))}

    def check(call):
        found = call(**args)
        assert 0 < found <= 1 + 1e-12
        assert call(args["n_embd"] + 1) < found
        assert found**2 <= 1 / args["n_embd"] + 1e-12

    return args, check


@properties("residual.leaky_relu.feature_spectrum", slope=bad.number(), seed=SEED, **size(1))
def feature_spectrum(draw):
    args = {"slope": draw(st.floats(-1, 1)), "n_embd": draw(st.integers(1, 3)), "n_block": draw(D)}
    args["seed"] = draw(draws.SEEDS)

    def check(call):
        found, n = call(**args), args["n_embd"]
        draws.real(found, (4 * n * args["n_block"],))
        draws.falling(found)
        assert (found > -1e-9).all()
        # Linear features have the rank of the state.
        draws.close(call(**args | {"slope": 1.0})[n:], 0 * found[n:])

    return args, check


@properties(
    "residual.leaky_relu.trained_spectrum",
    slope=bad.number(),
    seed=SEED,
    n_samples=bad.integer(1),
    steps=bad.integer(1),
    lr=bad.number(zero=0.0),
    **size(1),
)
def trained_spectrum(draw):
    args = {"slope": draw(st.floats(-1, 1)), "n_embd": 2, "n_block": 1, "n_samples": 5}
    args |= {"steps": 1, "lr": 0.003, "seed": draw(draws.SEEDS)}

    def check(call):
        found = call(**args)
        draws.real(found, (32,))
        draws.falling(found)

    return args, check


# linear_network


def table(draw):
    return draws.matrix(draw, draw(st.integers(1, 3)), draw(st.integers(1, 3)))


def basis(draw, size):
    return torch.from_numpy(draws.orthogonal(draw, size))


FACTORS = bad.array(axes=2)
BASIS = bad.without(bad.tensor(), "None")


@properties("residual.linear_network.random_rotation", size=bad.integer(1), generator=generators)
def random_rotation(draw):
    args = {"size": draw(draws.SIZES), "generator": torch.Generator().manual_seed(0)}

    def check(call):
        found = call(**args)
        draws.close(found @ found.T, torch.eye(args["size"]).double())

    return args, check


@properties(
    "residual.linear_network.aligned_layers", factors=FACTORS, skip=bad.number(), basis=BASIS
)
def aligned_layers(draw):
    factors = table(draw)
    args = {"factors": factors, "skip": draw(st.floats(-1, 1))}
    args["basis"] = basis(draw, factors.shape[1])

    def check(call):
        found, q = call(**args), args["basis"]
        for layer, row in zip(found, factors, strict=True):
            draws.close((q.T @ layer @ q).diagonal(), row - args["skip"])
            draws.close(layer, layer.T)

    return args, check


@properties(
    "residual.linear_network.aligned_blocks",
    inner=FACTORS,
    outer=FACTORS,
    n_hidden=bad.integer(1),
    generator=generators,
    basis=BASIS,
)
def aligned_blocks(draw):
    inner = table(draw)
    args = {"inner": inner, "outer": inner + 1.0, "n_hidden": inner.shape[1] + 1}
    args |= {"generator": torch.Generator().manual_seed(0), "basis": basis(draw, inner.shape[1])}

    def check(call):
        found, q = call(**args), args["basis"]
        for k, (a, b) in enumerate(zip(found[::2], found[1::2], strict=True)):
            draws.close((q.T @ b @ a @ q).diagonal(), inner[k] * (inner[k] + 1.0))

    return args, check


def square_layers(draw):
    count, width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    weights = draws.tensors(draws.rng(draw).normal(size=(count, width, width)))
    return {"weights": weights, "skip": draw(st.floats(-1, 1)), "two_layer": False}


END_TO_END = {
    "weights": bad.layers(bad.tensor(dtype=False)),
    "skip": bad.number(),
    "two_layer": bad.flag,
}


@properties("residual.linear_network.end_to_end", **END_TO_END)
def end_to_end(draw):
    args = square_layers(draw)

    def check(call):
        found, weights = call(**args), args["weights"]
        assert found.shape == weights[0].shape
        draws.close(call(**args | {"weights": [w.T for w in weights[::-1]]}), found.T)
        alone = call([weights[0]], skip=1.0)
        draws.close(alone - weights[0], torch.eye(len(alone)).double())

    return args, check


@properties("residual.linear_network.dense_eigenvalues", target=bad.tensor(), **END_TO_END)
def dense_eigenvalues(draw):
    args = square_layers(draw)
    width = len(args["weights"][0])
    args["target"] = torch.from_numpy(draws.matrix(draw, width, width))

    def check(call):
        found = call(**args)
        draws.real(found, (len(args["weights"]) * width**2,))
        draws.falling(found)
        mirrored = {"weights": [w.T for w in args["weights"][::-1]], "target": args["target"].T}
        draws.close(call(**args | mirrored), found, rtol=1e-7, atol=1e-7)

    return args, check


@properties(
    "residual.linear_network.conserved_factors",
    target=bad.array(axes=1, above=0.0, empty=True),
    depth=bad.integer(1),
    imbalance=bad.number(negative=-0.1),
)
def conserved_factors(draw):
    args = {"target": draws.values(draw, 3, zeros=False), "depth": draw(st.integers(1, 5))}
    args["imbalance"] = draw(st.floats(0.0, 2.0))

    def check(call):
        p, q = call(**args)
        shape = (args["depth"], 3)
        draws.close((1 + q * p) ** args["depth"], np.broadcast_to(args["target"], shape))
        draws.close(p**2 - q**2, np.full(shape, args["imbalance"]))

    return args, check


@properties(
    "residual.linear_network.mean_curvature_after_descent",
    target=bad.array(axes=1),
    depth=bad.integer(1),
    start=bad.choice,
    n_hidden=bad.integer(1),
)
def mean_curvature(draw):
    args = {"target": np.array([draw(st.floats(1.1, 1.6))]), "depth": 1, "n_hidden": 3}
    args["start"] = "zero output"

    def check(call):
        found = call(**args)
        assert np.isfinite(found)
        assert found > 0

    return args, check


# levels, signal_propagation

NORM = {"subtract": bad.flag, "divide": bad.flag}
TERMS = {
    "None": None,
    "a string": "mean",
    "a number": 3,
    "another word": ["nonsense"],
    "NaN": [bad.NAN],
}


@properties(
    "residual.levels.levels", n_samples=bad.integer(1), without=lambda valid: TERMS, **size(5)
)
def levels(draw):
    args = {"n_embd": draw(st.integers(5, 9)), "n_block": draw(D), "n_samples": 1000}
    args["without"] = draw(st.lists(st.sampled_from(["mean", "scale", "samples"]), unique=True))

    def check(call):
        found = call(**args)
        assert all(np.isfinite(level) and level > 0 for level in found)
        assert call(**args | {"without": tuple(reversed(args["without"]))}) == found

    return args, check


@properties(
    "residual.signal_propagation.arc_cosine",
    correlation=bad.outside(bad.array(), too_large=1.5),
    degree=bad.choice,
)
def arc_cosine(draw):
    args = {"correlation": np.array([-1.0, draw(st.floats(-1, 1)), 1.0])}
    args["degree"] = draw(st.sampled_from([0, 1]))

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        draws.close(found[[0, 2]], [0.0, 1.0], atol=1e-7)
        assert (np.diff(found) >= -1e-12).all()

    return args, check


@properties("residual.signal_propagation.scale_moments", n_embd=bad.integer(5), first=bad.flag)
def scale_moments(draw):
    args = {"n_embd": draw(st.integers(5, 20)), "first": draw(st.booleans())}

    def check(call):
        square, inverse, inverse_square = call(**args)
        assert square * inverse_square >= 1  # Jensen
        assert inverse**2 <= inverse_square
        assert square > 0

    return args, check


@properties(
    "residual.signal_propagation.block_moments",
    with_mean=bad.flag,
    with_spread=bad.flag,
    **size(5),
)
def block_moments(draw):
    args = {"n_embd": draw(st.integers(5, 12)), "n_block": draw(st.integers(1, 4))}
    args |= {"with_mean": draw(st.booleans()), "with_spread": draw(st.booleans())}

    def check(call):
        found = call(**args)
        for moment in found:
            draws.real(moment, (args["n_block"],))
        deeper = call(**args | {"n_block": args["n_block"] + 1})
        draws.close(deeper.mean[:-1], found.mean)

    return args, check


# wide_limit, wide_operator, wide_fields


@properties(
    "residual.wide_limit.kernel_eigenvalue", degree=bad.integer(0), dimension=bad.integer(3)
)
def kernel_eigenvalue(draw):
    args = {"degree": draw(st.integers(0, 4)), "dimension": draw(st.integers(3, 12))}

    def check(call):
        found = call(**args)
        assert np.isfinite(found)
        assert found >= 0
        assert call(args["degree"] + 2, args["dimension"]) <= found

    return args, check


@properties(
    "residual.wide_limit.levels",
    n_hidden=bad.without(bad.integer(1), "None"),
    **size(4),
    **NORM,
)
def wide_levels(draw):
    args = {"n_embd": draw(st.integers(4, 9)), "n_block": draw(st.integers(1, 5))}
    args |= {"n_hidden": draw(st.integers(1, 50)), "subtract": draw(st.booleans())}
    args["divide"] = draw(st.booleans())

    def check(call):
        found = call(**args)
        values = [level.eigenvalue for level in found]
        draws.falling(values)
        assert all(value >= 0 for value in values)
        assert all(level.count >= 1 for level in found)

    return args, check


@properties(
    "residual.wide_limit.gap_ranks",
    untried={"found": "levels from the function above"},
    threshold=bad.number(one=1.0),
    last=bad.without(bad.integer(1), "None"),
)
def gap_ranks(draw):
    from depth_not_data.residual import wide_limit

    found = wide_limit.levels(draw(st.integers(4, 9)), draw(st.integers(1, 5)))
    args = {"found": found, "threshold": draw(st.floats(1.05, 2.0)), "last": 60}

    def check(call):
        ranks = call(**args)
        assert list(ranks) == sorted(ranks)
        assert all(1 <= k <= 60 for k in ranks)
        ends = set(np.cumsum([level.count for level in found]))
        assert set(ranks) <= ends
        scaled = [level._replace(eigenvalue=3 * level.eigenvalue) for level in found]
        assert call(**args | {"found": scaled}) == ranks

    return args, check


def sphere(draw, *, subtract=True):
    from depth_not_data.residual import wide_fields

    return wide_fields.states(draws.rng(draw), draw(N), subtract, 3)


@properties("residual.wide_operator.arc_cosine", cosine=bad.outside(bad.array(), too_large=1.5))
def arc_cosine_kernel(draw):
    args = {"cosine": np.array([-1.0, draw(st.floats(-1, 1)), 1.0])}

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        draws.close(found[[0, 2]], [0.0, 1.0], atol=1e-7)
        assert (np.diff(found) >= -1e-12).all()

    return args, check


STATES = bad.array(axes=2)


@properties("residual.wide_operator.projections", y=STATES, **NORM)
def projections(draw):
    args = {"y": sphere(draw), "subtract": draw(st.booleans()), "divide": draw(st.booleans())}

    def check(call):
        found, n = call(**args), args["y"].shape[1]
        draws.real(found, (3, n, n))
        draws.close(found, np.swapaxes(found, 1, 2))
        draws.close(found @ found, found)  # y has no mean
        lost = args["subtract"] + args["divide"]
        draws.close(np.trace(found, axis1=1, axis2=2), np.full(3, n - lost))

    return args, check


@properties(
    "residual.wide_operator.apply",
    field=bad.function,
    y=bad.array(axes=1),
    n_block=bad.integer(1),
    n_hidden=bad.without(bad.integer(1), "None"),
    **NORM,
)
def apply(draw):
    y = sphere(draw)[0]
    args = {"field": lambda points: points, "y": y, "n_block": draw(D), "n_hidden": 8}
    args |= {"subtract": True, "divide": True}

    def check(call):
        found = call(**args)
        draws.real(found, (len(y),))
        draws.close(call(**args | {"field": lambda points: 3 * points}), 3 * found)
        order = draws.rng(draw).permutation(len(y))
        draws.close(call(**args | {"y": y[order]}), found[order], atol=1e-6)

    return args, check


@properties(
    "residual.wide_operator.kernel_matrix",
    untried={"first": "drawn for the comparison with the limit"},
    y=STATES,
    n_block=bad.integer(1),
    **NORM,
)
def kernel_matrix(draw):
    y, blocks = sphere(draw), draw(D)
    first = [draws.matrix(draw, 6, y.shape[1]) for _ in range(blocks)]
    args = {"y": y, "n_block": blocks, "first": first, "subtract": True, "divide": True}

    def check(call):
        found = call(**args)
        draws.real(found, (y.size, y.size))
        draws.close(found, found.T)
        assert np.linalg.eigvalsh(found)[0] > -1e-8
        order = draws.rng(draw).permutation(len(y))
        mixed = call(**args | {"y": y[order]})
        draws.close(np.trace(mixed), np.trace(found))

    return args, check


@properties("residual.wide_operator.rate_constant", y=STATES, n_block=bad.integer(1), **NORM)
def rate_constant(draw):
    args = {"y": sphere(draw), "n_block": draw(D), "subtract": True, "divide": True}

    def check(call):
        found = call(**args)
        assert np.isfinite(found)
        assert found >= 0
        draws.close(call(**args | {"y": args["y"][::-1]}), found)
        draws.close(call(**args | {"n_block": 2 * args["n_block"]}), 2 * found)

    return args, check


@properties(
    "residual.wide_fields.states",
    rng=bad.generator,
    n_embd=bad.integer(2),
    subtract=bad.flag,
    samples=bad.integer(1),
)
def states(draw):
    args = {"rng": draws.rng(draw), "n_embd": draw(N), "subtract": True, "samples": 3}

    def check(call):
        found = call(**args)
        draws.real(found, (3, args["n_embd"]))
        draws.close((found**2).mean(axis=1), np.ones(3))
        draws.close(found.mean(axis=1), np.zeros(3))

    return args, check


@properties(
    "residual.wide_fields.residual",
    untried={"level": "from wide_limit.levels"},
    rng=bad.generator,
    **size(4),
    **NORM,
)
def wide_residual(draw):
    from depth_not_data.residual import wide_limit

    args = {"n_embd": 5, "n_block": draw(D), "rng": draws.rng(draw)}
    args |= {"subtract": True, "divide": True}
    found = wide_limit.levels(5, args["n_block"])
    args["level"] = draw(st.sampled_from(found))
    return args, lambda call: draws.close(call(**args), 0.0, atol=1e-5)


# batched, stable_steps


@properties(
    "residual.batched.checked",
    setting=lambda valid: bad.NO_NUMBERS | {"a tuple": (10, 2), "a list": [10, 2]},
)
def checked(draw):
    from depth_not_data.residual.batched import Setting

    setting = Setting(n_embd=draw(N), n_block=draw(D))

    def check(call):
        found = call(setting)
        assert call(found) == found
        assert found.teacher == found.activation

    return {"setting": setting}, check


@properties(
    "residual.stable_steps.predicted_sharpness",
    setting=lambda valid: bad.NO_NUMBERS | {"a tuple": (10, 2)},
)
def predicted_sharpness(draw):
    from depth_not_data.residual.batched import Setting

    setting = Setting(n_embd=draw(N), n_block=draw(D))

    def check(call):
        found = call(setting)
        assert found > 0
        assert call(setting._replace(bias=0.0, gain=0.0)) <= found + 1e-12
        assert call(setting._replace(n_block=setting.n_block + 1)) >= found

    return {"setting": setting}, check


@properties(
    "residual.stable_steps.steps_around",
    step=bad.number(zero=0.0),
    below=bad.integer(0),
    above=bad.integer(0),
)
def steps_around(draw):
    args = {"step": draw(draws.SCALES), "below": draw(st.integers(0, 3)), "above": 2}

    def check(call):
        found = call(**args)
        draws.real(found, (args["below"] + 3,))
        draws.close(found[1:] / found[:-1], np.full(len(found) - 1, 2 ** (1 / 3)))
        assert abs(np.log(found[args["below"]] / args["step"])) <= np.log(2) / 6 + 1e-9

    return args, check


@properties(
    "residual.stable_steps.largest_step",
    untried={"losses": "of a Descent; they may be infinite", "steps": "of a training"},
    rule=bad.choice,
)
def largest_step(draw):
    losses = np.exp(draws.rng(draw).normal(size=(4, 3, 5)))
    args = {"losses": losses, "steps": np.array([1.0, 2.0, 3.0, 4.0])}
    args["rule"] = draw(st.sampled_from(["quiet", "usable"]))

    def check(call):
        found = call(**args)
        assert found.shape == (3,)
        assert all(np.isnan(step) or step in args["steps"] for step in found)
        np.testing.assert_array_equal(call(**args | {"losses": 7 * losses}), found)
        np.testing.assert_array_equal(call(**args | {"losses": losses[:, ::-1]}), found[::-1])

    return args, check


# two_by_two, relatives, sources, restricted_descent

CELLS = st.sampled_from(["LayerNorm", "centring", "RMSNorm", "nothing"])


@properties("residual.two_by_two.normalised", untried={"h": "states of a network"}, cell=bad.choice)
def normalised(draw):
    args = {"h": torch.from_numpy(draws.matrix(draw, 5, 4)), "cell": draw(CELLS)}

    def check(call):
        found = call(**args)
        assert found.shape == (5, 4)
        if args["cell"] in ("LayerNorm", "centring"):
            draws.close(found.mean(1), torch.zeros(5).double())
        draws.close(call(args["h"].flip(0), args["cell"]), found.flip(0))

    return args, check


@properties("residual.two_by_two.draw", untried={"generator": GENERATOR}, **size(2))
def draw_parameters(draw):
    args = {"n_embd": draw(N), "n_block": draw(D), "generator": torch.Generator().manual_seed(0)}

    def check(call):
        found, n = call(**args), args["n_embd"]
        assert len(found) == 4 * args["n_block"]
        assert sum(p.numel() for p in found) == args["n_block"] * (8 * n**2 + 2 * n)
        assert all((p.abs() <= 1).all() for p in found)

    return args, check


@properties(
    "residual.relatives.Relative",
    untried={"generator": GENERATOR, "n_in": TASK, "n_out": TASK, "causal": TASK},
    block=bad.choice,
    placement=bad.choice,
    norm=bad.choice,
    n_groups=bad.integer(1),
    shared=bad.choice,
    dropout=bad.number(negative=-0.1, one=1.0),
    **size(2),
)
def relative(draw):
    args = {"n_embd": 4, "n_block": draw(D), "generator": torch.Generator().manual_seed(0)}
    args |= {"block": "perceptron", "placement": "post", "norm": "group", "n_groups": 2}
    args |= {"shared": "none", "dropout": 0.0, "n_in": 3, "n_out": 2, "causal": False}

    def check(call):
        h = torch.from_numpy(draws.matrix(draw, 5, 3))
        found = call(**args)
        out = found(h).detach()
        assert out.shape == (5, 2)
        draws.close(found(h.flip(0)).detach(), out.flip(0))

    return args, check


@properties(
    "residual.relatives_training.train",
    untried={"task": "a Task"},
    seed=SEED,
    **size(2),
)
def train_relative(draw):
    from depth_not_data.residual.relatives_training import Task

    args = {"n_embd": 4, "n_block": 1, "seed": draw(draws.SEEDS)}
    args["task"] = Task(n_samples=8, steps=1)

    def check(call):
        found = call(**args)
        assert np.isfinite(found.loss_history).all()
        draws.close(call(**args).loss_history, found.loss_history)

    return args, check


@properties("residual.sources.constants_in_w2", untried={"student": STUDENT})
def constants_in_w2(draw):
    args = {"student": student(draw)}

    def check(call):
        found = call(**args)
        draws.close(found.T @ found, torch.eye(found.shape[1]).double())

    return args, check


@properties(
    "residual.restricted_descent.five_students",
    seed=SEED,
    steps=bad.integer(0),
    n_samples=bad.integer(1),
    **size(2),
)
def five_students(draw):
    args = {"n_embd": 3, "n_block": 1, "seed": draw(st.integers(0, 99)), "steps": 1}
    args["n_samples"] = 20

    def check(call):
        found = call(**args)
        assert list(found) == ["start", "late", "linear", "quadratic", "small linear"]
        for task, rms in {"linear": 0.1, "quadratic": 0.1, "small linear": 0.01}.items():
            one = found[task]
            change = one.targets - one.model(one.inputs).detach()
            draws.close(change.square().mean().sqrt(), rms)

    return args, check
