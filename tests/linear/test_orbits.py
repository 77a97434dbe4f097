"""The order of events beyond the edge against closed forms; rotating orbits against a network."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import orbits, recursion, stability

CLOSED_FORMS = {
    "period 2": 2.0,
    "period 4": 2 * 5**0.5 - 2,
    "below 0": 3 * 3**0.5 - 2,
    "diverges": 4.0,
}


def test_two_layers_change_where_the_closed_forms_say():
    step = 0.004
    found = orbits.first_events(2, np.arange(1.9, 4.2, step))
    for name, value in CLOSED_FORMS.items():
        assert value - step <= found[name] <= value + 3 * step, name


def test_an_event_that_does_not_happen_is_nan():
    found = orbits.first_events(3, [1.0, 1.5, 2.2])
    assert found["period 2"] == 2.2
    assert all(np.isnan(value) for name, value in found.items() if name != "period 2")


def test_an_orbit_that_escapes_is_not_aperiodic():
    found = orbits.first_events(2, [2.2, 4.5])
    assert found["diverges"] == 4.5
    assert np.isnan(found["aperiodic"])


def test_odd_depths_come_back_where_they_pass_the_trap():
    found = orbits.first_events(3, np.arange(3.9, 4.2, 0.004))
    assert found["back above 0"] == found["beyond the trap"] == pytest.approx(4.11, abs=0.01)
    assert "beyond the trap" not in orbits.first_events(4, [2.2])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((1, [2.0]), "depth"),
        ((2, []), "products"),
        ((2, [2.0, 1.0]), "products"),
        ((2, [-1.0, 1.0]), "products"),
        ((2, [0.0, 1.0]), "products"),
        ((2, [1.0, 1.0]), "products"),
        ((2, [np.nan]), "products"),
    ],
)
def test_bad_input_of_first_events_is_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        orbits.first_events(*arguments)
    with pytest.raises(ValueError, match="updates"):
        orbits.first_events(2, [2.0], updates=199)
    assert orbits.first_events(2, [3.0, 3.5], updates=200)["below 0"] == 3.5


def test_only_a_passage_from_below_is_a_return():
    assert orbits.returns([[0.5, -0.5, -0.5], [-0.5, -0.4, 0.5]]).tolist() == [False, False, True]
    for bad in ([1.0, 2.0], [[1.0]], [[np.nan], [1.0]], np.array([[-1.0], [1j]])):
        with pytest.raises(ValueError, match="orbits"):
            orbits.returns(bad)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_real_line_is_the_recursion(depth):
    path = orbits.complex_trajectory([0.3, 0.8], 0.7, depth, 0.1, 50)
    expected = recursion.trajectory([0.3, 0.8], 0.7, depth, 0.1, 50)
    np.testing.assert_allclose(path, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_a_network_of_rotations_follows_the_complex_recursion(depth):
    z = 0.8 + 0.3j
    layer = torch.tensor([[z.real, -z.imag], [z.imag, z.real]], dtype=torch.float64)
    target = 0.9 * torch.eye(2, dtype=torch.float64)
    run = linear_network.gradient_descent([layer] * depth, target, lr=0.2, steps=30)
    trained = [complex(w[0][0, 0], w[0][1, 0]) for _, w in run]
    path = orbits.complex_trajectory([z], 0.9, depth, 0.2, 30)
    np.testing.assert_allclose(path[:, 0], trained, rtol=0, atol=1e-12)


def test_a_small_imaginary_part_grows_by_the_rotation_multiplier():
    depth, lr = 3, 2.2 / 3
    orbit = stability.attractor(0.9, 1.0, depth, [lr], transient=4000, keep=2)[:, 0]
    path = orbits.complex_trajectory([orbit[0] + 1e-7j], 1.0, depth, lr, 2)
    expected = stability.rotation_multiplier(orbit, 1.0, depth, lr)
    assert path[2, 0].imag / 1e-7 == pytest.approx(expected, rel=1e-6)


def test_an_escaped_column_is_infinite_and_leaves_the_others_alone():
    path = orbits.complex_trajectory([5.0, 0.9], 1.0, 2, 1.0, 30)
    assert np.isinf(path[-1, 0])
    np.testing.assert_array_equal(
        path[:, 1], orbits.complex_trajectory([0.9], 1.0, 2, 1.0, 30)[:, 0]
    )


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"start": 1.0}, "start"),
        ({"start": [np.nan]}, "start"),
        ({"target": -1.0}, "target"),
        ({"depth": 0}, "depth"),
        ({"lr": 0.0}, "lr"),
        ({"updates": -1}, "updates"),
        ({"escape": 0.0}, "escape"),
    ],
)
def test_bad_input_of_the_complex_recursion_is_named(changed, name):
    arguments = {"start": [1.0], "target": 1.0, "depth": 2, "lr": 0.1, "updates": 3} | changed
    with pytest.raises(ValueError, match=name):
        orbits.complex_trajectory(**arguments)


def test_a_point_on_the_circle_of_escape_is_inside():
    path = orbits.complex_trajectory([2.0, 2.5, -2j], 0.0, 1, 0.5, 1, escape=2.0)
    np.testing.assert_array_equal(path, [[2.0, np.inf, -2j], [1.0, np.inf, -1j]])
    assert orbits.complex_trajectory([1.0], 0.0, 1, 0.5, 0).tolist() == [[1.0]]
    path = orbits.complex_trajectory([1000.0, 1000.5], 1.0, 1, 0.5, 0)
    np.testing.assert_array_equal(path, [[1000.0, np.inf]])


def test_an_orbit_that_comes_to_zero_and_goes_on_is_no_passage():
    assert orbits.returns([[-0.5, 0.0, 0.0], [0.0, 0.5, -0.5]]).tolist() == [False, False, False]


def test_up_to_the_bound_an_orbit_without_period_settles_slowly(monkeypatch):
    assert orbits.first_events(2, [3.0])["aperiodic"] == 3.0
    monkeypatch.setattr(orbits, "_SETTLES_SLOWLY", 3.0)
    assert np.isnan(orbits.first_events(2, [3.0])["aperiodic"])


def test_the_radius_of_escape_may_be_small():
    path = orbits.complex_trajectory([0.4, 0.6], 0.0, 1, 0.5, 1, escape=0.5)
    np.testing.assert_array_equal(path, [[0.4, np.inf], [0.2, np.inf]])
