"""Buttons that open a page in Binder or Colab, from one setting: the address of the repository.

The address stands in ``_config.yml`` as ``repository_url``. Without it there are no buttons. Binder
opens the notebook of the repository, in an environment made of the folder ``binder/``. Colab has no
such thing: it opens a copy that installs the helpers by itself. The copies are written into the
site, and the workflow puts them on a branch of their own. Used by Sphinx only.
"""

from pathlib import Path

import nbformat
from sphinx.application import Sphinx

# Folder of the copies in the site, and the branch from which Colab opens them.
COPIES, BRANCH = "colab", "colab"

INSTALL = """\
# Installs the helpers where they are missing, with the newest versions of what they need.
import importlib.util

if importlib.util.find_spec("depth_not_data") is None:
    %pip install --quiet "depth-not-data @ {source}"
    importlib.invalidate_caches()"""


def with_install_cell(notebook: dict, source: str):
    """Copy of a notebook that installs the helpers first and holds no outputs.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    source : str
        Where pip finds the package: an address such as ``git+https://...``, or a wheel.
    """
    copy = nbformat.from_dict(notebook)
    copy.cells = [nbformat.from_dict(cell) for cell in notebook.cells]
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    copy.cells.insert(0, nbformat.v4.new_code_cell(INSTALL.format(source=source), id="install"))
    return copy


def setup(app: Sphinx) -> dict:
    """Leave the buttons out without an address, and write the copies for Colab with one."""
    # Before and after the theme reads its options and makes its buttons.
    app.connect("config-inited", _no_buttons_without_address, priority=400)
    app.connect("html-page-context", _open_copy_in_colab, priority=700)
    app.connect("build-finished", _write_copies)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _address(config) -> str:
    return (config.html_theme_options.get("repository_url") or "").strip().rstrip("/")


def _no_buttons_without_address(app, config):
    if not _address(config):
        for option in ("launch_buttons", "repository_url", "repository_branch"):
            config.html_theme_options.pop(option, None)


def _open_copy_in_colab(app, pagename, templatename, context, doctree):
    branch = app.config.html_theme_options.get("repository_branch", "master")
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("text") == "Colab":
                before, page = button["url"].split(f"/blob/{branch}/")
                button["url"] = f"{before}/blob/{BRANCH}/{page}"


def _write_copies(app, exception):
    address = _address(app.config)
    if exception or not address or app.builder.format != "html":
        return
    branch = app.config.html_theme_options.get("repository_branch", "master")
    for name in sorted(app.env.found_docs):
        path = Path(app.env.doc2path(name))
        if path.suffix != ".ipynb":
            continue
        target = Path(app.outdir) / COPIES / f"{name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        notebook = nbformat.read(path, as_version=4)
        nbformat.write(with_install_cell(notebook, f"git+{address}@{branch}"), target)
