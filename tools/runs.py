"""Pack the stored runs of the present code, with which a clone of the book need not train.

``python tools/runs.py`` packs what is stored here, and what is packed already and still holds. With
``--anew`` it first executes every notebook with nothing stored and nothing packed, and packs what
that has trained, alone.
"""

import contextlib
import importlib
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import build_book
import trouble

from depth_not_data.residual import stored_runs

# For a training of everything: where it is stored, and where nothing is packed.
ANEW, NOTHING = Path("_build/runs"), Path("_build/no-runs")
# A file in an archive has a date; the same runs must give the same archive on another day.
DATE = (1980, 1, 1, 0, 0, 0)


def works() -> list[Callable]:
    """Every function whose results are stored or packed."""
    folders = stored_runs.cache_folder().glob("depth_not_data/residual/*/*")
    names = {f"{folder.parent.name}.{folder.name}" for folder in folders}
    names |= {path.stem for path in stored_runs.archive_folder().glob("*.zip")}
    found = []
    for name in sorted(names):
        module, function = name.split(".")
        # What an older version had may be gone.
        with contextlib.suppress(ModuleNotFoundError, AttributeError):
            home = importlib.import_module(f"depth_not_data.residual.{module}")
            found.append(getattr(home, function))
    return found


def pack(files: dict[str, bytes], path: Path) -> None:
    """Write an archive, whole or not at all; the same files give the same archive."""
    draft = path.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_LZMA) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, DATE), files[name], zipfile.ZIP_LZMA)
    draft.replace(path)


def train_everything() -> None:
    """Execute every notebook with nothing stored; what it trains is the store from here on."""
    for folder in (ANEW, NOTHING):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    os.environ[stored_runs.CACHE_VARIABLE] = str(ANEW.resolve())
    os.environ[stored_runs.SHIPPED_VARIABLE] = str(NOTHING.resolve())
    build_book.main(fresh=True)


def contents(path: Path) -> dict[str, bytes]:
    """Name and content of every file of an archive; nothing where there is none."""
    if not path.exists():
        return {}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def main(*, anew: bool) -> None:
    """Pack everything, and say how much of it was packed before."""
    if anew:
        train_everything()
    runs = {work: stored_runs.files(work) for work in works()}
    os.environ.pop(stored_runs.SHIPPED_VARIABLE, None)
    for work, files in runs.items():
        path = stored_runs.archive(work)
        before = contents(path)
        path.unlink(missing_ok=True)
        if files:
            pack(files, path)
        print(f"{path.name}: {len(files)} runs, {len(files.items() & before.items())} as before")


if __name__ == "__main__":
    with trouble.in_one_sentence():
        main(anew="--anew" in sys.argv[1:])
