"""Print the built site as one PDF: every page in its order, contents, page numbers, working links.

A browser prints the pages, because LaTeX drops what is HTML only, such as the ledger. Solutions are
moved to an appendix of their own. Needs Chromium or Chrome, and the site that `make book` builds.
"""

import shutil
import sys
from collections import defaultdict
from html import escape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import browser
import contents
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject

SITE, BUILT = Path("_build/html"), Path("_build/pdf")
TITLE = "Depth, Not Data: an executable reproduction"
AUTHOR = "The Depth, Not Data book team"
SOLUTIONS, CONTENTS = "solutions.html", "contents.html"
PAPER = {"format": "A4", "print_background": True, "prefer_css_page_size": True}
STYLE = """
@page { size: A4; margin: 20mm 18mm 22mm; }
html { font-size: 13px; }
h1, h2, h3, h4 { break-after: avoid; }
a, a.reference { text-decoration: none !important; }
figure.plot img { max-width: 125mm; max-height: 95mm; width: auto; height: auto; margin: 0 auto; }
figure.plot { break-inside: avoid; text-align: center; }
body { background: white; }
.bd-article { max-width: none !important; padding: 0 !important; }
a.headerlink, .skip-link { display: none !important; }
.link-targets a { font-size: 1px; color: transparent; }
.contents { break-before: page; }
.contents p { display: flex; gap: 0.6em; margin: 0.25em 0 0.25em 1.2em; }
.contents p.part { font-weight: 600; margin: 1.1em 0 0.2em; break-after: avoid; }
.contents p a { flex: 1; text-decoration: none; border-bottom: 1px dotted #999; }
"""


def ordered_pages(toc: dict) -> list[tuple[str, list[str]]]:
    """Captions of the parts with their pages, in the order of the table of contents.

    >>> ordered_pages({"root": "a", "parts": [{"caption": "I", "chapters": [{"file": "b"}]}]})
    [('', ['a.html']), ('I', ['b.html'])]
    """
    return [(caption, [f"{page}.html" for page in pages]) for caption, pages in contents.parts(toc)]


