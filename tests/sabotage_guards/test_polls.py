"""Every poll asks before it answers: three options, and one answer that is folded."""

import json
import re
from pathlib import Path

import pytest

CHAPTERS = sorted((Path(__file__).parents[2] / "book").rglob("*.ipynb"))
POLL = re.compile(r"^::::\{admonition\}[^\n]*\n:class: poll\n(.*?)^::::$", re.MULTILINE | re.DOTALL)


def polls(path):
    """Bodies of the polls of a notebook."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    return [body for source in sources for body in POLL.findall(source)]


@pytest.mark.parametrize("path", [p for p in CHAPTERS if polls(p)], ids=lambda path: path.stem)
def test_a_poll_shows_options_and_folds_its_answer(path):
    for body in polls(path):
        question, *answers = body.split(":::{dropdown}")
        assert len(answers) == 1, f"{len(answers)} folded answers: {body[:80]}"
        options = re.findall(r"^- \*\*([A-E])\*\* ", question, re.MULTILINE)
        assert len(options) >= 2
        assert options == sorted(set(options))
        given = re.findall(r"\*\*([A-E](?:[, and]+[A-E])*)", answers[0])
        assert given, f"no option is named by the answer: {answers[0][:80]}"
        assert set(re.findall(r"[A-E]", given[0])) <= set(options)
