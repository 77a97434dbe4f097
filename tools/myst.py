"""The book's MyST Markdown: its blocks, and how it reads where only plain Markdown is understood.

JupyterLab without extensions shows a directive as raw text. `Plain` turns directives into headings,
quotations and foldable parts, and roles into text or links.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pybtex.database import parse_file

from depth_not_data.presentation import committed

FENCE = re.compile(r"^(:{3,}|`{3,})\{([\w:-]+)\} *(.*)$")
OPTION = re.compile(r"^:([\w-]+): *(.*)$")
ROLE = re.compile(r"\{([a-z:]+)\}`([^`]+)`")
SHOWN = re.compile(r"\.show\(.*?\bname=\"(fig-[\w-]+)\"", re.DOTALL)
LABELLED = re.compile(r"^\$\$ *\(([\w-]+)\) *$", re.MULTILINE)


@dataclass
class Block:
    """A directive: its name, what stands beside it, its options, and the lines inside."""

    name: str
    title: str
    options: dict[str, str]
    body: list[str]

    @property
    def label(self) -> str:
        """Label by which the text refers to it, or to which a solution belongs."""
        return self.title if self.name == "solution" else self.options.get("label", "")


def parts(source: str | list[str]) -> Iterator[Block | list[str]]:
    """Yield the directives of a text and the lines between them, in order."""
    lines = source.splitlines() if isinstance(source, str) else source
    text: list[str] = []
    position = 0
    while position < len(lines):
        opening = FENCE.match(lines[position])
        end = _closing(lines, position, opening.group(1)) if opening else None
        if end is None:
            text.append(lines[position])
            position += 1
            continue
        if text:
            yield text
        text = []
        yield _block(opening, lines[position + 1 : end])
        position = end + 1
    if text:
        yield text


def _closing(lines, start, fence):
    """Return the line that closes the fence which line `start` opens; None if there is none."""
    for number in range(start + 1, len(lines)):
        line = lines[number].strip()
        if len(line) >= len(fence) and set(line) == {fence[0]}:
            return number
    return None


def _block(opening, inside):
    options, position = {}, 0
    while position < len(inside) and (found := OPTION.match(inside[position])):
        options[found.group(1)] = found.group(2)
        position += 1
    return Block(opening.group(2), opening.group(3).strip(), options, inside[position:])


def markdown(notebook) -> Iterator[str]:
    """Yield the source of each Markdown cell."""
    return (cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def all_blocks(source: str | list[str]) -> Iterator[Block]:
    """Yield every directive, those inside others too."""
    for part in parts(source):
        if isinstance(part, Block):
            yield part
            yield from all_blocks(part.body)


def title_of(source: str) -> str:
    """Return the first heading of a text."""
    return re.search(r"^# (.*)$", source, re.MULTILINE).group(1)


# What the whole book refers to


@dataclass
class Target:
    """What a label stands for: words for it in its own chapter, and the chapter."""

    words: str
    page: str


@dataclass
class Index:
    """Titles of pages, targets of labels, and references of the book under a folder."""

    titles: dict[str, str] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)
    works: dict = field(default_factory=dict)

    def add(self, page: str, notebook) -> None:
        """Read the labels of a notebook; figures, equations, exercises are numbered in it."""
        text = "\n".join(markdown(notebook))
        self.titles[page] = title_of(text)
        code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        for number, name in enumerate(SHOWN.findall(code), start=1):
            self.targets[name] = Target(f"Figure {number}", page)
        for number, name in enumerate(LABELLED.findall(text), start=1):
            self.targets[name] = Target(f"({number})", page)
        exercises = 0
        for block in all_blocks(text):
            if block.name == "exercise":
                exercises += 1
                self.targets[block.label] = Target(f"exercise {exercises}", page)
            elif block.name.startswith("prf:") and block.label:
                words = f"the {block.name[4:]} “{block.title}”"
                self.targets[block.label] = Target(words, page)

    def add_works(self, path: Path) -> None:
        """Read a bibliography."""
        self.works = dict(parse_file(path, bib_format="bibtex").entries)


# Plain Markdown


def quoted(text: str) -> str:
    """Return the text as a block quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def joined(rendered: list[str]) -> str:
    """Return texts one below the other, each a paragraph of its own."""
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(rendered)).strip("\n")


