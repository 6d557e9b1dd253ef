"""Pictures of a run for the documentation, taken only where SCREENSHOTS names a folder for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from airflow_provider_onesignal.testing import Emulator
from demo.live_airflow import LiveAirflow
from tests.system.dag_run import DagRun
from tests.ui.browser import picture
from tests.ui.conftest import IS_3

EXAMPLES = Path(__file__).parents[2] / "example_dags"
ONE_TASK = "example_onesignal_export_to_object_storage"
THREE_TASKS = "example_onesignal_export_in_three_tasks"
PATIENCE = 30

pytestmark = pytest.mark.skipif(
    not (IS_3 and os.environ.get("SCREENSHOTS")), reason="pictures of Airflow 3: make screenshots"
)


@pytest.fixture(scope="module")
def airflow(
    browser: WebDriver, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveAirflow]:
    dags = tmp_path_factory.mktemp("dags")
    shutil.copy(EXAMPLES / f"{ONE_TASK}.py", dags)
    home = tmp_path_factory.mktemp("airflow")
    # The folder's name is in the picture.
    with TemporaryDirectory(prefix="lake-") as lake:
        variables = {
            "AIRFLOW_CONN_ONESIGNAL_DEFAULT": emulator.connection_uri,
            "AIRFLOW_VAR_ONESIGNAL_EXPORT_FOLDER": Path(lake).as_uri(),
        }
        with LiveAirflow(home=home, dags=dags, variables=variables) as airflow:
            airflow.client.create_pool("onesignal_export", slots=1, include_deferred=True)
            yield airflow


def open_page(browser: WebDriver, airflow: LiveAirflow, path: str, text: str) -> None:
    """Open a page and wait until it shows a text."""
    browser.get(f"{airflow.client.base_url}/dags/{path}")
    WebDriverWait(browser, PATIENCE).until(
        lambda _: text in browser.find_element(By.TAG_NAME, "body").text, f"no {text!r}"
    )


def test_a_picture_of_a_run_that_waits(
    browser: WebDriver, airflow: LiveAirflow, emulator: Emulator
):
    emulator.settings.ready_after = 3600
    run = DagRun(airflow, THREE_TASKS)
    run.wait_for_deferral("wait_for_export")

    open_page(browser, airflow, f"{THREE_TASKS}/runs/{run.run_id}", "Deferred")
    picture(browser, "dag-run", height=640)

    emulator.finish_exports()
    run.wait_for_success()


def test_a_picture_of_what_a_task_was_given(browser: WebDriver, airflow: LiveAirflow):
    run = DagRun(airflow, ONE_TASK)
    run.wait_for_success()

    task = f"{ONE_TASK}/runs/{run.run_id}/tasks/export_subscriptions"
    open_page(browser, airflow, f"{task}/rendered_templates", "timezone_id")
    picture(browser, "rendered-templates", height=730)
