"""The table of contents of the book: parts, and the pages in them."""

from pathlib import Path

import yaml

CONTENTS = Path("_toc.yml")


def read(path: Path = CONTENTS) -> dict:
    """Return what the table of contents says."""
    return yaml.safe_load(path.read_text("utf-8"))


def parts(toc: dict) -> list[tuple[str, list[str]]]:
    """Return captions with their pages, in order; the first is the root, without a caption."""
    return [("", [toc["root"]])] + [
        (part.get("caption", ""), list(_pages(part))) for part in toc.get("parts", [toc])
    ]


def pages(toc: dict) -> list[str]:
    """Return every page, in order."""
    return [page for _, listed in parts(toc) for page in listed]


def _pages(entry):
    for key in ("chapters", "sections"):
        for child in entry.get(key, []):
            yield child["file"]
            yield from _pages(child)
