"""Create .venv and install what requirements.txt pins; do nothing if that is done already.

With LOCKED=yes in the environment: what requirements.lock names, each file checked by its checksum.

`make` runs this with the interpreter that the environment shall have, before anything is
installed, so only the standard library is used.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import trouble

LOCK = Path("requirements.lock")
VENV = Path(".venv")
PYTHON = VENV / "bin/python"
# Written last, so that an installation that was interrupted is not taken for whole.
READY = VENV / ".ready"


def pins(requirements: str) -> list[str]:
    """Lines of a requirements file without comments, blank lines and order."""
    lines = (line.split(" #")[0].strip() for line in requirements.splitlines())
    return sorted(line for line in lines if line and not line.startswith("#"))


def dependency_part(pyproject: str) -> dict:
    """Return what of pyproject.toml decides what is installed: no style setting, no description."""
    document = tomllib.loads(pyproject)
    project = document.get("project", {})
    names = ("name", "requires-python", "dependencies", "optional-dependencies", "entry-points")
    return {
        "build-system": document.get("build-system"),
        "packages": document.get("tool", {}).get("setuptools", {}).get("packages"),
        **{name: project.get(name) for name in names},
    }


def wanted() -> dict[str, str]:
    """Describe the environment that this interpreter and the two files ask for."""
    files = (
        pins(Path("requirements.txt").read_text("utf-8")),
        dependency_part(Path("pyproject.toml").read_text("utf-8")),
    )
    exactly = os.environ.get("LOCKED") == "yes"
    return {
        "python": f"{base_interpreter()} {platform.python_version()}",
        "folder": os.getcwd(),
        "installed": hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest(),
        **({"locked": hashlib.sha256(LOCK.read_bytes()).hexdigest()} if exactly else {}),
    }


def base_interpreter() -> str:
    """Path of the interpreter outside of any virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def reason_to_create(wanted: dict[str, str]) -> str | None:
    """Say why the environment has to be made (anew); None if it is as wanted."""
    if not VENV.exists():
        return f"with {wanted['python']}"
    if not READY.exists() or not PYTHON.exists():
        return "again: its installation was not finished"
    try:
        found = json.loads(READY.read_text("utf-8"))
    except ValueError:
        found = {}
    if found.get("python") != wanted["python"]:
        return f"again: with {wanted['python']}, it had {found.get('python', 'another')}"
    if found.get("folder") != wanted["folder"]:
        return "again: the checkout has moved, and an environment cannot"
    if found.get("installed") != wanted["installed"]:
        return "again: requirements.txt or the dependencies in pyproject.toml have changed"
    if "locked" in wanted and found.get("locked") != wanted["locked"]:
        return f"again: exactly as in {LOCK}"
    return None


def create(wanted: dict[str, str], lock: int) -> None:
    """Make the environment from nothing; `lock` is held until the last child has ended."""

    def run(command):
        subprocess.run(command, check=True, pass_fds=[lock], stderr=subprocess.PIPE, text=True)

    shutil.rmtree(VENV, ignore_errors=True)
    # Where nothing can be written, this says so.
    VENV.mkdir(exist_ok=True)
    run([base_interpreter(), "-m", "venv", VENV])
    source = LOCK if "locked" in wanted else "requirements.txt"
    print(f"Installing {source}; this takes some minutes the first time.", flush=True)
    # Twice --quiet: errors are shown, but no warning for each package.
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
    if "locked" in wanted:
        # The lock names all dependencies, but not those of PyTorch's CUDA build.
        run([*pip, "--require-hashes", "--no-deps", "-r", LOCK])
        run([*pip, "--no-deps", "--no-build-isolation", "-e", "."])
    else:
        run([*pip, "-r", "requirements.txt"])
    READY.write_text(json.dumps(wanted, indent=1) + "\n", "utf-8")


def main() -> int:
    """Make the environment if there is a reason to; return an exit status."""
    target = wanted()
    if not reason_to_create(target):
        return 0
    with trouble.alone(Path(), f"sets up {VENV}") as lock:
        reason = reason_to_create(target)
        if not reason:
            return 0
        print(f"Making {VENV} {reason}", flush=True)
        try:
            create(target, lock)
        except subprocess.CalledProcessError as error:
            print(failure(error), file=sys.stderr)
            return error.returncode or 1
    return 0


def failure(error: subprocess.CalledProcessError) -> str:
    """Say what failed, below what it wrote, and what to do."""
    said = error.stderr or ""
    if any(words in said for words in trouble.NO_ROOM_WORDS):
        advice = trouble.no_room(VENV)
    elif "from versions: none" in said:
        advice = "The package index was not reached, or has no such package: check the network"
        advice += ", then run the same command again."
    else:
        advice = "Put that right, then run the same command again."
    command = " ".join(map(str, error.cmd))
    return f"{said}Setting up {VENV} failed in: {command}. {advice}"


if __name__ == "__main__":
    with trouble.in_one_sentence():
        sys.exit(main())
