"""Every public helper keeps its invariants, and names an argument that it cannot use."""

import re
from collections.abc import Iterator
from importlib import import_module

import of_linear  # noqa: F401
import of_linear_torch  # noqa: F401
import of_residual  # noqa: F401
import of_spectra  # noqa: F401
import of_which_functions  # noqa: F401
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from registry import REGISTRY, search


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


CASES = [(name, argument) for name, entry in REGISTRY.items() for argument in entry.bad]


def find(name):
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(f"depth_not_data.{module}"), attribute)


def complaint(call, args, argument):
    """What is wrong with how a callable takes a bad argument; None if it refuses it by its name."""
    try:
        found = call(**args)
        if isinstance(found, Iterator):
            return "refuses only when it is iterated, or never"
    except ValueError as error:
        said = str(error)
        if not re.search(rf"(?<!\w){re.escape(argument)}(?!\w)", said):
            return f"does not name it: {said}"
        return None if "got" in said else f"does not say what it got: {said}"
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
    return f"takes it, and returns {found!r:.200}"


@pytest.mark.parametrize("name", REGISTRY)
def test_invariants_hold_on_valid_input(name):
    @search(5)
    @given(st.data())
    def check(data):
        _, assert_invariants = REGISTRY[name].make(data.draw)
        assert_invariants(find(name))

    check()


@pytest.mark.parametrize(("name", "argument"), CASES)
def test_a_bad_argument_is_refused_by_its_name(name, argument):
    @search(1)
    @given(st.data())
    def check(data):
        args, _ = REGISTRY[name].make(data.draw)
        complaints = {}
        for kind, value in REGISTRY[name].bad[argument](args.get(argument)).items():
            said = complaint(find(name), args | {argument: value}, argument)
            if said:
                complaints[kind] = said
        assert not complaints, "\n".join(f"{kind}: {said}" for kind, said in complaints.items())

    check()
