import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from depth_not_data.presentation import curves


def record(draw, **options):
    figure = Figure()
    draw(figure.subplots(**options))
    return curves.record(figure)


DRAWN = {
    "line (falls): 3 points, x 0 to 2, y -1 to 5, mean 2.67": lambda axes: axes.plot(
        [0, 1, 2], [5, 2, -1], label="falls"
    ),
    "line: 2 points, y 3 to 3, mean 3": lambda axes: axes.axhline(3),
    "line: 2 points, x 0 to 2, y 2 to 4, mean 3": lambda axes: axes.plot([0, 1, 2], [4, 2, np.nan]),
    "line: nothing in units of the data": lambda axes: axes.plot([], []),
    "points: 2 points, x 1 to 2, y 3 to 4, colour 7 to 8, mean 7.5": lambda axes: axes.scatter(
        [1, 2], [3, 4], c=[7, 8]
    ),
    "shapes (band): 6 points, x 5 to 6, y 1 to 4, mean 2.83": lambda axes: axes.fill_between(
        [5, 6], [1, 2], [3, 4], label="band"
    ),
    "bars: 8 points, x -0.4 to 1.4, y 0 to 2, mean 0.75": lambda axes: axes.bar(list("ab"), [1, 2]),
    "area: 4 points, x 5 to 6, mean 5.5": lambda axes: axes.axvspan(5, 6),
    "area: 25 points, x 2 to 4, y 0 to 2, mean 0.96": lambda axes: axes.add_patch(
        Circle((3, 1), 1)
    ),
    "image: 4 points, value 0 to 6, mean 2.5": lambda axes: axes.imshow([[0, 4], [0, 6]]),
    "contours: 2 points, level 1 to 3, mean 2": lambda axes: axes.contour(
        np.outer(range(3), range(3)), levels=[1, 3]
    ),
}


@pytest.mark.parametrize("expected", DRAWN)
def test_whatever_is_drawn_from_data_has_a_line(expected):
    assert record(DRAWN[expected]) == [f"panel 1, {expected}"]


def test_every_panel_is_recorded_and_insets_are_panels():
    figure = Figure()
    for number, axes in enumerate(figure.subplots(1, 2)):
        axes.plot([0, number])
        axes.inset_axes([0.5, 0.5, 0.4, 0.4]).plot([0, 10 + number])
    tops = [line.split(" to ")[-1] for line in curves.record(figure)]
    assert tops == ["0, mean 0", "10, mean 5", "1, mean 0.5", "11, mean 5.5"]


def test_a_curve_that_moves_changes_its_line():
    x = np.linspace(0, 1, 50)
    bent = x.copy()
    bent[20] += 0.5
    assert record(lambda axes: axes.plot(x, x)) != record(lambda axes: axes.plot(x, 1.01 * x))
    assert record(lambda axes: axes.plot(x, x)) != record(lambda axes: axes.plot(x, bent))


def test_round_off_changes_nothing():
    generator = np.random.default_rng(0)
    values = np.concatenate([np.zeros(40), np.arange(40) / 32, np.arange(40) / 20, [1 / 3, 2345]])
    plain = record(lambda axes: axes.plot(values))
    for _ in range(20):
        noise = 1e-12 * generator.normal(size=(2, values.size))
        assert record(lambda axes: axes.plot(values * (1 + noise[0]) + noise[1])) == plain  # noqa: B023


def test_a_record_is_bounded_and_the_last_line_holds_the_rest():
    lines = record(lambda axes: axes.plot(np.arange(60).reshape(2, 30)))
    assert len(lines) == curves.LARGEST_RECORD
    assert lines[-1] == "15 more: 30 points, x 0 to 1, y 15 to 59, mean 37"
    exactly = record(lambda axes: axes.plot(np.zeros((2, curves.LARGEST_RECORD))))
    assert len(exactly) == curves.LARGEST_RECORD
    assert "more" not in exactly[-1]


def test_recording_leaves_the_figure_as_it_was():
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 1])
    before = axes.get_xlim()
    curves.record(figure)
    assert (axes.get_xlim(), len(axes.lines)) == (before, 1)
    plt.close(figure)
