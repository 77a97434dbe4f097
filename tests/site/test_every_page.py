"""Every page of the built site in a browser: errors, mathematics, phone, paper, barriers."""

import re
from importlib.resources import files

import pytest

pytestmark = pytest.mark.filterwarnings("default")

# What breaks a rule of axe-core in the markup of the theme, of docutils or of MathJax: the rule and
# how the element begins.
NOT_OURS = (
    # docutils puts links back to the text between the items.
    ("aria-required-children", '<div role="list" class="citation-list"'),
)
# A formula has thousands of elements, coloured as its text; code and the entries of the helper
# reference, thousands too, have the markup and the colours of the theme.
AXE = """async (rules) => (await axe.run({exclude: ["mjx-container", "div.highlight", "dl.py"]}, {
    preload: false, resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {}),
})).violations.flatMap(({id, impact, nodes}) => nodes.map(({html, target, failureSummary}) =>
    ({id, impact, html, target: String(target), failureSummary})))"""

# A directive or a role that MyST has not understood and shows as it is written.
LEFT_OVER = re.compile(r"(?::{3,}|`{3,})\s*\{|\{[a-z:]+\}`")


def of_each_kind(names):
    """Two chapters of each folder, which are made of the same parts, and every other page."""
    chapters = ("book/linear/", "book/residual/", "book/notes/")
    kept = [name for name in names if not name.startswith(chapters)]
    for folder in chapters:
        kept += [name for name in names if name.startswith(folder)][:2]
    return kept


CHOSEN = {"test_nothing_is_hard_to_read_in_the_dark": of_each_kind}


@pytest.fixture(scope="module")
def page(built, watch, name):
    """One page, opened once for all tests, with its mathematics set."""
    opened = watch(built / name)
    opened.evaluate("() => window.MathJax?.startup?.promise.then(() => true)")
    yield opened
    opened.context.close()


@pytest.fixture(scope="module")
def axe():
    """Script of axe-core, from the package that brings it."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def barriers(page, axe, *rules):
    """What axe-core calls serious or critical in our part of the page as it is."""
    page.evaluate(axe)
    return [
        found
        for found in page.evaluate(AXE, list(rules) or None)
        if found["impact"] in ("serious", "critical")
        and not any(
            found["id"] == rule and found["html"].startswith(start) for rule, start in NOT_OURS
        )
    ]


def test_no_error_and_no_request_that_leaves_the_machine(page):
    assert page.trouble == []


def test_all_mathematics_is_set(page):
    formulas = page.locator(".bd-article .math").count()
    assert page.locator(".bd-article .math:has(mjx-container)").count() == formulas
    assert page.locator("mjx-merror, [data-mjx-error]").all_inner_texts() == []


def test_the_page_says_what_it_is(page, name):
    assert page.locator("h1:visible").count() == 1
    assert page.title()
    if name.startswith("book/"):
        described = page.locator("meta[name=description]").get_attribute("content")
        assert 20 <= len(described) <= 200
        assert page.locator("meta[property='og:description']").get_attribute("content") == described


def test_no_markup_is_left_over(page):
    text = page.evaluate(
        """() => [...document.querySelectorAll(".bd-article")].map((article) => {
            const copy = article.cloneNode(true);
            copy.querySelectorAll("pre, code, dl.py, mjx-container").forEach((e) => e.remove());
            return copy.textContent;
        }).join(" ")"""
    )
    assert LEFT_OVER.findall(text) == []


def test_left_over_markup_is_seen():
    assert LEFT_OVER.search("Proof. :::{dropdown} A sum The residual is zero.")
    assert LEFT_OVER.search("see {numref}`fig-landing`")
    assert not LEFT_OVER.search("the set {a, b}: a pair ::: of two")


def test_nothing_is_hard_to_reach_or_to_read(page, axe):
    assert barriers(page, axe) == []


def test_nothing_is_hard_to_read_in_the_dark(page, axe):
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    page.wait_for_timeout(400)  # colours change within a fraction of a second
    found = barriers(page, axe, "color-contrast")
    page.evaluate("() => { document.documentElement.dataset.theme = 'light'; }")
    assert found == []


def test_long_code_wraps_on_paper_and_nothing_is_an_empty_bar(page):
    page.emulate_media(media="print")
    shown = page.locator("div.cell details.hide:visible").count()
    wide = page.locator("div.highlight pre").evaluate_all(
        "(all) => all.filter((pre) => pre.scrollWidth > pre.clientWidth + 1).length"
    )
    page.emulate_media(media="screen")
    assert (shown, wide) == (0, 0)


def test_a_phone_does_not_scroll_sideways(page):
    page.set_viewport_size({"width": 390, "height": 844})
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1400, "height": 1000})
    assert width == 390
