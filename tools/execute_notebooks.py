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
import tempfile
import time
from pathlib import Path

import freshness
import nbformat
import side_by_side
import trouble
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from tqdm import tqdm

LANDING = Path("book/index.ipynb")
PICTURE = Path("book/assets/readme.png")


def execute(notebook, folder: Path) -> list[str]:
    """Run a notebook in its own folder; its outputs are replaced.

    On a terminal a bar counts its cells. Returns what helpers had to say that is no output, as of
    a stored run that was damaged.
    """
    bar = tqdm(total=len(code_only(notebook)), desc="    cells", leave=False, delay=5, disable=None)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        # What a cell prints may come in one piece or in several.
        coalesce_streams=True,
        # A kernel that is asked to end may take seconds over it; what it computed is here.
        shutdown_kernel="immediate",
        # Every kernel warns that it uses TCP; errors are in the notebook.
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=lambda **_: bar.update(),
    )
    with tempfile.TemporaryDirectory() as said, bar:
        log = Path(said) / "log"
        client.execute(env={**os.environ, "DEPTH_NOT_DATA_LOG": str(log)})
        return log.read_text("utf-8").splitlines() if log.exists() else []


def execute_with_progress(label: str, path: Path, reason: str):
    """Execute one notebook and say so in one line, a terminal twice; return it and its inputs.

    Beside that stands a class of the time it took, "cost". A notebook that fails ends the program
    with its traceback.
    """
    line = f"{label} executing {path} ({reason})"
    # Two notebooks may be executed at once: a line is printed whole.
    if sys.stdout.isatty():
        print(line, flush=True)
    start = time.monotonic()
    notebook = freshness.read(path)
    # Read before the run: whoever edits a helper meanwhile leaves outputs that are out of date.
    inputs = freshness.Inputs().of(notebook)
    try:
        said = execute(notebook, path.parent)
    except (CellExecutionError, CellTimeoutError) as error:
        sys.exit(f"\n{path} failed:\n{error}")
    except (AssertionError, AttributeError, DeadKernelError):
        # Ways in which nbclient ends when it is interrupted.
        sys.exit(f"\n{path}: the kernel died, or was stopped: run the same command again")
    seconds = time.monotonic() - start
    print(f"{line}, {seconds:.0f} s", flush=True)
    for sentence in said or []:
        print(f"    {sentence}", flush=True)
    return notebook, {**inputs, "cost": cost(seconds)}


def refuse_stderr(path: Path, notebook) -> None:
    """End the program if a cell wrote to stderr, which a page would show; nothing is kept of it."""
    found = freshness.stderr(notebook)
    if found:
        cells = "; ".join(f"cell {number}: {line}" for number, line in found)
        sys.exit(
            f"{path} writes to stderr, {cells}\nIts outputs are not kept: take away the cause, "
            "then run the same command again."
        )


def cost(seconds: float) -> str:
    """Class of a time, coarse enough to be the same on most machines."""
    limits = {20: "seconds", 90: "about a minute", 600: "minutes"}
    return next((name for limit, name in limits.items() if seconds < limit), "ten minutes or more")


def write(path: Path, executed, inputs: dict[str, str]) -> None:
    """Put outputs into the notebook as it is on disk now, and its entry into the lock file.

    A notebook whose code is no longer what was executed is left alone, with a sentence.
    """
    notebook = freshness.read(path) if path.exists() else None
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
    freshness.save(notebook, path)
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
        notebook = freshness.read(path)
        changes = freshness.changes(lock.get(path.as_posix()), notebook, inputs.of(notebook))
        if changes:
            work[path] = ", ".join(changes)
    return work


def main(names: list[str]) -> None:
    """Execute in place the notebooks that are named, or those that are out of date."""
    chosen = {Path(name): "named" for name in names} or out_of_date()
    if not chosen:
        print(f"The outputs of every notebook are those of {freshness.COMMITTED}.")
    order = side_by_side.longest_first(chosen, freshness.read_lock(freshness.COMMITTED))
    labels = {path: f"[{number}/{len(order)}]" for number, path in enumerate(order, start=1)}

    def execute(path):
        executed, inputs = execute_with_progress(labels[path], path, chosen[path])
        refuse_stderr(path, executed)
        write(path, executed, inputs)

    side_by_side.share_processors()
    for _ in side_by_side.each(execute, order):
        pass


if __name__ == "__main__":
    with trouble.in_one_sentence():
        main(sys.argv[1:])
