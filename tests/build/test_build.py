"""What an edit makes `make book` do, tried on a small book whose notebooks are not really run."""

import json
import os
import platform
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import build_book
import build_status
import environment
import execute_notebooks
import freshness
import nbformat
import pytest
import yaml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from depth_not_data.presentation import claims

ROOT = Path(__file__).parents[2]

FILES = {
    "requirements.txt": "numpy==2.4.6   # arrays\nsympy==1.14.0\nruff==0.17.6\n",
    "pyproject.toml": '[project]\nname = "toy"\ndependencies = ["numpy"]\n'
    '[tool.ruff]\nline-length = 100\n',
    "_config.yml": "title: Toy\nexecute:\n  execute_notebooks: cache\n",
    "_toc.yml": "format: jb-book\nroot: book/a\nchapters:\n  - file: book/b\n  - file: book/c\n",
    "src/toy/__init__.py": '"""Helpers."""\n',
    "src/toy/base.py": '"""Half."""\nimport numpy as np\n\n\ndef half(x):\n    """Half of x."""\n'
    '    return np.asarray(x) / 2  # exactly\n',
    "src/toy/upper/__init__.py": "",
    "src/toy/upper/double.py": "from ..base import half\n\n\ndef f(x):\n    return 4 * half(x)\n",
    "src/toy/tables.py": 'def read():\n    return open("table.csv")\n',
    "src/toy/data/table.csv": "1,2\n",
    "src/toy/claims.py": 'LEDGER = "claims.yml"\n\n\ndef check(name, *, measured):\n    pass\n',
    "src/toy/claims.yml": "C1:\n  statement: True.\n  verdict: confirmed\n"
    "  rule: {kind: at most, value: 1, reason: round-off}\n"
    "C2:\n  statement: Also.\n  verdict: confirmed\n",
    "src/toy/site.py": "def setup(app):\n    return 1\n",
}  # fmt: skip
NOTEBOOKS = {
    "a": "from toy.upper import double\ndouble.f(1)",
    "b": 'from toy import claims, tables\ntables.read()\nclaims.check("C1", measured=1)',
    "c": "import sympy\nsympy.Symbol('x')",
}


def notebook_path(name):
    return Path(f"book/{name}.ipynb")


def write_notebook(name, code, text="Words."):
    cells = [nbformat.v4.new_markdown_cell(f"# {name}\n\n{text}"), nbformat.v4.new_code_cell(code)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook_path(name))


class Book:
    """The small book in the current folder, and what was done to it."""

    def __init__(self):
        self.executed, self.rendered, self.runs, self.during = [], 0, 0, lambda name: None

    def execute(self, notebook, folder):
        name = notebook.cells[0].source.split()[1]
        self.during(name)
        self.executed.append(name)
        self.runs += 1
        output = nbformat.v4.new_output("stream", text=f"run {self.runs}\n")
        notebook.cells[1].outputs = [output]

    def render(self, command, **_):
        self.rendered += 1
        for page in build_book.pages():
            page.parent.mkdir(parents=True, exist_ok=True)
            page.touch()
        return type("Result", (), {"returncode": 0, "stdout": "", "stderr": ""})

    def build(self, *, fresh=False):
        """Names of the notebooks that a build executes, and whether it renders the pages."""
        self.executed, self.rendered = [], 0
        build_book.main(fresh=fresh)
        return set(self.executed), bool(self.rendered)


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A small book whose committed outputs are those of its code, and whose site is built."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    Path("book").mkdir()
    for name, code in NOTEBOOKS.items():
        write_notebook(name, code)
    toy = Book()
    monkeypatch.setattr(execute_notebooks, "execute", toy.execute)
    monkeypatch.setattr(build_book.subprocess, "run", toy.render)
    monkeypatch.setattr(build_status, "commit", lambda: "abc1234")
    execute_notebooks.main([])
    assert sorted(toy.executed) == list(NOTEBOOKS)
    assert toy.build() == (set(), True)
    return toy


