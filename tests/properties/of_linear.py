"""Properties of the room `linear`, its NumPy part."""

import itertools

import bad_values as bad
import draws
import numpy as np
from hypothesis import strategies as st
from registry import properties

WIDTHS = bad.integers(minimum=1)
DEPTHS = st.integers(1, 5)
RECURSION = {"depth": bad.integer(1), "lr": bad.number(zero=0.0)}
NOT_NEGATIVE = bad.array(minimum=0.0)


def pairs(widths, rank):
    """Counts of the theorem: r^2 dominant and r (d_0 + d_L - 2r) bulk eigenvalues."""
    return rank**2, rank * (widths[0] + widths[-1] - 2 * rank)


def parameters(widths):
    return sum(a * b for a, b in itertools.pairwise(widths))


# blocks


@properties("linear.blocks.pair_order", widths=WIDTHS)
def pair_order(draw):
    widths, _ = draws.widths(draw)

    def check(call):
        found, size = call(widths), parameters(widths)
        assert sorted(found.order) == list(range(size))
        assert found.sizes.sum() == size
        assert len(found.pairs) == len(set(found.pairs)) == len(found.sizes)
        assert all(a <= c for a, c in found.pairs)

    return {"widths": widths}, check


@properties(
    "linear.blocks.uniform_levels",
    lam=bad.number(negative=-0.5),
    target=bad.number(negative=-0.5),
    rank=bad.integer(1),
    widths=bad.outside(WIDTHS, one_layer=(2, 2)),
)
def uniform_levels(draw):
    widths, rank = draws.widths(draw, depth=(2, 3))
    lam, target = draw(draws.SCALES), draw(draws.SCALES)
    args = {"lam": lam, "target": target, "rank": rank, "widths": widths}

    def check(call):
        found, depth = call(**args), len(widths) - 1
        assert sum(level.count for level in found) == parameters(widths)
        assert all(np.isfinite(level.eigenvalue) and level.count >= 0 for level in found)
        # The trace is that of the outer-product part: all layers of r^2 pairs, one of the bulk's.
        dominant, bulk = pairs(widths, rank)
        trace = sum(level.eigenvalue * level.count for level in found)
        draws.close(trace, (depth * dominant + bulk) * lam ** (2 * depth - 2), rtol=1e-8)

    return args, check


LEVELS = {
    "None": None,
    "a string": "three",
    "a number": 2.5,
    "none": [],
    "no levels": [1.0, 2.0],
    "NaN": [(bad.NAN, 1)],
    "a negative count": [(1.0, -1)],
    "a count that is a float": [(1.0, 1.5)],
    "a string as an eigenvalue": [("a", 1)],
    "complex": [(1j, 1)],
}


@properties("linear.blocks.with_multiplicity", levels=lambda valid: LEVELS)
def with_multiplicity(draw):
    from depth_not_data.linear.blocks import Level

    counts = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    levels = [Level(float(k), count) for k, count in enumerate(counts)]

    def check(call):
        found = call(levels)
        draws.real(found, (sum(counts),))
        draws.falling(found)
        draws.close(found.sum(), sum(level.eigenvalue * level.count for level in levels))

    return {"levels": levels}, check


# conditioning

PROBLEM = {"widths": WIDTHS, "rank": bad.integer(1)}


@properties("linear.conditioning.bulk_size", **PROBLEM)
def bulk_size(draw):
    widths, rank = draws.widths(draw)
    args = {"widths": widths, "rank": rank}

    def check(call):
        assert call(**args) == pairs(widths, rank)[1]
        assert call(widths[::-1], rank) == call(widths, rank)

    return args, check


@properties("linear.conditioning.target_pairs", **PROBLEM)
def target_pairs(draw):
    widths, rank = draws.widths(draw)
    args = {"widths": widths, "rank": rank}

    def check(call):
        found = call(**args)
        assert (found.dtype, found.shape) == (bool, (parameters(widths),))
        assert found.sum() == (len(widths) - 1) * rank**2

    return args, check


def minimum_hessian(draw, *, least=1):
    """Widths with a bulk, a rank, and the Hessian at the minimum with the target diag(1, 0)."""
    from depth_not_data.linear import network

    widths, rank = draws.with_bulk(draw, depth=(least, 3))
    layers = [
        network.rectangular_diagonal(np.ones(rank), b, a) for a, b in itertools.pairwise(widths)
    ]
    hessian = network.dense_hessian(layers, network.product(layers)).numpy()
    return {"hessian": hessian, "widths": widths, "rank": rank}


HESSIAN = {"hessian": bad.symmetric, **PROBLEM}


@properties("linear.conditioning.leading_mass", **HESSIAN)
def leading_mass(draw):
    args = minimum_hessian(draw, least=2)

    def check(call):
        draws.close(call(**args), 1.0)
        draws.close(call(**args | {"hessian": 3.0 * args["hessian"]}), 1.0)

    return args, check


@properties("linear.conditioning.ratio_by_pairs", **HESSIAN)
def ratio_by_pairs(draw):
    args = minimum_hessian(draw)

    def check(call):
        draws.close(call(**args), len(args["widths"]) - 1)
        draws.close(call(**args | {"hessian": 3.0 * args["hessian"]}), len(args["widths"]) - 1)

    return args, check


@properties("linear.conditioning.gap_by_eigenvectors", **HESSIAN)
def gap_by_eigenvectors(draw):
    args = minimum_hessian(draw)
    return args, lambda call: draws.close(call(**args), len(args["widths"]) - 1)


