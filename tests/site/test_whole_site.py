"""The built site as a reader uses it: search, themes, folded answers, keyboard, links."""

import re
from urllib.parse import unquote

import pytest

pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("recursion", "linear/one-recursion"),
        ("LayerNorm gain", "residual/"),
        ("why N - 1", "residual/"),
    ],
)
def test_the_search_finds(served, visit, words, page):
    opened = visit(f"{served}/search.html?q={words.replace(' ', '+')}")
    opened.locator("#search-results li").first.wait_for()
    opened.wait_for_function(
        "!document.querySelector('#search-results h2').textContent.startsWith('Searching')"
    )
    found = opened.locator("#search-results li > a").evaluate_all("(all) => all.map((a) => a.href)")
    assert any(page in address for address in found), found
    assert opened.trouble == []


def test_a_theme_is_chosen_and_kept(built, visit):
    page = visit(built / "book/index.html", color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    for _ in range(3):
        page.locator("button.theme-switch-button:visible").first.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    page.wait_for_function(f"{background} !== {light!r}")
    page.wait_for_function("localStorage.getItem('theme') === 'dark'")
    page.goto((built / "book/how-to-read.html").as_uri())
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(background) != light
    assert page.trouble == []


def test_the_theme_of_the_system_is_followed(built, visit):
    page = visit(built / "book/how-to-read.html", color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_solutions_unfold_by_pointer_and_by_keyboard(chapter, visit):
    page = visit(chapter('class="solution dropdown admonition"'))
    first, second = page.locator("div.solution.dropdown").all()[:2]
    inside = ".admonition-title ~ *"
    assert not first.locator(inside).first.is_visible()
    assert not second.locator(inside).first.is_visible()
    # Not in the middle, where the title links to the exercise.
    first.locator(".admonition-title").click(position={"x": 5, "y": 5})
    second.locator("button.toggle-button").focus()
    page.keyboard.press("Enter")
    first.locator(inside).first.wait_for(state="visible")
    second.locator(inside).first.wait_for(state="visible")


@pytest.mark.parametrize(
    ("markup", "box", "content"),
    [
        ('class="sd-sphinx-override sd-dropdown', "details.sd-dropdown", ".sd-summary-content"),
        ('class="admonition hide above-input"', "details.hide.above-input", "pre"),
    ],
)
def test_folded_answers_and_folded_code_unfold_by_keyboard(chapter, visit, markup, box, content):
    page = visit(chapter(markup))
    folded = page.locator(box).first
    assert not folded.locator(content).first.is_visible()
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    folded.locator(content).first.wait_for(state="visible")


def test_answers_are_printed_and_folded_code_is_not(chapter, visit):
    page = visit(chapter('class="solution dropdown admonition"'))
    page.emulate_media(media="print")
    assert page.locator("div.solution.dropdown .admonition-title ~ *").first.is_visible()
    assert page.locator("details.hide pre:visible").count() == 0


def test_the_keyboard_reaches_content_and_search(built, visit):
    page = visit(built / "book/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.keyboard.press("Control+k")
    page.wait_for_function("document.activeElement.matches('input[type=search]')")
    page.keyboard.type("recursion")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"search\.html"))


def test_every_link_inside_the_site_has_a_target(built, texts):
    ids = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in texts.items()}
    broken = []
    for name, text in texts.items():
        for address in re.findall(r'<a [^>]*href="([^"]*)"', text):
            path, _, fragment = unquote(address).partition("#")
            target = ((built / name).parent / path).resolve() if path else built / name
            if re.match(r"[a-z]+:", address):
                continue
            known = ids.get(target.relative_to(built).as_posix(), {fragment})
            if not target.exists() or (fragment and fragment not in known):
                broken.append((name, address))
    assert broken == []


def test_the_lists_hold_every_numbered_figure(built, texts, visit):
    page = visit(built / "book/appendix/lists.html")
    listed = page.locator(".bd-article li").all_inner_texts()
    shown = sum(len(re.findall(r'<figure class="[^"]*\bplot\b', t)) for t in texts.values())
    assert sum(line.startswith("Figure") for line in listed) == shown > 0
    assert any(line.startswith("Theorem") for line in listed)


def test_the_mathematics_of_the_longest_page_is_set_in_three_seconds(built, texts, visit):
    longest = max(texts, key=lambda name: texts[name].count('class="math notranslate nohighlight"'))
    page = visit("about:blank")
    # Time of the processor: what else runs on the machine does not count.
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto((built / longest).as_uri())
    page.evaluate("window.MathJax.startup.promise.then(() => true)")
    measured = {
        entry["name"]: entry["value"] for entry in tools.send("Performance.getMetrics")["metrics"]
    }
    assert page.locator("mjx-container").count() > 100
    assert 0.1 < measured["TaskDuration"] < 3, longest


def test_no_page_carries_more_data_than_a_phone_can_take(texts):
    specification = re.compile(r'class="explorer-specification">(.*?)</script>', re.DOTALL)
    for name, text in texts.items():
        found = specification.findall(text)
        assert sum(map(len, found)) <= 400_000, name