def replace(name, old, new):
    path = Path(name)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def edit_output():
    notebook = nbformat.read(notebook_path("c"), as_version=4)
    notebook.cells[1].outputs[0].text = "edited by hand"
    nbformat.write(notebook, notebook_path("c"))


def edit_cell(name, number, source):
    notebook = nbformat.read(notebook_path(name), as_version=4)
    notebook.cells[number].source = source
    nbformat.write(notebook, notebook_path(name))


def touch_everything():
    for path in Path().rglob("*"):
        os.utime(path, (2e9, 2e9))


BASE, LEDGER = "src/toy/base.py", "src/toy/claims.yml"
# What is edited, which notebooks are executed, and whether the pages are rendered.
EDITS = {
    "nothing": (lambda: None, "", False),
    "time stamps": (touch_everything, "", False),
    "a style setting": (lambda: replace("pyproject.toml", "= 100", "= 90"), "", False),
    "a comment": (lambda: replace(BASE, "# exactly", "# half"), "", True),
    "a docstring": (lambda: replace(BASE, "Half of x", "One half"), "", True),
    "a line break": (lambda: replace(BASE, "(x) / 2", "(\n        x\n    ) / 2"), "", True),
    "code of a helper": (lambda: replace(BASE, "/ 2", "/ 3"), "a", True),
    "an import of a helper": (
        lambda: replace(BASE, "import", "import toy.tables\nimport"), "a", True,
    ),
    "a helper that nobody imports": (lambda: Path("src/toy/new.py").write_text("x = 1"), "", True),
    "a helper that is gone": (lambda: Path(BASE).unlink(), "a", True),
    "the file of a package": (lambda: replace("src/toy/__init__.py", "Helpers", "H"), "", True),
    "code of a package": (lambda: Path("src/toy/upper/__init__.py").write_text("x = 1"), "a", True),
    "data": (lambda: replace("src/toy/data/table.csv", "1,2", "1,3"), "b", True),
    "data that nobody names": (lambda: Path("src/toy/data/d.csv").write_text("1"), "abc", True),
    "an editor's leftovers": (lambda: Path("src/toy/.base.py.swp").write_text("1"), "", False),
    "prose of the ledger": (lambda: replace(LEDGER, "True.", "So it is."), "", True),
    "the reason of a rule": (lambda: replace(LEDGER, "round-off", "exact"), "", True),
    "a comment in the ledger": (lambda: replace(LEDGER, "C2:", "# C2\nC2:"), "", True),
    "the value of a rule": (lambda: replace(LEDGER, "value: 1", "value: 2"), "b", True),
    "a verdict that no notebook shows": (
        lambda: replace(LEDGER, "Also.\n  verdict: confirmed", "Also.\n  verdict: refuted"),
        "", True,
    ),
    "the Sphinx extension": (lambda: replace("src/toy/site.py", "1", "2"), "", True),
    "a pin of one notebook": (lambda: replace("requirements.txt", "1.14.0", "1.14.1"), "c", True),
    "a pin of a helper": (lambda: replace("requirements.txt", "2.4.6", "2.4.7"), "a", True),
    "a pin of a tool": (lambda: replace("requirements.txt", "0.17.6", "0.17.7"), "", True),
    "code of a notebook": (lambda: edit_cell("c", 1, "import sympy"), "c", True),
    "prose of a notebook": (lambda: edit_cell("c", 0, "# c\n\nOther words."), "", True),
    "the output of a notebook": (edit_output, "c", True),
    "a notebook that is new": (lambda: write_notebook("d", "1"), "d", True),
    "a notebook that is gone": (lambda: notebook_path("c").unlink(), "", True),
    "a page": (lambda: Path("book/page.md").write_text("# Page"), "", True),
    "the configuration": (lambda: replace("_config.yml", "Toy", "Book"), "", True),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_executes_what_depends_on_it_and_nothing_else(book, what):
    edit, executed, rendered = EDITS[what]
    edit()
    assert book.build() == (set(executed), rendered)
    assert book.build() == (set(), False), "a second build has nothing to do"


def test_a_fresh_clone_takes_the_committed_outputs(book, capsys):
    shutil.rmtree("_build")
    capsys.readouterr()
    assert book.build() == (set(), True)
    lines = capsys.readouterr().out.splitlines()
    for number, path in enumerate(map(notebook_path, NOTEBOOKS), start=1):
        assert f"[{number}/3] taking the committed outputs of {path}" in lines


def test_a_clone_whose_outputs_are_out_of_date_executes_those_and_says_why(book, capsys):
    shutil.rmtree("_build")
    replace(BASE, "/ 2", "/ 3")
    capsys.readouterr()
    assert book.build() == ({"a"}, True)
    lines = [line for line in capsys.readouterr().out.splitlines() if "a.ipynb" in line]
    assert len(lines) == 1
    assert re.fullmatch(r"\[1/3\] executing book/a.ipynb \(base.py changed\), \d+ s", lines[0])


def test_the_status_of_a_build_says_where_outputs_are_from_and_nothing_of_the_machine(book):
    replace(BASE, "/ 2", "/ 3")
    book.build()
    text = build_status.STATUS.read_text("utf-8")
    said = json.loads(text)
    sources = {name: entry["source"] for name, entry in said["notebooks"].items()}
    assert re.fullmatch(r"executed in \d+ s", sources.pop("book/a"))
    assert sources == {"book/b": "the committed", "book/c": "the committed"}
    assert said["notebooks"]["book/b"]["cost"] == "seconds"
    assert set(said["build"]) == {"Date", "Commit", "Machine", "Python"}
    assert said["versions"] == {name: metadata.version(name) for name in ("numpy", "ruff", "sympy")}
    assert said["build"]["Commit"] == "abc1234"
    for secret in (platform.node(), str(Path.cwd()), str(Path.home())):
        assert secret not in text


def test_the_commit_of_a_build_says_whether_files_were_edited(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert build_status.commit() == "unknown"
    Path("page.md").write_text("# Page")
    who = ["-c", "user.name=Reader", "-c", "user.email=reader@example.org"]
    for arguments in (["init"], ["add", "page.md"], [*who, "commit", "-m", "First"]):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    assert re.fullmatch("[0-9a-f]{7,}", build_status.commit())
    committed = build_status.build()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert build_status.build() == committed | {"Date": "02 January 1970, 00:00 UTC"}
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert build_status.build() == committed, "no time of day but that of the commit"
    Path("page.md").write_text("# Other")
    assert build_status.commit().endswith(", with edits that are not committed")


def test_fresh_executes_everything(book):
    assert book.build(fresh=True) == ({"a", "b", "c"}, True)
    assert book.build() == (set(), False)


def test_outputs_of_the_last_build_are_taken(book):
    replace(BASE, "/ 2", "/ 3")
    assert book.build() == ({"a"}, True)
    replace(BASE, "Half of x", "A third")
    assert book.build() == (set(), True)


def test_the_committed_notebook_is_not_written_by_a_build(book):
    replace(BASE, "/ 2", "/ 3")
    before = notebook_path("a").read_bytes(), freshness.COMMITTED.read_bytes()
    book.build()
    assert (notebook_path("a").read_bytes(), freshness.COMMITTED.read_bytes()) == before


def test_what_was_executed_before_a_failure_is_kept(book):
    def fail(name):
        if name == "b":
            raise execute_notebooks.CellExecutionError("", "ValueError", "no")

    book.during = fail
    with pytest.raises(SystemExit, match=r"b\.ipynb failed"):
        book.build(fresh=True)
    assert "a" in book.executed
    assert "b" not in book.executed
    book.during = lambda name: None
    replace("src/toy/data/table.csv", "1,2", "1,3")
    assert book.build() == ({"b"}, True)
    notebook, _ = build_book.stored_outputs(notebook_path("a"), freshness.Inputs())
    assert notebook.cells[1].outputs[0].text == "run 4\n", "the first after the three committed"


@pytest.mark.parametrize("page", ["index.html", "book/b.html"])
def test_a_deleted_page_is_rendered_again(book, page):
    (build_book.SITE / page).unlink()
    assert book.build() == (set(), True)


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("altered")])
@pytest.mark.parametrize("name", ["book/a.html", "searchindex.js", "_static/book.css"])
def test_every_file_of_the_site_is_kept_an_eye_on(book, monkeypatch, name, harm):
    def render(command, **options):
        for extra in ("searchindex.js", "_static/book.css"):
            (build_book.SITE / extra).parent.mkdir(parents=True, exist_ok=True)
            (build_book.SITE / extra).touch()
        return book.render(command)

    monkeypatch.setattr(build_book.subprocess, "run", render)
    build_book.STAMP.unlink()
    assert book.build() == (set(), True)
    (build_book.SITE / "added.txt").touch()
    assert book.build() == (set(), False), "a file that was added does no harm"
    harm(build_book.SITE / name)
    assert book.build() == (set(), True)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"cells": 1, "nbformat": 4}'])