@properties(
    "linear.conditioning.turning_point",
    hessian_at=bad.function,
    low=bad.number(above_high=9.0),
    high=bad.number(),
    tolerance=bad.number(zero=0.0),
    **PROBLEM,
)
def turning_point(draw):
    turn = draw(st.floats(1.5, 3.5))

    def hessian_at(t):
        return np.array([[1.0, 0, 1, 0], [0, 2 * t / turn, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])

    args = {"hessian_at": hessian_at, "widths": (2, 1, 2), "rank": 1, "low": 1.0, "high": 4.0}
    args["tolerance"] = 1e-6
    return args, lambda call: draws.close(call(**args), turn, rtol=0, atol=2e-6)


@properties(
    "linear.conditioning.ratio_by_size",
    eigenvalues=bad.array(),
    rank=bad.integer(1),
    bulk=bad.integer(1),
)
def ratio_by_size(draw):
    rank, bulk = draw(st.integers(1, 2)), draw(draws.SIZES)
    values = np.exp(draws.rng(draw).normal(size=(3, rank**2 + bulk + 1)))
    args = {"eigenvalues": values, "rank": rank, "bulk": bulk}

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        assert (found >= 1).all()
        draws.close(call(**args | {"eigenvalues": 2.0 * values}), found)
        draws.close(call(**args | {"eigenvalues": values[:, ::-1]}), found)

    return args, check


@properties(
    "linear.conditioning.depth_share",
    covariance=bad.symmetric,
    rank=bad.integer(1),
    d_out=bad.integer(1),
    depth=bad.integer(1),
)
def depth_share(draw):
    (d_in, d_out), rank = draws.widths(draw, depth=(1, 1))
    args = {"covariance": draws.covariance(draw, d_in), "rank": rank, "d_out": d_out}
    args["depth"] = draw(DEPTHS)

    def check(call):
        found = call(**args)
        assert 0 <= found <= 1 + 1e-9
        draws.close(call(**args | {"covariance": 5.0 * args["covariance"]}), found)
        if args["depth"] > 1:
            draws.close(call(**args | {"covariance": np.eye(d_in)}), 1.0)

    return args, check


# defect


def chain(draw, *, batch=(), depth=(1, 3)):
    widths, _ = draws.widths(draw, depth=depth)
    return {"weights": draws.layers(draw, widths, batch=batch)}


ANY_MATRIX = bad.layers(bad.array())


def turned(draw, weights):
    """The same network in other hidden bases."""
    turns = [draws.orthogonal(draw, len(layer)) for layer in weights[:-1]]
    pieces = [*turns, np.eye(len(weights[-1]))]
    before = [np.eye(weights[0].shape[1]), *turns]
    return [q @ w @ p.T for q, w, p in zip(pieces, weights, before, strict=True)]


@properties("linear.defect.conserved", weights=ANY_MATRIX)
def conserved(draw):
    args = chain(draw)

    def check(call):
        found = call(**args)
        hidden = [len(layer) for layer in args["weights"][:-1]]
        for matrix, size in zip(found, hidden, strict=True):
            draws.real(matrix, (size, size))
            draws.close(matrix, matrix.T)
        doubled = call([2.0 * layer for layer in args["weights"]])
        for matrix, larger in zip(found, doubled, strict=True):
            draws.close(larger, 4.0 * matrix)

    return args, check


@properties("linear.defect.defect", weights=ANY_MATRIX)
def defect(draw):
    args = chain(draw)

    def check(call):
        found = call(**args)
        assert np.isfinite(found)
        assert found >= 0
        draws.close(call(turned(draw, args["weights"])), found)
        draws.close(call([layer.T for layer in args["weights"][::-1]]), found)
        draws.close(call([2.0 * layer for layer in args["weights"]]), 4.0 * found)

    return args, check


@properties(
    "linear.defect.growth", layers=bad.integer(0), depth=bad.integer(1), defect=NOT_NEGATIVE
)
def growth(draw):
    depth = draw(DEPTHS)
    delta = np.array(draw(st.lists(st.floats(0.0, 2.0), min_size=1, max_size=3)))
    args = {"layers": draw(st.integers(0, depth)), "depth": depth, "defect": delta}

    def check(call):
        found = call(**args)
        draws.real(found, delta.shape)
        assert (found >= 1 - 1e-9).all()
        assert (found <= (1 + delta) ** args["layers"] + 1e-9).all()
        draws.close(call(**args | {"defect": 0.0 * delta}), np.ones(delta.shape))

    return args, check


@properties("linear.defect.bound", depth=bad.integer(2), defect=bad.number(negative=-0.1))
def bound(draw):
    args = {"depth": draw(st.integers(2, 6)), "defect": draw(st.floats(0.0, 0.3))}

    def check(call):
        found, depth = call(**args), args["depth"]
        assert found.dominant_low <= depth + 1e-9
        assert found.dominant_high >= depth - 1e-9
        assert found.bulk_low <= 1 <= found.bulk_high
        exact = call(depth, 0.0)
        draws.close(exact, (depth, depth, 1.0, 1.0, 0.0))

    return args, check


@properties("linear.defect.safe", depth=bad.integer(2))
def safe(draw):
    depth = draw(st.integers(2, 6))

    def check(call):
        from depth_not_data.linear.defect import bound

        found = call(depth)
        assert 0 < found < 1
        draws.close(bound(depth, found).gap, 1.0)

    return {"depth": depth}, check


# ensembles

BATCH = bad.layers(bad.array(axes=3))


@properties("linear.ensembles.symmetric_root", covariance=bad.symmetric)
def symmetric_root(draw):
    args = {"covariance": draws.covariance(draw, draw(draws.SIZES))}

    def check(call):
        found = call(**args)
        draws.close(found @ found.T, args["covariance"])
        draws.close(found, found.T)
        draws.close(call(4.0 * args["covariance"]), 2.0 * found)

    return args, check


@properties("linear.ensembles.random_symmetric", size=bad.integer(1), rng=bad.generator)
def random_symmetric(draw):
    args = {"size": draw(draws.SIZES), "rng": draws.rng(draw)}

    def check(call):
        found = call(**args)
        draws.real(found, (args["size"],) * 2)
        draws.close(found, found.T)
        draws.close(np.linalg.norm(found, 2), 1.0)

    return args, check


@properties("linear.ensembles.end_to_end", weights=BATCH)
def end_to_end(draw):
    args = chain(draw, batch=(2,))

    def check(call):
        layers = args["weights"]
        found = call(layers)
        draws.real(found, (2, layers[-1].shape[1], layers[0].shape[2]))
        draws.close(call([layer[::-1] for layer in layers]), found[::-1])
        draws.close(call([2.0 * layer for layer in layers]), 2.0 ** len(layers) * found)

    return args, check


@properties("linear.ensembles.balanced_copy", weights=BATCH, rng=bad.generator)
def balanced_copy(draw):
    widths, _ = draws.widths(draw)
    widths = (*widths[:1], *(max(w, min(widths[0], widths[-1])) for w in widths[1:-1]), widths[-1])
    args = {"weights": draws.layers(draw, widths, batch=(2,)), "rng": draws.rng(draw)}

    def check(call):
        from depth_not_data.linear import defect, ensembles

        found = call(**args)
        assert [layer.shape for layer in found] == [layer.shape for layer in args["weights"]]
        draws.close(ensembles.end_to_end(found), ensembles.end_to_end(args["weights"]))
        draws.close(defect.defect(found), np.zeros(2))

    return args, check


@properties(
    "linear.ensembles.train",
    weights=BATCH,
    target=bad.array(),
    inputs=bad.without(bad.array(), "None"),
    steps=bad.integer(0),
    tolerance=bad.number(zero=0.0),
)
def train_ensemble(draw):
    args = chain(draw, batch=(2,))
    first, last = args["weights"][0], args["weights"][-1]
    args["target"] = draws.matrix(draw, last.shape[1], 3)
    args["inputs"] = draws.matrix(draw, first.shape[2], 3) / 4
    args |= {"steps": 3, "tolerance": 1e-10}

    def check(call):
        found = call(**args)
        assert [layer.shape for layer in found] == [layer.shape for layer in args["weights"]]
        assert all(np.isfinite(layer).all() for layer in found)
        swapped = call(**args | {"weights": [layer[::-1] for layer in args["weights"]]})
        for one, other in zip(found, swapped, strict=True):
            draws.close(other, one[::-1])
        for one, other in zip(args["weights"], call(**args | {"steps": 0}), strict=True):
            draws.close(one, other)

    return args, check


# flow


@properties(
    "linear.flow.learning_time",
    lam0=bad.array(minimum=0.0),
    lam1=bad.array(minimum=0.0),
    target=bad.array(above=0.0),
    depth=bad.integer(1),
)
def learning_time(draw):
    depth, s = draw(DEPTHS), draw(draws.SCALES)
    low, middle, high = np.sort(draws.rng(draw).uniform(0.05, 0.95, size=3)) * s ** (1 / depth)
    args = {"lam0": np.array([low]), "lam1": np.array([high]), "target": np.array([s])}
    args["depth"] = depth

    def check(call):
        found = call(**args)
        draws.real(found, (1,))
        assert (found >= 0).all()
        parts = call(low, middle, s, depth) + call(middle, high, s, depth)
        draws.close(parts, found[0], rtol=1e-7, atol=1e-7)
        c = 2.0  # lam -> c lam and s -> c^L s scale the time by c^(2 - 2L)
        scaled = call(c * low, c * high, c**depth * s, depth)
        draws.close(scaled, c ** (2.0 - 2 * depth) * found[0], rtol=1e-7, atol=1e-9)

    return args, check


@properties(
    "linear.flow.decaying_square", lam0=NOT_NEGATIVE, depth=bad.integer(2), tau=NOT_NEGATIVE
)
def decaying_square(draw):
    depth = draw(st.integers(2, 6))
    lam0 = draws.values(draw, 3)
    args = {"lam0": lam0, "depth": depth, "tau": np.array(draw(st.floats(0.0, 100.0)))}

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        assert (found <= lam0**2 + 1e-12).all()
        draws.close(call(lam0[::-1], depth, args["tau"]), found[::-1])
        draws.close(call(np.sqrt(found), depth, 3.0), call(lam0, depth, args["tau"] + 3.0))

    return args, check


def squares(draw, least):
    return {"mu": draws.values(draw, 3), "depth": draw(st.integers(least, 5))}


@properties("linear.flow.bulk_eigenvalue", mu=NOT_NEGATIVE, depth=bad.integer(1))
def bulk_eigenvalue(draw):
    args = squares(draw, 1)

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        assert (found >= 1).all()
        draws.close(call(args["mu"][::-1], args["depth"]), found[::-1])

    return args, check


@properties("linear.flow.largest_bulk_eigenvalue", mu=NOT_NEGATIVE, depth=bad.integer(2))
def largest_bulk_eigenvalue(draw):
    from depth_not_data.linear import flow

    args = squares(draw, 2)

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        assert (found >= flow.bulk_eigenvalue(**args) - 1e-12).all()
        draws.close(call(args["mu"][::-1], args["depth"]), found[::-1])

    return args, check


@properties("linear.flow.decaying_share", **PROBLEM)
def decaying_share(draw):
    widths, rank = draws.with_bulk(draw)
    args = {"widths": widths, "rank": rank}

    def check(call):
        found = call(**args)
        assert 0 <= found <= 1
        assert call(widths[::-1], rank) == found

    return args, check


@properties(
    "linear.flow.ratio_of_means",
    mu=NOT_NEGATIVE,
    depth=bad.integer(1),
    share=bad.number(negative=-0.1, above_one=1.1),
)
def ratio_of_means(draw):
    args = squares(draw, 1) | {"share": draw(st.floats(0.0, 1.0))}

    def check(call):
        found, depth = call(**args), args["depth"]
        assert 0 < found <= depth
        draws.close(call(**args | {"mu": args["mu"][::-1]}), found)
        draws.close(call(**args | {"share": 0.0}), depth)

    return args, check


# least_squares


def moments(draw):
    """Second and cross moments of random data, with fewer outputs than inputs."""
    d_in = draw(st.integers(2, 4))
    d_out = draw(st.integers(1, d_in - 1))
    return {"second": draws.covariance(draw, d_in), "cross": draws.matrix(draw, d_out, d_in)}


MOMENTS = {"second": bad.symmetric, "cross": bad.outside(bad.array(axes=2))}


@properties("linear.least_squares.moments", inputs=bad.array(axes=2), targets=bad.array(axes=2))
def moments_of_data(draw):
    (d_in, d_out), n = draws.widths(draw, depth=(1, 1))
    args = {"inputs": draws.matrix(draw, d_in, n), "targets": draws.matrix(draw, d_out, n)}

    def check(call):
        second, cross = call(**args)
        draws.real(second, (d_in, d_in))
        draws.real(cross, (d_out, d_in))
        draws.close(second, second.T)
        order = draws.rng(draw).permutation(n)
        again = call(args["inputs"][:, order], args["targets"][:, order])
        twice = call(np.tile(args["inputs"], 2), np.tile(args["targets"], 2))
        for one, other, third in zip((second, cross), again, twice, strict=True):
            draws.close(other, one)
            draws.close(third, one)

    return args, check


@properties("linear.least_squares.minimum", **MOMENTS)
def least_squares_minimum(draw):
    args = moments(draw)

    def check(call):
        left, sigma, right = call(**args)
        draws.falling(sigma)
        assert (sigma > 0).all()
        for basis in (left, right):
            draws.close(basis.T @ basis, np.eye(len(basis)))
        found = left[:, : len(sigma)] * sigma @ right[:, : len(sigma)].T
        draws.close(found @ args["second"], args["cross"])
        draws.close(call(args["second"], 2.0 * args["cross"])[1], 2.0 * sigma)

    return args, check


def same_split(one, other, factor=1.0):
    assert one.rank == other.rank
    draws.close(other.eigenvalues, factor * one.eigenvalues, rtol=1e-7, atol=1e-8)
    draws.close(other.gap, one.gap, rtol=1e-7)


@properties("linear.least_squares.at_balanced_minimum", depth=bad.integer(1), **MOMENTS)
def at_balanced_minimum(draw):
    args = moments(draw) | {"depth": draw(DEPTHS)}

    def check(call):
        found = call(**args)
        draws.real(found.eigenvalues, (args["cross"].size,))
        draws.falling(found.eigenvalues)
        assert found.sorted_gap >= found.gap * (1 - 1e-9)
        turn = draws.orthogonal(draw, len(args["second"]))
        moved = {"second": turn @ args["second"] @ turn.T, "cross": args["cross"] @ turn.T}
        same_split(found, call(**args | moved))
        scaled = call(args["second"], 2.0 * args["cross"], args["depth"])
        same_split(found, scaled, 2.0 ** (2 - 2 / args["depth"]))

    return args, check


def trained(draw):
    widths, _ = draws.widths(draw, depth=(2, 3), size=(2, 3))
    weights = draws.layers(draw, widths)
    return {"weights": weights, "second": draws.covariance(draw, widths[0])}


@properties(
    "linear.least_squares.of_network",
    weights=bad.layers(bad.array(axes=2)),
    second=bad.symmetric,
    rank=bad.integer(1),
)
def of_network(draw):
    args = trained(draw) | {"rank": 1}

    def check(call):
        from depth_not_data.linear import minimum

        found = call(**args)
        root = np.linalg.cholesky(args["second"])
        trace = np.trace(minimum.jacobian_gram(args["weights"], root))
        draws.close(found.eigenvalues.sum(), trace, rtol=1e-8)
        same_split(found, call(**args | {"weights": turned(draw, args["weights"])}))
        same_split(found, call(**args | {"second": 3.0 * args["second"]}), 3.0)

    return args, check


@properties(
    "linear.least_squares.functional_bound", weights=bad.layers(bad.array(axes=2)), **MOMENTS
)
def functional_bound(draw):
    args = trained(draw)
    shape = len(args["weights"][-1]), len(args["second"])
    args["cross"] = draws.matrix(draw, *shape)

    def check(call):
        from functools import reduce

        found = call(**args)
        assert np.isfinite(found)
        assert found >= 0
        draws.close(call(**args | {"weights": turned(draw, args["weights"])}), found)
        product = reduce(lambda below, layer: layer @ below, args["weights"])
        draws.close(call(**args | {"cross": product @ args["second"]}), 0.0)

    return args, check


# growing_steps, minibatches, softmax

SEED = bad.integer(0)


@properties(
    "linear.growing_steps.balanced_start",
    depth=bad.integer(1),
    seed=SEED,
    size=bad.number(zero=0.0),
    **MOMENTS,
)
def balanced_start(draw):
    args = moments(draw) | {"depth": draw(DEPTHS), "seed": draw(draws.SEEDS)}
    args["size"] = draw(draws.SCALES)

    def check(call):
        from depth_not_data.linear import defect, least_squares

        found = call(**args)
        assert len(found) == args["depth"]
        draws.close(defect.defect(found), 0.0)
        smallest = least_squares.minimum(args["second"], args["cross"])[1][-1]
        norms = [np.linalg.norm(layer, 2) for layer in found]
        draws.close(norms, [(args["size"] * smallest) ** (1 / len(found))] * len(found))

    return args, check


@properties(
    "linear.growing_steps.train",
    depth=bad.integer(1),
    seed=SEED,
    steps=bad.integer(0),
    growth=bad.number(zero=0.0, one=1.0),
    tol=bad.number(negative=-0.1),
    **MOMENTS,
)
def growing_train(draw):
    args = moments(draw) | {"depth": draw(DEPTHS), "seed": draw(draws.SEEDS)}
    args |= {"steps": 60, "growth": 0.01, "tol": 1e-9}

    def check(call):
        found = call(**args)
        assert 0 <= found.updates <= args["steps"]
        assert np.isfinite(found.gradient)
        assert len(found.weights) == args["depth"]
        assert all(np.isfinite(layer).all() for layer in found.weights)

    return args, check


SEEDS = bad.integers(minimum=0)


def white(draw):
    """Whitened inputs and targets."""
    inputs = np.linalg.qr(draws.matrix(draw, 8, 2))[0].T * np.sqrt(8)
    return {"inputs": inputs, "targets": draws.matrix(draw, 1, 8)}


@properties(
    "linear.minibatches.train",
    inputs=bad.array(axes=2),
    targets=bad.array(axes=2),
    depth=bad.integer(1),
    seeds=SEEDS,
    batch=bad.without(bad.integer(1), "None"),
    excess=bad.number(zero=0.0),
    lr=bad.number(zero=0.0),
    steps=bad.integer(1),
)
def minibatches(draw):
    args = white(draw) | {"depth": draw(st.integers(1, 2)), "seeds": [draw(draws.SEEDS), 1]}
    args |= {"batch": None, "excess": 100.0, "lr": 0.01, "steps": 1}

    def check(call):
        found = call(**args)
        assert len(found) == 2
        assert all(len(layers) == args["depth"] for layers in found)
        assert all(np.isfinite(layer).all() for layers in found for layer in layers)

    return args, check


@properties(
    "linear.softmax.train",
    inputs=bad.array(axes=2),
    targets=bad.outside(bad.array(axes=2), not_one_hot=np.ones((2, 6))),
    widths=WIDTHS,
    seeds=SEEDS,
    loss=bad.number(zero=0.0),
    lr=bad.number(zero=0.0),
    steps=bad.integer(1),
)
def softmax_train(draw):
    labels = draws.rng(draw).integers(2, size=6)
    args = {"inputs": draws.matrix(draw, 3, 6), "targets": np.eye(2)[:, labels]}
    args |= {"widths": (3, 2, 2), "seeds": [draw(draws.SEEDS)], "loss": 99.0, "lr": 0.1, "steps": 1}

    def check(call):
        (found,) = call(**args)
        assert found.updates == 0
        assert 0 < found.loss < 99
        assert [layer.shape for layer in found.weights] == [(2, 3), (2, 2)]
        order = draws.rng(draw).permutation(6)
        mixed = {"inputs": args["inputs"][:, order], "targets": args["targets"][:, order]}
        draws.close(call(**args | mixed)[0].loss, found.loss)

    return args, check


@properties(
    "linear.softmax.outer_eigenvalues",
    weights=bad.layers(bad.array(axes=2)),
    inputs=bad.array(axes=2),
)
def softmax_eigenvalues(draw):
    args = chain(draw)
    d_in, d_out = args["weights"][0].shape[1], len(args["weights"][-1])
    args["inputs"] = draws.matrix(draw, d_in, 5)

    def check(call):
        values, layers = call(**args)
        draws.real(values, (d_in * d_out,))
        draws.real(layers, (d_in * d_out,))
        assert (layers <= len(args["weights"]) + 1e-6).all()
        order = draws.rng(draw).permutation(5)
        draws.close(call(args["weights"], args["inputs"][:, order])[0], values, atol=1e-8)
        again = call(turned(draw, args["weights"]), args["inputs"])[0]
        draws.close(again, values, rtol=1e-7, atol=1e-8)

    return args, check


# minimum


@properties(
    "linear.minimum.jacobian_gram",
    weights=ANY_MATRIX,
    inputs=bad.without(bad.array(axes=2), "None"),
)
def jacobian_gram(draw):
    args = chain(draw)
    d_in, d_out = args["weights"][0].shape[1], len(args["weights"][-1])
    args["inputs"] = draws.matrix(draw, d_in, 2)

    def check(call):
        found = call(**args)
        draws.real(found, (2 * d_out, 2 * d_out))
        draws.close(found, found.T)
        assert np.linalg.eigvalsh(found)[0] > -1e-9 * (1 + np.abs(found).max())
        draws.close(call(turned(draw, args["weights"]), args["inputs"]), found)
        draws.close(call(args["weights"], 2.0 * args["inputs"]), 4.0 * found)

    return args, check


@properties(
    "linear.minimum.unequal_layers",
    layer_singular_values=bad.array(axes=2, minimum=0.0),
    rank=bad.integer(1),
    d_in=bad.integer(1),
    d_out=bad.integer(1),
)
def unequal_layers(draw):
    size, depth = draw(draws.SIZES), draw(DEPTHS)
    lam = np.stack([draws.values(draw, size, zeros=False) for _ in range(depth)])
    args = {"layer_singular_values": lam, "rank": draw(st.integers(1, size))}
    args |= {"d_in": size + 1, "d_out": size + draw(st.integers(0, 2))}

    def check(call):
        found, rank = call(**args), args["rank"]
        shape = (args["d_in"], args["d_out"])
        assert (found.dominant.size, found.bulk.size) == pairs(shape, rank)
        for values in found:
            draws.falling(values)
            assert (values >= 0).all()
        scaled = call(**args | {"layer_singular_values": 2.0 * lam})
        for one, other in zip(found, scaled, strict=True):
            draws.close(other, 4.0 ** (depth - 1) * one)

    return args, check


def correlated(draw, *, bulk=True):
    (d_in, d_out), rank = draws.with_bulk(draw, depth=(1, 1))
    args = {"rank": rank, "d_out": d_out, "depth": draw(st.integers(2, 4))}
    return d_in, args | {"task": draw(st.sampled_from(["teacher", "fixed"]))}


CORRELATED = {"rank": bad.integer(1), "d_out": bad.integer(1), "depth": bad.integer(2)}


@properties(
    "linear.minimum.correlated_inputs", covariance=bad.symmetric, task=bad.choice, **CORRELATED
)
def correlated_inputs(draw):
    d_in, args = correlated(draw)
    args["covariance"] = draws.covariance(draw, d_in)

    def check(call):
        found, rank, depth = call(**args), args["rank"], args["depth"]
        counts = found.dominant.size, found.bulk.size
        assert counts == pairs((d_in, args["d_out"]), rank)
        assert (np.concatenate(found) > 0).all()
        power = 1.0 if args["task"] == "teacher" else 1.0 / depth
        scaled = call(**args | {"covariance": 4.0 * args["covariance"]})
        for one, other in zip(found, scaled, strict=True):
            draws.close(other, 4.0**power * one, rtol=1e-7)
        draws.close(call(**args | {"covariance": np.eye(d_in)}).gap, depth)

    return args, check


@properties(
    "linear.minimum.worst_covariance",
    kappa=bad.number(below_one=0.5),
    d_in=bad.integer(1),
    **CORRELATED,
)
def worst_covariance(draw):
    d_in, args = correlated(draw)
    del args["task"]
    kappa = draw(st.floats(1.0, 20.0)) if d_in > 1 else 1.0
    args |= {"kappa": kappa, "d_in": d_in}

    def check(call):
        diagonal, gap = call(**args)
        draws.real(diagonal, (d_in,))
        draws.close(diagonal.max() / diagonal.min(), kappa)
        from depth_not_data.linear import minimum

        rest = {key: args[key] for key in ("rank", "d_out", "depth")}
        draws.close(minimum.correlated_inputs(np.diag(diagonal), **rest).gap, gap)

    return args, check


@properties(
    "linear.minimum.correlated_inputs_first_order",
    perturbation=bad.symmetric,
    eps=bad.number(),
    task=bad.choice,
    **CORRELATED,
)
def first_order(draw):
    d_in, args = correlated(draw)
    args |= {"perturbation": draws.symmetric(draw, d_in), "eps": draw(st.floats(-0.1, 0.1))}

    def check(call):
        found = call(**args)
        assert (found.dominant.size, found.bulk.size) == pairs((d_in, args["d_out"]), args["rank"])
        halves = {"perturbation": 2 * args["perturbation"], "eps": args["eps"] / 2}
        for one, other in zip(found, call(**args | halves), strict=True):
            draws.close(one, other)
        draws.close(call(**args | {"eps": 0.0}).gap, args["depth"])

    return args, check


# noise

NOISE = bad.outside(bad.array(above=0.0), above_one=1.5)


def noise_levels(draw):
    return np.array(draw(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=3)))


