"""Build the slides of course/slides; figures, polls and numbers come from the book."""

import shutil
import subprocess
import sys
from pathlib import Path

SOURCE, BOOK, BUILT = Path("course/slides"), Path("book"), Path("_build/slides")


def build(source: Path = SOURCE, built: Path = BUILT) -> int:
    """Run Sphinx with warnings as errors; return its exit status.

    The decks are copied first, because their figures are written beside them.
    """
    decks = built.parent / f"{built.name}-decks"
    shutil.rmtree(decks, ignore_errors=True)
    shutil.copytree(source, decks)
    command = ["-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-b", "revealjs"]
    command += ["-D", f"slides_book={BOOK.resolve()}"]
    status = subprocess.run([sys.executable, *command, decks, built], check=False).returncode
    if status == 0:
        print(f"The slides are built: {built / 'index.html'}")
    return status


if __name__ == "__main__":
    sys.exit(build())