def test_a_file_that_is_no_notebook_is_named(book, content):
    notebook_path("b").write_text(content)
    with pytest.raises(SystemExit, match=r"b\.ipynb is not a notebook"):
        book.build()


def test_a_page_that_is_no_longer_in_the_book_goes(book):
    old = build_book.SITE / "book/old.html"
    old.touch()
    replace(BASE, "# exactly", "# half")
    book.build()
    assert not old.exists()


def test_a_failed_rendering_is_tried_again(book, monkeypatch):
    def fail(command, **_):
        book.render(command)
        return type("Result", (), {"returncode": 1, "stdout": "", "stderr": ""})

    replace(BASE, "# exactly", "# half")
    with monkeypatch.context() as patch:
        patch.setattr(build_book.subprocess, "run", fail)
        with pytest.raises(SystemExit):
            book.build()
    # Pages of the failed attempt are there, of files that are no longer so.
    replace(BASE, "# half", "# exactly")
    assert book.build() == (set(), True)


def test_a_helper_edited_during_a_run_leaves_the_outputs_out_of_date(book):
    replace(BASE, "/ 2", "/ 3")
    book.during = lambda name: replace(BASE, "/ 3", "/ 4")
    assert book.build()[0] == {"a"}
    book.during = lambda name: None
    assert book.build()[0] == {"a"}