def some_integers(valid):
    """Whole numbers in an array, or one."""
    good = np.asarray(valid)
    return bad.array(minimum=1.0)(valid) | {"floats": good.astype(float), "zero": 0 * good}


@properties("linear.noise.gap", depth=some_integers, noise=NOISE)
def noise_gap(draw):
    args = {"depth": np.array(draw(DEPTHS)), "noise": noise_levels(draw)}

    def check(call):
        found = call(**args)
        draws.real(found, args["noise"].shape)
        assert (found >= 1 - 1e-9).all()
        assert (found <= args["depth"] + 1e-9).all()
        draws.close(call(args["depth"], args["noise"][::-1]), found[::-1])
        draws.close(call(args["depth"], 1.0), 1.0)

    return args, check


@properties("linear.noise.ceiling", noise=NOISE)
def noise_ceiling(draw):
    from depth_not_data.linear import noise

    args = {"noise": noise_levels(draw)}

    def check(call):
        found = call(**args)
        draws.real(found, args["noise"].shape)
        assert (found >= noise.gap(50, args["noise"]) - 1e-9).all()

    return args, check


@properties("linear.noise.half_depth", noise=NOISE)
def half_depth(draw):
    args = {"noise": noise_levels(draw)}

    def check(call):
        found, nu = call(**args), args["noise"]
        draws.real(found, nu.shape)
        assert (found > 0).all()
        # The gap at that depth, by its formula, is half of it.
        inner = nu < 0.99
        gap = found * (1 - nu ** (2 / found)) / np.where(inner, 1 - nu**2, 1.0)
        draws.close(gap[inner], found[inner] / 2, rtol=1e-7)

    return args, check


