"""Set-up fails in one clear line; a half-made environment is never taken for whole."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a checkout with spaces"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copytree(ROOT / "tools", folder / "tools")
    (folder / "requirements.txt").write_text("# nothing\n")
    (folder / "pyproject.toml").write_text("[project]\nname = 'toy'\n")
    return folder


def make(folder, *arguments, **variables):
    # What an outer make was told must not reach this one.
    outer = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHON")
    environment = {key: value for key, value in os.environ.items() if key not in outer}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment | {"PIP_NO_INDEX": "1"} | variables,
        capture_output=True,
        text=True,
    )


def fake_python(path, body='echo "$0" ran "$1"'):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\ntest "$1" = -c && exit 0\n{body}\n')
    path.chmod(0o755)
    return path


def test_a_missing_python_gives_one_line(checkout):
    result = make(checkout, "--silent", "setup", "PYTHON=python-that-is-not-there")
    assert result.returncode != 0
    message = result.stderr.splitlines()
    assert "No 'python-that-is-not-there' found: install Python 3.11" in message[0]
    # make's own report of the failed target is the only other line.
    assert len(message) == 2


def test_an_old_python_gives_one_line(checkout):
    old = checkout / "old python"
    old.write_text('#!/bin/sh\ntest "$1" = --version && echo "Python 3.9.2" && exit 0; exit 1\n')
    old.chmod(0o755)
    result = make(checkout, "--silent", "setup", f"PYTHON={old}")
    assert result.returncode != 0
    assert result.stderr.splitlines()[0].startswith("Python 3.9.2 is too old")
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_named_is_used_and_else_that_of_the_environment(checkout):
    named = fake_python(checkout / "named python")
    found = fake_python(checkout / "bin/python3")
    path = {"PATH": f"{found.parent}:{os.environ['PATH']}"}
    assert make(checkout, "setup", **path).stdout == f"{found} ran tools/environment.py\n"
    own = fake_python(checkout / ".venv/bin/python")
    assert make(checkout, "setup", **path).stdout == ".venv/bin/python ran tools/environment.py\n"
    for arguments, variables in (([f"PYTHON={named}"], path), ([], path | {"PYTHON": str(named)})):
        result = make(checkout, "setup", *arguments, **variables)
        assert result.stdout == f"{named} ran tools/environment.py\n"
    own.unlink()
    own.symlink_to("/nowhere/python")
    assert make(checkout, "setup", **path).stdout.startswith(str(found)), "its interpreter is gone"


def test_an_installation_that_failed_is_started_again_and_a_whole_one_is_kept(checkout):
    python, requirements = f"PYTHON={sys.executable}", checkout / "requirements.txt"
    requirements.write_text("package-that-is-not-there==1.0\n")
    for _ in range(2):
        result = make(checkout, "setup", python, PIP_FIND_LINKS="")
        assert result.returncode != 0
        assert "Making .venv" in result.stdout
        assert "Setting up .venv failed in: .venv/bin/python -m pip install" in result.stderr
    requirements.write_text("# nothing\n")
    result = make(checkout, "setup", python)
    assert (result.returncode, result.stdout.count("Making .venv")) == (0, 1)
    for arguments in ([python], []):
        result = make(checkout, "setup", *arguments)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_only_distclean_removes_the_environment(checkout):
    for name in ("_build/html", ".cache/runs", ".venv/bin"):
        (checkout / name).mkdir(parents=True)
    make(checkout, "clean")
    assert not (checkout / "_build").exists()
    assert not (checkout / ".cache").exists()
    assert (checkout / ".venv/bin").exists()
    make(checkout, "distclean")
    assert not (checkout / ".venv").exists()


def test_bench_installs_what_is_pinned_and_nothing_else(checkout):
    commands = make(checkout, "--dry-run", "bench").stdout
    assert re.search(r"pip install .*--no-deps -r benchmarks/requirements.txt", commands)


def test_the_site_is_built_before_a_browser_looks_at_it(checkout):
    commands = make(checkout, "--dry-run", "test-site").stdout.splitlines()
    steps = ["environment.py", "build_book.py", "-rs tests/site"]
    assert [step for line in commands for step in steps if step in line] == steps
    assert "--ignore tests/site" in make(checkout, "--dry-run", "test").stdout


def test_lab_leaves_figures_to_the_notebook(checkout):
    # The Makefile's own backend would keep every figure from being shown.
    assert re.search(r"env -u MPLBACKEND \S+ lab", make(checkout, "--dry-run", "lab").stdout)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "book/how-to-read.md"])
def test_help_lists_the_commands_that_the_pages_name(checkout, page):
    listed = set(re.findall(r"^  make ([\w-]+) ", make(checkout, "help").stdout, re.MULTILINE))
    text = (ROOT / page).read_text("utf-8")
    named = set(re.findall(r"(?:`|^)make ([\w-]+)", text, re.MULTILINE))
    assert named
    assert named <= listed
