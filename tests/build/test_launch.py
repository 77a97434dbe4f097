"""Buttons for Binder and Colab come of one setting, and notebooks run where there is no checkout."""

import re
from pathlib import Path

import nbformat
import pytest
import yaml
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data.presentation import sphinx_launch

ROOT = Path(__file__).parents[2]
ADDRESS = "https://github.com/somebody/their-book"
NOTEBOOKS = sorted((ROOT / "book").rglob("*.ipynb"))


def theme_options(address):
    """What Jupyter Book hands to the theme with this address in _config.yml."""
    written = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    written["sphinx"]["config"]["html_theme_options"]["repository_url"] = address
    config, _ = get_final_config(user_yaml=written, cli_config={"latex_individualpages": False})
    return config["html_theme_options"]


def build(folder, address):
    """Pages of a tiny book with a chapter, a notebook, and a page that is none."""
    source = folder / "source"
    (source / "book").mkdir(parents=True)
    (source / "index.md").write_text("# I\n\n```{toctree}\nbook/chapter\nbook/page\n```\n")
    (source / "book/page.md").write_text("# P\n")
    cells = [nbformat.v4.new_markdown_cell("# C"), nbformat.v4.new_code_cell("1 + 1")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, source / "book/chapter.ipynb")
    settings = {
        "extensions": ["myst_nb", "sphinx_book_theme", "depth_not_data.presentation.sphinx_launch"],
        "html_theme": "sphinx_book_theme",
        "html_theme_options": theme_options(address),
        "nb_execution_mode": "off",
    }
    site = folder / "site"
    with patch_docutils(), docutils_namespace():
        Sphinx(source, None, site, folder / "tree", "html", settings, status=None).build()
    return site


def links(page):
    return re.findall(r'href="(https://(?:mybinder|colab)[^"]*)"', page.read_text("utf-8"))


@pytest.mark.filterwarnings("default")
def test_address_gives_buttons_for_chapters_alone(tmp_path):
    site = build(tmp_path, ADDRESS)
    binder, colab = sorted(set(links(site / "book/chapter.html")), reverse=True)
    assert binder == (
        "https://mybinder.org/v2/gh/somebody/their-book/main?urlpath=lab/tree/book/chapter.ipynb"
    )
    assert colab == (
        "https://colab.research.google.com/github/somebody/their-book/blob/gh-pages/colab/"
        "book/chapter.ipynb"
    )
    assert not links(site / "book/page.html")
    copy = nbformat.read(site / "colab/book/chapter.ipynb", as_version=4)
    assert f"git+{ADDRESS}@main" in copy.cells[0].source
    assert [cell.source for cell in copy.cells[1:]] == ["# C", "1 + 1"]


@pytest.mark.filterwarnings("default")
def test_without_address_there_is_no_button_and_no_copy(tmp_path):
    site = build(tmp_path, "")
    assert not links(site / "book/chapter.html")
    assert "github.com" not in (site / "book/chapter.html").read_text("utf-8")
    assert not (site / "colab").exists()


def test_address_is_unset_and_stands_in_one_place():
    written = (ROOT / "_config.yml").read_text("utf-8")
    config = yaml.safe_load(written)["sphinx"]["config"]
    assert config["html_theme_options"]["repository_url"] == ""
    assert "depth_not_data.presentation.sphinx_launch" in written