@properties(
    "linear.noise.of_training_time",
    depth=bad.integer(2),
    tau=NOT_NEGATIVE,
    start=bad.number(zero=0.0),
)
def of_training_time(draw):
    args = {"depth": draw(st.integers(2, 5)), "start": draw(draws.SCALES)}
    args["tau"] = np.array([0.0, *draw(st.lists(st.floats(0.0, 50.0), max_size=3))])

    def check(call):
        found = call(**args)
        draws.real(found, args["tau"].shape)
        draws.close(found[0], args["start"])
        assert (found <= args["start"] * (1 + 1e-9)).all()

    return args, check


@properties(
    "linear.noise.gaussian_level",
    d_out=bad.integer(1),
    d_in=bad.integer(1),
    deviation=bad.outside(NOT_NEGATIVE, too_large=9.0),
)
def gaussian_level(draw):
    args = {"d_out": draw(draws.SIZES), "d_in": draw(draws.SIZES)}
    args["deviation"] = np.array(draw(st.lists(st.floats(0.0, 0.45), min_size=1, max_size=3)))

    def check(call):
        found = call(**args)
        draws.real(found, args["deviation"].shape)
        assert ((found >= 0) & (found <= 1)).all()
        swapped = call(args["d_in"], args["d_out"], args["deviation"])
        draws.close(swapped, found)

    return args, check


