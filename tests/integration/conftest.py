"""What tests of transfers share: the servers, once a session, and a place for each test."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_onesignal.api.retries import delay_before_retry
from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.files.source import ResumePolicy
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.testing import Emulator
from tests.integration import stores
from tests.integration.ledger import LEDGER
from tests.integration.proxy import Proxy
from tests.integration.retries import hurry_retries

HERE = Path(__file__).parent
ROWS = 2000
PATH_CONNECTIONS = {"s3": stores.PATH_CONNECTION, "gcs": "google_cloud_default"}
_numbers = count()
_clients: dict[str, Any] = {}

session_s3_url = pytest.fixture(stores.s3_server, scope="session", name="session_s3_url")
session_gcs_url = pytest.fixture(stores.gcs_server, scope="session", name="session_gcs_url")


@pytest.fixture(scope="session")
def session_emulator() -> Iterator[Emulator]:
    with Emulator(rows=ROWS) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def size(session_emulator: Emulator) -> int:
    """Length of the file that an export of all subscriptions gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", session_emulator.connection_uri)
        OneSignalHook().start_export(SubscriptionsExport())
    return session_emulator.exports[-1].content.size


@pytest.fixture
def onesignal(session_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator as it was at its start, and the connection to it."""
    session_emulator.reset()
    monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", session_emulator.connection_uri)
    return session_emulator


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was to be waited before other requests: decided as ever, and not waited."""
    decided: list[float] = []
    policy_of_streams = ResumePolicy.delay

    def resume(*args: Any, **kwargs: Any) -> float:
        decided.append(policy_of_streams(*args, **kwargs))
        return 0.0

    def retry(*args: Any, **kwargs: Any) -> float | None:
        delay = delay_before_retry(*args, **kwargs)
        decided.extend([] if delay is None else [delay])
        return delay and 0.0

    monkeypatch.setattr(ResumePolicy, "delay", resume)
    monkeypatch.setattr("airflow_provider_onesignal.api.client.delay_before_retry", retry)
    return decided


@pytest.fixture
def place_of(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Any:
    """Give a place by the name of its store."""
    # a piece is smaller than the file
    monkeypatch.setattr("airflow_provider_onesignal.stores.upload.Upload.piece", 16 * 1024)

    def make(store: str) -> stores.Place:
        if store == "folder":
            folder = tmp_path / "store"
            folder.mkdir()
            return stores.FolderPlace(folder)
        kind = store.partition("-")[0]
        url = request.getfixturevalue(f"session_{kind}_url")
        place = (_s3 if kind == "s3" else _gcs)(url, monkeypatch)
        return stores.PathPlace(place, PATH_CONNECTIONS[kind]) if "-" in store else place

    return make


def _s3(url: str, monkeypatch: pytest.MonkeyPatch) -> stores.Place:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", _aws(url))
    _keep_one_client(monkeypatch)
    monkeypatch.setenv(f"AIRFLOW_CONN_{stores.PATH_CONNECTION.upper()}", _aws(url))
    # a small file goes up in as many parts as a large one
    monkeypatch.setattr("airflow_provider_onesignal.stores.s3.part_size", lambda _: 64 * 1024)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1)
    return stores.S3Place(stores.s3_client(url), f"t{next(_numbers)}")


def _aws(url: str) -> str:
    extra = {"region_name": "us-east-1", "endpoint_url": url}
    return json.dumps(
        {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra},
    )


def _keep_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all hooks share a client: making one takes boto longer than a transfer takes."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    make = AwsGenericHook.get_client_type

    def kept(hook: Any, *args: Any, **kwargs: Any) -> Any:
        connection = os.environ["AIRFLOW_CONN_AWS_DEFAULT"]
        if connection not in _clients:
            _clients[connection] = make(hook, *args, **kwargs)
        return _clients[connection]

    monkeypatch.setattr(AwsGenericHook, "get_client_type", kept)


def _gcs(url: str, monkeypatch: pytest.MonkeyPatch) -> stores.Place:
    connection = {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True}}
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", json.dumps(connection))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    monkeypatch.setattr("airflow_provider_onesignal.stores.gcs._CHUNK", 256 * 1024)
    return stores.GCSPlace(stores.gcs_client(url), f"t{next(_numbers)}")


@pytest.fixture(scope="session")
def session_s3_proxy(session_s3_url: str) -> Iterator[Proxy]:
    with Proxy(session_s3_url).running() as proxy:
        yield proxy


@pytest.fixture(scope="session")
def session_gcs_proxy(session_gcs_url: str) -> Iterator[Proxy]:
    with Proxy(session_gcs_url).running() as proxy:
        yield proxy


@pytest.fixture
def proxied(
    request: pytest.FixtureRequest, place_of: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Give a place by the name of its store, and the proxy that alone leads there."""
    used: list[Proxy] = []

    def make(store: str) -> tuple[stores.Place, Proxy]:
        place = place_of(store)
        proxy: Proxy = request.getfixturevalue(f"session_{store.partition('-')[0]}_proxy")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
        for name in ("AWS_DEFAULT", stores.PATH_CONNECTION.upper()):
            monkeypatch.setenv(f"AIRFLOW_CONN_{name}", _aws(proxy.url))
        used.append(proxy)
        return place, proxy

    hurry_retries(monkeypatch)
    yield make
    for proxy in used:
        proxy.reset()


@pytest.fixture
def is_whole_folder(request: pytest.FixtureRequest) -> bool:
    """Tell whether all tests of this folder are run, and not a choice of them."""
    chosen = request.config.option
    is_choice = chosen.keyword or chosen.markexpr or any("::" in arg for arg in request.config.args)
    files = {item.path for item in request.session.items}
    return not is_choice and files.issuperset(HERE.glob("test_*.py"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the test of the ledger come last."""
    items.sort(key=lambda item: item.path == HERE / "test_ledger.py")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what came of the faults."""
    if LEDGER.faults_injected:
        terminalreporter.write_sep("-", "transfers")
        terminalreporter.write_line(str(LEDGER))
