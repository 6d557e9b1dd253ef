"""An Airflow of the tests' own, and an emulated OneSignal."""

# --8<-- [start:conftest]
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before anything imports Airflow, which reads these once.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp()
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(Path(__file__).parents[1] / "dags")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

from airflow_provider_onesignal.testing import Emulator


@pytest.fixture(scope="session", autouse=True)
def _database() -> None:
    subprocess.run(["airflow", "db", "migrate"], check=True)


@pytest.fixture
def onesignal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(rows=500, ready_after_polls=1) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", emulator.connection_uri)
        yield emulator


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("AIRFLOW_VAR_LAKE", tmp_path.as_uri())
    return tmp_path


# --8<-- [end:conftest]
