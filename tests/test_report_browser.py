"""A report in headless Chromium: it loads, draws, answers to mouse and keys, fits every width, and prints.

Where there is no browser these tests skip, but with CI set they fail: ``make browser`` installs one.
"""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path

import pytest
from handmade import random_result

import jitrisk as jr
from jitrisk.report.page import render_page

ARTIFACTS = Path(__file__).parents[1] / "test-artifacts"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)
VISIBLE_TIP = "return document.querySelector('#{} .tip:not([hidden])')?.innerText ?? ''"
SPOKEN = "return document.getElementById('spoken').textContent"
ATTACK = "</script><img src=x onerror=window.attacked=1><script>window.attacked=2</script>\"'>"


def program(*names: str) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium, driver = program("chromium", "chromium-browser", "google-chrome"), program("chromedriver")
    if not (chromium and driver):
        assert not os.environ.get("CI"), "no Chromium: 'make browser' installs it"
        pytest.skip("no Chromium with its driver here: 'make browser' installs it")
    os.environ["SE_OFFLINE"] = "true"
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver)) as running:
        yield running


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    target = tmp_path_factory.mktemp("report") / "report.html"
    jr.write_report(jr.simulate("brake-valves", 400, seed=5), target)
    return target


@pytest.fixture
def page(browser, report):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size(1280))
    browser.get(report.as_uri())
    return browser


def size(width: int) -> dict[str, object]:
    return {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}


def picture(browser, name: str) -> None:
    """Keep the whole page as a picture."""
    box = browser.execute_script("const e = document.documentElement; return [e.clientWidth, e.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": box[0], "height": box[1], "scale": 1}
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    keep(name, shot["data"])


def keep(name: str, data: str) -> bytes:
    ARTIFACTS.mkdir(exist_ok=True)
    content = base64.b64decode(data)
    (ARTIFACTS / name).write_bytes(content)
    return content


def plots(browser):
    return browser.find_elements("css selector", ".plot")


def test_page__it_loads_from_a_file_alone_and_without_complaints(page):
    assert page.get_log("browser") == []
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert "which costs less" in page.title


def test_page__every_figure_is_drawn(page):
    assert len(plots(page)) == 10
    for plot in plots(page):
        svg = plot.find_element("css selector", "svg")
        assert svg.rect["width"] > 600
        assert svg.rect["height"] > 80
        assert len(svg.find_elements("css selector", "path, use")) > 5


def test_page__the_pointer_is_answered(page):
    from selenium.webdriver import ActionChains

    for plot in plots(page):
        key = plot.get_attribute("data-chart")
        page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", plot)
        x, y = page.execute_script(
            "const c = JSON.parse(document.getElementById('data').textContent)[arguments[0]][0];"
            "const s = document.querySelector(`#${arguments[0]} .plot svg`).getScreenCTM();"
            "const i = Math.floor(c.x.length / 2);"
            "return [c.x[i] * s.a + s.e, c.series[0].y[i] * s.d + s.f]",
            key,
        )
        mouse = ActionChains(page)
        mouse.w3c_actions.pointer_action.move_to_location(int(x), int(y))
        mouse.perform()
        assert any(digit in page.execute_script(VISIBLE_TIP.format(key)) for digit in "0123456789"), key
    mouse = ActionChains(page)
    mouse.w3c_actions.pointer_action.move_to_location(2, 2)
    mouse.perform()
    assert page.find_elements("css selector", ".tip:not([hidden])") == []


def test_page__keys_move_along_a_figure_and_between_its_series(page):
    from selenium.webdriver import Keys

    plot = page.find_element("css selector", "#exceedance .plot")
    said = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.END, Keys.HOME):
        plot.send_keys(key)
        said.append(page.execute_script(SPOKEN))
        assert page.execute_script(VISIBLE_TIP.format("exceedance"))
    assert len(set(said)) == len(said)
    assert "jit" in said[0]
    assert "jic" in said[2]
    assert "JPY" in said[0]
    plot.send_keys(Keys.ESCAPE)
    assert page.execute_script(VISIBLE_TIP.format("exceedance")) == ""


def test_page__tab_reaches_every_figure(page):
    from selenium.webdriver import Keys

    reached = set()
    for _ in range(80):
        page.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(page.execute_script("return document.activeElement.dataset.chart ?? ''"))
    assert reached - {""} == {plot.get_attribute("data-chart") for plot in plots(page)}


def test_page__a_strategy_can_be_switched_off(page):
    figure = page.find_element("css selector", "#exceedance")
    button = figure.find_element("css selector", ".switches button")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button)
    assert figure.find_elements("css selector", "svg .off") == []
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert len(figure.find_elements("css selector", "svg .off")) >= 2
    button.click()
    assert figure.find_elements("css selector", "svg .off") == []


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_page__no_width_scrolls_sideways(page, width):
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size(width))
    for details in page.find_elements("css selector", "details"):
        page.execute_script("arguments[0].open = true", details)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    for details in page.find_elements("css selector", "details"):
        page.execute_script("arguments[0].open = false", details)
    picture(page, f"report-{width}.png")


def test_page__it_is_whole_without_scripts(browser, report):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(report.as_uri())
        assert all(plot.find_element("css selector", "svg").rect["height"] > 80 for plot in plots(browser))
        assert len(browser.find_elements("css selector", ".chart details.data table")) >= 10
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_page__it_prints(page):
    paper = {"preferCSSPageSize": True, "paperWidth": 8.27, "paperHeight": 11.69}
    content = keep("report.pdf", page.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    assert content.startswith(b"%PDF")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not page.find_element("css selector", "nav").is_displayed()
        assert all(plot.find_element("css selector", "svg").rect["width"] > 300 for plot in plots(page))
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_page__it_can_be_read_in_the_dark(page):
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        color = "return getComputedStyle(document.querySelector(arguments[0])).backgroundColor"
        assert page.execute_script(color, "body") == "rgb(22, 25, 28)"
        assert page.execute_script(color, ".plot") == "rgb(255, 255, 255)"
        picture(page, "report-dark.png")
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_render_page__names_of_a_model_are_never_run(browser, tmp_path):
    from selenium.webdriver import Keys

    things = random_result(2, 60)
    names = {dim: [f"{ATTACK}{k}" for k in range(things.sizes[dim])] for dim in ("strategy", "stage", "customer")}
    target = tmp_path / "hostile.html"
    target.write_text(render_page(things.assign_coords(names).assign_attrs(name=ATTACK)), encoding="utf-8")
    browser.get(target.as_uri())
    for plot in plots(browser):
        plot.send_keys(Keys.ARROW_RIGHT)
    assert browser.execute_script("return window.attacked ?? 'no'") == "no"
    assert browser.get_log("browser") == []
    assert ATTACK in browser.find_element("css selector", "#spoken").get_attribute("textContent")
