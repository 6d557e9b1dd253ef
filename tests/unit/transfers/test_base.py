"""What all export transfers do, shown with a sink in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import DAG, Asset, AssetAlias

from airflow_provider_onesignal import exceptions
from airflow_provider_onesignal.exports import EventsExport, StartedExport, SubscriptionsExport
from airflow_provider_onesignal.operators.outcomes import OneSignalGetOutcomesOperator
from airflow_provider_onesignal.stream import errors
from airflow_provider_onesignal.stream.reader import CopySummary
from airflow_provider_onesignal.transfers import base
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from tests.unit.fakes import FakeOutletEvents

URL = "https://files.example.com/csv_exports/app/users_0123456789abcdef_2026-11-01.csv.gz"
COPIED = CopySummary(
    bytes=5,
    rows=2,
    sha256=hashlib.sha256(b"whole").hexdigest(),
    source_etag='"e"',
    content_type="application/gzip",
    seconds=0.1,
)


class Stored:
    """An object that is there."""

    size = 5

    def read(self, start: int, length: int) -> bytes:
        return b"whole"[start : start + length]

    @contextmanager
    def open(self) -> Iterator[BytesIO]:
        yield BytesIO(b"whole")


class MemorySink:
    """A place that remembers what was asked of it."""

    uri = "memory://bucket/key"

    def __init__(self, existing: Stored | None = None) -> None:
        self._existing = existing

    def existing(self) -> Stored | None:
        return self._existing


@pytest.fixture
def hook() -> MagicMock:
    hook = MagicMock()
    hook.app_id = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
    hook.start_export.return_value = URL
    hook.file_session.return_value.timeout = 60.0
    return hook


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """The stream's functions, which have tests of their own."""
    stream = MagicMock()
    stream.copy.return_value = COPIED
    stream.summary_of_copy.return_value = None
    monkeypatch.setattr("airflow_provider_onesignal.stream.copy.copy", stream.copy)
    identity = "airflow_provider_onesignal.stream.identity"
    monkeypatch.setattr(f"{identity}.summary_of_copy", stream.summary_of_copy)
    return stream


def operator(
    hook: MagicMock, *, existing: Stored | None = None, **kwargs: Any
) -> OneSignalExportToObjectStorageOperator:
    given = {"task_id": "copy", "path": "file:///nowhere", "csv_file_url": URL} | kwargs
    task = OneSignalExportToObjectStorageOperator(**given)
    task.__dict__["hook"] = hook
    task.sink = lambda: MemorySink(existing)  # type: ignore[method-assign,assignment,return-value]
    return task


def context(**store: Any) -> Any:
    state = MagicMock()
    state.get.side_effect = lambda key, default=None: store.get(key, default)
    state.set.side_effect = store.__setitem__
    state.delete.side_effect = lambda key: store.pop(key, None)
    return {"ti": MagicMock(), "task_state_store": state, "kept": store}


def test_the_uri_is_returned_and_the_summary_pushed(hook: MagicMock, stream: MagicMock) -> None:
    running = context()

    assert operator(hook).execute(running) == "memory://bucket/key"

    pushed = running["ti"].xcom_push.call_args.kwargs
    assert pushed["key"] == "summary"
    assert pushed["value"] == {
        "uri": "memory://bucket/key",
        "bytes": 5,
        "rows": 2,
        "sha256": COPIED.sha256,
        "source_etag": '"e"',
        "content_type": "application/gzip",
        "seconds": 0.1,
        "copied": True,
    }


@pytest.mark.parametrize(
    "both", [{"csv_file_url": None}, {"csv_file_url": URL, "export": SubscriptionsExport()}]
)
def test_a_url_and_an_export_are_alternatives(hook: MagicMock, both: dict[str, Any]) -> None:
    with pytest.raises(exceptions.OneSignalValidationError, match="either csv_file_url="):
        operator(hook, **both)


@pytest.mark.parametrize("url", ["", "no-url", "ftp://host/file.csv.gz", "https://", 7])
def test_a_url_that_is_none_is_refused_without_being_repeated(hook: MagicMock, url: Any) -> None:
    with pytest.raises(exceptions.OneSignalValidationError, match="csv_file_url must be") as caught:
        operator(hook, csv_file_url=url).execute(context())

    assert "file.csv.gz'" not in str(caught.value)
    hook.file_session.assert_not_called()


