"""The interactive figures in a browser: values, keyboard, themes, phone, paper, no JavaScript."""

from pathlib import Path

import nbformat
import numpy as np
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data.presentation import interactive
from depth_not_data.presentation.explorers import cobweb, eigenvectors, spectrum

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("default")


def student_data(ranks=20):
    kinds = [
        [0.9, 0.1, 0.0, 0.0, 0.0] if rank < 3 else [0.1, 0.9, 0.0, 0.0, 0.0]
        for rank in range(ranks)
    ]
    return [
        {
            "size": f"N = {n}, D = 2",
            "width": n,
            "eigenvalue": np.geomspace(1, 0.01, ranks).round(4).tolist(),
            "kinds": kinds,
            "parts": [[1.0, 0.0, 0.0, 0.0]] * ranks,
        }
        for n in (4, 5)
    ]


def notebook():
    """Put what `show` displays into an executed notebook, without a kernel."""
    outputs = []

    def keep(data, metadata, raw):
        outputs.append(nbformat.v4.new_output("display_data", data=data, metadata=metadata))

    students = student_data()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interactive, "display", keep)
        interactive.show(spectrum.chart(), name="fig-spectrum", **spectrum.texts())
        interactive.show(cobweb.chart(), name="fig-cobweb", **cobweb.texts())
        words = {"alt": "Shares.", "caption": "Shares.", "try_this": "Walk.", "answer": "So."}
        interactive.show(eigenvectors.chart(students), name="fig-eigenvectors", **words)
    cells = [nbformat.v4.new_markdown_cell("# Figures")]
    cells += [
        nbformat.v4.new_code_cell("interactive.show(...)", outputs=outputs[i : i + 2])
        for i in range(0, len(outputs), 2)
    ]
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


@pytest.fixture(scope="module")
def site(browser, tmp_path_factory):
    """Build a small book with the theme and style sheet of the real one."""
    folder = tmp_path_factory.mktemp("site")
    source = folder / "source"
    source.mkdir()
    (source / "index.md").write_text("# Index\n\n```{toctree}\nfigures\n```\n")
    nbformat.write(notebook(), source / "figures.ipynb")
    conf = {
        "extensions": [
            "myst_nb",
            "sphinx_design",
            "sphinx-mathjax-offline",
            "depth_not_data.presentation.sphinx",
        ],
        "html_theme": "sphinx_book_theme",
        "html_static_path": [str(ROOT / "book/assets")],
        "html_css_files": ["book.css"],
        "html_context": {"default_mode": "auto"},
        "myst_enable_extensions": ["dollarmath"],
        "nb_execution_mode": "off",
        "numfig": True,
    }
    folders = (source, None, folder / "out", folder / "trees")
    with patch_docutils(), docutils_namespace():
        Sphinx(*folders, "html", conf, status=None, warningiserror=True).build()
    return folder / "out"


@pytest.fixture
def figures(site, visit):
    """Open the page with the figures, and wait for them."""

    def open_figures(width=1400, **options):
        page = visit(site / "figures.html", width, **options)
        page.wait_for_function(
            "[...document.querySelectorAll('.explorer')].every((figure) => figure.explorer)"
        )
        return page

    return open_figures


def box(page, name):
    return page.locator(f".explorer:has(#{name})")


def plotted(page, name, view, field):
    """Values behind the marks of a view, as the runtime holds them."""
    return box(page, name).evaluate(
        "(figure, [view, field]) => figure.explorer.rows(view).map((row) => row[field])",
        [view, field],
    )


def test_the_figures_come_to_life_without_error_and_without_network(figures):
    page = figures()
    assert page.locator(".explorer.live").count() == 3
    for name in ("fig-spectrum", "fig-cobweb", "fig-eigenvectors"):
        assert box(page, name).locator(".explorer-plot svg").is_visible()
        assert not box(page, name).locator("figure img").is_visible()
    assert page.trouble == []


def test_a_page_without_figures_does_not_load_the_script(site, visit):
    page = visit(site / "index.html")
    assert page.locator("script[src*='interactive.js']").count() == 0
    assert page.trouble == []


def test_arrow_keys_on_the_depth_change_the_plotted_values(figures):
    page = figures()
    assert max(plotted(page, "fig-spectrum", "points", "value")) == 3
    depth = box(page, "fig-spectrum").get_by_role("slider", name="depth L", exact=True)
    depth.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "Math.max(...document.querySelector('.explorer').explorer.rows('points')"
        ".map((row) => row.value)) === 7"
    )
    expected = np.sort(spectrum.eigenvalues(depth=7), axis=None)
    np.testing.assert_allclose(
        np.sort(plotted(page, "fig-spectrum", "points", "value")), expected, rtol=1e-11
    )
    assert depth.evaluate("(slider) => slider.nextElementSibling.textContent") == "7"
    figure = box(page, "fig-spectrum")
    assert figure.locator(".explorer-sentence").inner_text().startswith("Depth 7, ")
    figure.get_by_text("The numbers of this figure").click()
    first = figure.locator("tbody tr").first
    assert first.locator("td").all_inner_texts() == ["dominant", "variance 1", "25", "7"]


