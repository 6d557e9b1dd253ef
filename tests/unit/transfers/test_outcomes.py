"""The outcomes archive: the same object for the same interval, and never today's under another."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, create_autospec

import pendulum
import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException, Asset, AssetAlias

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalOutcomesLateError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.outcomes import COLUMNS
from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalOutcomesToGCSOperator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalOutcomesToObjectStorageOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalOutcomesToS3Operator
from tests.unit.fakes import FakeOutletEvents
from tests.unit.files.memory_store import MemoryObject, MemoryStore

APP = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
CLICKS = "os__click.count"


class Clock(datetime):
    """Stands in for ``datetime`` where the present is asked for."""

    now_is = MIDNIGHT + timedelta(minutes=1)

    @classmethod
    def now(cls, zone: Any = None) -> Any:
        return cls.now_is.astimezone(zone)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    """A minute after the data interval; pauses take no time."""
    clock = type("ClockOfThisTest", (Clock,), {})
    for module in ("transfers.outcomes", "outcomes"):
        monkeypatch.setattr(f"airflow_provider_onesignal.{module}.datetime", clock)
    monkeypatch.setattr("airflow_provider_onesignal.outcomes.time.sleep", lambda _: None)
    return clock


@pytest.fixture
def figures() -> dict[str, float]:
    """What OneSignal knows."""
    return {CLICKS: 4, "Sales.sum": 99.5}


@pytest.fixture
def hook(figures: dict[str, float]) -> MagicMock:
    def view_outcomes(*, outcome_names: tuple[str, ...], **rest: Any) -> list[dict[str, Any]]:
        found = []
        for name in outcome_names:
            stem, _, aggregation = name.rpartition(".")
            if name in figures:
                found.append({"id": stem, "value": figures[name], "aggregation": aggregation})
        return found

    hook: MagicMock = create_autospec(OneSignalHook, instance=True)
    hook.app_id = APP
    hook.view_outcomes.side_effect = view_outcomes
    return hook


def archive(
    hook: MagicMock, store: MemoryStore, *, context: dict[str, Any] | None = None, **parameters: Any
) -> Any:
    good = {"outcome_names": [CLICKS, "Sales.sum"], "outcome_time_range": "1d", "path": "file:///x"}
    operator = OneSignalOutcomesToObjectStorageOperator(task_id="t", **{**good, **parameters})
    operator._hook = hook
    store.replace = operator._flag("replace")
    operator._store = lambda: store  # type: ignore[method-assign]
    return operator.execute(context or run_of())  # type: ignore[arg-type]


def run_of(start: datetime | None = None, end: datetime | None = MIDNIGHT) -> dict[str, Any]:
    """Return the context of a run, whose times are pendulum's, as Airflow's are."""
    start = pendulum.instance(start or MIDNIGHT - timedelta(days=1))
    interval = (
        {}
        if end is None
        else {"data_interval_start": start, "data_interval_end": pendulum.instance(end)}
    )
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    return {"ti": ti, "pushed": pushed, **interval}


def lines(store: MemoryStore) -> list[dict[str, Any]]:
    assert store.stored is not None
    return [json.loads(line) for line in store.stored.data.decode().splitlines()]


class TestWhatIsStored:
    def test_a_row_an_outcome_with_its_window_and_its_interval(self, hook: MagicMock) -> None:
        store = MemoryStore()

        assert archive(hook, store) == store.uri
        first, second = lines(store)
        assert (first["name"], first["aggregation"], first["value"]) == ("Sales", "sum", 99.5)
        assert (second["name"], second["aggregation"], second["value"]) == ("os__click", "count", 4)
        assert first["app_id"] == APP
        assert first["window_start"] == "2026-11-22T00:01:00+00:00"
        assert first["window_end"] == first["observed_at"] == "2026-11-23T00:01:00+00:00"
        assert first["data_interval_end"] == "2026-11-23T00:00:00+00:00"
        assert store.content_type == "application/x-ndjson"
        assert store.size == len(store.stored.data)  # type: ignore[union-attr]

    def test_the_window_ends_when_the_answer_came_however_often_it_was_asked_for(
        self, hook: MagicMock, clock: type[Clock]
    ) -> None:
        answer = hook.view_outcomes.side_effect

        def after_a_wait(**asked: Any) -> list[dict[str, Any]]:
            clock.now_is += timedelta(minutes=5)
            return answer(**asked)  # type: ignore[no-any-return]

        hook.view_outcomes.side_effect = after_a_wait
        store = MemoryStore()

        archive(hook, store)

        assert lines(store)[0]["observed_at"] == "2026-11-23T00:06:00+00:00"

    def test_a_csv_has_a_header(self, hook: MagicMock) -> None:
        store = MemoryStore()

        archive(hook, store, file_format="csv")

        read = list(csv.DictReader(io.StringIO(store.stored.data.decode())))  # type: ignore[union-attr]
        assert [row["value"] for row in read] == ["99.5", "4"]
        assert store.content_type == "text/csv"

    def test_a_breakdown_has_rows_for_each_combination(self, hook: MagicMock) -> None:
        store = MemoryStore()

        archive(
            hook,
            store,
            outcome_names=CLICKS,
            outcome_platforms=[0, 1],
            breakdown=("platform", "attribution"),
        )

        combinations = {(row["platforms"], row["attribution"]) for row in lines(store)}
        assert len(lines(store)) == len(combinations) == 6
        assert hook.view_outcomes.call_count == 6

    def test_an_outcome_that_is_missing_is_stored_without_a_value(self, hook: MagicMock) -> None:
        store = MemoryStore()

        archive(hook, store, outcome_names=["tpyo.sum"])

        assert [row["value"] for row in lines(store)] == [None]

    def test_a_summary_is_pushed_and_added_to_the_outlets(self, hook: MagicMock) -> None:
        store, asset, alias = MemoryStore(uri="s3://b/k"), Asset("a"), AssetAlias("b")
        events = FakeOutletEvents()
        context = {**run_of(), "outlet_events": events}

        archive(hook, store, context=context, outlets=[asset, alias])

        summary = context["pushed"]["summary"]
        assert summary == {
            "uri": "s3://b/k",
            "bytes": store.size,
            "rows": 2,
            "sha256": hashlib.sha256(store.stored.data).hexdigest(),  # type: ignore[union-attr]
            "source_etag": None,
            "content_type": "application/x-ndjson",
            "copied": True,
            "columns": list(COLUMNS),
            "seconds": summary["seconds"],
        }
        assert events[asset].extra == summary
        events[alias].add.assert_called_once_with(Asset("s3://b/k"), extra=summary)


@pytest.mark.parametrize("file_format", ["jsonl", "csv"])
class TestARunAgain:
    @pytest.mark.parametrize("replace", [False, True])
    def test_that_gets_the_same_answer_leaves_the_object_byte_for_byte(
        self, hook: MagicMock, clock: type[Clock], file_format: str, replace: bool
    ) -> None:
        store = MemoryStore()
        archive(hook, store, file_format=file_format)
        before = store.stored.data  # type: ignore[union-attr]
        clock.now_is += timedelta(minutes=30)
        context = run_of()

        uri = archive(hook, store, context=context, file_format=file_format, replace=replace)

        assert uri == store.uri
        assert store.stored.data == before  # type: ignore[union-attr]
        assert store.puts == 1
        assert context["pushed"]["summary"]["copied"] is False
        assert context["pushed"]["summary"]["sha256"] == hashlib.sha256(before).hexdigest()

    def test_that_gets_other_figures_replaces_the_object_when_it_may(
        self, hook: MagicMock, figures: dict[str, float], file_format: str
    ) -> None:
        store = MemoryStore()
        archive(hook, store, file_format=file_format)
        figures[CLICKS] = 5

        archive(hook, store, file_format=file_format, replace=True)

        assert store.puts == 2
        assert b"5" in store.stored.data  # type: ignore[union-attr]

    def test_that_gets_other_figures_fails_when_it_may_not(
        self, hook: MagicMock, figures: dict[str, float], file_format: str
    ) -> None:
        store = MemoryStore()
        archive(hook, store, file_format=file_format)
        figures[CLICKS] = 5

        with pytest.raises(OneSignalDestinationError, match="replace=True"):
            archive(hook, store, file_format=file_format)

        assert store.puts == 1

    def test_of_another_interval_is_another_file(self, hook: MagicMock, file_format: str) -> None:
        store = MemoryStore()
        archive(hook, store, file_format=file_format)
        other = run_of(end=MIDNIGHT - timedelta(hours=1))

        archive(hook, store, context=other, file_format=file_format, replace=True)

        assert store.puts == 2


def test_an_object_of_something_else_is_not_overwritten_and_not_read_whole(
    hook: MagicMock,
) -> None:
    store = MemoryStore(stored=MemoryObject(b"x" * 10_000))

    with pytest.raises(OneSignalDestinationError, match="does not hold these figures"):
        archive(hook, store)

    assert store.stored.reads == []  # type: ignore[union-attr]


LATE = MIDNIGHT - timedelta(days=31)


class TestALateRun:
    def test_fails_and_says_why_a_backfill_cannot_work(self, hook: MagicMock) -> None:
        store = MemoryStore()

        with pytest.raises(OneSignalOutcomesLateError, match="No backfill") as error:
            archive(hook, store, context=run_of(end=LATE))

        assert "only knows windows that end now" in str(error.value)
        assert store.puts == 0
        hook.view_outcomes.assert_not_called()

    def test_says_until_when_the_month_of_the_dags_zone_can_recover_it(
        self, hook: MagicMock, clock: type[Clock]
    ) -> None:
        end = datetime(2026, 12, 1, 5, tzinfo=UTC)
        clock.now_is = end + timedelta(hours=20)
        dag = SimpleNamespace(timezone=pendulum.timezone("America/New_York"))

        with pytest.raises(OneSignalOutcomesLateError, match="until 2026-12-01T06:00"):
            archive(hook, MemoryStore(), context={**run_of(end=end), "dag": dag})

    def test_is_skipped_when_asked(self, hook: MagicMock) -> None:
        store = MemoryStore()

        with pytest.raises(AirflowSkipException, match="No backfill"):
            archive(hook, store, context=run_of(end=LATE), on_late="skip")

        assert store.puts == 0
        hook.view_outcomes.assert_not_called()

    def test_stores_the_figures_of_now_under_their_own_window_when_asked_to_warn(
        self, hook: MagicMock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        store = MemoryStore()

        archive(hook, store, context=run_of(end=LATE), on_late="warn")

        assert "No backfill" in caplog.text + "".join(capfd.readouterr())
        row = lines(store)[0]
        assert row["data_interval_end"] == "2026-10-23T00:00:00+00:00"
        assert row["window_end"] == "2026-11-23T00:01:00+00:00"

    @pytest.mark.parametrize("allowed", [timedelta(days=40), 40 * 86400])
    def test_is_not_late_where_more_is_allowed(
        self, hook: MagicMock, allowed: timedelta | float
    ) -> None:
        store = MemoryStore()

        archive(hook, store, context=run_of(end=LATE), max_lateness=allowed)

        assert store.puts == 1

    @pytest.mark.parametrize(
        ("time_range", "lateness"),
        [("1h", timedelta(minutes=15)), ("1d", timedelta(hours=2)), ("1mo", timedelta(days=1))],
    )
    @pytest.mark.parametrize(
        "end",
        [
            MIDNIGHT,
            datetime(2026, 12, 1, tzinfo=UTC),
            datetime(2027, 3, 1, tzinfo=UTC),
            datetime(2028, 2, 29, tzinfo=UTC),
            datetime(2026, 3, 29, 1, tzinfo=UTC),
            datetime(2026, 10, 25, 1, tzinfo=UTC),
        ],
    )
    def test_is_late_by_its_time_range(
        self,
        hook: MagicMock,
        clock: type[Clock],
        end: datetime,
        time_range: str,
        lateness: timedelta,
    ) -> None:
        store = MemoryStore()
        context = run_of(start=end, end=end)
        clock.now_is = end + lateness
        archive(hook, store, context=context, outcome_time_range=time_range)
        clock.now_is += timedelta(seconds=1)

        with pytest.raises(OneSignalOutcomesLateError):
            archive(hook, store, context=context, outcome_time_range=time_range)


def test_a_run_without_a_data_interval_is_never_late(hook: MagicMock) -> None:
    store = MemoryStore()

    archive(hook, store, context=run_of(end=None))

    assert lines(store)[0]["data_interval_end"] is None


def test_a_window_shorter_than_the_interval_is_warned_of(
    hook: MagicMock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    archive(hook, MemoryStore(), outcome_time_range="1h")

    logged = caplog.text + "".join(capfd.readouterr())
    assert "began 23:00:00 before the window of 1h" in logged


def test_a_missing_bucket_fails_before_onesignal_is_asked(hook: MagicMock) -> None:
    store = MemoryStore()
    store.head = MagicMock(side_effect=OneSignalDestinationError("No bucket."))  # type: ignore[method-assign]

    with pytest.raises(OneSignalDestinationError, match="No bucket"):
        archive(hook, store)

    hook.view_outcomes.assert_not_called()


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"file_format": "parquet"}, "file_format must be one of"),
        ({"on_late": "wait"}, "on_late must be one of"),
        ({"max_lateness": -1}, "max_lateness must be a timedelta or a number of seconds"),
        ({"max_lateness": "2h"}, "max_lateness must be a timedelta or a number of seconds"),
        ({"max_lateness": float("nan")}, "max_lateness must be a timedelta"),
        ({"breakdown": "country"}, r"breakdown\[0\] must be one of"),
        ({"outcome_names": "Sales"}, "must end in .sum or .count"),
        ({"outcome_time_range": "1y"}, "outcome_time_range must be one of"),
        (
            {"breakdown": "attribution", "outcome_attribution": "direct"},
            "leave outcome_attribution out",
        ),
    ],
)
def test_what_breaks_a_rule_is_never_sent(
    hook: MagicMock, parameters: dict[str, Any], rule: str
) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        archive(hook, MemoryStore(), **parameters)

    hook.view_outcomes.assert_not_called()


@pytest.mark.parametrize(
    ("operator", "place"),
    [
        (OneSignalOutcomesToS3Operator, {"s3_key": "k", "s3_bucket": "b"}),
        (OneSignalOutcomesToGCSOperator, {"bucket_name": "b", "object_name": "o"}),
        (OneSignalOutcomesToObjectStorageOperator, {"path": "file:///x"}),
    ],
)
def test_every_data_parameter_and_connection_is_a_template_field(
    operator: Any, place: dict[str, Any]
) -> None:
    made = operator(task_id="t", outcome_names="a.sum", outcome_time_range="1d", **place)

    assert set(made.template_fields) >= {
        "onesignal_conn_id",
        "outcome_names",
        "outcome_time_range",
        "outcome_platforms",
        "outcome_attribution",
        "breakdown",
        *place,
    }
    assert len(made.template_fields) == len(set(made.template_fields))
