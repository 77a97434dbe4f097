"""A browser for the tests of the site: the installed Chromium or Chrome, driven by playwright."""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser():
    """Start the browser; where there is none, the tests that need one are skipped."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser found: none of {', '.join(NAMES)} is installed")
    with api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def visit(browser):
    """Open a file and keep what goes wrong: errors in the console, and requests that leave."""
    contexts = []

    def open_page(path, width=1400, **options):
        context = browser.new_context(viewport={"width": width, "height": 1000}, **options)
        contexts.append(context)
        page = context.new_page()
        page.trouble = []
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("console", lambda message: _note(page, message))
        page.on("request", lambda request: _leaves(page, request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def _note(page, message):
    if message.type == "error":
        page.trouble.append(message.text)


def _leaves(page, url):
    if not url.startswith(("file:", "data:", "blob:")):
        page.trouble.append(f"request to {url}")
