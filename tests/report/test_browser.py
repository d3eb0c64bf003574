"""The page in a real browser without a window: it loads in peace, filters, turns dark, and fits a phone."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browsing import prefer, resize, visible, wait


def press(browser, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*keys).perform()


def button(browser, value: str):
    from selenium.webdriver.common.by import By

    return browser.find_element(By.CSS_SELECTOR, f"button[data-value={value}]")


def test_it_loads_without_a_word_and_every_picture_is_there(shown):
    assert "2 of 5 claims reproduced" in shown.title
    loaded = shown.execute_async_script(
        "const done = arguments[0]; const images = [...document.images];"
        "for (const image of images) image.loading = 'eager';"
        "Promise.all(images.map(i => i.decode().catch(() => 0)))"
        ".then(() => done(images.map(i => i.naturalWidth)))"
    )
    assert loaded == [1800] * 3  # the fourth figure is a table
    assert shown.get_log("browser") == []


def test_every_link_resolves(shown):
    hrefs = shown.execute_script("return [...document.links].map(link => link.href)")
    ids = shown.execute_script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(hrefs) > 40
    for href in hrefs:
        parts = urlsplit(href)
        if parts.scheme == "file":
            assert Path(unquote(parts.path)).is_file(), href
            assert not parts.fragment or unquote(parts.fragment) in ids, href
        else:
            assert href.startswith("https://arxiv.org/abs/"), href


def test_filters_by_mouse(shown):
    assert visible(shown, ".cell") == ["R", "N", "I", "–", "R"]
    button(shown, "not_reproduced").click()
    assert visible(shown, ".cell") == ["N"] and visible(shown, "#shown") == ["1 of 5 claims shown."]
    assert button(shown, "not_reproduced").get_attribute("aria-pressed") == "true"
    assert visible(shown, ".claim .statement") == ["Accuracy peaks in between."]
    assert len(visible(shown, ".exhibit")) == 2  # the figure that tells it and the one that names it
    assert len(visible(shown, ".study")) == 1
    button(shown, "reproduced").click()  # of one kind: either
    assert visible(shown, ".cell") == ["R", "N", "R"]
    button(shown, "embedding").click()  # of two kinds: both
    assert visible(shown, ".cell") == ["R"] and len(visible(shown, ".matrix tbody tr")) == 1
    shown.find_element("id", "reset").click()
    assert visible(shown, ".cell") == ["R", "N", "I", "–", "R"] and visible(shown, "#reset") == []
    button(shown, "liu2020").click()
    assert visible(shown, ".cell") == ["–"] and len(visible(shown, ".study")) == 1
    button(shown, "liu2020").click()
    button(shown, "blessing").click()  # a study without claims still has its figures
    assert visible(shown, ".cell") == [] and len(visible(shown, ".exhibit")) == 1


def test_filters_tell_what_each_choice_would_leave(shown):
    def counts(kind: str) -> list[str]:
        return visible(shown, f"button[data-kind='{kind}'] small")

    def totals() -> list[str]:
        return visible(shown, ".matrix tfoot .count")

    before = counts("verdict"), counts("study"), totals()
    assert before == (["2", "1", "1", "1"], ["3", "1", "figures only", "1"], ["2", "1", "1", "1"])
    button(shown, "needle").click()
    assert counts("verdict") == ["1", "1", "1", "0"] and totals() == ["1", "1", "1", "0"]
    assert counts("study") == before[1]  # of its own kind: as many as before
    button(shown, "reproduced").click()
    assert counts("study") == ["1", "0", "figures only", "1"] and totals() == ["1", "0", "0", "0"]
    shown.find_element("id", "reset").click()
    assert (counts("verdict"), counts("study"), totals()) == before


def test_filters_and_skip_link_by_keyboard(shown):
    from selenium.webdriver.common.keys import Keys

    press(shown, Keys.TAB)
    focused = "return document.activeElement.getAttribute('class') || document.activeElement.id"
    assert shown.execute_script(focused) == "skip"
    top = shown.execute_script("return document.activeElement.getBoundingClientRect().top")
    assert top >= 0
    press(shown, Keys.ENTER)
    assert shown.execute_script(focused) == "verdicts"
    press(shown, Keys.TAB)
    assert shown.execute_script("return document.activeElement.dataset.value") == "reproduced"
    outline = shown.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    press(shown, Keys.SPACE)
    assert visible(shown, ".cell") == ["R", "R"]
    press(shown, Keys.TAB, Keys.ENTER)
    assert visible(shown, ".cell") == ["R", "N", "R"]
    press(shown, Keys.SPACE)
    assert visible(shown, ".cell") == ["R", "R"]


def test_a_link_to_what_a_filter_hides_shows_it(shown):
    button(shown, "not_reproduced").click()
    shown.execute_script("location.hash = '#claim-bad-far'")
    wait(lambda: visible(shown, "#claim-bad-far .statement") == ["Bad minima are farther."])
    assert visible(shown, "#shown") == ["All 5\u00a0claims shown."]


def test_without_scripts_all_is_shown_and_no_dead_button(browser, page):
    resize(browser, 1400)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get((page / "index.html").as_uri())
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert visible(browser, ".cell") == ["R", "N", "I", "–", "R"]
    assert len(visible(browser, ".exhibit")) == 4 and visible(browser, "button") == []


def test_dark_by_preference_and_by_button(shown):
    paper = "return getComputedStyle(document.documentElement).backgroundColor"
    light = luminance(shown.execute_script(paper))
    prefer(shown, "dark")
    dark = luminance(shown.execute_script(paper))
    assert light > 0.8 and dark < 0.05
    toggle = shown.find_element("id", "theme")
    wait(lambda: toggle.get_attribute("aria-pressed") == "true")
    toggle.click()
    assert luminance(shown.execute_script(paper)) == light
    shown.refresh()  # it is remembered
    assert luminance(shown.execute_script(paper)) == light
    shown.find_element("id", "theme").click()
    prefer(shown, "light")
    assert luminance(shown.execute_script(paper)) == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(shown, scheme):
    """At least 4.5 : 1 (WCAG 2.2, 1.4.3) for all texts, the letters of the verdicts first of all."""
    prefer(shown, scheme)
    pairs = shown.execute_script(
        """
        const behind = e => {
          for (; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            if (!/, 0\\)$|\\/ 0?\\.?\\d*\\)$/.test(colour)) return colour;
          }
        };
        return [...document.querySelectorAll('body *')]
          .filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
          .map(e => [e.tagName + '.' + e.className, getComputedStyle(e).color, behind(e)]);
        """
    )
    assert {"A.cell badge reproduced", "A.cell badge not_judged"} <= {name for name, _, _ in pairs}
    for name, colour, back in pairs:
        high, low = sorted((luminance(colour), luminance(back)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (name, colour, back)


@pytest.mark.parametrize("width", [320, 390, 768, 1400, 2200])
def test_it_fits_every_width(shown, width):
    resize(shown, width)
    for details in ("false", "true"):
        shown.execute_script(f"for (const d of document.querySelectorAll('details')) d.open = {details}")
        across = shown.execute_script("return document.documentElement.scrollWidth")
        assert across <= width


def test_a_table_is_text_that_scrolls_within_its_own_box(shown):
    resize(shown, 390)
    cells = "[...document.querySelectorAll('.sheet td')]"
    sizes = shown.execute_script(f"return {cells}.map(e => parseFloat(getComputedStyle(e).fontSize))")
    assert sizes and min(sizes) >= 12
    assert "1.75" in visible(shown, ".sheet td")


def test_on_a_phone_names_stand_in_one_line(shown):
    resize(shown, 390)
    heights = shown.execute_script(
        "return [...document.querySelectorAll('.matrix tbody th')].map(e => e.getBoundingClientRect().height)"
    )
    assert len(heights) == 4 and max(heights) < 60
    width = "return document.querySelector('.printed .badge').getBoundingClientRect().width"
    assert shown.execute_script(width) < 150


def test_it_prints_in_light_with_everything_unfolded(shown):
    prefer(shown, "dark")
    printed = shown.execute_cdp_cmd("Page.printToPDF", {"printBackground": False, "preferCSSPageSize": True})
    assert printed["data"].startswith("JVBERi")  # %PDF
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    try:
        paper = shown.execute_script("return getComputedStyle(document.documentElement).backgroundColor")
        assert luminance(paper) == 1
        assert visible(shown, "nav") == [] and visible(shown, "#filters") == []
        assert len(visible(shown, ".exhibit")) == 4
    finally:
        shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of "rgb(r, g, b)"."""
    assert colour.startswith("rgb"), colour
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