def prepare(site: Path, folder: Path, parts: list[tuple[str, list[str]]]) -> dict[str, str]:
    """Copy the site for printing: the article of each page alone, solutions on a page of their own.

    Returns
    -------
    dict
        Title of each printed page, the page of solutions among them if there is one.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(site, folder, ignore=shutil.ignore_patterns("_sources", "_modules", "*.zip"))
    names = [name for _, pages in parts for name in pages]
    soups = {
        name: BeautifulSoup((folder / name).read_text("utf-8"), "html.parser") for name in names
    }
    for soup in soups.values():
        _keep_article(soup)
    titles = {name: _words(soup.h1) for name, soup in soups.items()}
    solutions = [_take_solutions(name, soup, titles[name]) for name, soup in soups.items()]
    if any(solutions):
        # From a page at the root of the site, so that its links to styles need no change.
        first = next(iter(soups))
        soups[SOLUTIONS] = _page_like(soups[first], first, "Solutions", "".join(solutions))
        titles[SOLUTIONS] = "Solutions"
    _add_targets(soups)
    for name, soup in soups.items():
        (folder / name).write_text(str(soup), "utf-8")
    return titles


def _read(page):
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


def _words(heading):
    copy = BeautifulSoup(str(heading), "html.parser")
    for link in copy.select("a.headerlink"):
        link.decompose()
    return " ".join(copy.get_text().split())


def _keep_article(soup):
    article = soup.select_one("article.bd-article")
    scripts = soup.body.select("script")
    soup.body.clear()
    soup.body.append(article)
    for script in scripts:
        soup.body.append(script)
    style = soup.new_tag("style")
    style.string = STYLE
    soup.head.append(style)


def _take_solutions(name, soup, title):
    """Cut the solutions out of a page; return them as HTML with links that hold at the root."""
    taken = []
    for solution in soup.select("div.solution"):
        question = solution.select_one("p.admonition-title a")
        exercise = soup.find(id=question["href"].lstrip("#")) if question else None
        if exercise is not None:
            link = soup.new_tag("a", href=_up(name) + f"{SOLUTIONS}#{solution['id']}")
            link.string = "Solution"
            exercise.select_one("p.admonition-title").append(" · ")
            exercise.select_one("p.admonition-title").append(link)
        solution["class"] = [part for part in solution["class"] if part != "dropdown"]
        for link in solution.select("a[href], img[src]"):
            attribute = "href" if link.name == "a" else "src"
            if not urlparse(link[attribute]).scheme:
                link[attribute] = urljoin(name, link[attribute])
        taken.append(str(solution.extract()))
    return f"<h2>{escape(title)}</h2>" + "".join(taken) if taken else ""


def _up(name):
    return "../" * name.count("/")


def _page_like(soup, name, title, content):
    """Return a page at the root with the head and the scripts of another one."""
    page = BeautifulSoup(str(soup), "html.parser")
    for tag in page.select("link[href], script[src]"):
        attribute = "href" if tag.name == "link" else "src"
        if not urlparse(tag[attribute]).scheme:
            tag[attribute] = urljoin(name, tag[attribute])
    text = f"<h1>{escape(title)}</h1>{content}"
    page.select_one("article.bd-article").replace_with(
        BeautifulSoup(f'<article class="bd-article">{text}</article>', "html.parser")
    )
    return page


def _add_targets(soups):
    """Link every place that a link of any page leads to: a browser notes only those in a PDF."""
    wanted = defaultdict(set)
    for name, soup in soups.items():
        for link in soup.select("a[href*='#']"):
            path, place = urldefrag(urljoin(name, link["href"]))
            if path in soups and place:
                wanted[path].add(place)
    for name, places in wanted.items():
        holder = soups[name].new_tag("div", attrs={"class": "link-targets"})
        for place in sorted(places):
            link = soups[name].new_tag("a", href=f"#{place}")
            link.string = "."
            holder.append(link)
        soups[name].body.append(holder)


def front_matter(folder: Path, like: str, parts, titles, numbers) -> str:
    """Write the title page and the table of contents; return its name."""
    lines = []
    for caption, names in [*parts, ("", [SOLUTIONS] if SOLUTIONS in titles else [])]:
        if caption:
            lines.append(f'<p class="part">{escape(caption)}</p>')
        for name in names:
            number = f"<span>{numbers[name]}</span>" if name in numbers else ""
            lines.append(f'<p><a href="{name}">{escape(titles[name])}</a>{number}</p>')
    front = f"<p>{AUTHOR}. Text under CC BY 4.0, code under the MIT licence.</p>"
    text = f'{front}<div class="contents"><h1>Contents</h1>{"".join(lines)}</div>'
    page = _page_like(_read(folder / like), like, TITLE, text)
    for targets in page.select(".link-targets"):
        targets.decompose()
    (folder / CONTENTS).write_text(str(page), "utf-8")
    return CONTENTS


class Printer:
    """A browser that prints pages; a context manager."""

    def __init__(self, executable: str):
        self.executable = executable

    def __enter__(self):
        """Start the browser."""
        self._driver = sync_playwright().start()
        self._browser = self._driver.chromium.launch(
            executable_path=self.executable, args=list(browser.FLAGS)
        )
        return self

    def __exit__(self, *details):
        """Close it."""
        self._browser.close()
        self._driver.stop()

    def print(self, page: Path, query: str = "") -> Path:
        """Print a page beside itself once its formulas are set; return the file."""
        tab = self._browser.new_page()
        tab.goto(page.resolve().as_uri() + query)
        tab.evaluate("window.MathJax && MathJax.startup ? MathJax.startup.promise : null")
        tab.evaluate("document.fonts.ready.then(() => null)")
        target = page.with_suffix(".pdf")
        tab.pdf(path=target, **PAPER)
        tab.close()
        return target


def merge(folder: Path, names: list[str], titles: dict[str, str], parts, target: Path) -> None:
    """Join printed pages; links between them lead inside the file."""
    writer, first, places = PdfWriter(), {}, {}
    for name in names:
        reader = PdfReader((folder / name).with_suffix(".pdf"))
        first[name] = len(writer.pages)
        for key, place in reader.named_destinations.items():
            sheet = first[name] + reader.get_destination_page_number(place)
            places[name, unquote(key.lstrip("/"))] = sheet, float(place.top or 0)
        for sheet in reader.pages:
            writer.add_page(sheet)
    ends = [*list(first.values())[1:], len(writer.pages)]
    for (name, start), end in zip(first.items(), ends, strict=True):
        for sheet in writer.pages[start:end]:
            _turn_links_inwards(writer, sheet, name, folder, first, places)
    _outline(writer, titles, parts, first)
    writer.add_metadata({"/Title": TITLE})
    writer.write(target)


def _turn_links_inwards(writer, sheet, name, folder, first, places):
    for note in sheet.get("/Annots") or []:
        note = note.get_object()
        action = note.get("/A", {}).get_object() if "/A" in note else {}
        if "/URI" in action:
            place = _inside(str(action["/URI"]), folder)
        else:
            place = name, unquote(str(note.get("/Dest", action.get("/D", ""))).lstrip("/"))
        if place is None or place[0] not in first:
            continue
        sheet_number, top = places.get(place, (first[place[0]], 842.0))
        goal = [writer.pages[sheet_number].indirect_reference, NameObject("/XYZ"), NullObject()]
        note[NameObject("/Dest")] = ArrayObject([*goal, FloatObject(top), NullObject()])
        note.pop("/A", None)


def _inside(uri, folder):
    """Page and place that a link leads to, if it leads into the printed folder."""
    path, place = urldefrag(uri)
    file = Path(unquote(urlparse(path).path))
    if urlparse(path).scheme != "file" or not file.is_relative_to(folder.resolve()):
        return None
    return file.relative_to(folder.resolve()).as_posix(), unquote(place)


def _outline(writer, titles, parts, first):
    for caption, names in parts:
        shown = [name for name in names if name in first]
        parent = None
        if caption and shown:
            parent = writer.add_outline_item(title=caption, page_number=first[shown[0]])
        for name in shown:
            writer.add_outline_item(title=titles[name], page_number=first[name], parent=parent)
    if SOLUTIONS in first:
        writer.add_outline_item(title=titles[SOLUTIONS], page_number=first[SOLUTIONS])


def number_sheets(printer: Printer, folder: Path, target: Path) -> int:
    """Print a number at the foot of every sheet but the first; return how many sheets there are."""
    writer = PdfWriter(clone_from=target)
    count = len(writer.pages)
    style = "@page{size:A4;margin:0} div{height:296mm;position:relative;break-after:page}"
    style += "span{position:absolute;bottom:10mm;width:100%;text-align:center;font:9pt sans-serif}"
    sheets = "".join(f"<div><span>{n if n > 1 else ''}</span></div>" for n in range(1, count + 1))
    (folder / "numbers.html").write_text(f"<style>{style}</style><body style='margin:0'>{sheets}")
    numbers = PdfReader(printer.print(folder / "numbers.html"))
    # A last page break of the browser may leave one sheet without a number.
    for sheet, number in zip(writer.pages, numbers.pages[:count], strict=True):
        sheet.merge_page(number)
        sheet.compress_content_streams()
    writer.compress_identical_objects()
    writer.write(target)
    return count


def build(site: Path = SITE, built: Path = BUILT, toc: Path = contents.CONTENTS) -> int:
    """Print the book; return an exit status."""
    executable = browser.find()
    if executable is None:
        print(
            f"No browser to print with: install one of {', '.join(browser.NAMES)}.", file=sys.stderr
        )
        return 1
    if not (site / "index.html").exists():
        print(f"There is no site in {site}: run `make book` first.", file=sys.stderr)
        return 1
    parts = ordered_pages(contents.read(toc))
    folder = built / "site"
    titles = prepare(site, folder, parts)
    target = built / "depth-not-data.pdf"
    with Printer(executable) as printer:
        sizes = {name: len(PdfReader(printer.print(folder / name)).pages) for name in titles}
        like = next(iter(titles))
        printer.print(folder / front_matter(folder, like, parts, titles, {}))
        sheet = 1 + len(PdfReader((folder / CONTENTS).with_suffix(".pdf")).pages)
        numbers = {}
        for name, size in sizes.items():
            numbers[name], sheet = sheet, sheet + size
        printer.print(folder / front_matter(folder, like, parts, titles, numbers))
        merge(folder, [CONTENTS, *titles], titles, parts, target)
        count = number_sheets(printer, folder, target)
    print(f"The book is printed: {target}, {count} pages")
    return 0


if __name__ == "__main__":
    sys.exit(build())
