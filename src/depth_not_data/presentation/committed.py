"""What the committed notebooks show: figures, glued texts and polls, read without executing.

Slides, downloads and the printed book take them from here, so that nothing is written twice.
"""

import ast
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat

SUFFIXES = {"image/svg+xml": ".svg", "image/png": ".png"}
GLUED = "application/papermill.record/text/plain"
_BLOCKS = re.MULTILINE | re.DOTALL
_POLL = re.compile(r"^(:{4,})\{admonition\}[^\n]*\n:class: poll\n(.*?)^\1$", _BLOCKS)
_ANSWER = re.compile(r"^(:{3,})\{dropdown\}.*?^\1$", _BLOCKS)


class Picture(NamedTuple):
    """A figure as a notebook displays it: label, alternative text, caption, file content."""

    name: str
    alt: str
    caption: str
    suffix: str
    content: bytes


def read(path: Path) -> nbformat.NotebookNode:
    """Return a notebook.

    Raises
    ------
    ValueError
        If there is no notebook at `path`.
    """
    if not Path(path).is_file():
        raise ValueError(f"path must be a notebook, got {str(path)!r}, which does not exist")
    return nbformat.read(path, as_version=4)


def pictures(notebook: nbformat.NotebookNode) -> Iterator[Picture]:
    """Every figure of :func:`depth_not_data.presentation.figures.show`, as SVG where there is one.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With its outputs.
    """
    for output in _outputs(notebook):
        details = output.get("metadata", {}).get("depth_not_data", {}).get("figure")
        mime = next((kind for kind in SUFFIXES if kind in output.get("data", {})), None)
        if details and mime:
            data = output.data[mime]
            content = data.encode() if mime == "image/svg+xml" else b64decode(data)
            yield Picture(
                details["name"], details["alt"], details["caption"], SUFFIXES[mime], content
            )


def glued(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Texts that a notebook glues under a name, :func:`depth_not_data.presentation.figures.glue`.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With its outputs.
    """
    return {
        output.metadata["scrapbook"]["name"]: ast.literal_eval(output.data[GLUED])
        for output in _outputs(notebook)
        if GLUED in output.get("data", {})
    }


def polls(notebook: nbformat.NotebookNode) -> list[str]:
    r"""Question and options of every poll as Markdown, without the answer.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Examples
    --------
    >>> text = "::::{admonition} Decide\n:class: poll\nWhy?\n:::{dropdown} A\nSo.\n:::\n::::"
    >>> cells = [nbformat.v4.new_markdown_cell(text)]
    >>> polls(nbformat.v4.new_notebook(cells=cells))
    ['Why?']
    """
    words = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [_ANSWER.sub("", found.group(2)).strip() for found in _POLL.finditer(words)]


def _outputs(notebook):
    for cell in notebook.cells:
        yield from cell.get("outputs", [])