class Plain:
    """Markdown of one chapter without directives and roles.

    `link` returns the address of another page as seen from this one, or None if it has none there.
    Raises ValueError at a directive or role that it does not know.
    """

    def __init__(self, page: str, notebook, index: Index, link: Callable[[str], str | None]):
        self.page, self.index, self.link = page, index, link
        self.glued = committed.glued(notebook)
        self.cited: dict[str, None] = {}

    def text(self, source: str | list[str]) -> str:
        """Return a text in plain Markdown; solutions are left out."""
        return joined([self.part(part) for part in parts(source)])

    def part(self, part: Block | list[str]) -> str:
        """Return a directive, or the lines between directives, in plain Markdown."""
        return self.block(part) if isinstance(part, Block) else self.inline("\n".join(part))

    def block(self, block: Block) -> str:
        """Return a directive in plain Markdown."""
        title, inside = self.inline(block.title), self.text(block.body)
        kind = block.name.removeprefix("prf:")
        if block.name == "solution":
            return ""
        if block.name == "exercise":
            number = self.index.targets[block.label].words.capitalize()
            return f"### {number} {title}".rstrip() + f"\n\n{inside}"
        if block.name in ("admonition", "note", "tip"):
            return quoted(f"**{title or block.name.capitalize()}**\n\n{inside}")
        if block.name == "dropdown":
            return f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>"
        if kind == "proof":
            return f"**Proof.** {inside} ∎"
        if kind != block.name:
            return quoted(f"**{kind.capitalize()}** ({title})\n\n{inside}")
        if block.name == "list-table":
            return self._table(block.body)
        raise ValueError(f"{self.page}: the directive {block.name!r} has no plain form")

    def _table(self, body):
        rows = re.split(r"^\* - ", "\n".join(body), flags=re.MULTILINE)[1:]
        cells = [re.split(r"^  - ", row, flags=re.MULTILINE) for row in rows]
        lines = [
            "| " + " | ".join(self.inline(" ".join(cell.split())) for cell in row) + " |"
            for row in cells
        ]
        return "\n".join([lines[0], "|---" * len(cells[0]) + "|", *lines[1:]])

    def inline(self, text: str) -> str:
        """Return a text without roles and labels."""
        text = LABELLED.sub(
            lambda m: rf"\tag{{{self._words(m.group(1)).strip('()')}}}" "\n$$", text
        )
        return ROLE.sub(self._role, text)

    def _role(self, match):
        role, content = match.groups()
        shown = re.fullmatch(r"(.*?) *<(.*)>", content, re.DOTALL)
        words, target = shown.groups() if shown else ("", content)
        if role == "doc":
            page = target.removeprefix("/")
            return self._page(page, words)
        if role in ("ref", "numref", "eq", "prf:ref"):
            return words or self._words(target)
        if role == "glue:text":
            if target not in self.glued:
                raise ValueError(f"{self.page}: no output has {target!r}; run make notebooks")
            return self.glued[target]
        if role in ("cite", "cite:p", "cite:t"):
            return self._citation([key.strip() for key in target.split(",")], role == "cite:t")
        raise ValueError(f"{self.page}: the role {role!r} has no plain form")

    def _page(self, page, words=""):
        words = words or self.index.titles.get(page, page)
        address = self.link(page)
        return f"[{words}]({address})" if address else f"*{words}*"

    def _words(self, label):
        found = self.index.targets.get(label)
        if found is None:
            raise ValueError(f"{self.page}: nothing has the label {label!r}")
        if found.page == self.page:
            return found.words
        words = "an equation" if found.words.startswith("(") else found.words
        return f"{words} of {self._page(found.page)}"

    def _citation(self, keys, in_text):
        self.cited |= dict.fromkeys(keys)
        works = [(authors(self.index.works[k]), self.index.works[k].fields["year"]) for k in keys]
        if in_text:
            return ", ".join(f"{names} ({year})" for names, year in works)
        return "(" + "; ".join(f"{names}, {year}" for names, year in works) + ")"

    def references(self) -> str:
        """Return the works cited so far, one a line; empty if there are none."""
        lines = []
        for key in sorted(self.cited, key=lambda key: authors(self.index.works[key])):
            work = self.index.works[key]
            title = re.sub(r"[{}]", "", work.fields["title"])
            fields = work.fields
            doi = fields.get("doi")
            address = fields.get("url") or (f"https://doi.org/{doi}" if doi else "")
            line = f"- {authors(work)} ({work.fields['year']}). {title}."
            lines.append(f"{line} <{address}>" if address else line)
        return "\n".join(["## References", "", *lines]) if lines else ""


def authors(work) -> str:
    """Return the authors of a work as a text cites them."""
    people = work.persons.get("author") or work.persons.get("editor", [])
    names = [re.sub(r"[{}]", "", " ".join([*p.prelast_names, *p.last_names])) for p in people]
    if len(names) > 2:
        return f"{names[0]} et al."
    return " and ".join(names)
