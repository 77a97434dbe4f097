"""Buttons for Binder and Colab, of one setting; notebooks run where there is no checkout."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
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
        "https://colab.research.google.com/github/somebody/their-book/blob/colab/book/chapter.ipynb"
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


def test_workflow_puts_the_copies_where_colab_looks():
    steps = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text("utf-8"))["jobs"]
    given = {
        step["with"]["path"] for step in steps["site"]["steps"] if "path" in step.get("with", {})
    }
    assert f"_build/html/{sphinx_launch.COPIES}" in given
    pushed = steps["colab"]["steps"][-1]["run"]
    assert f'"$TARGET" {sphinx_launch.BRANCH}' in pushed


def test_binder_installs_the_package_that_pip_finds_there():
    lines = (ROOT / "binder/requirements.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "--"))]
    (torch,) = re.findall(r"^torch==\S+", (ROOT / "requirements.txt").read_text("utf-8"), re.M)
    assert wanted == [torch, "-e ."], "the checkout and, for its stored runs, their torch"
    python = (ROOT / "binder/runtime.txt").read_text("utf-8").strip()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lowest = project["requires-python"].removeprefix(">=3.")
    assert int(python.removeprefix("python-3.")) >= int(lowest)


# Somewhere else: no checkout, an environment of its own


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The package as it would be installed; built from a copy, since building leaves files."""
    folder = tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "sources/src", ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "sources")
    # With the setuptools that is installed: nothing is fetched.
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    command = [sys.executable, "-m", "pip", "wheel", *options, folder / "sources"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Python of a fresh environment without the helpers.

    To be quick it takes the packages that are installed here, by a path file; the helpers are not
    among them, since what points to the checkout is not followed from there.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/*/site-packages")
    (packages / "installed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    python = folder / "bin/python"
    command = [python, "-c", "import nbformat, depth_not_data"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert "No module named 'depth_not_data'" in done.stderr
    return python


RUN = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, kernel_name="python3", timeout=600).execute()
nbformat.write(notebook, sys.argv[1])
"""


def run_alone(python, folder, notebook):
    """Execute the notebook alone in an empty folder, and return it."""
    nbformat.write(notebook, folder / "alone.ipynb")
    keep = ("PATH", "PIP_CERT", "OMP_NUM_THREADS", "MPLBACKEND", "JUPYTER_PLATFORM_DIRS")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env |= {"HOME": str(folder / "home"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    command = [python, "-c", RUN, "alone.ipynb"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert not done.returncode, done.stderr[-2000:]
    return nbformat.read(folder / "alone.ipynb", as_version=4)


def chosen(name):
    return nbformat.read(ROOT / "book" / name, as_version=4)


# Every notebook: ELSEWHERE=all make test
NAMES = [path.relative_to(ROOT / "book").as_posix() for path in NOTEBOOKS]
if os.environ.get("ELSEWHERE") != "all":
    NAMES = ["linear/hessian-in-your-hand.ipynb"]


@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_alone_where_only_pip_is(name, wheel, elsewhere, tmp_path):
    source = f"file://{wheel}"
    notebook = run_alone(elsewhere, tmp_path, sphinx_launch.with_install_cell(chosen(name), source))
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    where = "import depth_not_data; print(depth_not_data.__file__)"
    found = subprocess.check_output([elsewhere, "-c", where], cwd=tmp_path, text=True)
    assert Path(found.strip()).is_relative_to(elsewhere.parents[1]), "not of the checkout"


def test_install_cell_does_nothing_where_the_helpers_are(tmp_path):
    cell = sphinx_launch.with_install_cell(nbformat.v4.new_notebook(), "file:///nowhere.whl")
    run_alone(sys.executable, tmp_path, cell)
