"""One real Airflow and one emulated OneSignal for all system tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_onesignal.testing import Emulator
from demo.live_airflow import LiveAirflow
from demo.processes import interrupt_on_termination
from tests.integration.stores import BUCKET, gcs_server, s3_client, s3_server
from tests.system.airflow_2 import LiveAirflow2
from tests.system.dag_run import DagRun

EXAMPLES = Path(__file__).parents[2] / "example_dags"
TEST_DAGS = Path(__file__).parent / "dags"
ROWS = 50_000

s3_url = pytest.fixture(s3_server, scope="session", name="s3_url")
gcs_url = pytest.fixture(gcs_server, scope="session", name="gcs_url")


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(rows=ROWS) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def lineage_events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where OpenLineage writes of the DAGs that tell it of themselves, an event a line."""
    return tmp_path_factory.mktemp("lineage") / "events.jsonl"


@pytest.fixture(scope="session")
def variables(
    emulator: Emulator, store: Path, s3_url: str, gcs_url: str, lineage_events: Path
) -> dict[str, str]:
    """What an Airflow needs in its environment to run the example DAGs."""
    s3_client(s3_url).create_bucket(Bucket=BUCKET)
    aws = {"region_name": "us-east-1", "endpoint_url": s3_url}
    return {
        "AIRFLOW_CONN_ONESIGNAL_DEFAULT": emulator.connection_uri,
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(
            {"conn_type": "aws", "login": "key", "password": "secret", "extra": aws}
        ),
        "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": json.dumps(
            {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True}}
        ),
        "STORAGE_EMULATOR_HOST": gcs_url,
        "AIRFLOW_VAR_ONESIGNAL_BUCKET": BUCKET,
        "AIRFLOW_VAR_ONESIGNAL_EXPORT_FOLDER": store.as_uri(),
        "AIRFLOW__OPENLINEAGE__SELECTIVE_ENABLE": "True",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
            {"type": "file", "log_file_path": str(lineage_events), "append": True}
        ),
    }


@pytest.fixture(scope="session")
def airflow(
    tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str]
) -> Iterator[LiveAirflow]:
    interrupt_on_termination()  # or a run that is stopped from outside would leave it behind
    home, dags = tmp_path_factory.mktemp("airflow"), tmp_path_factory.mktemp("dags")
    for file in (*EXAMPLES.glob("*.py"), *TEST_DAGS.glob("*.py")):
        shutil.copy(file, dags)
    has_api_server = find_spec("airflow.api_fastapi") is not None
    kind = LiveAirflow if has_api_server else LiveAirflow2
    with kind(home=home, dags=dags, variables=variables) as airflow:
        airflow.client.create_pool("onesignal_export", slots=1, include_deferred=True)
        airflow.wait_for_dag("example_onesignal_export_to_object_storage")
        yield airflow


@pytest.fixture
def start(airflow: LiveAirflow) -> Iterator[Callable[..., DagRun]]:
    """Start a run of a DAG; it has ended when the test has."""
    runs: list[DagRun] = []

    def start(dag_id: str, **given: Any) -> DagRun:
        runs.append(DagRun(airflow, dag_id, **given))
        return runs[-1]

    yield start
    for run in runs:
        run.abandon()


@pytest.fixture(autouse=True)
def _fresh(emulator: Emulator) -> None:
    """Let each test begin with an emulator that remembers nothing."""
    emulator.reset()
    emulator.settings.ready_after = 0