# optimizers

NAMES = st.sampled_from(["gd", "heavy-ball", "nesterov", "adam", "muon", "rmnp", "shampoo", "sam"])
OPTIMISED = {
    "name": bad.choice,
    "lam0": bad.array(axes=1, minimum=0.0),
    "target": bad.outside(NOT_NEGATIVE),
    "depth": bad.integer(1),
}


def optimised(draw):
    size = draw(draws.SIZES)
    args = {"name": draw(NAMES), "lam0": draws.values(draw, size, zeros=False) / 4}
    return args | {"target": np.ones(size), "depth": draw(st.integers(1, 3))}


@properties(
    "linear.optimizers.trajectory", lr=bad.number(zero=0.0), steps=bad.integer(0), **OPTIMISED
)
def optimizer_trajectory(draw):
    args = optimised(draw) | {"lr": 0.01, "steps": draw(st.integers(0, 5))}

    def check(call):
        found = call(**args)
        draws.real(found, (args["steps"] + 1, len(args["lam0"])))
        draws.close(found[0], args["lam0"])
        order = draws.rng(draw).permutation(len(args["lam0"]))
        moved = {"lam0": args["lam0"][order], "target": args["target"][order]}
        draws.close(call(**args | moved), found[:, order])

    return args, check


@properties("linear.optimizers.newton_schulz", values=bad.array(), steps=bad.integer(0))
def newton_schulz(draw):
    args = {"values": draws.values(draw, 3), "steps": draw(st.integers(0, 5))}

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        draws.close(call(3.0 * args["values"], args["steps"]), found)
        draws.close(call(args["values"][::-1], args["steps"]), found[::-1])
        draws.close(call(-args["values"], args["steps"]), -found)

    return args, check


HYPER = {
    "None": None,
    "a string": "three",
    "unknown": {"rho": 1.0},
    "NaN": {"momentum": bad.NAN},
    "one": {"momentum": 1.0},
    "a boolean": {"momentum": True},
}


