"""The roll-up as a task: what it reads, refuses, writes and reports."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, create_autospec

import pendulum
import pytest
from airflow.providers.common.compat.sdk import Asset, ObjectStoragePath

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
    OneSignalOutcomesGapError,
    OneSignalSourceError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.operators.outcomes import OneSignalRollUpOutcomesOperator
from airflow_provider_onesignal.outcomes import COLUMNS, file_of
from tests.unit.fakes import FakeOutletEvents

APP = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
END = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock(datetime):
    """Stands in for ``datetime``: it is a minute after November."""

    @classmethod
    def now(cls, zone: Any = None) -> Any:
        return END + timedelta(minutes=1)


def row(end: datetime, **values: Any) -> dict[str, Any]:
    """Return a day's row as the archive writes it."""
    ended = (end + timedelta(seconds=30)).isoformat()
    known = {"app_id": APP, "name": "Sales", "aggregation": "sum", "value": 2, "time_range": "1d"}
    return {
        **dict.fromkeys(COLUMNS),
        **known,
        "platforms": "all",
        "attribution": "total",
        "window_end": ended,
        "observed_at": ended,
        **values,
    }


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Write the file of a day of November, two sales in it."""

    def write(number: int, *rows: dict[str, Any], file_format: str = "jsonl") -> Path:
        path = tmp_path / f"2026-11-{number:02}.{file_format}"
        end = datetime(2026, 11, number, tzinfo=UTC) + DAY
        path.write_bytes(file_of(rows or [row(end)], file_format=file_format))
        return path

    return write


@pytest.fixture(autouse=True)
def november(archive: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """All days of November, a minute after its end."""
    for number in range(1, 31):
        archive(number)
    for module in ("operators.outcomes", "rollup.run", "outcomes"):
        monkeypatch.setattr(f"airflow_provider_onesignal.{module}.datetime", Clock)


@pytest.fixture
def hook() -> MagicMock:
    """A OneSignal that had 60 sales in November."""
    hook: MagicMock = create_autospec(OneSignalHook, instance=True)
    hook.app_id = APP
    hook.view_outcomes.return_value = [{"id": "Sales", "value": 60, "aggregation": "sum"}]
    return hook


@pytest.fixture
def roll_up(hook: MagicMock, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run(*, context: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
        pushed: dict[str, Any] = {}
        given = {
            "task_id": "t",
            "days": f"{tmp_path.as_uri()}/{{date}}.jsonl",
            "path": f"{tmp_path.as_uri()}/month.jsonl",
        }
        operator = OneSignalRollUpOutcomesOperator(**{**given, **parameters})
        operator._hook = hook
        ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
        end = pendulum.instance(END)
        given_context: Any = {"ti": ti, "data_interval_end": end, **(context or {})}
        uri = operator.execute(given_context)
        pushed["operator"] = operator
        assert uri == pushed["summary"]["uri"]
        return pushed

    return run


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class TestAWholeMonth:
    def test_is_a_row_an_outcome_and_a_summary(self, roll_up: Any, tmp_path: Path) -> None:
        summary = roll_up()["summary"]

        [found] = lines(tmp_path / "month.jsonl")
        assert found["value"] == found["onesignal_value"] == 60
        assert (found["month"], found["days"], found["app_id"]) == ("2026-11", 30, APP)
        assert (found["derived"], found["missing"]) == (False, None)
        assert summary["missing"] == summary["derived"] == []
        assert (summary["rows"], summary["copied"], summary["days"]) == (1, True, 30)
        json.dumps(summary)

    def test_again_is_the_same_bytes_and_asks_nothing(self, roll_up: Any, hook: MagicMock) -> None:
        first = roll_up()["summary"]
        hook.view_outcomes.return_value = []

        again = roll_up()["summary"]

        assert (again["sha256"], again["copied"]) == (first["sha256"], False)
        hook.view_outcomes.assert_called_once()

    def test_with_other_figures_replaces_only_when_it_may(
        self, roll_up: Any, archive: Any, tmp_path: Path
    ) -> None:
        roll_up()
        archive(5, row(datetime(2026, 11, 6, tzinfo=UTC), value=3))

        with pytest.raises(OneSignalDestinationTakenError, match="replace=True"):
            roll_up()
        roll_up(replace=True)

        assert lines(tmp_path / "month.jsonl")[0]["value"] == 61

    def test_is_read_from_csv_and_written_as_csv(
        self, roll_up: Any, archive: Any, tmp_path: Path
    ) -> None:
        for number in range(1, 31):
            archive(number, file_format="csv")

        roll_up(
            days=f"{tmp_path.as_uri()}/{{date:%Y-%m-%d}}.csv",
            path=ObjectStoragePath(f"{tmp_path.as_uri()}/month.csv"),
            file_format="csv",
        )

        assert "Sales,sum,60,all,total,2026-11," in (tmp_path / "month.csv").read_text()

    @pytest.mark.parametrize("kind", [ObjectStoragePath, lambda url: Path(url.split("://")[1])])
    def test_is_named_by_its_month_in_a_path_of_any_kind(
        self, roll_up: Any, kind: Any, tmp_path: Path
    ) -> None:
        roll_up(path=kind(f"{tmp_path.as_uri()}/{{month}}.jsonl"))

        assert (tmp_path / "2026-11.jsonl").exists()

    def test_may_be_of_files_named_by_the_day_after(self, roll_up: Any, tmp_path: Path) -> None:
        for number in range(30, 0, -1):
            after = datetime(2026, 11, number, tzinfo=UTC) + DAY
            (tmp_path / f"2026-11-{number:02}.jsonl").rename(tmp_path / f"{after:%Y-%m-%d}.jsonl")

        summary = roll_up(days=f"{tmp_path.as_uri()}/{{end}}.jsonl")["summary"]

        assert summary["days"] == 30
        with pytest.raises(OneSignalOutcomesGapError, match=r"write \{end\} for \{date\}"):
            roll_up()

    def test_reports_to_assets_and_lineage(self, roll_up: Any) -> None:
        asset, events = Asset("month"), FakeOutletEvents()

        pushed = roll_up(context={"outlet_events": events}, outlets=[asset])

        facets = pushed["operator"].get_openlineage_facets_on_complete(None)
        names = [each.name for each in facets.inputs]
        assert events[asset].extra == pushed["summary"]
        assert f"apps/{APP}/outcomes" in names
        assert sum("2026-11-" in name for name in names) == 30
        assert facets.outputs[0].name.endswith("/month.jsonl")


class TestAGap:
    @pytest.fixture(autouse=True)
    def _lost(self, tmp_path: Path) -> None:
        (tmp_path / "2026-11-05.jsonl").unlink()

    def test_fails_and_says_that_it_can_be_recovered(self, roll_up: Any, tmp_path: Path) -> None:
        with pytest.raises(
            OneSignalOutcomesGapError,
            match=r"^2026-11 is not whole: 2026-11-05 is missing\. Nothing was .* recover=True",
        ):
            roll_up()

        assert not (tmp_path / "month.jsonl").exists()

    def test_is_recovered_when_asked(self, roll_up: Any, tmp_path: Path) -> None:
        summary = roll_up(recover=True)["summary"]

        assert [each["value"] for each in lines(tmp_path / "month.jsonl")] == [58, 2]
        assert (summary["derived"], summary["missing"]) == (["2026-11-05"], [])

    def test_is_marked_when_asked(self, roll_up: Any, hook: MagicMock, tmp_path: Path) -> None:
        summary = roll_up(on_gap="mark", reconcile=False)["summary"]

        observed, gap = lines(tmp_path / "month.jsonl")
        assert (observed["value"], observed["days"]) == (58, 29)
        assert (gap["value"], gap["days"], gap["missing"]) == (None, 1, "missing")
        assert summary["missing"] == ["2026-11-05"]
        hook.view_outcomes.assert_not_called()

    @pytest.mark.parametrize(
        ("figure", "reason"),
        [
            ({"value": 57}, "less than the days that are there"),
            ({"value": None}, "has no figure"),
        ],
    )
    def test_without_a_figure_of_the_month_is_not_recovered(
        self, roll_up: Any, hook: MagicMock, figure: dict[str, Any], reason: str
    ) -> None:
        hook.view_outcomes.return_value[0].update(figure)

        with pytest.raises(OneSignalOutcomesGapError, match=f"cannot be recovered: .*{reason}"):
            roll_up(recover=True)

    def test_beside_another_is_not_recovered_and_both_are_named(
        self, roll_up: Any, tmp_path: Path
    ) -> None:
        (tmp_path / "2026-11-30.jsonl").unlink()

        with pytest.raises(OneSignalOutcomesGapError, match="more than one stretch") as error:
            roll_up(recover=True)

        assert "2026-11-05 is missing; 2026-11-30 is missing" in str(error.value)

    def test_of_one_outcome_is_recovered_where_the_others_agree(
        self, roll_up: Any, archive: Any, hook: MagicMock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(1, 31):
            end = datetime(2026, 11, number, tzinfo=UTC) + DAY
            clicks = row(end, name="Clicks", value=None if number == 7 else 1)
            archive(number, row(end), clicks)
        hook.view_outcomes.return_value += [{"id": "Clicks", "value": 33, "aggregation": "sum"}]

        # As if a rolling month had another number of days than November has.
        monkeypatch.setattr("airflow_provider_onesignal.rollup.run.ROLLING", 29)
        monkeypatch.setattr("airflow_provider_onesignal.rollup.month.ROLLING", 29)
        assert roll_up(recover=True)["summary"]["derived"] == ["2026-11-07"]

    def test_is_recovered_later_where_the_month_was_marked_in_time_and_a_day_restored(
        self, roll_up: Any, archive: Any, hook: MagicMock, tmp_path: Path
    ) -> None:
        (tmp_path / "2026-11-30.jsonl").unlink()
        marked = roll_up(on_gap="mark")["summary"]
        archive(30)

        summary = roll_up(recover=True, replace=True)["summary"]

        assert (marked["derived"], marked["missing"]) == ([], ["2026-11-05", "2026-11-30"])
        assert summary["derived"] == ["2026-11-05"]
        assert [each["value"] for each in lines(tmp_path / "month.jsonl")] == [58, 2]
        hook.view_outcomes.assert_called_once()

    def test_at_a_time_too_far_from_the_months_end_is_not_recovered(self, roll_up: Any) -> None:
        with pytest.raises(OneSignalOutcomesGapError, match="than max_lateness allows"):
            roll_up(recover=True, max_lateness=45)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"app_id": "b"}, "is of app 'b'"),
        ({"time_range": "1mo"}, "holds a window of '1mo'"),
        ({"window_end": "2026-11-05T00:00:30+00:00"}, "holds 2026-11-04, which is there twice"),
        ({"window_end": "2026-11-06T05:00:00+00:00"}, "5 h after the day"),
    ],
)
def test_a_day_that_is_another_or_there_twice_is_named(
    roll_up: Any, archive: Any, changed: dict[str, Any], named: str, tmp_path: Path
) -> None:
    path = archive(5, row(datetime(2026, 11, 6, tzinfo=UTC), **changed))

    with pytest.raises(OneSignalOutcomesGapError, match=f"2026-11-05: .*{path.name} .*{named}"):
        roll_up()
    roll_up(on_gap="mark", reconcile=False)

    kind = "doubled" if "twice" in named else "foreign"
    assert lines(tmp_path / "month.jsonl")[1]["missing"] == kind


def test_a_month_without_any_day_is_never_stored(roll_up: Any, tmp_path: Path) -> None:
    with pytest.raises(OneSignalOutcomesGapError, match="2026-10-01 to 2026-10-31 are missing"):
        roll_up(month="2026-10", on_gap="mark")


def test_a_day_that_cannot_be_read_is_named_whatever_is_allowed(
    roll_up: Any, tmp_path: Path
) -> None:
    path = tmp_path / "2026-11-05.jsonl"
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(OneSignalSourceError, match=r"2026-11-05\.jsonl is broken or cut at row 1"):
        roll_up(on_gap="mark")


def test_a_store_that_is_down_may_be_tried_again(
    roll_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "airflow_provider_onesignal.stores.object_storage.ObjectStorageStore.head",
        MagicMock(side_effect=OneSignalDestinationUnavailableError("down")),
    )

    with pytest.raises(OneSignalDestinationUnavailableError):
        roll_up()


class TestADifference:
    @pytest.fixture(autouse=True)
    def _different(self, hook: MagicMock) -> None:
        hook.view_outcomes.return_value[0]["value"] = 70

    def test_is_warned_of_and_in_the_summary(
        self, roll_up: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with caplog.at_level(logging.WARNING):
            summary = roll_up()["summary"]

        [found] = summary["reconciled"]["differences"]
        assert (found["name"], found["archive"], found["onesignal"]) == ("Sales", 60, 70)
        assert "Sales.sum: the days are 60, it is 70" in caplog.text + "".join(capfd.readouterr())

    def test_fails_when_asked(self, roll_up: Any, tmp_path: Path) -> None:
        with pytest.raises(OneSignalOutcomesGapError, match="differs from OneSignal's own figures"):
            roll_up(on_difference="fail")

        assert not (tmp_path / "month.jsonl").exists()

    def test_may_be_tolerated(self, roll_up: Any) -> None:
        assert roll_up(on_difference="fail", tolerance=0.2)["summary"]["copied"]


@pytest.mark.parametrize("given", [{"timezone": "Europe/Berlin"}, {"context": "dag"}])
def test_days_begin_in_the_zone_that_is_named_or_the_dags(
    roll_up: Any, archive: Any, given: dict[str, Any], tmp_path: Path
) -> None:
    berlin = pendulum.timezone("Europe/Berlin")
    for number in range(1, 31):
        start = datetime(2026, 11, number, tzinfo=berlin)
        archive(number, row((start + DAY).astimezone(UTC)))
    if "context" in given:
        given = {"context": {"dag": SimpleNamespace(timezone=berlin)}}

    roll_up(**given)

    assert lines(tmp_path / "month.jsonl")[0]["window_start"] == "2026-10-31T23:00:00+00:00"


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"days": "file:///outcomes.jsonl"}, "put {date} into it"),
        ({"days": "file:///{date:%m}.jsonl"}, "put {date} into it"),
        ({"days": "file:///{day}.jsonl"}, "no braces but {date} or {end}"),
        ({"days": 5}, "days must be a URL"),
        ({"on_gap": "skip"}, "on_gap must be one of"),
        ({"on_difference": "skip"}, "on_difference must be one of"),
        ({"tolerance": 2}, "tolerance must be 0 to 1"),
        ({"max_lateness": "2h"}, "max_lateness must be a timedelta"),
        ({"file_format": "parquet"}, "file_format must be one of"),
        ({"replace": "yes"}, "replace must be True or False"),
        ({"timezone": "Europe/Nowhere"}, "timezone must be a name"),
        ({"month": "2026-12"}, "is not over"),
        ({"recover": True, "reconcile": False}, "recover=True needs reconcile=True"),
    ],
)
def test_what_breaks_a_rule_is_never_sent(
    roll_up: Any, hook: MagicMock, parameters: dict[str, Any], rule: str
) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        roll_up(**parameters)

    hook.view_outcomes.assert_not_called()


def test_a_template_of_the_days_is_checked_once_it_is_rendered() -> None:
    days = "{{ var.value.folder }}/{date}.jsonl"

    made = OneSignalRollUpOutcomesOperator(task_id="t", days=days, path="file:///month.jsonl")

    assert made.days == days