def test_words_and_tags_edited_during_a_run_are_kept(book):
    def edit(name):
        notebook = nbformat.read(notebook_path(name), as_version=4)
        notebook.cells[0].source = "# a\n\nOther words."
        notebook.cells[1].metadata["tags"] = ["hide-input"]
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell("More words."))
        nbformat.write(notebook, notebook_path(name))

    book.during = edit
    execute_notebooks.main([str(notebook_path("a"))])
    words, more, code = nbformat.read(notebook_path("a"), as_version=4).cells
    assert (words.source, more.source) == ("# a\n\nOther words.", "More words.")
    assert code.metadata["tags"] == ["hide-input"]
    assert code.outputs[0].text == f"run {book.runs}\n"
    assert execute_notebooks.out_of_date() == {}


def test_code_edited_during_a_run_keeps_its_file_and_a_sentence_says_so(book, capsys):
    book.during = lambda name: edit_cell(name, 1, "from toy.upper import double\ndouble.f(2)")
    before = freshness.read_lock(freshness.COMMITTED)
    execute_notebooks.main([str(notebook_path("a"))])
    assert nbformat.read(notebook_path("a"), as_version=4).cells[1].source.endswith("double.f(2)")
    assert freshness.read_lock(freshness.COMMITTED) == before
    assert "book/a.ipynb: its code was edited" in capsys.readouterr().out
    assert set(execute_notebooks.out_of_date()) == {notebook_path("a")}


