"""Execute notebooks in place, and write down in book/outputs.lock what their outputs came of.

``python tools/execute_notebooks.py`` takes those whose outputs are out of date,
``python tools/execute_notebooks.py book/index.ipynb`` the ones that are named. Timing metadata, the
Python version and random cell ids are left out, so that a second run changes nothing but what it
computes; the picture of the landing page is copied to where the README shows it.

Words and tags may be edited while a notebook runs: only its outputs are written. If its code was
edited, nothing is.
"""

import base64
import os
import sys
import time
from pathlib import Path

import freshness
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

LANDING = Path("book/index.ipynb")
PICTURE = Path("book/assets/readme.png")


def execute(notebook, folder: Path) -> None:
    """Run a notebook in its own folder; its outputs are replaced."""
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        # Every kernel warns that it uses TCP; errors are in the notebook.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()


def execute_with_progress(label: str, path: Path, reason: str):
    """Execute one notebook and say so in one line; return it and what its outputs came of.

    Beside that stands a class of the time it took, "cost". A notebook that fails ends the program
    with its traceback.
    """
    print(f"{label} executing {path} ({reason})", end="", flush=True)
    start = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    # Read before the run: whoever edits a helper meanwhile leaves outputs that are out of date.
    inputs = freshness.Inputs().of(notebook)
    try:
        execute(notebook, path.parent)
    except (CellExecutionError, CellTimeoutError) as error:
        sys.exit(f"\n{path} failed:\n{error}")
    except (AssertionError, AttributeError, DeadKernelError):
        # Ways in which nbclient ends when it is interrupted.
        sys.exit(f"\n{path}: the kernel died, or was stopped")
    seconds = time.monotonic() - start
    print(f", {seconds:.0f} s", flush=True)
    return notebook, {**inputs, "cost": cost(seconds)}


def cost(seconds: float) -> str:
    """Class of a time, coarse enough to be the same on most machines."""
    limits = {20: "seconds", 90: "about a minute", 600: "minutes"}
    return next((name for limit, name in limits.items() if seconds < limit), "ten minutes or more")


def write(path: Path, executed, inputs: dict[str, str]) -> None:
    """Put outputs into the notebook as it is on disk now, and its entry into the lock file.

    A notebook whose code is no longer what was executed is left alone, with a sentence.
    """
    notebook = nbformat.read(path, as_version=4) if path.exists() else None
    if notebook is None or freshness.code_cells(notebook) != freshness.code_cells(executed):
        what = "is gone" if notebook is None else "was edited"
        print(f"{path}: its code {what} since the run began, so the outputs are not written.")
        return
    for cell, ran in zip(code_only(notebook), code_only(executed), strict=True):
        cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    draft = path.with_name(f".{path.name}.draft")
    nbformat.write(notebook, draft)
    os.replace(draft, path)
    freshness.record(freshness.COMMITTED, path, notebook, inputs)
    if path == LANDING:
        PICTURE.write_bytes(first_picture(path))


def code_only(notebook) -> list:
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def first_picture(path: Path) -> bytes:
    """Return the first PNG among the outputs of a notebook."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output["data"]["image/png"])
    raise ValueError(f"{path} holds no picture")


def out_of_date() -> dict[Path, str]:
    """Notebooks whose committed outputs are not those of the present code, each with the reason."""
    lock, inputs = freshness.read_lock(freshness.COMMITTED), freshness.Inputs()
    work = {}
    for path in freshness.notebooks():
        notebook = nbformat.read(path, as_version=4)
        changes = freshness.changes(lock.get(path.as_posix()), notebook, inputs.of(notebook))
        if changes:
            work[path] = ", ".join(changes)
    return work


def main(names: list[str]) -> None:
    """Execute in place the notebooks that are named, or those that are out of date."""
    chosen = {Path(name): "named" for name in names} or out_of_date()
    if not chosen:
        print(f"The outputs of every notebook are those of {freshness.COMMITTED}.")
    for number, (path, reason) in enumerate(chosen.items(), start=1):
        label = f"[{number}/{len(chosen)}]"
        write(path, *execute_with_progress(label, path, reason))


if __name__ == "__main__":
    main(sys.argv[1:])