def hyper(valid):
    """Settings by name; messages name the one that is wrong, and `hyper` if it is no mapping."""
    return {"None": None, "a string": "three", "a number": 2.5}


@properties("linear.optimizers.settings", name=bad.choice, hyper=hyper)
def settings(draw):
    args = {"name": draw(NAMES), "hyper": {}}

    def check(call):
        found = call(**args)
        assert call(args["name"], found) == found

    return args, check


@properties(
    "linear.optimizers.checked",
    lr=bad.number(zero=0.0),
    steps=bad.integer(0),
    **{key: OPTIMISED[key] for key in ("lam0", "target", "depth")},
)
def checked(draw):
    args = optimised(draw) | {"lr": 0.1, "steps": 3}
    del args["name"]

    def check(call):
        lam, target, *rest = call(**args)
        draws.close(lam, args["lam0"])
        draws.close(target, args["target"])
        assert rest == [args["depth"], 0.1, 3]

    return args, check


TIMES = OPTIMISED | {
    "lrs": bad.array(axes=1, above=0.0),
    "window": bad.number(zero=0.0, one=1.0),
    "longest": bad.integer(1),
}


def timed(draw):
    args = optimised(draw) | {"name": draw(st.sampled_from(["gd", "muon", "adam"]))}
    return args | {"lrs": np.array([0.01, 0.05]), "window": 0.1, "longest": 50}


@properties("linear.optimizer_times.learning_times", **TIMES)
def learning_times(draw):
    args = timed(draw)

    def check(call):
        found = call(**args)
        assert (found.dtype, found.shape) == (np.float64, (2,))
        assert (found >= 0).all()
        draws.close(call(**args | {"lrs": args["lrs"][::-1]}), found[::-1])

    return args, check


@properties("linear.optimizer_times.fastest", **TIMES)
def fastest(draw):
    args = timed(draw)

    def check(call):
        updates, lr = call(**args)
        assert updates >= 0
        assert lr in args["lrs"]

    return args, check


@properties(
    "linear.optimizer_times.muon_updates",
    sigma0=bad.outside(bad.array(above=0.0), inside=0.999),
    depth=bad.integer(1),
    window=bad.number(zero=0.0, one=1.0),
)
def muon_updates(draw):
    args = {"sigma0": np.array([0.3, draw(st.floats(0.01, 0.8))]), "depth": draw(DEPTHS)}
    args["window"] = 0.1

    def check(call):
        found = call(**args)
        draws.real(found, (2,))
        assert (found == np.round(found)).all()
        assert (found >= 1).all()
        draws.close(call(**args | {"sigma0": args["sigma0"][::-1]}), found[::-1])

    return args, check


# orbits, recursion, stability

ESCAPE = bad.number(zero=0.0)


@properties(
    "linear.orbits.first_events",
    depth=bad.integer(2),
    products=bad.outside(bad.array(axes=1, above=0.0), descending=[2.0, 1.0]),
    updates=bad.integer(200),
)
def first_events(draw):
    products = np.sort(draws.rng(draw).uniform(0.5, 5.0, size=4))
    args = {"depth": draw(st.integers(2, 4)), "products": products, "updates": 210}

    def check(call):
        found = call(**args)
        assert all(np.isnan(value) or value in products for value in found.values())
        assert ("beyond the trap" in found) == (args["depth"] % 2 == 1)

    return args, check


@properties("linear.orbits.returns", orbits=bad.without(bad.array(axes=2), "infinity"))
def returns(draw):
    args = {"orbits": draws.matrix(draw, 4, 3)}

    def check(call):
        found = call(**args)
        assert (found.dtype, found.shape) == (bool, (3,))
        assert (call(args["orbits"][:, ::-1]) == found[::-1]).all()
        assert (call(5.0 * args["orbits"]) == found).all()
        assert not call(np.abs(args["orbits"])).any()

    return args, check


@properties(
    "linear.orbits.complex_trajectory",
    start=bad.without(bad.array(axes=1, empty=True), "complex"),
    target=bad.number(negative=-0.5),
    updates=bad.integer(0),
    escape=ESCAPE,
    **RECURSION,
)
def complex_trajectory(draw):
    source, depth = draws.rng(draw), draw(DEPTHS)
    start = source.uniform(0.1, 1.0, size=2) * np.exp(1j * source.uniform(0, 1, size=2))
    args = {"start": start, "target": 1.0, "depth": depth, "lr": 0.05, "updates": 4}
    args["escape"] = 100.0

    def check(call):
        found = call(**args)
        assert (found.dtype, found.shape) == (np.complex128, (5, 2))
        assert np.isfinite(found).all()
        draws.close(call(**args | {"start": np.conj(start)}), np.conj(found))
        draws.close(call(**args | {"start": start[::-1]}), found[:, ::-1])

    return args, check


def recursed(draw, name):
    size = draw(draws.SIZES)
    args = {name: draws.values(draw, size) / 4, "target": np.ones(size)}
    return args | {"depth": draw(DEPTHS), "lr": draw(st.floats(0.001, 0.2))}


@properties("linear.recursion.step", lam=NOT_NEGATIVE, target=NOT_NEGATIVE, **RECURSION)
def step(draw):
    args = recursed(draw, "lam")

    def check(call):
        found = call(**args)
        draws.real(found, args["lam"].shape)
        draws.close(call(**args | {"lam": args["lam"][::-1]}), found[::-1])
        fixed = call(1.0, 1.0, args["depth"], args["lr"])
        draws.close(fixed, 1.0)
        # lam -> c lam, s -> c^L s and eta -> eta / c^(2L - 2) multiply the result by c.
        c, depth = 2.0, args["depth"]
        scaled = call(
            c * args["lam"], c**depth * args["target"], depth, args["lr"] / c ** (2 * depth - 2)
        )
        draws.close(scaled, c * found)

    return args, check


@properties(
    "linear.recursion.trajectory",
    lam0=NOT_NEGATIVE,
    target=NOT_NEGATIVE,
    steps=bad.integer(0),
    momentum=bad.number(negative=-0.1, one=1.0),
    **RECURSION,
)
def trajectory(draw):
    args = recursed(draw, "lam0") | {"steps": draw(st.integers(0, 5)), "momentum": 0.5}

    def check(call):
        found = call(**args)
        draws.real(found, (args["steps"] + 1, len(args["lam0"])))
        draws.close(found[0], args["lam0"])
        draws.close(call(**args | {"lam0": args["lam0"][::-1]}), found[:, ::-1])
        shorter = call(**args | {"steps": max(args["steps"] - 1, 0)})
        draws.close(shorter, found[: len(shorter)])

    return args, check


STABILITY = {
    "target": NOT_NEGATIVE,
    "depth": bad.integer(1),
    "lr": bad.array(above=0.0),
}


@properties("linear.stability.slope", lam=bad.array(), **STABILITY)
def slope(draw):
    args = recursed(draw, "lam")
    args["lr"] = np.full(len(args["lam"]), args["lr"])

    def check(call):
        found = call(**args)
        draws.real(found, args["lam"].shape)
        draws.close(call(**args | {"lam": args["lam"][::-1]}), found[::-1])
        draws.close(1 - call(**args | {"lr": 2 * args["lr"]}), 2 * (1 - found))

    return args, check


