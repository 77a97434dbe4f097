"""How this site was built: notebooks with their run times, versions, machine. For Sphinx only.

``tools/build_book.py`` writes what it did into a file; the directive ``build-status`` shows it.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class BuildStatus(SphinxDirective):
    """Tables of what the build wrote down, or a sentence if it wrote nothing."""

    def run(self):
        """Return the tables."""
        path = Path(self.config.build_status)
        if not path.is_absolute():
            path = Path(self.env.srcdir) / path
        said = json.loads(path.read_text("utf-8")) if path.is_file() else None
        text = markdown(said) if said else "This site was not built by `make book`."
        holder = nodes.container(classes=["build-status"])
        lines = StringList(text.splitlines(), source=self.env.docname)
        self.state.nested_parse(lines, self.content_offset, holder)
        return [holder]


def markdown(status: dict) -> str:
    """MyST text of the status of a build.

    Parameters
    ----------
    status : dict
        ``"build"`` and ``"versions"``: texts by name. ``"notebooks"``: by document name, where the
        outputs are from, ``"source"``, and about how long it takes to make them, ``"cost"``.

    Examples
    --------
    >>> print(markdown({"build": {"date": "today"}, "versions": {"numpy": "2"}, "notebooks": {}}))
    :date: today
    <BLANKLINE>
    | notebook | outputs in this build | to execute it takes |
    | --- | --- | --- |
    <BLANKLINE>
    | package | version |
    | --- | --- |
    | numpy | 2 |
    """
    rows = [f":{name}: {text}" for name, text in status["build"].items()]
    rows += [
        "",
        "| notebook | outputs in this build | to execute it takes |",
        "| --- | --- | --- |",
    ]
    for name, entry in status["notebooks"].items():
        rows.append(f"| {{doc}}`/{name}` | {entry['source']} | {entry['cost']} |")
    rows += ["", "| package | version |", "| --- | --- |"]
    rows += [f"| {name} | {version} |" for name, version in status["versions"].items()]
    return "\n".join(rows)


def setup(app: Sphinx) -> dict:
    """Register the directive, and where the build has written what it did."""
    app.add_config_value("build_status", "_build/status.json", "env")
    app.add_directive("build-status", BuildStatus)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
