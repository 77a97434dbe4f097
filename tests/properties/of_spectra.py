"""Properties of the room `spectra`."""

import bad_values as bad
import draws
import numpy as np
import torch
from hypothesis import strategies as st
from registry import properties

RANGE = {"first": bad.integer(1), "last": bad.integer(1)}


def quadratic(draw, size):
    """A loss ``x^T A x / 2`` with its matrix and its point."""
    curvature = torch.from_numpy(draws.symmetric(draw, size))
    point = torch.from_numpy(draws.matrix(draw, 1, size)[0])
    return curvature, point


@properties(
    "spectra.autograd.dense_hessian",
    loss=bad.function,
    parameters=bad.layers(bad.tensor(axes=False, empty=True), chained=False),
    chunk_size=bad.integer(1),
)
def dense_hessian(draw):
    curvature, point = quadratic(draw, draw(draws.SIZES))
    args = {
        "loss": lambda p: 0.5 * p[0] @ curvature @ p[0],
        "parameters": [point],
        "chunk_size": draw(st.integers(1, 5)),
    }

    def check(call):
        found = call(**args)
        draws.close(found, curvature)
        draws.close(found, found.T)
        scaled = args | {"loss": lambda p: 3.0 * args["loss"](p)}
        draws.close(call(**scaled), 3.0 * found)

    return args, check


@properties(
    "spectra.autograd.relative_asymmetry", matrix=bad.without(bad.tensor(), "float32", "integers")
)
def relative_asymmetry(draw):
    size = draw(draws.SIZES)
    args = {"matrix": torch.from_numpy(draws.matrix(draw, size, size))}

    def check(call):
        found = call(**args)
        assert 0 <= found <= 2
        draws.close(call(-7.0 * args["matrix"]), found)
        draws.close(call(args["matrix"].T), found)

    return args, check


def square(draw):
    return draws.symmetric(draw, draw(draws.SIZES))


@properties("spectra.autograd.eigenvalues", matrix=bad.symmetric)
def eigenvalues(draw):
    args = {"matrix": square(draw)}

    def check(call):
        found, size = call(**args), len(args["matrix"])
        draws.real(found, (size,))
        draws.falling(found)
        draws.close(found.sum(), np.trace(args["matrix"]))
        draws.close((found**2).sum(), (args["matrix"] ** 2).sum())
        order = draws.rng(draw).permutation(size)
        draws.close(call(args["matrix"][order][:, order]), found)
        draws.close(call(2.5 * args["matrix"]), 2.5 * found)

    return args, check


@properties(
    "spectra.autograd.symmetric",
    untried={"name": "what a message calls the matrix"},
    matrix=bad.symmetric,
)
def symmetric(draw):
    args = {"name": "matrix", "matrix": square(draw)}
    return args, lambda call: draws.close(call(**args), args["matrix"])


@properties(
    "spectra.autograd.derivatives",
    untried={
        "name": "what a message calls the value",
        "point": "leaf tensors that the caller has made for this",
    },
    value=lambda valid: bad.NO_NUMBERS | {"a number": 2.5, "another tensor": torch.ones(())},
)
def derivatives(draw):
    curvature, point = quadratic(draw, draw(draws.SIZES))
    point.requires_grad_()
    args = {"name": "value", "value": 0.5 * point @ curvature @ point, "point": [point]}

    def check(call):
        (found,) = call(**args)
        draws.close(found.detach(), (curvature @ point).detach())

    return args, check


SPECTRA = bad.layers(bad.array(axes=1), chained=False)


def spectra(draw):
    many = [draws.descending(draw) for _ in range(draw(st.integers(2, 4)))]
    last = draw(st.integers(1, min(map(len, many))))
    return many, draw(st.integers(1, last)), last


@properties("spectra.collapse.log_spread", spectra=SPECTRA, **RANGE)
def log_spread(draw):
    many, first, last = spectra(draw)
    args = {"spectra": many, "first": first, "last": last}

    def check(call):
        found = call(**args)
        assert np.isfinite(found)
        assert found >= 0
        draws.close(call([3.0 * s for s in many], first=first, last=last), found)
        draws.close(call(many[::-1], first=first, last=last), found)
        draws.close(call([many[0], many[0]], first=first, last=last), 0.0)

    return args, check


