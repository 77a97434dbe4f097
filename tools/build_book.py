"""Build the site: execute the notebooks whose outputs are out of date, then render every page.

Outputs are taken from the last build or from the committed notebook where they still hold
(`freshness` says when that is). With ``--fresh`` every notebook is executed.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import build_status
import contents
import execute_notebooks
import freshness
import nbformat
import side_by_side
import trouble
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

BUILD = Path("_build")
SITE = BUILD / "html"
# Executed by earlier builds, with a lock file of their own.
EXECUTED = BUILD / "executed"
LOCK = EXECUTED / "outputs.lock"
# Where Sphinx looks for the outputs of a notebook.
CACHE = BUILD / ".jupyter_cache"
# What the site was built from, and the digest of each of its files; written last.
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


def site_files() -> dict[str, str]:
    """Digest of every file of the site: pages, pictures, scripts, the index of the search."""
    files = sorted(path for path in SITE.rglob("*") if path.is_file())
    return {path.as_posix(): freshness.digest(path.read_bytes()) for path in files}


def site_is_current() -> bool:
    """Whether the site is there, whole, and was built from the files as they are."""
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
        built_from, written = stamp["built from"], stamp["site"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    # Files that were added do no harm.
    return built_from == site_digest() and written.items() <= site_files().items()


def gather_outputs(fresh: bool) -> tuple[dict, dict[Path, str]]:
    """Every notebook with outputs that hold, executed where there are none; one line for each.

    Beside them, in words, where the outputs are from.
    """
    paths, inputs = freshness.notebooks(), freshness.Inputs()
    gathered, sources, due = {}, {}, {}
    for number, path in enumerate(paths, start=1):
        label = f"[{number}/{len(paths)}]"
        notebook, origin = stored_outputs(path, inputs)
        if notebook is not None and not fresh:
            print(f"{label} taking the {origin} outputs of {path}", flush=True)
            gathered[path], sources[path] = notebook, f"the {origin}"
        else:
            due[path] = label, "everything is" if fresh else origin

    def execute(path):
        start = time.monotonic()
        label, reason = due[path]
        return execute_and_keep(label, path, reason), time.monotonic() - start

    side_by_side.share_processors()
    order = side_by_side.longest_first(due, freshness.read_lock(freshness.COMMITTED))
    for path, (notebook, seconds) in side_by_side.each(execute, order):
        gathered[path], sources[path] = notebook, f"executed in {seconds:.0f} s"
    return {path: gathered[path] for path in paths}, {path: sources[path] for path in paths}


def stored_outputs(path: Path, inputs: freshness.Inputs):
    """Return a notebook whose stored outputs hold, and where they are from.

    If there are none: None, and what has changed since the committed ones.
    """
    committed = freshness.read(path)
    stored = {"committed": (committed, freshness.COMMITTED)}
    # A file of the last build that is damaged is as good as none.
    with suppress(FileNotFoundError, ValueError):
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
    execute_notebooks.refuse_stderr(path, notebook)
    freshness.save(notebook, EXECUTED / path)
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
    """Render every page; a page of an earlier build that is no longer in the book goes.

    What Sphinx says is shown, whole, where it fails or writes to stderr: that ends the program.
    """
    shutil.rmtree(SITE, ignore_errors=True)
    print(f"Rendering {len(pages()) - 1} pages.", flush=True)
    child = [sys.executable, Path(__file__).with_name("child.py"), str(os.getpid())]
    book = Path(sys.executable).with_name("jupyter-book")
    # The page of downloads lists what was gathered.
    status = subprocess.run([*child, "tools/downloads.py"]).returncode
    if status:
        sys.exit(status)
    command = [*child, book, "build", ".", "--all", "--quiet", "-W", "-n", "--keep-going"]
    # Pages are dated by the commit, so that it gives the same site on another day.
    date = build_status.moment()
    dated = os.environ | ({"SOURCE_DATE_EPOCH": str(date)} if date else {})
    done = subprocess.run(command, env=dated, capture_output=True, text=True)
    if done.returncode or done.stderr:
        print(done.stdout, done.stderr, sep="", file=sys.stderr)
        if any(words in done.stdout + done.stderr for words in trouble.NO_ROOM_WORDS):
            sys.exit(trouble.no_room(SITE))
        sys.exit("The pages are not built: Sphinx says above why. Then run the same command again.")


def main(fresh: bool) -> None:
    """Build what has to be built, and say what that was."""
    BUILD.mkdir(exist_ok=True)
    with trouble.alone(BUILD, "builds the book"):
        if site_is_current() and not fresh:
            print("Nothing has changed since the last build.")
        else:
            build(fresh)


def build(fresh: bool) -> None:
    """Build the site from the files as they are."""
    STAMP.unlink(missing_ok=True)
    digest = site_digest()
    gathered, sources = gather_outputs(fresh)
    hand_to_sphinx(gathered)
    build_status.write(sources)
    render()
    STAMP.write_text(json.dumps({"built from": digest, "site": site_files()}, indent=1), "utf-8")
    print(f"The book is built: {SITE}/index.html")
    if site_digest() != digest:
        print("Files were edited meanwhile: run the same command again to see them in the book.")


if __name__ == "__main__":
    with trouble.in_one_sentence():
        main(fresh="--fresh" in sys.argv[1:])
