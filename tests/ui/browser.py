"""A headless Chromium, and the pictures it takes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.support.wait import WebDriverWait

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "headless=new",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "disable-dev-shm-usage",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "no-proxy-server",
    "hide-scrollbars",
    "lang=en-US",
)
WIDTH, HEIGHT = 1280, 1400
# What moves for ever, such as a busy sign, is not waited for.
AT_REST = """
return document.getAnimations().every(
  each => each.playState !== 'running' || each.effect.getComputedTiming().endTime === Infinity);
"""


def programs() -> tuple[str, str] | None:
    """Find Chromium and its driver; None where either is missing."""
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    driver = shutil.which("chromedriver")
    return (chromium, driver) if chromium and driver else None


@contextmanager
def headless_chromium(found: tuple[str, str], profile: Path) -> Iterator[WebDriver]:
    """Run Chromium with an empty profile."""
    chromium, driver = found
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"user-data-dir={profile}", f"window-size={WIDTH},{HEIGHT}"):
        options.add_argument(f"--{flag}")
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield browser
    finally:
        browser.quit()


def picture(browser: WebDriver, name: str, *, height: int) -> None:
    """
    Save what the browser shows, where SCREENSHOTS names a folder; else do nothing.

    :param name: of the file, without its ending
    :param height: how much of the page to show, in pixels
    """
    folder = os.environ.get("SCREENSHOTS")
    if not folder:
        return
    size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.execute_script("window.scrollTo(0, 0); document.activeElement?.blur();")
        WebDriverWait(browser, 10).until(lambda _: browser.execute_script(AT_REST))
        browser.save_screenshot(Path(folder, f"{name}.png"))
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