@properties(
    "spectra.collapse.collapse_quality",
    spectra=SPECTRA,
    scales=bad.array(axes=1, above=0.0),
    **RANGE,
)
def collapse_quality(draw):
    base = draws.descending(draw)
    scales = np.array(draw(st.lists(draws.SCALES, min_size=2, max_size=4, unique=True)))
    many = [scale * base for scale in scales]
    args = {"spectra": many, "scales": scales, "first": 1, "last": len(base)}

    def check(call):
        draws.close(call(**args), 1.0)
        draws.close(call(**args | {"scales": np.ones(len(scales))}), 0.0)
        draws.close(call(**args | {"scales": 5.0 * scales}), 1.0)

    return args, check


@properties("spectra.gaps.neighbour_ratios", eigenvalues=bad.array(axes=1, above=0.0))
def neighbour_ratios(draw):
    args = {"eigenvalues": draws.descending(draw)}

    def check(call):
        values, found = args["eigenvalues"], call(**args)
        draws.real(found, (len(values) - 1,))
        assert (found >= 1).all()
        draws.close(found.prod(), values[0] / values[-1])
        draws.close(call(3.0 * values), found)
        draws.close(call(1.0 / values[::-1]), found[::-1])

    return args, check


@properties(
    "spectra.gaps.wide_gaps",
    ratios=bad.array(axes=1, minimum=1.0, empty=True),
    threshold=bad.number(at_the_bound=1.0),
)
def wide_gaps(draw):
    values = draws.descending(draw)
    args = {"ratios": values[:-1] / values[1:], "threshold": draw(st.floats(1.01, 3.0))}

    def check(call):
        found = call(**args)
        assert found.dtype.kind == "i"
        assert set(found) <= set(range(1, len(values)))
        assert len(found) == (args["ratios"] >= args["threshold"]).sum()
        assert set(call(args["ratios"], threshold=args["threshold"] + 1)) <= set(found)

    return args, check


@properties(
    "spectra.gaps.largest_gaps",
    eigenvalues=bad.array(axes=1, above=0.0),
    count=bad.integer(1),
    **RANGE,
)
def largest_gaps(draw):
    values = draws.descending(draw)
    last = draw(st.integers(1, len(values) - 1))
    first = draw(st.integers(1, last))
    count = draw(st.integers(1, last - first + 1))
    args = {"eigenvalues": values, "count": count, "first": first, "last": last}

    def check(call):
        found = call(**args)
        assert len(set(found)) == count
        assert first <= min(found) <= max(found) <= last
        assert list(found) == sorted(found)
        assert call(**args | {"eigenvalues": 4.0 * values}) == found
        widest = (values[:-1] / values[1:])[first - 1 : last].max()
        assert any(np.isclose(values[k - 1] / values[k], widest) for k in found)

    return args, check


def window(draw):
    values = np.sort(np.exp(draws.rng(draw).normal(size=60)))[::-1].copy()
    return {"eigenvalues": values, "first": 5, "last": 60, "half_width": draw(st.floats(0.2, 0.4))}


WINDOW = {"eigenvalues": bad.array(axes=1), "half_width": bad.number(zero=0.0), **RANGE}


@properties("spectra.gaps.local_slopes", **WINDOW)
def local_slopes(draw):
    args = window(draw)

    def check(call):
        found = call(**args)
        assert all(args["first"] < k < args["last"] for k in found)
        assert all(np.isfinite(slope) and slope <= 1e-12 for slope in found.values())
        scaled = call(**args | {"eigenvalues": 3.0 * args["eigenvalues"]})
        assert list(scaled) == list(found)
        draws.close(list(scaled.values()), list(found.values()))
        steeper = call(**args | {"eigenvalues": args["eigenvalues"] ** 2})
        draws.close(list(steeper.values()), 2 * np.array(list(found.values())))

    return args, check


