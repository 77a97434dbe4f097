"""One symbol, one meaning over the whole book, as the page of notation says."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "book/appendix/notation.md"
MEANINGS = yaml.safe_load((Path(__file__).parent / "notation.yml").read_text("utf-8"))
# It has a table of its own.
OWN_TABLE = "book/notes/hessian-assembly"
NOUNS = {word for meaning in MEANINGS.values() for word in meaning["words"]}
WORDS = re.compile(r"\\(?:text|operatorname|mathrm|label|begin|end)\*?\{[^{}]*\}")
MATH = re.compile(
    r"\$\$(.*?)\$\$|```\{math\}[^\n]*\n(.*?)```|(?<![\$\\])\$(?!\$)([^$]+)\$", re.DOTALL
)


def head(symbol: str) -> str:
    """Symbol without subscript, superscript and argument: what all of its forms begin with."""
    return re.split(r"[_^([]", symbol)[0]


def table() -> set[str]:
    """Heads of all symbols in the first column of the page of notation."""
    cells = re.findall(r"^\| (\$[^|]*\$[^|]*)\|", TABLE.read_text("utf-8"), re.MULTILINE)
    symbols = [symbol for cell in cells for symbol in re.findall(r"\$(.*?)\$", cell)]
    return {head(symbol.split(" = ")[0]) for symbol in symbols}


def pages() -> dict[str, str]:
    """Markdown of every page."""
    found = {}
    for path in sorted(ROOT.glob("book/**/*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        found[path.relative_to(ROOT).with_suffix("").as_posix()] = text
    found.pop(OWN_TABLE, None)
    return found


def without_code(text: str) -> str:
    text = re.sub(r"```+(?!\{math\})(?:python)?\n.*?```+", "", text, flags=re.DOTALL)
    return re.sub(r"(?<!`)`[^`\n]+`(?!`)", "", text)


def formulas(text: str) -> Iterator[str]:
    """Every formula of a text, without the words in it."""
    for match in MATH.finditer(text):
        yield WORDS.sub(" ", next(part for part in match.groups() if part is not None))


def forms(text: str, symbol: str) -> set[str]:
    """Subscripts with which a symbol stands in the formulas of a text."""
    pattern = re.compile(
        rf"(?<![A-Za-z\\_{{]){re.escape(symbol)}(?![A-Za-z])(?:_(?:\{{([^{{}}]*)\}}|(\\?[A-Za-z]+|.)))?"
    )
    found = (match.groups() for formula in formulas(text) for match in pattern.finditer(formula))
    return {braced or bare or "" for braced, bare in found}


def names(text: str) -> Iterator[tuple[str, str, bool]]:
    """Nouns right before a symbol that stands alone; the symbol, and whether it has an index."""
    for noun, formula in re.findall(r"([A-Za-z]+)\s+\$([^$]+)\$(?![-\w])", text):
        alone = re.fullmatch(
            r"\s*((?:\\hat\s*)?(?:\\mathcal\s*)?\\?[A-Za-z]+)(?:[_^](?:\{[^{}]*\}|\\?\w))*\s*",
            formula,
        )
        if noun.lower() in NOUNS and alone:
            yield noun.lower(), alone[1], "_" in formula


def allowed(symbol: str, has_index: bool) -> set[str] | None:
    """Nouns of all rows with this symbol; None if there is no such row.

    A row whose symbol has an index says nothing of the symbol without one.
    """
    rows = [
        meaning["words"]
        for row, meaning in MEANINGS.items()
        if head(row) == symbol and (has_index or "_" not in row)
    ]
    return set().union(*rows) if rows else None


def complaints(page: str, text: str) -> list[str]:
    found, text = [], without_code(text)
    for noun, symbol, has_index in names(text):
        words = allowed(symbol, has_index)
        if words is not None and noun not in words:
            found.append(f"{page}: {noun} ${symbol}$, which is {', '.join(sorted(words))}")
    for row, meaning in MEANINGS.items():
        seen = forms(text, head(row))
        strange = seen - set(meaning.get("forms", seen))
        if strange:
            found.append(f"{page}: ${head(row)}$ with subscript {sorted(strange)}")
        if seen and meaning.get("only", page) != page and "_" not in row:
            found.append(f"{page}: ${row}$ belongs to {meaning['only']}")
    return found


def test_every_symbol_of_the_table_has_its_words_and_no_other_has():
    assert table() == {head(symbol) for symbol in MEANINGS}


@pytest.mark.parametrize(("page", "text"), pages().items(), ids=list(pages()))
def test_a_symbol_means_the_same_on_every_page(page, text):
    assert complaints(page, text) == []


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        (r"the gap $g$ is", "g"),
        (r"the share $\kappa$ of", r"\kappa"),
        (r"the momentum $\eta$", r"\eta"),
        (r"multiply the layers by $c_k$", "c"),
        (r"the map $g(\lambda) = \lambda$", "g"),
        (r"with inertia $\iota$", r"\iota"),
    ],
)
def test_the_check_sees_a_second_meaning(text, symbol):
    assert [line for line in complaints("book/linear/x", text) if f"${symbol}$" in line]


def test_the_check_lets_the_first_meaning_pass():
    text = (
        r"At depth $L$ the residual $g_a$ in direction $c$ and $c_N$, the rate $\eta$; `gap $g$`."
    )
    assert complaints("book/linear/x", text) == []
