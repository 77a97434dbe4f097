"""Build the site: execute the notebooks whose outputs are out of date, then render every page.

Outputs are taken from the last build or from the committed notebook where they still hold
(`freshness` says when that is). With ``--fresh`` every notebook is executed.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import build_status
import contents
import execute_notebooks
import freshness
import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

BUILD = Path("_build")
SITE = BUILD / "html"
# Executed by earlier builds, with a lock file of their own.
EXECUTED = BUILD / "executed"
LOCK = EXECUTED / "outputs.lock"
# Where Sphinx looks for the outputs of a notebook.
CACHE = BUILD / ".jupyter_cache"
# What the site was built from; written last.
STAMP = BUILD / "site.digest"


def site_digest() -> str:
    """Digest of every file that a page may show: unlike a notebook, a page shows docstrings too."""
    files = freshness.kept_files(Path("book")) + freshness.kept_files(freshness.SOURCES)
    files += map(Path, ("_config.yml", contents.CONTENTS, "requirements.txt"))
    return freshness.digest(
        [(path.as_posix(), freshness.digest(path.read_bytes())) for path in files]
    )


def pages() -> list[Path]:
    """Files of the site: its index, and one for each page of the table of contents."""
    return [SITE / "index.html"] + [
        SITE / f"{page}.html" for page in contents.pages(contents.read())
    ]


def site_is_current() -> bool:
    """Whether the site is there, whole, and was built from the files as they are."""
    built_from = STAMP.read_text("utf-8") if STAMP.exists() else None
    return built_from == site_digest() and all(page.exists() for page in pages())


def gather_outputs(fresh: bool) -> tuple[dict, dict[Path, str]]:
    """Every notebook with outputs that hold, executed where there are none; one line for each.

    Beside them, in words, where the outputs are from.
    """
    paths, inputs = freshness.notebooks(), freshness.Inputs()
    gathered, sources = {}, {}
    for number, path in enumerate(paths, start=1):
        label = f"[{number}/{len(paths)}]"
        notebook, origin = stored_outputs(path, inputs)
        if notebook is not None and not fresh:
            print(f"{label} taking the {origin} outputs of {path}", flush=True)
            sources[path] = f"the {origin}"
        else:
            reason = "everything is" if fresh else origin
            start = time.monotonic()
            notebook = execute_and_keep(label, path, reason)
            sources[path] = f"executed in {time.monotonic() - start:.0f} s"
        gathered[path] = notebook
    return gathered, sources


def stored_outputs(path: Path, inputs: freshness.Inputs):
    """Return a notebook whose stored outputs hold, and where they are from.

    If there are none: None, and what has changed since the committed ones.
    """
    committed = nbformat.read(path, as_version=4)
    stored = {"committed": (committed, freshness.COMMITTED)}
    if (EXECUTED / path).exists():
        built = nbformat.read(EXECUTED / path, as_version=4)
        stored = {"last build's": (built, LOCK), **stored}
    wanted = inputs.of(committed)
    for origin, (notebook, lock) in stored.items():
        entry = freshness.read_lock(lock).get(path.as_posix())
        changes = freshness.changes(entry, notebook, wanted)
        if not changes:
            return notebook, origin
    return None, ", ".join(changes)


def execute_and_keep(label: str, path: Path, reason: str):
    """Execute a notebook and keep it for later builds, apart from the committed one."""
    notebook, inputs = execute_notebooks.execute_with_progress(label, path, reason)
    (EXECUTED / path).parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, EXECUTED / path)
    freshness.record(LOCK, path, notebook, inputs)
    return notebook


def hand_to_sphinx(gathered: dict) -> None:
    """Fill Sphinx's cache of executed notebooks anew, so that it executes none."""
    shutil.rmtree(CACHE, ignore_errors=True)
    cache = get_cache(CACHE)
    for path, notebook in gathered.items():
        bundle = CacheBundleIn(notebook, str(path.resolve()))
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def render() -> None:
    """Render every page; a page of an earlier build that is no longer in the book goes."""
    shutil.rmtree(SITE, ignore_errors=True)
    print(f"Rendering {len(pages()) - 1} pages.", flush=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "--all", "--quiet"]
    # The page of downloads lists what was gathered.
    gather = [sys.executable, "tools/downloads.py"]
    # Pages are dated by the commit, so that it gives the same site on another day.
    date = build_status.moment()
    dated = os.environ | ({"SOURCE_DATE_EPOCH": str(date)} if date else {})
    for step in (gather, [*command, "-W", "-n", "--keep-going"]):
        status = subprocess.run(step, env=dated).returncode
        if status:
            sys.exit(status)


def main(fresh: bool) -> None:
    """Build what has to be built, and say what that was."""
    if site_is_current() and not fresh:
        print("Nothing has changed since the last build.")
        return
    STAMP.unlink(missing_ok=True)
    digest = site_digest()
    gathered, sources = gather_outputs(fresh)
    hand_to_sphinx(gathered)
    build_status.write(sources)
    render()
    STAMP.write_text(digest, "utf-8")


if __name__ == "__main__":
    main(fresh="--fresh" in sys.argv[1:])
