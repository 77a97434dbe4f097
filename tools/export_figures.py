"""Write every figure of the committed notebooks into a folder; nothing is executed.

``python tools/export_figures.py folder`` writes ``fig-some-words.svg``, or ``.png`` where a figure
has no SVG, and ``figures.json`` with the notebook, alternative text and caption of each.
"""

import json
import sys
from pathlib import Path

import freshness

from depth_not_data.presentation import committed


def export(folder: Path) -> dict[str, dict[str, str]]:
    """Write the files; return what ``figures.json`` says, by file name."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for path in freshness.notebooks():
        for picture in committed.pictures(committed.read(path)):
            name = picture.name + picture.suffix
            if name in written:
                sys.exit(f"{name} is in {path} and in {written[name]['notebook']}")
            (folder / name).write_bytes(picture.content)
            written[name] = {
                "notebook": path.as_posix(),
                "alt": picture.alt,
                "caption": picture.caption,
            }
    words = json.dumps(written, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / "figures.json").write_text(words + "\n", "utf-8")
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/export_figures.py FOLDER")
    found = export(Path(sys.argv[1]))
    print(f"{len(found)} figures are in {sys.argv[1]}.")
