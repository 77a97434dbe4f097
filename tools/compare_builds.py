"""Compare two builds of the site file by file.

``python tools/compare_builds.py ONE OTHER`` compares two folders; archives are compared by what is
in them. Without folders, as `make twice` does, the commit that is checked out is built twice, in
two clones with names of their own, and these are compared. The exit status is 1 where files differ.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

BUILD = Path("_build")
TWICE = BUILD / "twice"
# The second has a space, so that a path that gets into a page is seen.
CLONES = ("one", "the other")


def files(folder: Path) -> dict[str, Path]:
    """Every file below a folder by its path from there."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def differences(one: Path, other: Path) -> Iterator[str]:
    """Yield one line for each file that is in one folder only, or differs."""
    for folder in (one, other):
        if not files(folder):
            raise ValueError(f"nothing to compare: no file in {folder}")
    yield from _between(files(one), files(other), (one, other))


def _between(first, second, folders):
    for name in sorted(first.keys() | second.keys()):
        if name not in first or name not in second:
            yield f"{name}: only in {folders[name in second]}"
            continue
        contents = first[name].read_bytes(), second[name].read_bytes()
        if contents[0] == contents[1]:
            continue
        if all(zipfile.is_zipfile(io.BytesIO(content)) for content in contents):
            inside = list(_between(*map(_members, contents), folders))
            yield from (f"{name}/{line}" for line in inside)
            if not inside:
                yield f"{name}: alike inside, packed differently"
        else:
            yield f"{name}: {first_difference(*contents)}"


def _members(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: zipfile.Path(archive, name) for name in archive.namelist()}


def first_difference(content: bytes, changed: bytes, width: int = 60) -> str:
    r"""Say where two contents begin to differ, and show that of text.

    Examples
    --------
    >>> first_difference(b"one\ntwo", b"one\nthree")
    "line 2, 'two' and 'three'"
    >>> first_difference(b"\xff\x00", b"\xff\x01")
    'byte 2 of 2 and 2'
    """
    try:
        lines = content.decode().splitlines(), changed.decode().splitlines()
    except UnicodeDecodeError:
        return f"byte {_start(content, changed) + 1} of {len(content)} and {len(changed)}"
    for number, (line, new) in enumerate(zip_longest(*lines, fillvalue=""), start=1):
        if line != new:
            start = max(0, _start(line, new) - width // 2)
            return f"line {number}, {line[start:][:width]!r} and {new[start:][:width]!r}"
    return "the ends of lines"


def _start(one, other):
    """Return how far two sequences agree."""
    agree = (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(agree, min(len(one), len(other)))


def build(folder: Path) -> Path:
    """Build the checked-out commit in a clone, with what is stored of training, in this Python."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", ".", folder], check=True)
    if Path(".cache").exists():
        shutil.copytree(".cache", folder / ".cache")
    paths = {"PYTHONPATH": str((folder / "src").resolve())}
    command = [sys.executable, "tools/build_book.py"]
    subprocess.run(command, cwd=folder, env=os.environ | paths, check=True)
    return folder / BUILD / "html"


def main(arguments: list[str]) -> int:
    """Compare, say what differs, return an exit status."""
    parser = argparse.ArgumentParser(description="Compare two builds of the site file by file.")
    parser.add_argument("folders", nargs="*", metavar="folder", type=Path)
    folders = parser.parse_args(arguments).folders
    if len(folders) not in (0, 2):
        parser.error("two folders, or none to build the commit twice")
    one, other = folders or (build(TWICE / name) for name in CLONES)
    found = list(differences(one, other))
    print("\n".join(found) if found else f"{len(files(one))} files, all alike")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
