"""A running emulator and a client that holds its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from airflow_provider_onesignal.testing import Emulator

Call = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator(rows=20) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Emulator:
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def call(emulator: Emulator) -> Call:
    """``call("POST", "/apps/{app}/segments", json=...)`` with the right key."""

    def send(method: str, path: str, **options: Any) -> requests.Response:
        path = path.format(app=emulator.app_id, message=emulator.message_id)
        headers = {"Authorization": f"Key {emulator.api_key}", **options.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        return requests.request(
            method, emulator.api_url + path, headers=headers, timeout=10, **options
        )

    return send


@pytest.fixture
def export_url(emulator: Emulator, call: Call) -> str:
    answer = call("POST", "/players/csv_export?app_id={app}")
    return str(answer.json()["csv_file_url"])
