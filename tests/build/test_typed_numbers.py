"""Numbers that were computed stand in the text by code: none is typed into captions or prose.

In alternative texts and captions a literal number may have one digit; the settings of an
experiment and levels such as 0 and 1 are of this kind. In the prose of a notebook no score (19 of
24), no share in per cent and no decimal fraction may be typed, unless a word of the set-up stands
before it. Formulas, code, links and names (W_2, N^2, 2/L) do not count. `typed_numbers.yml` lists
the others, with the reason why they may stand.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

BOOK = Path(__file__).parents[2] / "book"
ALLOWED = yaml.safe_load(Path(__file__).with_name("typed_numbers.yml").read_text("utf-8"))
NOTEBOOKS = sorted(path.relative_to(BOOK).as_posix() for path in BOOK.rglob("*.ipynb"))

TEXTS = ("alt", "caption", "try_this", "answer")
# Not part of a name, an exponent or a longer number: W_2, N^2, FC2, 2/L, 16-32 are none.
NUMBER = re.compile(
    r"(?<![\w^/.,-])\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?(?:\s?%| per cent)?(?![\w/]|[-.]\d)"
)
SCORE = re.compile(
    r"(?<![\d.,])"
    r"(?:\d+ (?:out )?of \d+|\d+(?:\.\d+)?\s?(?:%|per cent)|\d+\.\d+(?!\.?\d))"
)
# Words of a set-up, right before a number that was chosen and not measured.
CHOSEN = re.compile(
    r"(?:assumption|learning rate|momentum|variance|decay|python|pytorch|eq\.|section|table|figure"
    r"|threshold|bar|tolerance|within|factor|slope|norm|start|seeds?|scale|scaled (?:to|by))"
    r"(?:\s(?:of|is|at|to|about|from))?\s\(?$"
    r"|\b[A-Za-z] = $",
    re.IGNORECASE,
)
HIDDEN = re.compile(
    r"```\{code[\s\S]*?```|\$\$[\s\S]*?\$\$|\$[^$]*\$|\\begin\{[\s\S]*?\\end\{[^}]*\}"
    r"|`[^`]*`|\]\([^)]*\)|<[^>]*>|^:[\w-]+:.*$",
    re.MULTILINE,
)


def literal(node: ast.AST, names: dict[str, ast.AST]) -> str:
    """Text of an expression as far as it is typed; what is computed is a blank."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(literal(part, names) for part in parts)
        case ast.BinOp(left=left, right=right):
            return literal(left, names) + literal(right, names)
        case ast.IfExp(body=body, orelse=other):
            return literal(body, names) + " " + literal(other, names)
        case ast.Name(id=name) if name in names:
            return literal(names[name], {})
    return " \0 "


def typed_into_figures(source: str) -> list[str]:
    """Numbers of two digits or more typed into the words of the figures that a cell shows."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    names = {
        node.targets[0].id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("figures" | "interactive"), attr="show")
            ):
                words = [literal(k.value, names) for k in node.keywords if k.arg in TEXTS]
                found += [n for n in unexplained(NUMBER, " ".join(words)) if len(n) > 1]
    return found


def typed_into_prose(markdown: str) -> list[str]:
    """Scores, shares and decimal fractions typed into Markdown, apart from those of a set-up."""
    return unexplained(SCORE, markdown)


def unexplained(pattern: re.Pattern, text: str) -> list[str]:
    """Numbers in a text, apart from those of formulas and code, and those of a set-up."""
    text = " ".join(HIDDEN.sub(" ", text).split())
    return [
        match.group()
        for match in pattern.finditer(text)
        if not CHOSEN.search(text[max(0, match.start() - 40) : match.start()])
    ]


def typed(notebook) -> list[str]:
    """Every number that is typed and should not be, in a whole notebook."""
    rules = {"code": typed_into_figures, "markdown": typed_into_prose}
    return [
        number
        for cell in notebook.cells
        if cell.cell_type in rules
        for number in rules[cell.cell_type](cell.source)
    ]


def allowed(name: str) -> set[str]:
    """Numbers that may stand in a notebook: those of its own entry, and those of every notebook."""
    entries = [*ALLOWED["everywhere"], *ALLOWED.get(name, [])]
    return {str(number) for entry in entries for number in entry["numbers"]}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_computed_number_is_typed(name):
    found = typed(nbformat.read(BOOK / name, as_version=4))
    left = [number for number in found if number not in allowed(name)]
    assert left == [], "put them in by code (f-string, glue), or say in typed_numbers.yml why not"


def test_whatever_is_allowed_has_a_reason():
    for entries in ALLOWED.values():
        for entry in entries:
            assert entry["reason"].strip()
            assert entry["numbers"]


def test_every_entry_is_of_a_notebook_that_exists():
    assert set(ALLOWED) - {"everywhere"} <= set(NOTEBOOKS)


FIGURES = {
    'alt="The edge lies at 0.72."': ["0.72"],
    'alt=f"The edge lies at {x:.2f}, of 24 values."': ["24"],
    'caption="Below 1e-5 after " "2,000 steps."': ["1e-5", "2,000"],
    'caption="Bands are 95% intervals."': ["95%"],
    'alt=words, caption="none"': ["25"],
    'caption="As $x^{25}$, W_22, N^20, FC22, 16-32-10 and 25/L say, from 0 to 9."': [],
    'alt=f"At {x:.2f}."': [],
    'alt="For N = 10 and seed 12 it is 13."': ["13"],
}


@pytest.mark.parametrize("arguments", FIGURES)
@pytest.mark.parametrize("module", ["figures", "interactive"])
def test_a_number_typed_into_a_caption_is_found(module, arguments):
    source = f'words = "The first 25."\n{module}.show(fig, {arguments})'
    assert typed_into_figures(source) == FIGURES[arguments]


PROSE = {
    "We found 19 of 24.": ["19 of 24"],
    "It is 5.4% lower, or 7 per cent.": ["5.4%", "7 per cent"],
    "The gain holds 0.72 of it.": ["0.72"],
    "At 0.72 and 0.8.": ["0.72", "0.8"],
    "With learning rate 0.01 and momentum\n0.9, as Assumption 3.1 says.": [],
    "The bar of 0.8 was missed.": [],
    "Five seeds, widths 16-32-10, $x = 0.72$, `0.72`, {glue:text}`share`.": [],
    "Version 1.2.3 of it.": [],
}


@pytest.mark.parametrize("markdown", PROSE)
def test_a_score_typed_into_prose_is_found(markdown):
    assert typed_into_prose(markdown) == PROSE[markdown]