@properties(
    "linear.stability.sharpness_at_minimum",
    target=bad.outside(bad.array(axes=1, minimum=0.0), zeros=[0.0, 0.0]),
    depth=bad.integer(1),
)
def sharpness(draw):
    args = {"target": draws.values(draw, 3, zeros=False), "depth": draw(DEPTHS)}

    def check(call):
        found, depth = call(**args), args["depth"]
        assert found > 0
        draws.close(call(args["target"][::-1], depth), found)
        draws.close(call(2.0 * args["target"], depth), 2.0 ** (2 - 2 / depth) * found)
        draws.close(call([1.0], depth), depth)

    return args, check


@properties(
    "linear.stability.attractor",
    lam0=bad.array(),
    transient=bad.integer(0),
    keep=bad.integer(1),
    escape=ESCAPE,
    **STABILITY,
)
def attractor(draw):
    lr = np.array(draw(st.lists(st.floats(0.01, 0.5), min_size=1, max_size=3)))
    args = {"lam0": 0.5, "target": 1.0, "depth": draw(DEPTHS), "lr": lr}
    args |= {"transient": draw(st.integers(0, 3)), "keep": draw(st.integers(1, 3)), "escape": 50.0}

    def check(call):
        found = call(**args)
        assert (found.dtype, found.shape) == (np.float64, (args["keep"], len(lr)))
        assert not np.isnan(found).any()
        draws.close(call(**args | {"lr": lr[::-1]}), found[:, ::-1])
        longer = call(**args | {"transient": 0, "keep": args["transient"] + args["keep"]})
        draws.close(longer[args["transient"] :], found)

    return args, check


@properties("linear.stability.maximum", **STABILITY | {"depth": bad.integer(2)})
def maximum(draw):
    from depth_not_data.linear import stability

    args = {"target": draw(draws.SCALES), "depth": draw(st.integers(2, 5))}
    args["lr"] = np.array(draw(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=3)))

    def check(call):
        found = call(**args)
        draws.real(found, args["lr"].shape)
        assert (found > 0).all()
        draws.close(stability.slope(found, **args), 0 * found, atol=1e-6)

    return args, check


@properties(
    "linear.stability.trap_edge",
    **STABILITY | {"depth": bad.outside(bad.integer(3), even=4)},
)
def trap_edge(draw):
    args = {"target": draw(draws.SCALES), "depth": draw(st.sampled_from([3, 5]))}
    args["lr"] = np.array(draw(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=3)))

    def check(call):
        found, L = call(**args), args["depth"]
        draws.real(found, args["lr"].shape)
        draws.close(args["lr"] * found ** (L - 2) * (found**L + args["target"]), 1 + 0 * found)

    return args, check


@properties(
    "linear.stability.period",
    orbit=bad.without(bad.array(axes=2), "infinity"),
    longest=bad.integer(1),
    tolerance=bad.number(zero=0.0),
)
def period(draw):
    length = draw(st.integers(1, 3))
    cycle = np.arange(1.0, length + 1)[:, None] * np.ones(2)
    args = {"orbit": np.tile(cycle, (4, 1)), "longest": 3, "tolerance": 1e-8}

    def check(call):
        found = call(**args)
        assert found.dtype.kind == "i"
        assert found.tolist() == [length] * 2
        assert call(3.0 * args["orbit"], longest=3).tolist() == [length] * 2

    return args, check


def one_period(draw):
    """The fixed point of the recursion: an orbit of one value."""
    depth = draw(DEPTHS)
    target = draw(draws.SCALES)
    args = {"orbit": np.array([target ** (1 / depth)]), "target": target, "depth": depth}
    return args | {"lr": draw(st.floats(0.01, 0.3))}


ONE_PERIOD = {
    "orbit": bad.outside(bad.array(axes=1), open=[0.2, 0.3], zero=[0.0]),
    "target": bad.number(negative=-0.5),
    "depth": bad.integer(1),
    "lr": bad.number(zero=0.0),
}


@properties("linear.stability.imbalance_multiplier", **ONE_PERIOD)
def imbalance_multiplier(draw):
    args = one_period(draw)

    def check(call):
        draws.close(call(**args), 1.0)
        draws.close(call(**args | {"orbit": np.tile(args["orbit"], 2)}), 1.0)

    return args, check


@properties("linear.stability.rotation_multiplier", **ONE_PERIOD)
def rotation_multiplier(draw):
    args = one_period(draw)

    def check(call):
        found = call(**args)
        curvature = args["depth"] * args["orbit"][0] ** (2 * args["depth"] - 2)
        draws.close(found, 1 - args["lr"] * curvature)
        draws.close(call(**args | {"orbit": np.tile(args["orbit"], 2)}), found**2)

    return args, check


# real_data, residual, shortfall, spectrum


@properties(
    "linear.real_data.load", name=bad.choice, whitening=bad.number(negative=-0.1, above_one=1.1)
)
def load(draw):
    args = {"name": "diabetes", "whitening": draw(st.floats(0.0, 1.0))}

    def check(call):
        inputs, targets = call(**args)
        draws.real(inputs, (10, 442))
        draws.real(targets, (1, 442))
        draws.close(inputs.mean(axis=1), np.zeros(10))

    return args, check


FACTORS = bad.array(axes=2)


def residual_layers(draw):
    size, depth = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return {"factors": draws.matrix(draw, depth, size), "target": draws.matrix(draw, 1, size)[0]}


@properties("linear.residual.layer_curvatures", factors=FACTORS)
def layer_curvatures(draw):
    args = {"factors": residual_layers(draw)["factors"]}

    def check(call):
        found, (depth, size) = call(**args), args["factors"].shape
        draws.real(found, (depth, size, size))
        assert (found >= 0).all()
        draws.close(call(2.0 * args["factors"]), 4.0 ** (depth - 1) * found)
        order = draws.rng(draw).permutation(size)
        draws.close(call(args["factors"][:, order]), found[:, order][:, :, order])

    return args, check


POSITIVE = bad.array(axes=1, above=0.0, empty=True)


@properties("linear.residual.continuous_depth_levels", target=POSITIVE)
def continuous_depth_levels(draw):
    args = {"target": draws.values(draw, 3, zeros=False)}

    def check(call):
        found = call(**args)
        draws.real(found, (3, 3))
        draws.close(found, found.T)
        draws.close(np.diag(found), args["target"] ** 2)
        draws.close(call(2.0 * args["target"]), 4.0 * found)

    return args, check


@properties("linear.residual.minimum_levels", target=POSITIVE, depth=bad.integer(1))
def minimum_levels(draw):
    args = {"target": draws.values(draw, 3, zeros=False), "depth": draw(DEPTHS)}

    def check(call):
        found, depth = call(**args), args["depth"]
        draws.real(found, (3, 3))
        draws.close(found, found.T)
        draws.close(call(2.0 * args["target"], depth), 2.0 ** (2 - 2 / depth) * found)
        draws.close(call([1.0], depth), [[depth]])

    return args, check


@properties("linear.residual.scale_levels", skip=bad.array(empty=True), depth=bad.integer(1))
def scale_levels(draw):
    args = {"skip": draws.matrix(draw, 1, 3)[0], "depth": draw(DEPTHS)}

    def check(call):
        found = call(**args)
        draws.real(found, (3, 3))
        draws.close(found[0], np.full(3, args["depth"]))
        draws.close(call(-args["skip"], args["depth"]), found)
        draws.close(call(1.0, args["depth"]), np.full(3, args["depth"]))

    return args, check