def test_a_notebook_removed_during_a_run_does_not_come_back(book, capsys):
    book.during = lambda name: notebook_path(name).unlink()
    execute_notebooks.main([str(notebook_path("a"))])
    assert not notebook_path("a").exists()
    assert "is gone" in capsys.readouterr().out


def test_the_cost_of_a_run_is_a_class_and_no_reason_to_run_again(book, monkeypatch):
    assert [execute_notebooks.cost(s) for s in (1, 30, 100, 900)] == [
        "seconds", "about a minute", "minutes", "ten minutes or more",
    ]  # fmt: skip
    lock = freshness.read_lock(freshness.COMMITTED)
    assert lock["book/a.ipynb"].pop("cost") == "seconds"
    freshness.COMMITTED.write_text(json.dumps(lock))
    assert execute_notebooks.out_of_date() == {}


def test_two_writers_of_a_lock_file_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lock, read = Path("outputs.lock"), freshness.read_lock
    paths = [Path(f"{name}.ipynb") for name in "abcd"]
    for path in paths:
        path.touch()

    def read_slowly(path):
        entries = read(path)
        time.sleep(0.02)
        return entries

    monkeypatch.setattr(freshness, "read_lock", read_slowly)
    empty = nbformat.v4.new_notebook()
    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(lambda path: freshness.record(lock, path, empty, {"code": "x"}), paths))
    assert sorted(read(lock)) == [path.as_posix() for path in paths]


def test_notebooks_out_of_date_are_executed_in_place(book):
    replace(BASE, "/ 2", "/ 3")
    notebook_path("b").unlink()
    book.executed = []
    execute_notebooks.main([])
    assert book.executed == ["a"]
    assert json.loads(freshness.COMMITTED.read_text()).keys() == {"book/a.ipynb", "book/c.ipynb"}
    execute_notebooks.main(["book/c.ipynb"])
    assert book.executed == ["a", "c"], "a notebook that is named is executed in any case"
    assert book.build() == (set(), True)


@pytest.mark.parametrize(
    "code",
    [
        "from toy import claims\nclaims.get('C1')",
        "from toy.claims import check",
        "from toy import claims\nname = 'C' + '1'\nclaims.check(name, measured=1)",
    ],
)
def test_who_may_show_any_part_of_the_ledger_depends_on_all_of_it(book, code):
    write_notebook("c", code)
    assert book.build()[0] == {"c"}
    replace(LEDGER, "Also.", "As well.")
    assert book.build()[0] == {"c"}


def test_no_output_of_a_check_shows_prose_of_the_ledger(monkeypatch):
    entry = {
        "kind": "theorem", "source": "paper", "anchor": "A", "statement": "S", "verdict": "refuted",
        "chapter": "book/a", "correction": "C", "published": "P", "number": "N", "figure": "F",
        "attack": "T",
        "rule": {
            "kind": "at most", "value": 1, "quantity": "Q", "reason": "R",
            "fixed": {"when": "after a pilot", "note": "W"},
        },
        "instead": {"kind": "at least", "value": 2, "reason": "R"},
    }  # fmt: skip
    others = {"source": "blog", "fixed": {"when": "with its result", "note": "X"}}

    def rewritten(value):
        return {
            key: rewritten(child) if isinstance(child, dict) and key not in freshness.PROSE
            else others.get(key, "other") if key in freshness.PROSE else child
            for key, child in value.items()
        }  # fmt: skip

    shown = []
    monkeypatch.setattr(claims, "display", lambda data, **options: shown.append((data, options)))
    for version in (entry, rewritten(entry)):
        ledger = claims.parse(yaml.safe_dump({"Z1": version}))
        monkeypatch.setattr(claims, "ledger", lambda ledger=ledger: ledger)
        claims.check("Z1", measured=3)
    assert rewritten(entry) != entry
    assert shown[0] == shown[1]


