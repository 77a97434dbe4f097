"""What an archive of a release says of itself: the commit, its moment, the checksum of each file.

`make bundle` writes it; a book that is built from an unpacked archive, which has no repository,
reads it.
"""

import hashlib
import json
from pathlib import Path

ABOUT = Path("release.json")
MANIFEST = Path("MANIFEST.sha256")


def read() -> dict:
    """Name of the commit and its moment, in seconds since 1970; nothing outside of an archive."""
    unpacked = ABOUT.exists() and not Path(".git").exists()
    return json.loads(ABOUT.read_text("utf-8")) if unpacked else {}


def write(path: Path, commit: str, moment: int | None) -> None:
    """Write what an archive shall say."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"commit": commit, "moment": moment}, indent=1) + "\n", "utf-8")


def is_unchanged(*places: str) -> bool:
    """Whether this is an unpacked archive whose files at these places are those of the release."""
    if not read() or not MANIFEST.exists():
        return False
    lines = (line.split("  ", 1) for line in MANIFEST.read_text("utf-8").splitlines())
    checked = [(digest, Path(name)) for digest, name in lines if name.startswith(places)]
    return all(
        path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest
        for digest, path in checked
    )
