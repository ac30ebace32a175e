"""Fixtures of the browser tests: one Chromium and one JupyterLab, a fresh page for each test."""

import os
import pathlib
import re
import shutil

import pytest
from lab import start_lab
from playwright.sync_api import sync_playwright

REPORTS = pathlib.Path(__file__).parents[2] / "build" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NONE = (
    "No Chromium was found. Install one (on Debian or Ubuntu: apt-get install chromium; anywhere: "
    "python -m playwright install chromium), or name yours: CHROMIUM=/path/to/chrome"
)
_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        named = os.environ.get("CHROMIUM")
        names = [named] if named else [*NAMES, playwright.chromium.executable_path]
        program = next(filter(None, map(shutil.which, names)), None)
        if not program:
            pytest.fail(NONE, pytrace=False)
        # Chromium's sandbox can't work for root, as in a container; any other user keeps it.
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        browser = playwright.chromium.launch(
            executable_path=program, chromium_sandbox=not root, args=["--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A plain JupyterLab, as `make lab` starts it."""
    with start_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def page(browser, request):
    """A page of its own. If the test fails, its picture and console stay in build/browser/."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(20_000)
    console = []
    page.on("console", lambda message: console.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: console.append(f"uncaught: {error}"))
    yield page
    if request.node.stash.get(_failed, False):
        REPORTS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", request.node.name).strip("-")
        page.screenshot(path=REPORTS / f"{name}.png")
        (REPORTS / f"{name}.console.txt").write_text("\n".join(console) + "\n")
    page.close()


@pytest.fixture(autouse=True)
def no_kernels_left(request):
    """Kernels of one test don't eat the memory of the next."""
    yield
    for value in request.node.funcargs.values():
        if hasattr(value, "shut_down_kernels"):
            value.shut_down_kernels()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report
