import math

import numpy as np
import pytest

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
