"""A browser for the tests of the site: the installed Chromium or Chrome, driven by playwright."""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import browser as chromium
import pytest

# The site that `make book` builds, or another one.
SITE = Path(os.environ.get("BOOK_SITE", Path(__file__).parents[2] / "_build/html")).resolve()


def built_pages():
    """Pages of the built site, without highlighted sources and the redirect to the first page."""
    found = (path.relative_to(SITE) for path in SITE.rglob("*.html"))
    return sorted(
        path.as_posix()
        for path in found
        if path.parts[0] not in ("_static", "_modules") and path.as_posix() != "index.html"
    )


def pytest_generate_tests(metafunc):
    """Run a test that looks at `name` once for each page; once, to be skipped, if there is none."""
    if "name" in metafunc.fixturenames:
        chosen = getattr(metafunc.module, "CHOSEN", {}).get(metafunc.function.__name__, list)
        metafunc.parametrize("name", chosen(built_pages()) or [None], scope="module")


@pytest.fixture(scope="session")
def browser():
    """Start the browser; where there is none, the tests that need one are skipped."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = chromium.find()
    if path is None:
        pytest.skip(f"no browser found: none of {', '.join(chromium.NAMES)} is installed")
    with api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def built():
    """Folder of the built site."""
    if not built_pages():
        pytest.skip(f"there is no site in {SITE}: run `make book` first")
    return SITE


@pytest.fixture(scope="session")
def served(built):
    """Address of the built site on this machine: a page may fetch another only from a server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=built)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def texts(built):
    """HTML of every page, by name."""
    return {name: (built / name).read_text("utf-8") for name in built_pages()}


@pytest.fixture(scope="session")
def chapter(built, texts):
    """Path of the first page whose HTML holds a string."""

    def find(holding):
        for name, text in texts.items():
            if holding in text:
                return built / name
        raise AssertionError(f"no page holds {holding!r}")

    return find


@pytest.fixture(scope="module")
def watch(browser):
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
        page.goto(path if isinstance(path, str) else path.as_uri())
        return page

    open_page.contexts = contexts
    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def visit(watch):
    """Open a file for one test."""
    before = len(watch.contexts)
    yield watch
    for context in watch.contexts[before:]:
        context.close()


def _note(page, message):
    if message.type == "error":
        page.trouble.append(message.text)


def _leaves(page, url):
    if not url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:")):
        page.trouble.append(f"request to {url}")
