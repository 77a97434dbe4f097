import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from depth_not_data import _validation


@pytest.mark.parametrize("value", [0, -1, 2.5, 2.0, math.nan, True, "3", None])
def test_integer_names_the_argument_the_value_and_what_is_allowed(value):
    with pytest.raises(ValueError, match=r"depth must be an integer >= 1, got "):
        _validation.integer("depth", value, minimum=1)


def test_integer_takes_numpy_integers():
    assert type(_validation.integer("depth", np.int64(3), minimum=1)) is int


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, True, "0.1", None])
def test_number_refuses_what_is_not_a_positive_number(value):
    with pytest.raises(ValueError, match=r"lr must be a finite number > 0, got "):
        _validation.number("lr", value, above=0.0)


@pytest.mark.parametrize("value", [-0.1, 1.0])
def test_number_states_both_bounds(value):
    with pytest.raises(ValueError, match=r"momentum must be a finite number >= 0 and < 1, got "):
        _validation.number("momentum", value, minimum=0.0, below=1.0)


@pytest.mark.parametrize("value", [3, (3,), (3, 0), (3, 2.5), (3, True)])
def test_widths_refuses_what_is_not_a_list_of_widths(value):
    with pytest.raises(ValueError, match="widths"):
        _validation.widths(value)


@pytest.mark.parametrize("value", [[1.0, math.nan], [math.inf], ["a"], [[1.0], [1.0, 2.0]], [-1.0]])
def test_real_array_refuses_what_is_not_finite_or_too_small(value):
    with pytest.raises(ValueError, match="lam must be"):
        _validation.real_array("lam", value, minimum=0.0)


def test_choice_lists_what_is_allowed():
    with pytest.raises(ValueError, match="part must be one of 'full', 'outer', got 'inner'"):
        _validation.choice("part", "inner", ("full", "outer"))


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_number_may_reach_its_maximum_and_no_more(value):
    assert _validation.number("share", 1.0, minimum=0.0, maximum=1.0) == 1.0
    with pytest.raises(ValueError, match=r"share must be a finite number >= 0 and <= 1, got "):
        _validation.number("share", value, minimum=0.0, maximum=1.0)


def test_integer_says_what_its_maximum_is():
    assert _validation.integer("rank", 2, minimum=1, maximum=2) == 2
    with pytest.raises(ValueError, match=r"^rank must be <= min\(widths\) = 2, got 3$"):
        _validation.integer("rank", 3, minimum=1, maximum=2, limit="min(widths)")
    with pytest.raises(ValueError, match=r"^rank must be <= 2, got 3$"):
        _validation.integer("rank", 3, minimum=1, maximum=2)


@pytest.mark.parametrize(
    "value",
    [
        1j,
        [1.0, 1 + 0j],
        np.eye(2, dtype=complex),
        True,
        [True, 1.0],
        [[0.5, np.True_]],
        np.ones(2, dtype=bool),
        torch.ones(2, dtype=torch.bool),
        "3",
        ["3"],
        [1.0, "3"],
        None,
        [None],
        [2**70],
        Fraction(1, 2),
        np.datetime64("2020-01-01"),
        torch.ones(2, dtype=torch.complex128),
        torch.ones(2, requires_grad=True),
    ],
)
def test_real_array_refuses_what_it_would_have_to_cast(value):
    with pytest.raises(ValueError, match=r"^lam must be an array of real numbers, got "):
        _validation.real_array("lam", value)


@given(
    arrays.arrays(
        arrays.integer_dtypes() | arrays.unsigned_integer_dtypes() | arrays.floating_dtypes(),
        arrays.array_shapes(),
        elements={"min_value": 0, "max_value": 100},
    )
)
def test_real_array_keeps_every_real_number(array):
    result = _validation.real_array("lam", array)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, array)
    np.testing.assert_array_equal(_validation.real_array("lam", array.tolist()), array)