@properties(
    "linear.residual.hessian_eigenvalues",
    factors=FACTORS,
    target=bad.array(axes=1),
    part=bad.choice,
)
def residual_eigenvalues(draw):
    args = residual_layers(draw) | {"part": draw(st.sampled_from(["full", "outer"]))}

    def check(call):
        from depth_not_data.linear import residual

        found, (depth, size) = call(**args), args["factors"].shape
        draws.real(found, (depth * size**2,))
        draws.falling(found)
        draws.close(found.sum(), residual.layer_curvatures(args["factors"]).sum(), rtol=1e-7)
        order = draws.rng(draw).permutation(size)
        moved = {"factors": args["factors"][:, order], "target": args["target"][order]}
        draws.close(call(**args | moved), found, rtol=1e-7, atol=1e-8)

    return args, check


@properties(
    "linear.residual.block_hessian_eigenvalues",
    inner=FACTORS,
    outer=FACTORS,
    target=bad.array(axes=1),
    skip=bad.number(),
    n_hidden=bad.without(bad.integer(1), "None"),
    part=bad.choice,
)
def block_eigenvalues(draw):
    drawn = residual_layers(draw)
    inner, target = drawn["factors"], drawn["target"]
    depth, size = inner.shape
    args = {"inner": inner, "outer": draws.matrix(draw, depth, size), "target": target}
    args |= {"skip": draw(st.floats(-1, 1)), "n_hidden": size + draw(st.integers(0, 2))}
    args["part"] = draw(st.sampled_from(["full", "outer"]))

    def check(call):
        found = call(**args)
        draws.real(found, (2 * depth * size * args["n_hidden"],))
        draws.falling(found)
        order = draws.rng(draw).permutation(size)
        moved = {key: args[key][..., order] for key in ("inner", "outer", "target")}
        draws.close(call(**args | moved), found, rtol=1e-7, atol=1e-7)

    return args, check


@properties("linear.shortfall.groups", eigenvalues=bad.array(), **PROBLEM)
def groups(draw):
    widths, rank = draws.widths(draw)
    values = np.sort(draws.rng(draw).exponential(size=sum(pairs(widths, rank)) + 2))[::-1].copy()
    args = {"eigenvalues": values, "widths": widths, "rank": rank}

    def check(call):
        found = call(**args)
        counts = pairs(widths, rank)
        assert tuple(part.size for part in found) == (*counts, 2)
        draws.close(np.concatenate(found), values)

    return args, check


@properties(
    "linear.shortfall.training_time",
    updates=NOT_NEGATIVE,
    lr=bad.number(zero=0.0),
    momentum=bad.number(negative=-0.1, one=1.0),
)
def training_time(draw):
    args = {"updates": np.array([0.0, 10.0]), "lr": draw(draws.SCALES)}
    args["momentum"] = draw(st.floats(0.0, 0.95))

    def check(call):
        found = call(**args)
        draws.real(found, (2,))
        draws.close(call(**args | {"lr": 3.0 * args["lr"]}), 3.0 * found)
        draws.close(call(**args | {"updates": 5.0 * args["updates"]}), 5.0 * found)

    return args, check


LAW = {"product": bad.number(negative=-0.1), "extra_layers": bad.integer(0)}


def law(draw):
    return {"product": draw(draws.SCALES), "extra_layers": draw(st.integers(0, 2))}


@properties("linear.shortfall.excess", tau=NOT_NEGATIVE, depth=bad.integer(2), **LAW)
def excess(draw):
    args = law(draw) | {"tau": np.array([0.0, 1.0, 10.0]), "depth": draw(st.integers(2, 5))}

    def check(call):
        found = call(**args)
        draws.real(found, (3,))
        draws.falling(found)
        assert (found >= 0).all()

    return args, check


RATIOS = {"tau": NOT_NEGATIVE, "share": NOT_NEGATIVE, "depths": bad.integers(minimum=2), **LAW}


@properties("linear.shortfall.ratios", **RATIOS)
def ratios(draw):
    args = law(draw) | {"tau": np.array([1.0, 9.0]), "share": np.array(0.5), "depths": [2, 5]}

    def check(call):
        found = call(**args)
        draws.real(found, (2, 2))
        assert ((found > 0) & (found <= [2, 5])).all()
        draws.close(call(**args | {"depths": [5, 2]}), found[:, ::-1])
        draws.close(call(**args | {"share": 0.0}), np.tile([2.0, 5.0], (2, 1)))

    return args, check


PRINTED = bad.array(axes=1)


@properties("linear.shortfall.consistent", printed_ratios=PRINTED, printed_bulk=PRINTED, **RATIOS)
def consistent(draw):
    from depth_not_data.linear import shortfall

    args = law(draw) | {"tau": np.array(draw(draws.SCALES)), "share": np.array(0.5)}
    args["depths"] = [2, 5]
    predicted = shortfall.ratios(**args)
    args |= {"printed_ratios": predicted, "printed_bulk": np.array([2, 5]) / predicted}

    def check(call):
        assert call(**args)
        assert not call(**args | {"printed_ratios": predicted + 0.02})

    return args, check


SINGULAR = bad.array(axes=1, minimum=0.0, empty=True)


@properties(
    "linear.spectrum.hessian_eigenvalues",
    layer_singular_values=SINGULAR,
    target_singular_values=SINGULAR,
    widths=WIDTHS,
    data_singular_values=bad.without(SINGULAR, "None"),
    part=bad.choice,
)
def hessian_eigenvalues(draw):
    widths, _ = draws.widths(draw)
    rank = min(widths)
    args = {"layer_singular_values": draws.values(draw, rank), "widths": widths}
    args["target_singular_values"] = draws.values(draw, rank)
    args["data_singular_values"] = draws.values(draw, widths[0])
    args["part"] = draw(st.sampled_from(["full", "outer", "functional"]))

    def check(call):
        found = call(**args)
        draws.real(found, (parameters(widths),))
        draws.falling(found)
        parts = [call(**args | {"part": part}).sum() for part in ("full", "outer", "functional")]
        draws.close(parts[0], parts[1] + parts[2], rtol=1e-7, atol=1e-7)
        order = draws.rng(draw).permutation(rank)
        names = ("layer_singular_values", "target_singular_values")
        moved = {name: args[name][order] for name in names}
        data = args["data_singular_values"].copy()
        data[:rank] = data[order]
        moved["data_singular_values"] = data
        draws.close(call(**args | moved), found, rtol=1e-7, atol=1e-7)

    return args, check


@properties(
    "linear.spectrum.pair_eigenvalues",
    out_singular_values=SINGULAR,
    in_singular_values=SINGULAR,
    depth=bad.integer(1),
    data_singular_values=bad.without(SINGULAR, "None"),
)
def pair_eigenvalues(draw):
    out, into = (draws.values(draw, draw(draws.SIZES)) for _ in range(2))
    args = {"out_singular_values": out, "in_singular_values": into, "depth": draw(DEPTHS)}
    args["data_singular_values"] = draws.values(draw, len(into))

    def check(call):
        found, depth = call(**args), args["depth"]
        draws.real(found, (len(out), len(into)))
        assert (found >= 0).all()
        scaled = {"out_singular_values": 2 * out, "in_singular_values": 2 * into}
        draws.close(call(**args | scaled), 4.0 ** (depth - 1) * found)
        draws.close(call(into, out, depth), call(out, into, depth).T)

    return args, check
