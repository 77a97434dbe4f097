"""Execute notebooks in place so that a second run changes nothing but what it computes.

Timing metadata, the Python version and random cell ids are left out; the picture of the landing
page is copied to where the README shows it.
"""

import base64
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

LANDING = Path("book/index.ipynb")
PICTURE = Path("book/assets/readme.png")


def execute(path: Path) -> None:
    """Run one notebook in its own folder and write it back without volatile metadata."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    nbformat.write(notebook, path)


def first_picture(path: Path) -> bytes:
    """Return the first PNG among the outputs of a notebook."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output["data"]["image/png"])
    raise ValueError(f"{path} holds no picture")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"executing {name}", flush=True)
        execute(Path(name))
    PICTURE.write_bytes(first_picture(LANDING))