def test_another_file_in_the_place_is_refused(hook: MagicMock, stream: MagicMock) -> None:
    with pytest.raises(exceptions.OneSignalDestinationError, match="replace=True"):
        operator(hook, existing=Stored()).execute(context())

    stream.copy.assert_not_called()


def test_another_file_in_the_place_is_refused_before_an_export_is_started(
    hook: MagicMock,
) -> None:
    task = operator(hook, existing=Stored(), csv_file_url=None, export=SubscriptionsExport())

    with pytest.raises(exceptions.OneSignalDestinationError):
        task.execute(context())

    hook.start_export.assert_not_called()


def test_another_file_is_written_over_where_that_is_asked_for(
    hook: MagicMock, stream: MagicMock
) -> None:
    operator(hook, existing=Stored(), replace=True).execute(context())

    stream.copy.assert_called_once()


@pytest.mark.parametrize("replace", [True, False])
def test_this_very_export_in_the_place_is_success_without_a_copy(
    hook: MagicMock, stream: MagicMock, replace: bool
) -> None:
    stream.summary_of_copy.return_value = COPIED
    running = context()

    operator(hook, existing=Stored(), replace=replace).execute(running)

    stream.copy.assert_not_called()
    summary = running["ti"].xcom_push.call_args.kwargs["value"]
    assert summary["copied"] is False
    assert summary["rows"] == 2


def test_a_retry_after_the_copy_finds_it_done_and_starts_nothing(
    hook: MagicMock, stream: MagicMock
) -> None:
    stream.summary_of_copy.return_value = COPIED
    hook.probe_export.return_value.status = 200
    task = operator(hook, existing=Stored(), csv_file_url=None, export=SubscriptionsExport())
    fingerprint = SubscriptionsExport().api_request(hook.app_id).fingerprint()
    started = StartedExport(url=URL, started_at=4102444800.0, fingerprint=fingerprint)
    running = context(onesignal_export=started.to_json())

    assert task.execute(running) == "memory://bucket/key"

    hook.start_export.assert_not_called()
    stream.copy.assert_not_called()
    assert running["kept"] == {}


def test_the_export_is_forgotten_only_after_the_copy(hook: MagicMock, stream: MagicMock) -> None:
    hook.probe_export.return_value.status = 200
    task = operator(hook, csv_file_url=None, export=SubscriptionsExport())
    running = context()
    stream.copy.side_effect = lambda *_, **__: running["kept"]["onesignal_export"] and COPIED

    task.execute(running)

    assert running["kept"] == {}


@pytest.mark.parametrize(
    ("failure", "is_kept"),
    [
        pytest.param(errors.SourceLostError("gave up"), True, id="lost"),
        pytest.param(errors.SourceUntrustedError("untrusted"), True, id="untrusted"),
        pytest.param(errors.CorruptStreamError("CRC"), False, id="corrupt"),
        pytest.param(OSError(28, "No space left on device"), True, id="disk-full"),
    ],
)
def test_the_next_try_needs_another_export_only_where_the_file_itself_is_bad(
    hook: MagicMock, stream: MagicMock, failure: Exception, is_kept: bool
) -> None:
    hook.probe_export.return_value.status = 200
    stream.copy.side_effect = failure
    running = context()
    task = operator(hook, csv_file_url=None, export=SubscriptionsExport())

    with pytest.raises((exceptions.OneSignalError, OSError)):
        task.execute(running)

    assert bool(running["kept"]) is is_kept


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (errors.SourceStatusError("no", status_code=404), "OneSignalExportNotReadyError"),
        (errors.SourceStatusError("no", status_code=403), "OneSignalExportNotReadyError"),
        (errors.SourceStatusError("no", status_code=410), "OneSignalExportUnavailableError"),
        (errors.SourceStatusError("no", status_code=401), "OneSignalExportUnavailableError"),
        (errors.RedirectError("elsewhere"), "OneSignalExportUnavailableError"),
        (errors.InvalidSourceError("no URL"), "OneSignalExportUnavailableError"),
        (errors.SourceLostError("gave up"), "OneSignalUnreachableError"),
        (errors.SourceUntrustedError("untrusted"), "OneSignalConfigurationError"),
        (errors.CorruptStreamError("short"), "OneSignalExportCorruptError"),
        (errors.SourceChangedError("other"), "OneSignalExportCorruptError"),
        (errors.MissingBucketError("s3://b/k"), "OneSignalDestinationError"),
        (errors.StoreFailedError("s3://b/k", "full"), "OneSignalDestinationUnavailableError"),
        (errors.StreamCancelledError("given up"), "OneSignalError"),
    ],
)
def test_each_failure_of_the_stream_has_a_type_and_shows_no_url(
    hook: MagicMock, stream: MagicMock, raised: Exception, expected: str
) -> None:
    stream.copy.side_effect = raised
    fresh = URL.replace("2026-11-01", "2999-01-01")

    with pytest.raises(getattr(exceptions, expected)) as caught:
        operator(hook, csv_file_url=fresh).execute(context())

    assert "0123456789abcdef" not in str(caught.value)