def test_real_array_takes_tensors_and_lists_of_numbers():
    assert _validation.real_array("lam", torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert _validation.real_array("lam", [torch.tensor(1.0), np.float32(2), 3]).tolist() == [
        1,
        2,
        3,
    ]
    assert _validation.real_array("lam", []).shape == (0,)


def test_real_array_has_an_open_bound_too():
    _validation.real_array("lr", [1e-300], above=0.0)
    with pytest.raises(ValueError, match=r"^lr must be > 0 everywhere, got a minimum of 0.0$"):
        _validation.real_array("lr", [0.0, 1.0], above=0.0)
    with pytest.raises(ValueError, match=r"^lr must be > 0 everywhere"):
        _validation.vector("lr", [-1.0], above=0.0)


shapes = arrays.array_shapes(max_dims=3, max_side=3)


@given(st.lists(shapes, min_size=1, max_size=4))
def test_broadcast_agrees_with_numpy_and_names_the_first_that_does_not_fit(found):
    named = {f"a{i}": np.zeros(shape) for i, shape in enumerate(found)}
    try:
        expected = np.broadcast_shapes(*found)
    except ValueError:
        with pytest.raises(ValueError, match=r"^a\d must broadcast against a0 of shape") as refused:
            _validation.broadcast(**named)
        blamed = int(str(refused.value)[1])
        np.broadcast_shapes(*found[:blamed])
        with pytest.raises(ValueError, match="shape mismatch"):
            np.broadcast_shapes(*found[: blamed + 1])
    else:
        assert _validation.broadcast(**named) == expected


def test_symmetric_allows_what_it_is_told_and_symmetrises():
    matrix = np.array([[4.0, 1.0 + 3e-9], [1.0, 2.0]])
    found = _validation.symmetric("covariance", matrix, 1e-9)
    assert np.array_equal(found, found.T)
    assert np.allclose(found, matrix, rtol=0, atol=2e-9)
    with pytest.raises(ValueError, match="covariance must be symmetric, got a different transpose"):
        _validation.symmetric("covariance", matrix, 1e-10)


@pytest.mark.parametrize("matrix", [np.ones(4), np.ones((2, 3)), np.ones((0, 0)), 3.0])
def test_symmetric_needs_a_square_matrix(matrix):
    with pytest.raises(ValueError, match="covariance must be a square matrix, got shape"):
        _validation.symmetric("covariance", matrix, 1e-9)


def test_what_is_exactly_on_a_bound_that_belongs_to_the_range_is_taken():
    assert _validation.integer("depth", 1, minimum=1) == 1
    assert _validation.number("momentum", 0.0, minimum=0.0, below=1.0) == 0.0
    assert _validation.number("lr", 1e-300, above=0.0) == 1e-300
    assert _validation.number("any", -7) == -7.0
    assert _validation.real_array("lam", [0.0, 1.0], minimum=0.0).tolist() == [0.0, 1.0]
    assert _validation.vector("lam", [0.0, 1.0], minimum=0.0).tolist() == [0.0, 1.0]
    assert _validation.symmetric("covariance", np.zeros((2, 2)), 1e-9).tolist() == [[0, 0], [0, 0]]
    assert _validation.widths((3, 1)) == (3, 1)
    assert _validation.widths([2, 5, 4]) == (2, 5, 4)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (True, "True"),
        (1j, "1j"),
        ([True, 1.0], "entries of type bool"),
        ([[0.5, np.True_]], "entries of type bool"),
        ([1.0, 1 + 0j], "entries of type complex128"),
        ([None], "entries of type object"),
    ],
)
def test_real_array_says_what_it_got(value, got):
    with pytest.raises(ValueError, match=rf"^lam must be an array of real numbers, got {got}$"):
        _validation.real_array("lam", value)


def test_real_array_says_which_entries_are_wrong():
    with pytest.raises(ValueError, match=r"^lam must be finite, got nan among its entries$"):
        _validation.real_array("lam", [1.0, math.nan, math.inf])
    with pytest.raises(ValueError, match=r"^lam must be >= 0 everywhere, got a minimum of -0.5$"):
        _validation.real_array("lam", [1.0, -0.5, 2.0], minimum=0.0)
    with pytest.raises(ValueError, match=r"^widths\[1\] must be an integer >= 1, got 0$"):
        _validation.widths((3, 0))


def test_real_array_does_not_copy_what_is_float64_already():
    array = np.arange(3.0)
    assert _validation.real_array("lam", array) is array


def test_a_vector_has_one_axis_and_one_of_the_lengths():
    assert _validation.vector("lam", [1, 2, 3]).tolist() == [1.0, 2.0, 3.0]
    assert _validation.vector("lam", [1, 2], lengths=(4, 2)).tolist() == [1.0, 2.0]
    for value, shape in ((1.0, r"\(\)"), (np.ones((2, 1)), r"\(2, 1\)")):
        with pytest.raises(ValueError, match=f"^lam must be one-dimensional, got shape {shape}$"):
            _validation.vector("lam", value)
    with pytest.raises(ValueError, match=r"^lam must have length 2 or 4, got length 3$"):
        _validation.vector("lam", [1, 2, 3], lengths=(4, 2, 4))


def test_sizes_end_where_64_bits_end():
    assert _validation.integer("seed", 2**63 - 1, minimum=0) == 2**63 - 1
    with pytest.raises(ValueError, match=f"^seed must be <= {2**63 - 1}, got {2**63}$"):
        _validation.integer("seed", 2**63, minimum=0)
    for value in (10**400, math.nan, True):
        with pytest.raises(ValueError, match=r"^lr must be a finite number > 0, got"):
            _validation.number("lr", value, above=0.0)


