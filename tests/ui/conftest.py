"""One real Airflow, one browser and one emulated OneSignal for all tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator

import airflow
import pytest
from selenium.webdriver.chrome.webdriver import WebDriver

from airflow_provider_onesignal.testing import Emulator
from demo.processes import interrupt_on_termination
from tests.ui.browser import headless_chromium, programs
from tests.ui.sites import Site, Site3, running_site

IS_3 = airflow.__version__.startswith("3.")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    found = programs()
    if found is None:
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")
    with headless_chromium(found, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="session")
def site(browser: WebDriver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    interrupt_on_termination()  # or a run that is stopped from outside would leave it behind
    home, dags = tmp_path_factory.mktemp("airflow"), tmp_path_factory.mktemp("dags")
    with running_site(browser, is_3=IS_3, home=home, dags=dags) as site:
        yield site


@pytest.fixture
def site_3(site: Site) -> Site3:
    if not isinstance(site, Site3):
        pytest.skip("a page of Airflow 3")
    return site


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _fresh(site: Site, emulator: Emulator) -> None:
    """Let each test begin with no connection, and an emulator that remembers nothing."""
    site.forget()
    emulator.reset()