def test_a_url_older_than_three_days_is_expired_and_not_pending(
    hook: MagicMock, stream: MagicMock
) -> None:
    stream.copy.side_effect = errors.SourceStatusError("gone", status_code=404)
    old = URL.replace("2026-11-01", "2020-01-01")

    with pytest.raises(exceptions.OneSignalExportExpiredError):
        operator(hook, csv_file_url=old).execute(context())


def test_outlets_carry_the_summary(hook: MagicMock, stream: MagicMock) -> None:
    asset, alias = Asset("memory://bucket/asset"), AssetAlias("exports")
    running = context()
    running["outlet_events"] = FakeOutletEvents(mine=1)

    operator(hook, outlets=[asset, alias]).execute(running)

    extra = running["outlet_events"][asset].extra
    assert extra["mine"] == 1
    assert extra["rows"] == 2
    assert running["outlet_events"][alias].add.call_args.kwargs["extra"]["bytes"] == 5


def test_nothing_that_is_published_opens_the_file(hook: MagicMock, stream: MagicMock) -> None:
    running = context()

    operator(hook).execute(running)

    assert "0123456789abcdef" not in repr(running["ti"].mock_calls)
    assert base.ExportTransfer.template_fields[-2:] == ("csv_file_url", "export")


def test_killed_in_the_middle_of_the_copy_gives_it_up(hook: MagicMock, stream: MagicMock) -> None:
    task = operator(hook)
    task.on_kill()
    reader = MagicMock()
    is_given_up = threading.Event()
    reader.cancel.side_effect = is_given_up.set

    def copied(*_: Any, cancellation: Any) -> Any:
        cancellation.watch(reader)
        task.on_kill()
        assert is_given_up.wait(10)
        return COPIED

    stream.copy.side_effect = copied

    task.execute(context())


@pytest.mark.parametrize("export", [SubscriptionsExport, {"segment_name": "Gold"}, "subscriptions"])
def test_what_is_no_request_object_is_refused_when_the_dag_is_read(export: Any) -> None:
    with pytest.raises(
        exceptions.OneSignalValidationError, match=r"such as SubscriptionsExport\(\)"
    ):
        OneSignalExportToObjectStorageOperator(task_id="copy", path="file:///x", export=export)


def test_another_tasks_output_within_export_is_waited_for() -> None:
    with DAG("followed", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
        sender = OneSignalGetOutcomesOperator(
            task_id="send", outcome_names="os__click.count", outcome_time_range="1h"
        )
        copy = OneSignalExportToObjectStorageOperator(
            task_id="copy", path="file:///x", export=EventsExport(message_id=sender.output)
        )

    assert copy.upstream_task_ids == {"send"}


def test_mapped_tasks_render_an_export_each_and_mask_the_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    masked: list[Any] = []
    monkeypatch.setattr(base, "mask_url", masked.append)
    shared = SubscriptionsExport(segment_name="{{ number }}")
    tasks = [
        OneSignalExportToObjectStorageOperator(task_id="copy", path="file:///x", export=shared)
        for _ in range(2)
    ]

    for number, task in enumerate(tasks):
        # as a mapped operator does it, which calls no render_template_fields of the task's own
        task._do_render_template_fields(
            task, task.template_fields, {"number": number}, task.get_template_env(), set()
        )

    rendered = [task.export.serialize()["segment_name"] for task in tasks if task.export]
    assert rendered == ["0", "1"]
    assert shared.segment_name == "{{ number }}"
    assert masked == [None, None]