def test_a_module_named_in_a_string_counts_as_imported(book):
    write_notebook("c", "import importlib\nimportlib.import_module('toy.upper.double')")
    assert book.build()[0] == {"c"}
    replace(BASE, "/ 2", "/ 3")
    assert book.build()[0] == {"a", "c"}


def test_a_broken_helper_concerns_those_who_import_it_only(book):
    Path(BASE).write_text("def half(")
    assert book.build()[0] == {"a"}


def test_the_digest_of_code_is_the_same_under_every_python():
    # Functions have more fields in newer versions; one leaves "" at the end of a format.
    source = "class A:\n    x: int = None\n\n    def f(self, *, y=1.5):\n"
    source += "        return f\"{y:>{3}} {{}} {self!r}\" 'z'\n"
    assert freshness.digest(freshness.plain(freshness.parse(source))) == "5e9c3edfe8998481"


# The site


def sphinx(folder, pages, **conf):
    """Pages and warnings of a Sphinx project."""
    for name, text in pages.items():
        (folder / name).write_text(text)
    warnings = folder / "warnings"
    with warnings.open("w") as log, patch_docutils(), docutils_namespace():
        app = Sphinx(
            folder, None, folder / "out", folder / "trees", "html", conf, status=None, warning=log
        )
        app.build()
    return {p.stem: p.read_text() for p in (folder / "out").glob("*.html")}, warnings.read_text()


@pytest.mark.filterwarnings("default")
def test_no_page_loads_the_scripts_of_thebe(tmp_path):
    conf = {"extensions": ["myst_nb", "sphinx_thebe", "sphinx_design"], "thebe_config": {}}
    page = {"index.md": "# Title\n"}
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    before, _ = sphinx(tmp_path / "with", page, **conf)
    assert before["index"].count("const THEBE_JS_URL") == 2, "the fault that is to be mended"
    conf["extensions"].append("depth_not_data.presentation.sphinx")
    after, _ = sphinx(tmp_path / "without", page, **conf)
    assert "THEBE_JS_URL" not in after["index"]
    assert "sphinx-thebe" not in after["index"]


@pytest.mark.filterwarnings("default")
def test_a_broken_python_reference_is_seen(tmp_path):
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]
    text = (
        "Title\n=====\n\n.. py:module:: depth_not_data.toy\n\n.. py:function:: there()\n\n"
        ":func:`there` :func:`gone` :class:`depth_not_data.toy.Gone` :class:`array_like`\n"
    )
    _, warnings = sphinx(
        tmp_path, {"index.rst": text}, nitpicky=True,
        nitpick_ignore_regex=config["nitpick_ignore_regex"],
    )  # fmt: skip
    missing = re.findall(
        r"reference target not found: (\S+)", re.sub(r"\x1b\[[\d;]*m", "", warnings)
    )
    assert missing == ["gone", "depth_not_data.toy.Gone"]


def test_sphinx_shows_the_outputs_that_it_is_given_and_executes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("requirements.txt", "pyproject.toml", "_config.yml"):
        Path(name).write_text(FILES[name])
    Path("_toc.yml").write_text("format: jb-book\nroot: book/a\n")
    for name in ("book", "src", "tools"):
        Path(name).mkdir()
    Path("tools/downloads.py").touch()  # its archives are tested with it
    write_notebook("a", "raise SystemExit('executed')")
    notebook = nbformat.read(notebook_path("a"), as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="as committed\n")]
    execute_notebooks.write(notebook_path("a"), notebook, freshness.Inputs().of(notebook))
    build_book.main(fresh=False)
    assert "as committed" in (build_book.SITE / "book/a.html").read_text("utf-8")


