"""A real browser for the tests: Chromium driven by Playwright, each person in a context of their own."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

# The machine's administrator needs no sandbox to be let in; the rest keeps Chromium from calling its makers' hosts.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PATIENCE_MS = 10_000
# Headless Chromium says in its own name that it is a machine; these tests stand for people.
PERSON = {
    "locale": "en-GB",
    "timezone_id": "Europe/London",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
}

NewPerson = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once for these tests (once per worker of a parallel run)."""
    executable = os.environ.get("GATEWAY_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.skip("no Chromium: install Debian's package chromium, or name one in GATEWAY_TEST_BROWSER")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def new_person(browser: Browser) -> Iterator[NewPerson]:
    """Yield a function that brings one more person: a page in a browser context shared with nobody.

    It takes what `Browser.new_context` takes (`base_url`, `locale`, `viewport`, `color_scheme`,
    `java_script_enabled` …). At the end the test fails if any of the pages had an error in a script or broke
    its own Content-Security-Policy.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def bring(**options: Any) -> Page:
        context = browser.new_context(**(PERSON | options))
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", lambda message: faults.extend(_faults_in(message)))
        context.on("weberror", lambda error: faults.append(f"{error.page and error.page.url}: {error.error}"))
        return context.new_page()

    yield bring
    for context in contexts:
        context.close()
    assert not faults, "the browser complained:\n" + "\n".join(faults)


@pytest.fixture
def page(new_person: NewPerson) -> Page:
    """Yield the page of one person, for tests that need no more."""
    return new_person()


def _faults_in(message: ConsoleMessage) -> list[str]:
    # A refusal is a page like any other here, and Chromium logs its status as a failed load.
    if message.type != "error" or message.text.startswith("Failed to load resource"):
        return []
    return [f"{message.location.get('url')}: {message.text}"]


def assert_accessible(page: Page) -> None:
    """Fail with axe's own report unless axe finds nothing at all on the page, once it is loaded."""
    page.wait_for_load_state()
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def assert_fits(page: Page) -> None:
    """Fail if the page is wider than its window, so that a phone would scroll it sideways."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window, f"{page.url} is {wide} px wide in a window of {window} px"
