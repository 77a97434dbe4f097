"""Set-up fails in one clear line, and a half-made environment is never taken for whole."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a checkout with spaces"
    for name in ("book", "src"):
        (folder / name).mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def make(folder, *arguments):
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True)


def fake_python(folder, body):
    path = folder / "fake python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return f"PYTHON={path}"


def test_a_missing_python_gives_one_line(checkout):
    result = make(checkout, "--silent", "setup", "PYTHON=python-that-is-not-there")
    assert result.returncode != 0
    message = result.stderr.splitlines()
    assert "No 'python-that-is-not-there' found: install Python 3.11" in message[0]
    # make's own report of the failed target is the only other line.
    assert len(message) == 2


def test_an_old_python_gives_one_line(checkout):
    old = fake_python(checkout, 'test "$1" = --version && echo "Python 3.9.2" && exit 0; exit 1')
    result = make(checkout, "--silent", "setup", old)
    assert result.returncode != 0
    assert result.stderr.splitlines()[0].startswith("Python 3.9.2 is too old")
    assert not (checkout / ".venv").exists()


def test_an_interrupted_set_up_is_started_again(checkout):
    # This "python" makes an environment whose pip fails, as an interrupted download would.
    broken = fake_python(
        checkout,
        'test "$1" = -c && exit 0\n'
        'mkdir -p "$3/bin"; echo made >> attempts\n'
        'printf "#!/bin/sh\\nexit 1\\n" > "$3/bin/python"; chmod +x "$3/bin/python"',
    )
    for attempt in (1, 2):
        assert make(checkout, "setup", broken).returncode != 0
        assert not (checkout / ".venv/.ready").exists()
        assert (checkout / "attempts").read_text().count("made") == attempt


def test_help_lists_the_commands_of_the_readme(checkout):
    listed = make(checkout, "help").stdout
    for command in ("book", "test", "notebooks", "lint"):
        assert f"make {command}" in listed
