"""Every fault of the table, made from outside: what happens, and that the next run is right."""

import ast
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_cache import get_cache

HERE = Path(__file__)
fault = pytest.mark.fault

WAITS = """\
import pathlib, time
pathlib.Path("started").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.05)
"""


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def until(process, words):
    """Read what is said up to a line that holds these words."""
    said = ""
    while words not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


# The table


def test_the_table_and_the_tests_name_the_same_faults(rows):
    tree = ast.parse(HERE.read_text("utf-8"))
    tried = {
        mark.args[0].value
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for mark in function.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "fault"
    }
    assert tried == set(rows)
    assert all(row["What happens"] and row["What you read"] for row in rows.values())


def test_a_built_book_has_nothing_to_do(book):
    assert book.make("book") == (0, "Nothing has changed since the last build.\n")


# The site and what it is made of


@fault("A page, picture, script or the search index of the site is deleted or altered")
def test_the_site_is_made_whole(book, reads):
    (book / "_build/html/_static/book.css").unlink()
    (book / "_build/html/searchindex.js").write_text("altered")
    status, said = book.make("book")
    assert status == 0
    reads(said)
    assert book.page("_static/book.css") == book.page("searchindex.js") == "as built"


@fault("The site is deleted")
def test_a_deleted_site_is_built_again(book, reads):
    shutil.rmtree(book / "_build/html")
    status, said = book.make("book")
    assert (status, book.page()) == (0, "as built")
    reads(said)


@fault("A helper is deleted, or an older version of it comes back")
def test_an_older_helper_makes_its_notebooks_due(book, reads):
    book.edit("src/toy/base.py", "x / 2", "x / 4")
    os.utime(book / "src/toy/base.py", (1e9, 1e9))
    status, said = book.make("book")
    reads(said)
    assert status == 0
    assert "taking the committed outputs of book/b.ipynb" in said
    assert "0.5" in (book / "_build/executed/book/a.ipynb").read_text()
    (book / "src/toy/base.py").unlink()
    status, said = book.make("book")
    assert status != 0
    assert "cannot import name 'base'" in said


@fault("The cache of executed notebooks is emptied or damaged")
def test_the_cache_that_sphinx_reads_is_filled_anew(book, reads):
    (book / "_build/.jupyter_cache/global.db").write_bytes(b"")
    (book / "_build/html/index.html").unlink()
    status, said = book.make("book")
    assert status == 0
    reads(said)
    assert len(get_cache(book / "_build/.jupyter_cache").list_cache_records()) == 2


@fault("Outputs that a build has stored are cut off")
def test_damaged_outputs_of_a_build_are_made_again(book, reads):
    book.edit("src/toy/base.py", "x / 2", "x / 4")
    assert book.make("book")[0] == 0
    path = book / "_build/executed/book/a.ipynb"
    path.write_text(path.read_text()[:200])
    (book / "_build/executed/outputs.lock").write_text("{")
    (book / "_build/site.digest").write_text("{")
    status, said = book.make("book")
    assert status == 0
    reads(said)
    assert "0.5" in path.read_text()


@fault("A committed notebook is damaged, as by a merge")
def test_a_damaged_notebook_is_named(book, reads):
    (book / "book/b.ipynb").write_text("<<<<<<< HEAD\n{")
    status, said = book.make("book")
    assert status != 0
    reads(said)


@fault("The record of the committed outputs is damaged")
def test_a_damaged_record_is_named(book, reads):
    (book / "book/outputs.lock").write_text("<<<<<<< HEAD\n{")
    (book / "book/b.ipynb").touch()
    (book / "_build/site.digest").unlink()
    status, said = book.make("book")
    assert status != 0
    reads(said)


# The machine