# The environment


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout whose environment is made, as far as `environment` can see."""
    monkeypatch.chdir(tmp_path)
    for name in ("requirements.txt", "pyproject.toml"):
        Path(name).write_text(FILES[name])

    def run(command, **_):
        if "venv" in command:
            environment.PYTHON.parent.mkdir(parents=True)
            environment.PYTHON.touch()
        made.append(" ".join(map(str, command)))

    made = []
    monkeypatch.setattr(environment.subprocess, "run", run)
    assert environment.main() == 0
    assert len(made) == 2
    made.clear()
    return made


KEPT = {
    "nothing": lambda: None,
    "a style setting": lambda: replace("pyproject.toml", "= 100", "= 90"),
    "a comment": lambda: replace("requirements.txt", "# arrays", "# numbers"),
    "time stamps": touch_everything,
}
MADE_ANEW = {
    "a pin": (lambda: replace("requirements.txt", "2.4.6", "2.4.7"), "have changed"),
    "a dependency": (lambda: replace("pyproject.toml", '"numpy"', '"sympy"'), "have changed"),
    "unfinished": (lambda: environment.READY.unlink(), "was not finished"),
    "no interpreter": (lambda: environment.PYTHON.unlink(), "was not finished"),
    "an older form": (lambda: environment.READY.write_text(""), "it had another"),
}


@pytest.mark.parametrize("what", KEPT)
def test_an_environment_is_kept(checkout, what):
    KEPT[what]()
    assert environment.main() == 0
    assert not checkout


@pytest.mark.parametrize("what", MADE_ANEW)
def test_an_environment_is_made_anew_and_one_line_says_why(checkout, capsys, what):
    edit, reason = MADE_ANEW[what]
    edit()
    left = Path(".venv/left-over")
    left.touch()
    capsys.readouterr()
    assert environment.main() == 0
    assert len(checkout) == 2
    assert not left.exists()
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("Making .venv")
    assert reason in first
    assert environment.main() == 0
    assert len(checkout) == 2, "now it is as wanted"


def test_another_interpreter_or_folder_means_another_environment(checkout, capsys, monkeypatch):
    old = environment.base_interpreter()
    monkeypatch.setattr(environment, "base_interpreter", lambda: "/opt/python3.99")
    capsys.readouterr()
    environment.main()
    first, *_ = capsys.readouterr().out.splitlines()
    assert "/opt/python3.99" in first
    assert old in first
    assert checkout[0].startswith("/opt/python3.99 -m venv")
    Path("moved").mkdir()
    shutil.move(".venv", "moved/.venv")
    shutil.copy("requirements.txt", "moved")
    shutil.copy("pyproject.toml", "moved")
    monkeypatch.chdir("moved")
    environment.main()
    assert "has moved" in capsys.readouterr().out


def test_a_failed_installation_is_one_line_and_is_started_again(checkout, capsys, monkeypatch):
    replace("requirements.txt", "2.4.6", "2.4.7")
    run = environment.subprocess.run

    def fail(command, **options):
        run(command, **options)
        if "pip" in command:
            raise environment.subprocess.CalledProcessError(3, command)

    monkeypatch.setattr(environment.subprocess, "run", fail)
    assert environment.main() == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert environment.reason_to_create(environment.wanted())


# What the files of the book pin


@pytest.mark.parametrize("name", ["requirements.txt", "benchmarks/requirements.txt"])
def test_every_package_is_pinned_and_no_index_is_named(name):
    lines = environment.pins((ROOT / name).read_text("utf-8"))
    assert lines
    for line in lines:
        assert line == "-e ." or re.fullmatch(r"[\w.-]+==[\w.]+", line), line


def test_every_dependency_of_the_helpers_is_pinned():
    wanted = environment.dependency_part((ROOT / "pyproject.toml").read_text("utf-8"))
    pinned = environment.pins((ROOT / "requirements.txt").read_text("utf-8"))
    names = {freshness.package_name(line) for line in pinned}
    assert {freshness.package_name(name) for name in wanted["dependencies"]} <= names


def test_the_committed_outputs_are_those_of_the_code(monkeypatch):
    # Else the first `make book` of a reader takes a quarter of an hour: run `make notebooks`.
    monkeypatch.chdir(ROOT)
    assert execute_notebooks.out_of_date() == {}
