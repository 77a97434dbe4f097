import subprocess
import sys

import matplotlib.pyplot as plt
import myst_nb.ext.glue
import pytest

from depth_not_data.presentation import figures

GOOD = {"name": "fig-one-line", "alt": "A rising line.", "caption": "It rises."}


@pytest.fixture
def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "display", lambda data, **options: shown.append((data, options)))
    return shown


def test_show_displays_the_picture_with_alt_and_caption_and_closes_it(displayed):
    fig, _ = plt.subplots()
    figures.show(fig, **GOOD)
    (picture, options), (caption, _) = displayed
    assert picture["image/png"].startswith("iVBOR")
    assert picture["image/svg+xml"].endswith("</svg>\n")
    for kind in ("image/png", "image/svg+xml"):
        assert options["metadata"][kind]["alt"] == GOOD["alt"]
    assert options["metadata"]["depth_not_data"]["figure"] == GOOD
    assert GOOD["caption"] in caption["text/markdown"]
    assert not plt.fignum_exists(fig.number)


def test_the_same_figure_gives_the_same_bytes(displayed):
    for _ in range(2):
        fig, ax = plt.subplots()
        ax.plot([0, 1], [0, 1])
        figures.show(fig, **GOOD)
    assert displayed[0][0] == displayed[2][0]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("alt", ""),
        ("alt", "  "),
        ("caption", ""),
        ("name", "line"),
        ("name", "fig-"),
        ("name", "fig-A B"),
    ],
)
def test_a_figure_without_words_or_label_is_refused(argument, value):
    fig, _ = plt.subplots()
    with pytest.raises(ValueError, match=argument):
        figures.show(fig, **GOOD | {argument: value})
    plt.close(fig)


def test_ordered_colours_darken_monotonically_in_greyscale():
    luminance = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b, _ in figures.ordered_colors(7)]
    assert luminance == sorted(luminance)
    assert luminance[-1] < 0.75


def test_meanings_differ_in_marker_as_well_as_in_colour():
    styles = (figures.DOMINANT, figures.BULK, figures.REST, figures.PUBLISHED)
    assert len({style["marker"] for style in styles}) == len(styles)
    assert len({style["color"] for style in styles}) == len(styles)


def test_glue_puts_out_what_myst_nb_does(displayed, monkeypatch):
    theirs = []
    monkeypatch.setattr(
        myst_nb.ext.glue, "ipy_display", lambda data, **options: theirs.append((data, options))
    )
    figures.glue("share", "0.72")
    myst_nb.ext.glue.glue("share", "0.72", display=False)
    assert displayed == theirs


@pytest.mark.parametrize(("argument", "value"), [("name", ""), ("text", " "), ("text", 0.72)])
def test_glue_refuses_what_prose_cannot_show(argument, value):
    with pytest.raises(ValueError, match=argument):
        figures.glue(**{"name": "share", "text": "0.72"} | {argument: value})


def test_figures_need_nothing_that_only_the_site_is_built_with():
    code = "import sys; sys.modules['myst_nb'] = sys.modules['sphinx'] = None\n"
    code += "from depth_not_data.presentation import figures; figures.glue('share', '0.72')"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