def without_override():
    """Before a command: as root, give up the right to write where no permission says so."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and there is no setpriv")
    return ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]


@fault("The folder cannot be written")
def test_a_folder_that_cannot_be_written(book, reads):
    shutil.rmtree(book / "_build")
    book.folder.chmod(0o555)
    status, said = book.make("book", before=without_override())
    book.folder.chmod(0o755)
    assert status != 0
    reads(said)
    assert book.make("book")[0] == 0


@fault("The disk is full while a notebook is executed")
def test_a_full_disk_while_outputs_are_kept(book, reads):
    book.edit("src/toy/base.py", "return x / 2", "return 'long\\n' * 20_000")

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    process = subprocess.run(
        ["make", "--silent", "book"],
        cwd=book.folder,
        env=os.environ | {"PYTHONPATH": str(book / "src")},
        preexec_fn=limit,
        capture_output=True,
        text=True,
    )
    said = process.stdout + process.stderr
    assert process.returncode != 0
    assert not re.search("^Traceback", said, re.MULTILINE), said
    reads(said)
    assert not list((book / "_build/executed").rglob("*.draft"))
    status, said = book.make("book")
    assert status == 0
    assert "executing book/a.ipynb" in said


@fault("The disk is full while Sphinx writes the pages")
def test_a_full_disk_while_pages_are_written(book, reads):
    (book / "_build/html/index.html").unlink()
    instead = "sys.exit('OSError: [Errno 28] No space left on device')"
    status, said = book.make("book", INSTEAD=instead)
    assert status != 0
    reads(said)
    assert book.make("book")[0] == 0


@fault("Two builds run at once")
def test_the_second_build_waits_for_the_first(book, reads):
    (book / "_build/html/index.html").unlink()
    instead = "import time\nwhile not os.path.exists('go'): time.sleep(0.05)"
    first = book.start("book", INSTEAD=instead)
    begun = until(first, "Rendering")
    second = book.start("book")
    waits = until(second, "waiting")
    reads(waits)
    (book / "go").touch()
    with first, second:
        assert first.stdout.read().endswith("The book is built: _build/html/index.html\n"), begun
        assert second.stdout.read() == "Nothing has changed since the last build.\n"
    assert first.returncode == second.returncode == 0


@fault("A build is killed")
def test_nothing_outlives_a_killed_build(book, reads):
    (book / "_build/html/index.html").unlink()
    first = book.start("book", INSTEAD="import time; time.sleep(300)")
    with first:
        until(first, "Rendering")
        wait_for(lambda: len(psutil.Process(first.pid).children(recursive=True)) == 2)
        builder, page_writer = psutil.Process(first.pid).children(recursive=True)
        builder.kill()
        _, alive = psutil.wait_procs([builder, page_writer], timeout=20)
    assert not alive
    status, said = book.make("book")
    assert (status, book.page()) == (0, "as built")
    reads(said)


@fault("A build is killed while a notebook is executed")
def test_no_kernel_outlives_a_killed_build(book, reads):
    book.write_notebook("a", WAITS)
    first = book.start("book")
    with first:
        wait_for((book / "book/started").exists)
        processes = psutil.Process(first.pid).children(recursive=True)
        assert len(processes) >= 2
        processes[0].kill()
        _, alive = psutil.wait_procs(processes, timeout=20)
    assert not alive
    (book / "book/go").touch()
    status, said = book.make("book")
    assert status == 0
    reads(said)


# Installation


@fault("Python is missing or too old")
def test_a_python_that_is_missing_or_old_is_named(book, reads):
    old = book / "old python"
    old.write_text('#!/bin/sh\ntest "$1" = --version && echo "Python 3.9.2" && exit 0; exit 1\n')
    old.chmod(0o755)
    status, said = book.make("book", f"PYTHON={old}")
    assert status != 0
    reads(said)
    status, said = book.make("book", "PYTHON=python-that-is-not-there")
    assert status != 0
    assert "No 'python-that-is-not-there' found: install Python 3.11 or newer" in said


@fault("There is no network during the installation")
def test_no_network_is_said_and_the_next_run_begins_again(book, reads):
    (book / "requirements.txt").write_text("package-that-is-not-there==1.0\n")
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    python = f"PYTHON={sys.executable}"
    status, said = book.make("setup", python, **offline)
    assert status != 0
    reads(said)


@fault("The installation is interrupted")
def test_an_installation_that_was_stopped_begins_again(book, reads):
    (book / "requirements.txt").write_text("package-that-is-not-there==1.0\n")
    python = f"PYTHON={sys.executable}"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        first = book.start("setup", python, PIP_INDEX_URL=index)
        until(first, "Installing")
        with silent.accept()[0]:
            os.killpg(first.pid, signal.SIGINT)
            status, said = book.finish(first)
    assert status != 0
    assert "Stopped. Run the same command again" in said
    (book / "requirements.txt").write_text("# nothing\n")
    status, said = book.make("setup", python)
    assert status == 0
    reads(said)


# Notebooks


@fault("A notebook is edited while it is executed")
def test_a_notebook_edited_meanwhile_is_executed_by_the_next_run(book, reads):
    book.write_notebook("a", WAITS)
    first = book.start("book")
    wait_for((book / "book/started").exists)
    book.write_notebook("a", "print('edited')")
    (book / "book/go").touch()
    status, said = book.finish(first)
    assert status == 0
    reads(said)
    status, said = book.make("book")
    assert "executing book/a.ipynb (its code changed, " in said
    assert "edited" in (book / "_build/executed/book/a.ipynb").read_text()


@fault("A notebook writes to stderr")
def test_stderr_stops_the_build_until_its_cause_is_gone(book, reads):
    helper = book / "src/toy/base.py"
    right = helper.read_text()
    helper.write_text("import sys\n\n\ndef half(x):\n    print('careful', file=sys.stderr)\n")
    for command in ("book", "notebooks"):
        status, said = book.make(command)
        assert status != 0
        reads(said)
    assert "careful" not in (book / "book/a.ipynb").read_text()
    helper.write_text(right)
    assert book.make("book")[0] == 0


@fault("Stored outputs hold a message on stderr")
def test_stored_outputs_with_stderr_are_never_taken(book, reads):
    path = book / "book/b.ipynb"
    notebook = nbformat.read(path, as_version=4)
    output = nbformat.v4.new_output("stream", name="stderr", text="a traceback\n")
    notebook.cells[1].outputs.append(output)
    nbformat.write(notebook, path)
    code = (
        "import sys, nbformat; sys.path.insert(0, 'tools'); from pathlib import Path;"
        "import freshness as f; p = Path('book/b.ipynb'); n = nbformat.read(p, as_version=4);"
        "f.record(f.COMMITTED, p, n, f.Inputs().of(n))"
    )
    subprocess.run([".venv/bin/python", "-c", code], cwd=book.folder, check=True)
    status, said = book.make("book")
    assert status == 0
    reads(said)
    assert "traceback" not in (book / "_build/executed/book/b.ipynb").read_text()


# Stored runs

RUN = """\
from depth_not_data.residual import sweeps
run, = sweeps.sweep([2], [1], [0], n_jobs=1, steps=1, n_samples=5)
print(f"{run.eigenvalues[0]:.6f}")
"""


@fault("A stored run is damaged")
def test_a_damaged_run_is_computed_again_without_a_trace_in_the_page(book, reads, tmp_path):
    book.write_notebook("a", RUN)
    store = {"DEPTH_NOT_DATA_CACHE": str(tmp_path / "store")}
    assert book.make("notebooks", **store)[0] == 0
    outputs = nbformat.read(book / "book/a.ipynb", as_version=4).cells[1].outputs
    (path,) = (tmp_path / "store").rglob("*.run")
    content = bytearray(path.read_bytes())
    content[-40:-32] = b"\0" * 8
    path.write_bytes(content)
    (book / "book/outputs.lock").unlink()
    status, said = book.make("notebooks", **store)
    assert status == 0
    reads(said)
    assert nbformat.read(book / "book/a.ipynb", as_version=4).cells[1].outputs == outputs


@fault("The trained networks that come with the book are damaged")
def test_a_damaged_archive_of_runs_is_as_good_as_none(book, reads, tmp_path):
    book.write_notebook("a", RUN)
    (tmp_path / "sweeps._run.zip").write_bytes(b"damaged")
    places = ("DEPTH_NOT_DATA_SHIPPED_RUNS", "DEPTH_NOT_DATA_CACHE")
    status, said = book.make("notebooks", **dict.fromkeys(places, str(tmp_path)))
    assert status == 0
    reads(said)
    (output,) = nbformat.read(book / "book/a.ipynb", as_version=4).cells[1].outputs
    assert re.fullmatch(r"\d+\.\d{6}\n", output.text)


@fault("Runs cannot be stored")
def test_runs_that_cannot_be_stored_are_shown_all_the_same(book, reads):
    book.write_notebook("a", RUN)
    status, said = book.make("notebooks", DEPTH_NOT_DATA_CACHE="/dev/null/store")
    assert status == 0
    reads(said)
    (output,) = nbformat.read(book / "book/a.ipynb", as_version=4).cells[1].outputs
    assert re.fullmatch(r"\d+\.\d{6}\n", output.text)


# Cleaning


@fault("Anything built or stored is doubtful")
def test_clean_cures_what_is_stale_and_keeps_the_environment(book, reads):
    (book / "_build/html/index.html").write_text("stale")
    (book / ".cache").mkdir()
    assert book.make("clean")[0] == 0
    assert not (book / "_build").exists()
    assert not (book / ".cache").exists()
    assert (book / ".venv/bin/python").exists()
    status, said = book.make("book")
    assert (status, book.page("index.html")) == (0, "as built")
    reads(said)
    assert book.make("distclean")[0] == 0
    assert not (book / ".venv").exists()
