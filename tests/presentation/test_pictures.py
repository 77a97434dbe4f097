"""Picture files: the same on any machine, small, and legible without fonts."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from depth_not_data.presentation import pictures

WORDS = 'It rises, "fast" & <far>.'


@pytest.fixture
def figure():
    figure, axes = plt.subplots(figsize=(4, 3), dpi=110)
    axes.plot([0, 1, 2], [0, 1 / 3, 1], label="$\\lambda^L$ rises")
    axes.legend()
    yield figure
    plt.close(figure)


def test_svg_and_png_are_equally_large_and_the_same_bytes_again(figure):
    found = pictures.pictures(figure, WORDS)
    size = Image.open(io.BytesIO(base64.b64decode(found["image/png"]))).size
    root = ElementTree.fromstring(found["image/svg+xml"])
    assert (int(root.get("width")), int(root.get("height"))) == size == (440, 330)
    assert root.get("viewBox") == "0 0 288 216"
    assert found == pictures.pictures(figure, WORDS)


def test_an_svg_needs_no_font_names_no_address_and_no_date_and_says_what_it_shows(figure):
    text = pictures.svg(figure, WORDS)
    assert "<text" not in text
    assert "font-family" not in text
    assert ElementTree.fromstring(text).get("aria-label") == WORDS
    assert "matplotlib.org" not in text
    assert not re.search(r"20\d\d-\d\d", text)


def test_coordinates_have_two_decimals_and_scales_all_of_theirs(figure):
    text = pictures.svg(figure, WORDS)
    paths = re.findall(r'\s(?:d|x|y)="([^"]*)"', text)
    assert paths
    assert not any(re.search(r"\.\d{3}", path) for path in paths)
    assert re.search(r'transform="[^"]*\.\d{3}', text)


def test_round_off_in_the_data_changes_nothing():
    def drawn(values):
        figure, axes = plt.subplots()
        axes.plot([1, 2, 3], values)
        axes.set(xlim=(0, 4), ylim=(0, 4))
        return pictures.svg(figure, WORDS)

    assert drawn([1.0, 2.0, 3.0]) == drawn([1.0 + 1e-14, 2.0, 3.0 - 1e-14])


DENSE = pictures.DENSE + 1
ARTISTS = {
    "area": lambda axes, x: axes.fill_between(x, np.sin(9 * x), np.cos(50 * x) + 2),
    "points": lambda axes, x: axes.scatter(x, x**2),
    "markers": lambda axes, x: axes.plot(x, x**2, marker="o"),
    "mesh": lambda axes, x: axes.pcolormesh(np.outer(x[:40], x[:40])),
}


@pytest.mark.parametrize("what", ARTISTS)
def test_what_is_dense_becomes_pixels_inside_the_svg(what):
    figure, axes = plt.subplots()
    ARTISTS[what](axes, np.linspace(0, 1, DENSE))
    text = pictures.svg(figure, WORDS)
    assert text.count("<image") == 1
    assert len(text) < 80_000
    plt.close(figure)


def test_a_long_line_and_contours_stay_lines():
    figure, axes = plt.subplots()
    axes.plot(np.linspace(0, 1, DENSE), marker="")
    axes.contour(np.linspace(0, 1, 3000).reshape(60, 50))
    assert "<image" not in pictures.svg(figure, WORDS)
    plt.close(figure)


def test_a_figure_with_a_large_svg_is_a_png_alone(figure, monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST_SVG", 1000)
    assert list(pictures.pictures(figure, WORDS)) == ["image/png"]
