"""What the unit tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import APP_ID, FakeClock
from tests.unit.scripted import ScriptedServer
from tests.unit.tls import write_certificate


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    scripted.start()
    yield scripted
    scripted.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a certificate, ``ca.pem`` and ``server.pem``."""
    folder = tmp_path_factory.mktemp("tls")
    write_certificate(folder)
    return folder


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Replace the clock of everything that waits for an export in a worker."""
    fake = FakeClock()
    for module in ("export_run", "operators.export_task", "sensors.export", "transfers.copying"):
        monkeypatch.setattr(f"airflow_provider_onesignal.{module}.time", fake)
    return fake


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Define an Airflow connection, by default one that is right."""

    def define(conn_id: str = "onesignal_default", **fields: Any) -> str:
        import json

        given = {"conn_type": "onesignal", "login": APP_ID, "password": "os_v2_app_" + "a" * 103}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(given | fields))
        return conn_id

    return define


@pytest.fixture
def free_port() -> int:
    """A port at which nobody listens."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
