"""What tests of the page in a real browser do and see there."""


def resize(browser, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def prefer(browser, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def visible(browser, selector: str) -> list[str]:
    """Texts of the elements that are seen."""
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])]"
        ".filter(e => e.checkVisibility({visibilityProperty: true})).map(e => e.textContent.trim())",
        selector,
    )


def wait(condition) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(None, 5).until(lambda _: condition())  # type: ignore[arg-type]
