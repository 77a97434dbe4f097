"""A book of two notebooks with its own tools, built once; a stand-in writes its pages."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "book/appendix/faults.csv"

FILES = {
    "requirements.txt": "# nothing\n",
    "pyproject.toml": '[project]\nname = "toy"\n',
    "_config.yml": "title: Toy\n",
    "_toc.yml": "format: jb-book\nroot: book/a\nchapters:\n  - file: book/b\n",
    "src/toy/base.py": "def half(x):\n    return x / 2\n",
    # What can be downloaded is not what is tried here.
    "tools/downloads.py": "",
}
NOTEBOOKS = {"a": "from toy import base\nprint(base.half(2))", "b": "print('b')"}
# Writes pages as Sphinx would, or what a test asks it to do instead.
STAND_IN = """\
import os, pathlib, sys
exec(os.environ.get("INSTEAD", ""))
site = pathlib.Path("_build/html")
for name in ("index.html", "book/a.html", "book/b.html", "searchindex.js", "_static/book.css"):
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text("as built")
print("Running Jupyter-Book, and other things that nobody needs")
"""


def write_notebook(folder, name, code):
    cells = [nbformat.v4.new_markdown_cell(f"# {name}"), nbformat.v4.new_code_cell(code)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"book/{name}.ipynb")


def pytest_configure(config):
    config.addinivalue_line("markers", "fault(name): the row of the table that a test tries")


class Checkout:
    """A small checkout, tried from outside."""

    def __init__(self, folder):
        self.folder = folder

    def __truediv__(self, name):
        return self.folder / name

    def start(self, *arguments, before=(), **variables):
        outer = (
            "MAKEFLAGS",
            "MAKELEVEL",
            "MAKEOVERRIDES",
            "MFLAGS",
            "PYTHON",
            "PYTEST_CURRENT_TEST",
        )
        kept = {key: value for key, value in os.environ.items() if key not in outer}
        return subprocess.Popen(
            [*before, "make", "--silent", *arguments],
            cwd=self.folder,
            env=kept | {"PYTHONPATH": str(self / "src"), "PYTHONWARNINGS": "ignore"} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def make(self, *arguments, **options):
        """Exit status, and what the reader reads."""
        process = self.start(*arguments, **options)
        return finish(process)

    def finish(self, process):
        """Exit status of what was started, and what is read from here on; no bare traceback."""
        return finish(process)

    def write_notebook(self, name, code):
        write_notebook(self.folder, name, code)

    def edit(self, name, old, new):
        text = (self / name).read_text()
        assert old in text
        (self / name).write_text(text.replace(old, new))

    def page(self, name="book/a.html"):
        return (self / "_build/html" / name).read_text()


def finish(process):
    try:
        said, _ = process.communicate(timeout=120)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert not re.search(r"^Traceback", said, re.MULTILINE), said
    return process.returncode, said


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults") / "a book"
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Makefile", folder)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "src/toy/__init__.py").touch()
    (folder / "book").mkdir()
    for name, code in NOTEBOOKS.items():
        write_notebook(folder, name, code)
    checkout = Checkout(folder)
    give_environment(checkout)
    assert checkout.make("notebooks")[0] == 0
    assert checkout.make("book")[0] == 0
    return folder


def give_environment(checkout):
    """An environment that is this one, apart from the stand-in for Jupyter Book."""
    venv, own = checkout / ".venv", Path(sys.prefix)
    (venv / "bin").mkdir(parents=True, exist_ok=True)
    for name in ("lib", "share"):
        if not (venv / name).exists():
            (venv / name).symlink_to(own / name)
    shutil.copy(own / "pyvenv.cfg", venv)
    if not (venv / "bin/python").exists():
        (venv / "bin/python").symlink_to(own / "bin/python")
    (venv / "bin/jupyter-book").write_text(STAND_IN)
    code = (
        "import sys, json; sys.path.insert(0, 'tools'); import environment as e;"
        "e.READY.write_text(json.dumps(e.wanted()))"
    )
    subprocess.run([".venv/bin/python", "-c", code], cwd=checkout.folder, check=True)


@pytest.fixture
def book(template, tmp_path):
    """A copy of the book that is built, so that it has nothing to do."""
    folder = tmp_path / "a book"
    shutil.copytree(template, folder, symlinks=True)
    checkout = Checkout(folder)
    give_environment(checkout)
    return checkout


@pytest.fixture(scope="session")
def rows():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["Fault"]: row for row in csv.DictReader(file)}


@pytest.fixture
def reads(request, rows):
    """Check that what was said is what the table says is read; "..." stands for what differs."""

    def check(said):
        fault = request.node.get_closest_marker("fault").args[0]
        sentence = rows[fault]["What you read"].strip("`")
        pattern = r"[^\n]*".join(map(re.escape, sentence.split("...")))
        assert re.search(pattern, said), f"not read: {sentence}\nbut: {said}"

    return check
