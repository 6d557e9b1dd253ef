"""An Airflow with its pages: the same questions to both generations."""

from __future__ import annotations

import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium.webdriver.chrome.webdriver import WebDriver

from demo.live_airflow import LiveAirflow
from tests.ui.pages import ConnectionPage
from tests.ui.pages_2 import ConnectionPage2
from tests.ui.pages_3 import ConnectionPage3
from tests.ui.webserver import USER, Webserver

TYPE = "OneSignal"
CONN_ID = "onesignal_default"
READ = """
import json, sys
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
hook = OneSignalHook(sys.argv[1])
read = hook.settings
found = {"app_id": read.app_id, "base_url": read.base_url, "max_attempts": read.max_attempts,
    "timeout": read.http.timeout, "verify": read.http.verify, "proxies": dict(read.http.proxies),
    "works": hook.test_connection()[0]}
print(json.dumps(found))
"""


class Site(ABC):
    """
    A running Airflow, and a browser that shows it.

    :param page: its pages for connections
    :param env: environment of its processes
    """

    # The pictures' names end with it.
    suffix: str
    # How much of its pages to show in pictures, in pixels.
    heights: Mapping[str, int]

    def __init__(self, page: ConnectionPage, env: Mapping[str, str]) -> None:
        self.page = page
        self.env = env

    @abstractmethod
    def stored(self) -> Any:
        """Give what Airflow's API says of the connection."""

    @abstractmethod
    def press_test(self, values: Mapping[str, str]) -> str:
        """Press Test for a connection with these values; gives what is said."""

    @abstractmethod
    def forget(self) -> None:
        """Delete the connection, if it is there."""

    def read_by_hook(self) -> Any:
        """Let the hook read the connection, in a process of its own."""
        # Without it Airflow 3 takes the process for a task's, which may not look into the database.
        server = {"_AIRFLOW_PROCESS_CONTEXT": "server"}
        done = subprocess.run(
            [sys.executable, "-c", READ, CONN_ID],
            env={**self.env, **server},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])


class Site3(Site):
    page: ConnectionPage3
    suffix = ""
    heights: Mapping[str, int] = {"form": 860, "test": 500}

    def __init__(self, browser: WebDriver, airflow: LiveAirflow) -> None:
        super().__init__(ConnectionPage3(browser, airflow.client.base_url), airflow.env)
        self.client = airflow.client

    def stored(self) -> Any:
        return self.client.get(f"connections/{CONN_ID}")

    def press_test(self, values: Mapping[str, str]) -> str:
        # Airflow 3.3.1 and 3.3.2 test only connections that have a port, which the form cannot
        # give: https://github.com/apache/airflow/pull/73298
        host = urlsplit(values["host"])
        place = {"host": f"{host.scheme}://{host.hostname}", "port": host.port}
        self.create({**values, **place})
        return ": ".join(self.page.test(CONN_ID))

    def forget(self) -> None:
        body = {
            "actions": [
                {"action": "delete", "entities": [CONN_ID], "action_on_non_existence": "skip"}
            ]
        }
        self.client.call("PATCH", "connections", json=body)

    def create(self, values: Mapping[str, Any]) -> None:
        """Make the connection by the API."""
        body = {"connection_id": CONN_ID, "conn_type": "onesignal", **values}
        self.client.call("POST", "connections", json=body)


class Site2(Site):
    page: ConnectionPage2
    suffix = "-2.11"
    heights: Mapping[str, int] = {"form": 1360, "test": 660}

    def __init__(self, browser: WebDriver, airflow: Webserver) -> None:
        super().__init__(ConnectionPage2(browser, airflow.url), airflow.env)
        self.airflow = airflow
        self.page.log_in(USER, airflow.password)

    def stored(self) -> Any:
        return self.airflow.call("GET", f"connections/{CONN_ID}").json()

    def press_test(self, values: Mapping[str, str]) -> str:
        self.page.new(CONN_ID, TYPE)
        self.page.fill(values)
        return self.page.test()

    def forget(self) -> None:
        self.airflow.call("DELETE", f"connections/{CONN_ID}")


@contextmanager
def running_site(browser: WebDriver, *, is_3: bool, home: Path, dags: Path) -> Iterator[Site]:
    """Start the Airflow that is installed here, and open it in the browser."""
    variables = {"AIRFLOW__CORE__TEST_CONNECTION": "Enabled"}
    if is_3:
        with LiveAirflow(
            home=home, dags=dags, variables=variables, components=("api-server",)
        ) as airflow:
            yield Site3(browser, airflow)
    else:
        with Webserver(home=home, dags=dags, variables=variables) as webserver:
            yield Site2(browser, webserver)
