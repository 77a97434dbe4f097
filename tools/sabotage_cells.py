"""Run the code cells of a notebook and say, in one line of JSON, which of its claims go red.

``python sabotage_cells.py NOTEBOOK WHAT`` stops behind the check of the claim WHAT, or at the end;
a check that contradicts its verdict is written down and the notebook goes on, so that one run
shows every claim that a sabotage touches. Whatever else is raised ends it.
"""

import contextlib
import io
import json
import os
import sys
import traceback
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

from depth_not_data.presentation import claims


def sources(notebook: dict, what: str) -> list[str]:
    """Code cells up to the last that checks the claim `what`; all of them if none does.

    >>> cells = [{"cell_type": "code", "source": [s]} for s in ("x = 1", 'check("P1", x)', "y")]
    >>> sources({"cells": cells}, "P1")
    ['x = 1', 'check("P1", x)']
    """
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    checks = [number for number, source in enumerate(code) if f'check("{what}"' in source]
    return code[: checks[-1] + 1] if checks else code


def run(cells: list[str]) -> dict:
    """Return ``"claims"``, what is wrong with each that goes red, and ``"raised"``, or None."""
    found = {}

    def record(claim_id, *, measured):
        try:
            problem = claims.contradiction(claims.get(claim_id), measured)
        except ValueError as error:
            problem = f"{claim_id}: {error}"
        if problem:
            found[claim_id] = problem

    claims.check = record
    shell = InteractiveShell.instance()
    for source in cells:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            result = shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            # An assertion without words is told by its line.
            said = str(error) or traceback.extract_tb(error.__traceback__)[-1].line
            return {"claims": found, "raised": f"{type(error).__name__}: {said}"}
    return {"claims": found, "raised": None}


if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    answer = run(sources(document, sys.argv[2]))
    print(json.dumps(answer), flush=True)
    # Workers of joblib would keep the process waiting.
    os._exit(0)
