"""Every public callable of the rooms has an entry, or a reason why it has none; the search sees."""

import dataclasses
import inspect
import pkgutil

import numpy as np
import of_spectra  # noqa: F401
import pytest
import test_properties
from hypothesis import given
from hypothesis import strategies as st
from registry import REGISTRY, search

ROOMS = ("spectra", "linear", "residual", "presentation", "which_functions")
# By module or callable. What is covered elsewhere, or takes nothing from a caller.
EXEMPT = {
    "spectra.assembled": "compared with the dense oracle in tests/spectra",
    "linear.derivations": "SymPy, compared with torch in tests/linear/test_derivations.py",
    "linear.optimizers.direction": "says that it checks nothing: the inner loop of trajectory",
    "residual.batched": "called by stable_steps, which makes all that it is given",
    "residual.eigenfunctions.analyse": "stored trainings: tests/residual/test_eigenfunctions.py",
    "residual.relatives_training": "stored trainings: tests/residual/test_relatives.py",
    "residual.restricted_descent": "of trained students: tests/residual/test_restricted_descent.py",
    "residual.rivals": "stored trainings: tests/residual/test_rivals.py",
    "residual.starts": "stored trainings",
    "residual.stored_runs": "files on disk: tests/faults and tests/residual",
    "residual.stable_steps.trained": "stored trainings: tests/residual/test_stable_steps.py",
    "residual.sweeps": "stored trainings: tests/residual/test_sweeps.py",
    "residual.two_by_two": "stored trainings: tests/residual/test_two_by_two.py",
    "residual.wide_start": "stored trainings: tests/residual/test_wide_start.py",
    "residual.network": "parts of a ResidualNetwork, which checks for them",
    "residual.relatives": "parts of a Relative, which checks for them",
    "presentation": "drawn or read from files of ours: tests/presentation, tests/site",
    "which_functions.derivatives.exact_kernels": "a context for torch",
    "which_functions.derivatives.explained": "a context for torch",
    "which_functions.picture": "draws: tests/which_functions",
    "which_functions.lanczos.NotConverged": "an exception",
}


def public():
    for room in ROOMS:
        package = __import__(f"depth_not_data.{room}", fromlist=["x"])
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if any(part.startswith("_") for part in found.name.split(".")):
                continue
            module = __import__(found.name, fromlist=["x"])
            for name, value in vars(module).items():
                own = getattr(value, "__module__", None) == found.name
                if callable(value) and own and not name.startswith("_"):
                    yield f"{found.name.removeprefix('depth_not_data.')}.{name}", value


def holds_results(value):
    return inspect.isclass(value) and (dataclasses.is_dataclass(value) or hasattr(value, "_fields"))


def exempt(name):
    parts = name.split(".")
    return any(".".join(parts[:k]) in EXEMPT for k in range(1, len(parts) + 1))


def missing(found, registry):
    return [n for n, v in found if n not in registry and not holds_results(v) and not exempt(n)]


def test_every_public_callable_has_an_entry():
    assert missing(public(), REGISTRY) == []


def test_a_new_helper_without_an_entry_is_seen():
    assert missing([("linear.flow.new", np.sum)], REGISTRY) == ["linear.flow.new"]


def test_every_argument_is_tried_or_has_a_reason():
    silent = []
    for name, entry in REGISTRY.items():
        for p in inspect.signature(test_properties.find(name)).parameters.values():
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
                silent += [] if p.name in entry.bad or p.name in entry.untried else [(name, p.name)]
    assert silent == []


PLANTED = {
    "casts": lambda values: np.sort(np.asarray(values, dtype=float)),
    "clips": lambda values: np.clip(np.asarray(values, dtype=float), 0.0, 1.0),
    "NaN": lambda values: np.log(np.array([-1.0])),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("helper", PLANTED)
@pytest.mark.parametrize("bad", [True, -3.0, "0.5"])
def test_a_helper_that_casts_clips_or_returns_nan_is_seen(helper, bad):
    assert test_properties.complaint(PLANTED[helper], {"values": [bad]}, "values")


def test_an_invariant_that_breaks_is_seen():

    @search(3)
    @given(st.data())
    def check(data):
        _, assert_invariants = REGISTRY["spectra.autograd.eigenvalues"].make(data.draw)
        with pytest.raises(AssertionError):
            assert_invariants(lambda matrix: np.linalg.eigvalsh(matrix)[::-1] + 0.1)

    check()