@properties("spectra.gaps.steepest_rank", **WINDOW)
def steepest_rank(draw):
    args = window(draw)

    def check(call):
        found = call(**args)
        assert args["first"] < found < args["last"]
        assert call(**args | {"eigenvalues": 3.0 * args["eigenvalues"]}) == found

    return args, check


@properties(
    "spectra.gaps.between_readings",
    ranks=bad.outside(bad.array(axes=1, minimum=1.0), fractions=[1.5, 2.5]),
    values=bad.array(axes=1, above=0.0),
)
def between_readings(draw):
    values = draws.descending(draw, 2, 6)
    ranks = np.sort(draws.rng(draw).choice(np.arange(1, 40), size=len(values), replace=False))
    args = {"ranks": ranks, "values": values}

    def check(call):
        found = call(**args)
        draws.real(found, (ranks[-1],))
        draws.close(found[ranks - 1], values)
        assert (np.diff(found) <= 1e-12).all()
        draws.close(call(ranks, 2.0 * values), 2.0 * found)

    return args, check


@properties("spectra.gaps.landmarks", eigenvalues=bad.array(axes=1))
def landmarks(draw):
    values = np.sort(np.exp(draws.rng(draw).normal(size=300)))[::-1].copy()
    values[:2] *= 40.0  # the second gap high up leaves room for an edge
    values[0] *= 3.0
    args = {"eigenvalues": values}

    def check(call):
        found = call(**args)
        assert found.clusters >= 0
        assert 1 <= found.gaps[0] < found.gaps[1] < found.gaps[2] <= 150
        assert found.gaps[1] < found.edge <= 150
        scaled = call(5.0 * values)
        assert (scaled.gaps, scaled.edge) == (found.gaps, found.edge)
        draws.close(scaled.ratios, found.ratios)

    return args, check


SAMPLES = {
    "None": None,
    "a number": 3.0,
    "one size": {1: [1.0, 2.0]},
    "a size that is no number": {"one": [1.0, 2.0], 2: [1.0, 2.0]},
    "a size of zero": {0: [1.0, 2.0], 2: [1.0, 2.0]},
    "NaN": {1: [1.0, bad.NAN], 2: [1.0, 2.0]},
    "zero": {1: [1.0, 0.0], 2: [1.0, 2.0]},
    "one value": {1: [1.0], 2: [1.0, 2.0]},
    "a string": "three",
    "a list": [[1.0, 2.0], [1.0, 2.0]],
    "complex": {1: [1.0, 1j], 2: [1.0, 2.0]},
}


@properties("spectra.growth.exponent", values=lambda valid: SAMPLES)
def exponent(draw):
    power, source = draw(st.floats(-2.0, 2.0)), draws.rng(draw)
    sizes = draw(st.lists(st.integers(1, 20), min_size=2, max_size=4, unique=True))
    noise = np.exp(0.01 * source.normal(size=3))
    args = {"values": {size: size**power * noise for size in sizes}}

    def check(call):
        found = call(**args)
        draws.close(found.value, power)
        assert found.low <= found.high
        draws.close(call({k: 7.0 * v for k, v in args["values"].items()}).value, power)
        draws.close(call({k: v[::-1] for k, v in args["values"].items()}).value, power)

    return args, check


@properties(
    "spectra.lanczos.largest_eigenvalues",
    loss=bad.without(bad.tensor(axes=False), "complex"),
    parameters=bad.layers(
        bad.without(bad.tensor(axes=False, finite=False), "complex"), chained=False
    ),
    count=bad.integer(1),
)
def largest_eigenvalues(draw):
    curvature, point = quadratic(draw, draw(st.integers(2, 5)))
    point.requires_grad_()
    loss = 0.5 * point @ curvature @ point
    args = {"loss": loss, "parameters": [point], "count": 1}

    def check(call):
        found = call(**args)
        draws.real(found, (1,))
        draws.close(found[0], torch.linalg.eigvalsh(curvature)[-1])

    return args, check
