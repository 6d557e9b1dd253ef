"""What people get wrong, through operators: one clear error each, and nothing started in vain."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any
from uuid import uuid4

import pytest

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.operators.export import OneSignalExportSubscriptionsOperator
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalExportToGCSOperator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator
from tests.integration.job import Job
from tests.integration.ledger import CLEAN, judge
from tests.integration.stores import BUCKET
from tests.integration.tasks import Ended, run_try
from tests.unit.fakes import FakeStore

CONNECTION = "AIRFLOW_CONN_ONESIGNAL_DEFAULT"
HTML = "<html><title>Welcome to nginx!</title></html>"
STORES = pytest.mark.parametrize("store", ["s3", "gcs", "folder"])
MODES = pytest.mark.parametrize("mode", ["deferred", "worker"])
ANY_MODE = pytest.mark.parametrize("mode", ["url", "deferred", "worker"])


def run(operator: Any, **parameters: Any) -> Ended:
    return run_try(lambda: operator(task_id="task", **parameters), store=FakeStore())


@pytest.fixture(params=["operator", "transfer"])
def start(request: pytest.FixtureRequest, place_of: Any) -> Any:
    """Run what starts an export; there is nothing but the error afterwards."""
    place = place_of("folder")

    def run_and_judge(emulator: Emulator) -> BaseException:
        if request.param == "operator":
            ended = run(OneSignalExportSubscriptionsOperator)
        else:
            ended = run(place.operator, export=SubscriptionsExport(), **place.parameters)
        assert judge(ended, emulator=emulator, place=place) == CLEAN
        assert ended.error is not None
        assert ended.result is None
        return ended.error

    return run_and_judge


def connect(monkeypatch: pytest.MonkeyPatch, emulator: Emulator, **changes: Any) -> None:
    right = json.loads(emulator.connection_json)
    monkeypatch.setenv(CONNECTION, json.dumps({**right, **changes}))


class TestTheConnection:
    def test_that_is_missing_is_named(
        self, onesignal: Emulator, start: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(CONNECTION)

        error = start(onesignal)

        assert type(error) is e.OneSignalConfigurationError
        assert "There is no Airflow connection 'onesignal_default'" in str(error)
        assert CONNECTION in str(error)

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"login": None}, "has no App ID: put the app's UUID into Login"),
            ({"login": "my-app"}, r"an App ID \(Login\) that is no UUID: 'my-app'"),
            ({"password": None}, "has no App API Key: put it into Password"),
            ({"password": "os_v2_org_" + "a" * 103}, "put the App API Key into Password"),
            ({"host": "my host"}, "a Host that is no http"),
        ],
        ids=["no App ID", "no UUID", "no key", "an organization's key", "no host"],
    )
    def test_that_lacks_something_is_refused_before_any_request(
        self,
        onesignal: Emulator,
        start: Any,
        monkeypatch: pytest.MonkeyPatch,
        changes: dict[str, Any],
        text: str,
    ) -> None:
        connect(monkeypatch, onesignal, **changes)

        error = start(onesignal)

        assert type(error) is e.OneSignalConfigurationError
        with pytest.raises(e.OneSignalConfigurationError, match=f"'onesignal_default'.*{text}"):
            raise error
        assert onesignal.requests == []

    def test_with_the_key_of_another_app_says_whose_it_is(
        self, onesignal: Emulator, start: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = onesignal.add_app()
        connect(monkeypatch, onesignal, password=other.api_key)

        error = start(onesignal)

        assert type(error) is e.OneSignalAuthenticationError
        assert f"belongs to app {other.id}" in str(error)
        assert other.api_key not in str(error)
        assert [asked.operation for asked in onesignal.requests] == ["csv_export"]
        assert onesignal.exports == []

    def test_to_an_unknown_app_is_refused_once(
        self, onesignal: Emulator, start: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connect(monkeypatch, onesignal, login=str(uuid4()))

        error = start(onesignal)

        assert type(error) is e.OneSignalAuthenticationError
        assert len(onesignal.requests) == 1

    @pytest.mark.usefixtures("waits")
    @pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
    def test_to_an_unreachable_host_names_host_and_connection(
        self, onesignal: Emulator, start: Any, monkeypatch: pytest.MonkeyPatch, host: str
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        connect(monkeypatch, onesignal, host=host, port=port)

        error = start(onesignal)

        assert type(error) is e.OneSignalUnreachableError
        assert f"{host}:{port} after 5 attempts" in str(error)
        assert "'onesignal_default'" in str(error)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"body": {}}, "has no 'csv_file_url'"),
        ({"body": {"csv_file_url": None}}, "has no 'csv_file_url'"),
        ({"body": {"csv_file_url": "soon"}}, r"'csv_file_url' that is no http\(s\) URL"),
        ({"body": {"csv_file_url": "ftp://h/f"}}, r"'csv_file_url' that is no http\(s\) URL"),
        ({"body": HTML}, "connection's host is OneSignal's"),
        ({"body": "not JSON"}, "connection's host is OneSignal's"),
    ],
    ids=["no URL", "null", "a word", "ftp", "HTML", "no JSON"],
)
def test_an_answer_that_is_not_onesignals_points_at_the_host(
    onesignal: Emulator, start: Any, answer: dict[str, Any], text: str
) -> None:
    onesignal.fail("csv_export", status=200, **answer)

    error = start(onesignal)

    assert type(error) is e.OneSignalServerError
    with pytest.raises(e.OneSignalServerError, match=text):
        raise error
    assert len(onesignal.requests) == 1
    assert onesignal.files.requests == []


class TestTheUrl:
    @pytest.mark.parametrize(
        "url", ["", "soon", "/users.csv.gz", "ftp://h/users.csv.gz", "http://"]
    )
    @pytest.mark.parametrize("face", ["sensor", "transfer"])
    def test_that_is_none_is_refused_and_not_repeated(
        self, onesignal: Emulator, place_of: Any, url: str, face: str
    ) -> None:
        place = place_of("folder")
        if face == "sensor":
            ended = run(OneSignalExportSensor, csv_file_url=url)
        else:
            ended = run(place.operator, csv_file_url=url, **place.parameters)

        assert judge(ended, emulator=onesignal, place=place) == CLEAN
        assert type(ended.error) is e.OneSignalValidationError
        assert "csv_file_url must be the http(s) URL that an export returned" in str(ended.error)
        assert "users.csv.gz'" not in str(ended.error).replace("users_….csv.gz'", "")
        assert onesignal.requests == onesignal.files.requests == []

    @ANY_MODE
    def test_that_redirects_is_not_followed(
        self, onesignal: Emulator, place_of: Any, mode: str
    ) -> None:
        place = place_of("folder")
        job = Job(place, mode)
        onesignal.files.fail(redirect=f"{onesignal.api_url}/stolen/users.csv.gz", times=None)

        ended = job.run()

        assert judge(ended, emulator=onesignal, place=place) == CLEAN
        assert type(ended.error) is e.OneSignalExportUnavailableError
        assert "final URL" in str(ended.error)
        assert [asked.operation for asked in onesignal.requests] == ["csv_export"]


class TestTheDestination:
    @STORES
    @ANY_MODE
    def test_that_is_taken_is_refused_before_the_first_byte(
        self, onesignal: Emulator, place_of: Any, store: str, mode: str
    ) -> None:
        place = place_of(store)
        place.put(b"another day")
        job = Job(place, mode)
        onesignal.account.requests.clear()

        ended = job.run()

        assert judge(ended, emulator=onesignal, place=place, before=b"another day") == CLEAN
        assert type(ended.error) is e.OneSignalDestinationTakenError
        assert f"{place.uri} already exists" in str(ended.error)
        assert "replace=True" in str(ended.error)
        assert onesignal.requests == []

    @STORES
    @ANY_MODE
    def test_that_cannot_be_there_is_refused_before_anything_is_asked(
        self, onesignal: Emulator, place_of: Any, store: str, mode: str
    ) -> None:
        place = place_of(store)
        job = Job(place, mode)
        onesignal.account.requests.clear()

        ended = job.run(**place.elsewhere)

        assert type(ended.error) is e.OneSignalDestinationError
        text = "refuses: " if store == "folder" else "nowhere/.* does not exist: create it"
        with pytest.raises(e.OneSignalDestinationError, match=text):
            raise ended.error
        assert onesignal.requests == onesignal.files.requests == []

    @MODES
    @pytest.mark.parametrize(
        ("operator", "place", "text"),
        [
            (OneSignalExportToS3Operator, {"s3_key": "day/", "s3_bucket": BUCKET}, "s3_key must"),
            (OneSignalExportToGCSOperator, {"object_name": "", "bucket_name": "b"}, "object_name"),
            (OneSignalExportToGCSOperator, {"object_name": "k", "bucket_name": ""}, "bucket_name"),
            (OneSignalExportToObjectStorageOperator, {"path": "file://lake/x"}, "a third slash"),
        ],
    )
    def test_that_cannot_be_meant_is_refused_as_early(
        self, *, onesignal: Emulator, mode: str, operator: Any, place: dict[str, Any], text: str
    ) -> None:
        ended = run(operator, export=SubscriptionsExport(), deferrable=mode == "deferred", **place)

        assert type(ended.error) is e.OneSignalValidationError
        assert text in str(ended.error)
        assert onesignal.requests == onesignal.files.requests == []

    @MODES
    @pytest.mark.parametrize("bucket", [None, ""])
    def test_in_no_bucket_at_all_says_where_one_is_named(
        self, onesignal: Emulator, place_of: Any, mode: str, bucket: str | None
    ) -> None:
        place_of("s3")

        ended = run(
            OneSignalExportToS3Operator,
            export=SubscriptionsExport(),
            s3_key="users.csv.gz",
            s3_bucket=bucket,
            deferrable=mode == "deferred",
        )

        assert type(ended.error) is e.OneSignalDestinationError
        assert "No bucket is named for users.csv.gz: pass s3_bucket" in str(ended.error)
        assert onesignal.requests == []

    @MODES
    def test_in_a_missing_bucket_behind_a_path_is_refused_as_early(
        self, onesignal: Emulator, place_of: Any, mode: str
    ) -> None:
        place_of("s3")

        ended = run(
            OneSignalExportToObjectStorageOperator,
            export=SubscriptionsExport(),
            path="s3://aws_default@nowhere/users.csv.gz",
            deferrable=mode == "deferred",
        )

        assert type(ended.error) is e.OneSignalDestinationError
        assert "s3://nowhere/users.csv.gz does not exist: create it" in str(ended.error)
        assert onesignal.requests == []

    @pytest.mark.parametrize(
        ("operator", "place", "package", "extra"),
        [
            (
                OneSignalExportToS3Operator,
                {"s3_key": "k", "s3_bucket": BUCKET},
                "airflow.providers.amazon",
                "amazon",
            ),
            (
                OneSignalExportToGCSOperator,
                {"object_name": "k", "bucket_name": BUCKET},
                "airflow.providers.google",
                "google",
            ),
        ],
    )
    def test_without_its_extra_names_what_to_install(
        self,
        *,
        onesignal: Emulator,
        monkeypatch: pytest.MonkeyPatch,
        operator: Any,
        place: dict[str, Any],
        package: str,
        extra: str,
    ) -> None:
        for name in [name for name in sys.modules if f"{name}.".startswith(f"{package}.")]:
            monkeypatch.delitem(sys.modules, name)
        parent = sys.modules["airflow.providers"]
        monkeypatch.setattr(parent, "__path__", [])

        ended = run(operator, export=SubscriptionsExport(), **place)

        assert type(ended.error) is e.OneSignalConfigurationError
        assert f"pip install 'airflow-provider-onesignal[{extra}]'" in str(ended.error)
        assert onesignal.requests == []


class TestAStoreThatRefuses:
    @pytest.mark.parametrize(
        "operation", ["HeadObject", "PutObject", "CreateMultipartUpload", "UploadPart"]
    )
    def test_s3(
        self,
        *,
        onesignal: Emulator,
        size: int,
        place_of: Any,
        monkeypatch: pytest.MonkeyPatch,
        operation: str,
    ) -> None:
        from botocore.client import BaseClient
        from botocore.exceptions import ClientError

        place = place_of("s3")
        if operation == "PutObject":
            part = 2 * size
            monkeypatch.setattr("airflow_provider_onesignal.stores.s3.part_size", lambda _: part)
        call = BaseClient._make_api_call

        def refuse(client: Any, name: str, parameters: Any) -> Any:
            if name != operation:
                return call(client, name, parameters)
            denied = {"Code": "AccessDenied", "Message": "User is not authorized"}
            answer = {"Error": denied, "ResponseMetadata": {"HTTPStatusCode": 403}}
            raise ClientError(answer, name)

        with monkeypatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", refuse)
            ended = Job(place, "worker").run()

        assert judge(ended, emulator=onesignal, place=place) == CLEAN
        assert type(ended.error) is e.OneSignalDestinationError
        assert "User is not authorized" in str(ended.error)
        assert "read and write there, and list the bucket" in str(ended.error)
        assert (onesignal.requests == []) == (operation == "HeadObject")

    @pytest.mark.parametrize("method", ["Bucket.get_blob", "Blob.open"])
    def test_gcs(
        self, onesignal: Emulator, place_of: Any, monkeypatch: pytest.MonkeyPatch, method: str
    ) -> None:
        from google.api_core.exceptions import Forbidden

        place = place_of("gcs")

        def refuse(*_: Any, **__: Any) -> Any:
            raise Forbidden("does not have storage.objects.create access")

        with monkeypatch.context() as patch:
            patch.setattr(f"google.cloud.storage.{method}", refuse)
            ended = Job(place, "worker").run()

        assert judge(ended, emulator=onesignal, place=place) == CLEAN
        assert type(ended.error) is e.OneSignalDestinationError
        assert "does not have storage.objects.create access" in str(ended.error)

    def test_a_folder_in_the_files_place(self, onesignal: Emulator, place_of: Any) -> None:
        place = place_of("folder")
        place.put(b"")

        folder = place.uri.rpartition("/")[0]
        ended = run(place.operator, export=SubscriptionsExport(), path=folder)

        assert type(ended.error) is e.OneSignalDestinationError
        assert "is a folder; the path must name a file" in str(ended.error)
        assert onesignal.requests == []
