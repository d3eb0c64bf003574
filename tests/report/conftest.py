"""One planted page for all tests of this folder that only read it, and a browser to read it with."""

import os
import shutil

import pytest
from browsing import prefer, resize
from planted_report import make, plant

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--force-prefers-reduced-motion",  # no click meets a page that still scrolls
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """The folder of a finished page."""
    results = tmp_path_factory.mktemp("results") / "planted"
    plant(results)
    make(results)
    return results / "report"


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A Chromium of its own, with nobody's settings."""
    if not (BROWSER and DRIVER):
        message = "no Chromium with chromedriver on this machine: apt-get install chromium chromium-driver"
        if os.environ.get("ANARCH_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def shown(browser, page):
    """The planted page, freshly loaded, 1400 pixels wide, light, with no theme remembered."""
    resize(browser, 1400)
    prefer(browser, "light")
    browser.get((page / "index.html").as_uri())
    browser.execute_script("localStorage.clear()")
    browser.get((page / "index.html").as_uri())
    return browser
