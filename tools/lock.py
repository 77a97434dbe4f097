"""Write requirements.lock: every package that the book needs, with the checksums of its files.

The lock holds what requirements.txt pins and all that these packages ask for, on Linux and macOS,
on each Python that has wheels of all pins. Two things are changed in what the resolver writes:

- What only the CUDA build of PyTorch asks for is left out: three gigabytes, of which the book uses
  nothing. So the lock is installed without looking for dependencies.
- The CUDA build would then not start. Its checksums give way to those of the builds for CPUs, in
  tools/torch-cpu.sha256; those for Linux are in an index of their own.
"""

import re
import subprocess
import sys
from pathlib import Path

from environment import pins

REQUIREMENTS, LOCK = Path("requirements.txt"), Path("requirements.lock")
CPU_BUILDS = Path("tools/torch-cpu.sha256")
TOOL_PINS, TOOLS = Path("tools/requirements-audit.txt"), Path("_build/audit")
# Nothing but these is asked for by CUDA builds alone.
CUDA = re.compile(r"(nvidia|cuda)-|triton==")
HEAD = """\
# Every package of the book with the checksums of its files, written by `make lock` after an edit of
# requirements.txt. `make setup LOCKED=yes` installs exactly these, with the CPU build of PyTorch.
"""


def tool(name: str) -> Path:
    """Return a command of tools/requirements-audit.txt, installed anew after an edit of it."""
    python, ready = TOOLS / "bin/python", TOOLS / ".ready"
    asked = TOOL_PINS.read_text("utf-8")
    if not ready.exists() or ready.read_text("utf-8") != asked:
        subprocess.run([sys.executable, "-m", "venv", "--clear", TOOLS], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", TOOL_PINS], check=True)
        ready.write_text(asked, "utf-8")
    return TOOLS / "bin" / name


def resolve(requirements: str) -> str:
    """Return the pins of all dependencies with checksums, for every platform and Python."""
    command = [tool("uv"), "pip", "compile", "--quiet", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "-"]
    done = subprocess.run(command, input=requirements, capture_output=True, text=True, check=True)
    return done.stdout


def entries(lock: str) -> dict[str, list[str]]:
    r"""Return the entries of a lock file by their first line: the checksums of each.

    Examples
    --------
    >>> entries("a==1 ; os_name == 'nt' \\\n    --hash=sha256:12 \\\n    --hash=sha256:34\n")
    {"a==1 ; os_name == 'nt'": ['sha256:12', 'sha256:34']}
    """
    found = {}
    for line in lock.splitlines():
        if not line.startswith((" ", "#")) and line.strip():
            hashes = found.setdefault(line.rstrip("\\ "), [])
        elif "--hash=" in line:
            hashes.append(line.split("--hash=")[1].rstrip("\\ "))
    return found


def for_cpus(locked: dict[str, list[str]], builds: str) -> dict[str, list[str]]:
    """Leave out what CUDA needs, and of PyTorch allow the builds for CPUs alone."""
    kept = {entry: hashes for entry, hashes in locked.items() if not CUDA.match(entry)}
    (torch,) = (entry for entry in kept if entry.startswith("torch=="))
    version = torch.split(" ")[0].removeprefix("torch==")
    files = [line.split() for line in builds.splitlines()]
    starts = f"torch-{version}+cpu-", f"torch-{version}-"
    allowed = [f"sha256:{hash}" for hash, name in files if name.startswith(starts)]
    if not allowed:
        raise ValueError(f"{CPU_BUILDS} has no checksums of torch {version}: add them")
    return kept | {torch: sorted(allowed)}


def text(locked: dict[str, list[str]]) -> str:
    """Return entries as a lock file has them."""
    blocks = (
        " \\\n    ".join([entry, *(f"--hash={hash}" for hash in hashes)])
        for entry, hashes in locked.items()
    )
    return HEAD + "\n".join(blocks) + "\n"


def main() -> None:
    """Write the lock file anew."""
    asked = [line for line in pins(REQUIREMENTS.read_text("utf-8")) if not line.startswith("-")]
    locked = for_cpus(entries(resolve("\n".join(asked))), CPU_BUILDS.read_text("utf-8"))
    LOCK.write_text(text(locked), "utf-8")
    print(f"{len(locked)} packages in {LOCK}")


if __name__ == "__main__":
    main()