def test_switches_and_lists_work_by_keyboard(figures):
    page = figures()
    box(page, "fig-spectrum").get_by_role("checkbox", name="end of training").focus()
    page.keyboard.press("Space")
    page.wait_for_function(
        "document.querySelector('.explorer-sentence').textContent.includes('end of training')"
    )
    assert plotted(page, "fig-spectrum", "points", "value").count(1) == 80
    box(page, "fig-eigenvectors").get_by_role("combobox", name="student").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "[...document.querySelectorAll('.explorer')].at(-1).explorer.view.signal('size')"
        " === 'N = 5, D = 2'"
    )
    assert page.trouble == []


def test_every_control_has_a_name_and_can_be_reached(figures):
    page = figures()
    controls = page.locator(".explorer-controls").locator("input, select")
    assert controls.count() == 6 + 5 + 2
    names = [control.get_attribute("aria-label") for control in controls.all()]
    assert all(names)
    assert len(set(names)) == len(names) - 1, "only the depth is in two figures"
    controls.first.focus()
    for control in controls.all()[1:6]:
        page.keyboard.press("Tab")
        assert control.evaluate("(element) => element === document.activeElement")
    for plot in page.locator(".explorer-plot").all():
        assert plot.get_attribute("role") == "img"
        assert plot.get_attribute("aria-label")
        assert plot.locator("svg").locator("xpath=..").get_attribute("aria-hidden") == "true"


def test_the_pointer_chooses_an_eigenvector(figures):
    page = figures()
    figure = box(page, "fig-eigenvectors")
    slider = figure.get_by_role("slider", name="rank of the eigenvector")
    assert slider.input_value() == "5"
    svg = figure.locator(".explorer-plot svg")
    svg.scroll_into_view_if_needed()
    area = svg.bounding_box()
    page.mouse.move(area["x"] + area["width"] * 0.6, area["y"] + 60)
    page.wait_for_function(
        "[...document.querySelectorAll('.explorer')].at(-1).explorer.view.signal('chosen') > 5"
    )
    rank = slider.input_value()
    assert 8 <= int(rank) <= 16
    assert figure.locator(".explorer-sentence").inner_text().startswith(f"Rank {rank},")
    assert figure.locator("tbody tr").count() == 9


def test_the_figures_follow_the_theme_and_keep_their_settings(figures):
    page = figures()
    box(page, "fig-spectrum").get_by_role("slider", name="depth L", exact=True).focus()
    page.keyboard.press("ArrowRight")

    def ink(theme):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        return page.evaluate(
            """() => {
                const plot = document.querySelector(".explorer-plot");
                const label = plot.shadowRoot.querySelector("svg text");
                return [getComputedStyle(label).fill, getComputedStyle(plot).color];
            }"""
        )

    light, dark = ink("light"), ink("dark")
    assert light[0] == light[1]
    assert dark[0] == dark[1]
    assert light != dark
    assert max(plotted(page, "fig-spectrum", "points", "value")) == 4


def test_a_phone_shows_whole_figures_without_sideways_scrolling(figures):
    page = figures(390)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for plot in page.locator(".explorer-plot").all():
        room, drawn = plot.bounding_box(), plot.locator("svg").bounding_box()
        assert drawn["width"] <= room["width"]
        assert drawn["width"] > 0.85 * room["width"]


def test_the_figures_follow_the_width_of_the_window(figures):
    page = figures(1400)
    wide = page.locator(".explorer-plot svg").first.bounding_box()["width"]
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function(
        "document.querySelector('.explorer-plot').shadowRoot.querySelector('svg')"
        ".getBoundingClientRect().width < 390"
    )
    assert wide > 600


def test_without_javascript_the_still_pictures_stand_in(site, visit):
    page = visit(site / "figures.html", java_script_enabled=False)
    for name in ("fig-spectrum", "fig-cobweb", "fig-eigenvectors"):
        assert box(page, name).locator("figure img").is_visible()
        assert not box(page, name).locator(".explorer-controls").is_visible()
        assert not box(page, name).locator(".explorer-task").is_visible()
        assert box(page, name).get_by_text("What there is to see").is_visible()


def test_on_paper_the_still_pictures_stand_in(figures):
    page = figures()
    page.emulate_media(media="print")
    for name in ("fig-spectrum", "fig-cobweb"):
        assert box(page, name).locator("figure img").is_visible()
        assert not box(page, name).locator(".explorer-plot").is_visible()


def test_a_figure_that_fails_leaves_its_still_picture_and_the_others(site, visit):
    text = (site / "figures.html").read_text("utf-8")
    broken = site / "broken.html"
    broken.write_text(text.replace('"expr":"floor(datum.pair', '"expr":"no_function(datum.pair', 1))
    assert broken.read_text("utf-8") != text
    page = visit(broken)
    page.wait_for_function("document.querySelectorAll('.explorer.live').length === 2")
    page.wait_for_function("document.querySelectorAll('.explorer')[2].explorer")
    assert box(page, "fig-spectrum").locator("figure img").is_visible()
    assert len(page.trouble) == 1
    assert "no_function" in page.trouble[0]