def test_several_integers_are_a_list_and_the_bad_one_is_named():
    assert _validation.integers("seeds", (0, np.int64(3)), minimum=0) == [0, 3]
    assert _validation.integers("seeds", range(2), minimum=0) == [0, 1]
    with pytest.raises(ValueError, match=r"^seeds must be an integer >= 0, got -1$"):
        _validation.integers("seeds", [1, -1], minimum=0)


@pytest.mark.parametrize("value", [3, None, "12", {1: 2}, np.array(1.0)], ids=repr)
def test_what_cannot_be_gone_through_is_no_sequence(value):
    with pytest.raises(ValueError, match=r"^seeds must be a sequence, got"):
        _validation.sequence("seeds", value, "seed")


def test_a_sequence_holds_something():
    assert _validation.sequence("seeds", iter([2, 1]), "seed") == [2, 1]
    assert _validation.sequence("seeds", np.array([2, 1]), "seed") == [2, 1]
    with pytest.raises(ValueError, match=r"^seeds must hold at least one seed, got none$"):
        _validation.sequence("seeds", [], "seed")


def test_flags_functions_and_sources_are_what_they_are():
    assert _validation.flag("nesterov", True) is _validation.flag("nesterov", np.True_) is True
    assert _validation.flag("nesterov", False) is False
    assert _validation.function("law", abs) is abs
    source = np.random.default_rng(0)
    assert _validation.random_source("rng", source) is source
    for check, name, message in (
        (_validation.flag, "nesterov", "True or False"),
        (_validation.function, "law", "a function"),
        (_validation.random_source, "rng", "a numpy.random.Generator"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must be {message}, got 1$"):
            check(name, 1)


def test_what_cannot_be_hashed_is_no_choice():
    for value in (["full"], np.array(["full", "outer"])):
        with pytest.raises(ValueError, match=r"^part must be one of 'full', 'outer', got"):
            _validation.choice("part", value, ("full", "outer"))


def test_infinite_entries_may_be_allowed_and_nan_never_is():
    values = [1.0, math.inf]
    assert _validation.real_array("orbits", values, infinite=True).tolist() == values
    with pytest.raises(ValueError, match=r"^orbits must be finite, got inf among"):
        _validation.real_array("orbits", values)
    with pytest.raises(ValueError, match=r"^orbits must .* got nan among"):
        _validation.real_array("orbits", [math.inf, math.nan], infinite=True)


def test_layers_chain():
    first, second = np.arange(6.0).reshape(3, 2), np.ones((4, 3))
    found = _validation.layers([first, second.tolist()])
    assert [layer.tolist() for layer in found] == [first.tolist(), second.tolist()]
    assert len(_validation.layers([first, second], axes=2)) == 2
    batch = [np.ones((5, 3, 2)), np.ones((5, 4, 3))]
    assert len(_validation.layers(batch)) == len(_validation.layers(batch, axes=3)) == 2
    for value, axes, message in (
        ([], None, "weights must hold at least one layer, got none"),
        ([np.ones(3)], None, r"weights\[0\] must .* got shape \(3,\)"),
        ([np.ones((2, 0))], None, r"weights\[0\] must .* got shape \(2, 0\)"),
        (batch, 2, r"weights\[0\] must .* got shape \(5, 3, 2\)"),
        ([first, second], 3, r"weights\[0\] must .* got shape \(3, 2\)"),
        ([second, first], None, r"weights\[1\] must have 4 columns to follow weights\[0\], got .*"),
        ([batch[0], batch[1][:4]], None, r"weights\[1\] must .* got shape \(4, 4, 3\)"),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            _validation.layers(value, axes=axes)


def test_numbers_that_just_fit_in_memory_are_accepted(monkeypatch):
    def free(available):
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))

    free(800)
    _validation.in_memory("a table", 100)
    with pytest.raises(MemoryError, match=r"^a table needs 0\.0 GiB, 0\.0 GiB are free$"):
        _validation.in_memory("a table", 101)
    # A matrix of 10 x 10, and room to look at its symmetry.
    free(3 * 8 * 100)
    _validation.hessian_in_memory(10)
    with pytest.raises(MemoryError, match="a dense Hessian of 11 parameters needs"):
        _validation.hessian_in_memory(11)
    free(2**31)
    with pytest.raises(MemoryError, match=r"needs 2\.2 GiB, 2\.0 GiB are free"):
        _validation.hessian_in_memory(10_000)
