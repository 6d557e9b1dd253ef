"""What all export transfers do, shown with a store in memory and the stream replaced."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any
from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import DAG, Asset, AssetAlias

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.exports import EventsExport, SubscriptionsExport
from airflow_provider_onesignal.files.copy import CopySummary
from airflow_provider_onesignal.operators.outcomes import OneSignalGetOutcomesOperator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from tests.unit.fakes import URL, FakeHook, FakeOutletEvents, FakeStore, task_context

COPIED = CopySummary(
    bytes=5,
    rows=2,
    columns=["id", "identifier"],
    sha256="ab" * 32,
    source_etag='"e"',
    content_type="application/gzip",
    seconds=0.1,
)
FILE = "airflow_provider_onesignal.files.copy"


class Hook(FakeHook):
    """Lends a session as well."""

    def file_session(self) -> Any:
        return MagicMock(timeout=60.0, **{"__enter__.return_value.timeout": 60.0})


class MemoryStore:
    """
    A destination that says what is there.

    :param size: of the object that is there, None for none
    :param replace: as the operator's
    """

    uri = "memory://bucket/key"

    def __init__(self, size: int | None = None, *, replace: bool = False) -> None:
        self.replace = replace
        self._size = size

    def head(self) -> Any:
        return None if self._size is None else MagicMock(size=self._size)


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """The functions that move bytes, which have tests of their own."""
    stream = MagicMock()
    stream.copy_file.return_value = COPIED
    stream.existing_copy.return_value = None
    for name in ("copy_file", "existing_copy"):
        monkeypatch.setattr(f"{FILE}.{name}", getattr(stream, name))
    return stream


def make(hook: Any = None, *, there: int | None = None, **given: Any) -> Any:
    """Make the operator over a store that holds an object of ``there`` bytes, or none."""
    given = {"task_id": "copy", "path": "file:///nowhere", "deferrable": False} | given
    if "export" not in given:
        given.setdefault("csv_file_url", URL)
    task: Any = OneSignalExportToObjectStorageOperator(**given)  # type: ignore[arg-type]
    task.__dict__["_hook"] = hook or Hook()
    task._store = lambda: MemoryStore(there, replace=task._flag("replace"))
    return task


def context(store: FakeStore | None = None) -> Any:
    return task_context(store, outlet_events=FakeOutletEvents())


def pushed(running: Any) -> Any:
    (call,) = running["ti"].xcom_push.call_args_list
    assert call.kwargs["key"] == "summary"
    return call.kwargs["value"]


def test_the_uri_is_returned_and_the_summary_pushed(stream: MagicMock) -> None:
    running = context()

    assert make().execute(running) == "memory://bucket/key"
    assert pushed(running) == {
        "uri": "memory://bucket/key",
        "bytes": 5,
        "rows": 2,
        "columns": ["id", "identifier"],
        "sha256": COPIED.sha256,
        "source_etag": '"e"',
        "content_type": "application/gzip",
        "seconds": 0.1,
        "copied": True,
    }


def test_a_task_that_pushes_nothing_pushes_no_summary(stream: MagicMock) -> None:
    running = context()

    make(do_xcom_push=False).execute(running)

    assert not running["ti"].xcom_push.called


@pytest.mark.parametrize("given", [{"csv_file_url": None}, {"export": SubscriptionsExport()}])
def test_a_url_and_an_export_are_alternatives(given: dict[str, Any]) -> None:
    both = {"csv_file_url": URL} | given

    with pytest.raises(e.OneSignalValidationError, match="either csv_file_url="):
        OneSignalExportToObjectStorageOperator(task_id="t", path="file:///x", **both)


@pytest.mark.parametrize("url", ["", "no-url", "ftp://host/file.csv.gz", "https://", 7])
def test_what_is_no_url_is_refused_and_not_shown(stream: MagicMock, url: Any) -> None:
    with pytest.raises(e.OneSignalValidationError) as raised:
        make(csv_file_url=url).execute(context())

    assert "file.csv.gz'" not in str(raised.value)
    assert not stream.copy_file.called


def test_another_file_in_the_place_is_refused(stream: MagicMock) -> None:
    with pytest.raises(e.OneSignalDestinationTakenError, match="not a copy of this export"):
        make(there=7).execute(context())

    assert not stream.copy_file.called


def test_another_file_in_the_place_is_refused_before_an_export_is_started() -> None:
    hook = Hook()

    with pytest.raises(e.OneSignalDestinationTakenError, match="No export was started"):
        make(hook, there=7, export=SubscriptionsExport()).execute(context())
    assert hook.started == []


@pytest.mark.parametrize("replace", [True, "True", "true"])
def test_another_file_is_replaced_if_asked(stream: MagicMock, replace: Any) -> None:
    assert make(there=7, replace=replace).execute(context()) == "memory://bucket/key"


@pytest.mark.parametrize("replace", ["yes", "", "None", 1])
def test_a_flag_that_is_none_is_refused_when_the_dag_is_parsed(replace: Any) -> None:
    with pytest.raises(e.OneSignalValidationError, match="replace must be True or False"):
        make(replace=replace)


def test_a_flag_that_a_template_renders_is_read_strictly(stream: MagicMock) -> None:
    task = make(there=7, replace="{{ params.replace }}")
    task.replace = "False"

    with pytest.raises(e.OneSignalDestinationTakenError):
        task.execute(context())


def test_this_very_export_in_the_place_is_success_without_a_copy(stream: MagicMock) -> None:
    stream.existing_copy.return_value = COPIED
    running = context()

    make(there=5).execute(running)

    assert pushed(running)["copied"] is False
    assert not stream.copy_file.called


@pytest.mark.parametrize("replace", [False, True])
def test_a_retry_after_a_success_that_airflow_did_not_note_verifies_and_succeeds(
    stream: MagicMock, replace: bool
) -> None:
    running, hook = context(FakeStore()), Hook()
    make(hook, export=SubscriptionsExport(), replace=replace).execute(running)

    again = make(hook, there=5, export=SubscriptionsExport(), replace=replace)

    assert again.execute(running) == "memory://bucket/key"
    assert len(hook.started) == 1
    assert stream.copy_file.call_count == 1


def test_a_retry_whose_object_is_gone_exports_again(stream: MagicMock) -> None:
    running, hook = context(FakeStore()), Hook()
    make(hook, export=SubscriptionsExport()).execute(running)

    make(hook, there=None, export=SubscriptionsExport()).execute(running)

    assert len(hook.started) == 2


def test_what_is_kept_after_the_copy_does_not_open_the_file(stream: MagicMock) -> None:
    store = FakeStore()

    make(export=SubscriptionsExport()).execute(context(store))

    assert "csv_exports" not in repr(store.values)
    assert str(COPIED.sha256) in repr(store.values)


def test_a_cleared_task_exports_again(stream: MagicMock) -> None:
    running, hook = context(FakeStore()), Hook()
    make(hook, export=SubscriptionsExport()).execute(running)
    running["ti"].max_tries += 1

    make(hook, there=5, export=SubscriptionsExport(), replace=True).execute(running)

    assert len(hook.started) == 2


@pytest.mark.parametrize(
    ("error", "starts"),
    [
        (e.OneSignalExportCorruptError("cut"), 2),
        (e.OneSignalExportUnavailableError("gone", status_code=410), 2),
        (e.OneSignalUnreachableError("lost"), 1),
        (e.OneSignalDestinationUnavailableError("full"), 1),
    ],
)
def test_the_next_try_exports_again_only_if_the_file_itself_is_bad(
    stream: MagicMock, error: Exception, starts: int
) -> None:
    running, hook = context(FakeStore()), Hook()
    stream.copy_file.side_effect = [error, COPIED]
    with pytest.raises(type(error)):
        make(hook, export=SubscriptionsExport()).execute(running)

    make(hook, export=SubscriptionsExport()).execute(running)

    assert len(hook.started) == starts


@pytest.mark.parametrize(
    ("url", "kind", "text"),
    [
        (URL, e.OneSignalExportNotReadyError, "Put a OneSignalExportSensor before"),
        (
            "https://h/users_0123456789_2020-01-01.csv.gz",
            e.OneSignalExportExpiredError,
            "has expired",
        ),
    ],
)
def test_a_download_refused_with_404_is_not_ready_or_expired(
    stream: MagicMock, monkeypatch: pytest.MonkeyPatch, url: str, kind: Any, text: str
) -> None:
    monkeypatch.setattr(
        "airflow_provider_onesignal.readiness.started_at_latest",
        lambda given: 0.0 if "2020" in given else None,
    )
    stream.copy_file.side_effect = e.OneSignalExportUnavailableError("404", status_code=404)

    with pytest.raises(kind, match=text) as raised:
        make(csv_file_url=url).execute(context())
    assert "users_0123" not in str(raised.value)


def test_too_few_rows_and_connections_are_handed_on_as_numbers(stream: MagicMock) -> None:
    make(min_rows="10", connections="2").execute(context())

    assert stream.copy_file.call_args.kwargs == {"min_rows": 10, "connections": 2}


@pytest.mark.parametrize("given", [{"min_rows": "many"}, {"connections": 0}])
def test_a_number_that_is_none_is_refused_before_anything_is_started(given: Any) -> None:
    hook = Hook()

    with pytest.raises(e.OneSignalValidationError, match=next(iter(given))):
        make(hook, export=SubscriptionsExport(), **given).execute(context())
    assert hook.started == []


def test_outlets_carry_the_summary(stream: MagicMock) -> None:
    assets = [Asset("s3://bucket/key"), AssetAlias("alias")]
    running = context()

    make(outlets=assets).execute(running)

    assert running["outlet_events"][assets[0]].extra["rows"] == 2
    added = running["outlet_events"][assets[1]].add.call_args
    assert added.kwargs["extra"]["columns"] == ["id", "identifier"]


def test_nothing_that_is_published_opens_the_file(
    stream: MagicMock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    running = context(FakeStore())

    make(export=SubscriptionsExport()).execute(running)

    assert "csv_exports" not in repr(running["ti"].xcom_push.call_args_list)
    assert "csv_exports" not in caplog.text


@pytest.mark.parametrize("export", ["SubscriptionsExport", 7, SubscriptionsExport, {"export": "x"}])
def test_what_is_no_request_is_refused_when_the_dag_is_parsed(export: Any) -> None:
    with pytest.raises(e.OneSignalValidationError, match="export"):
        make(export=export)


def test_an_export_may_be_given_as_a_mapping(stream: MagicMock) -> None:
    hook = Hook()

    make(hook, export={"export": "SubscriptionsExport", "segment_name": "Gold"}).execute(context())

    assert hook.started == [SubscriptionsExport(segment_name="Gold")]


def test_a_field_that_a_mapping_has_too_much_is_named() -> None:
    with pytest.raises(e.OneSignalValidationError, match="no field 'segment'"):
        make(export={"export": "SubscriptionsExport", "segment": "Gold"})


def test_another_tasks_output_within_export_is_waited_for() -> None:
    with DAG("dag", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
        upstream = OneSignalGetOutcomesOperator(
            task_id="upstream", outcome_names="a.count", outcome_time_range="1d"
        )
        task = make(export=EventsExport(message_id=upstream.output))

    assert task.upstream_task_ids == {"upstream"}


def test_rendering_masks_the_url_and_leaves_a_shared_export_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    masked: list[Any] = []
    monkeypatch.setattr("airflow_provider_onesignal.transfers.copying.mask_url", masked.append)
    shared = SubscriptionsExport(segment_name="{{ name }}")
    by_url, by_export = make(csv_file_url="{{ url }}"), make(export=shared)

    by_url.render_template_fields({"url": URL})
    by_export.render_template_fields({"name": "Gold"})

    assert masked == [URL, None]
    assert by_export.export == SubscriptionsExport(segment_name="Gold")
    assert shared.segment_name == "{{ name }}"


def test_an_outlet_that_refers_to_an_asset_carries_the_summary_too(stream: MagicMock) -> None:
    if not hasattr(Asset, "ref"):
        pytest.skip("Asset.ref came with Airflow 3")
    reference = Asset.ref(name="subscriptions")
    running = context()

    task = make()
    task.outlets = [reference]
    task.execute(running)

    assert running["outlet_events"][reference].extra["rows"] == 2
