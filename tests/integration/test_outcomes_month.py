"""Two months of days, archived by runs against an emulator whose clock moves, and rolled up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest

from airflow_provider_onesignal.exceptions import OneSignalOutcomesGapError
from airflow_provider_onesignal.operators.outcomes import OneSignalRollUpOutcomesOperator
from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalOutcomesToObjectStorageOperator,
)
from tests.integration.stores import s3_client

DECEMBER, JANUARY, FEBRUARY = (
    datetime(2026, 12, 1, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2027, 2, 1, tzinfo=UTC),
)
DAY = timedelta(days=1)
MODULES = ("outcomes", "rollup.run", "operators.outcomes", "transfers.outcomes")


@dataclass
class World:
    """An emulator, whose clock everyone goes by, and a folder with what was archived by then."""

    emulator: Emulator
    folder: Path

    def go_to(self, moment: datetime) -> None:
        self.emulator.advance(moment.timestamp() - self.emulator.account.clock.now())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.emulator.account.clock.now(), UTC)

    def live_through(self, day: datetime, number: int) -> None:
        """Let a day pass with clicks and sales, and archive it half a minute after its end."""
        self.go_to(day + DAY / 2)
        self.emulator.record_outcome("os__click", count=number, attribution="direct")
        self.emulator.record_outcome("Sales", count=2, value=number / 4, attribution="influenced")
        self.go_to(day + DAY + timedelta(seconds=30))
        operator = OneSignalOutcomesToObjectStorageOperator(
            task_id="archive",
            outcome_names=["os__click.count", "Sales.sum"],
            outcome_time_range="1d",
            path=(self.folder / f"{day:%Y-%m-%d}.jsonl").as_uri(),
        )
        run(operator, data_interval_start=day, data_interval_end=day + DAY)

    def roll_up(self, month_end: datetime, **parameters: Any) -> dict[str, Any]:
        """Roll up the month that ends then, and return the summary."""
        operator = OneSignalRollUpOutcomesOperator(
            **{
                "task_id": "roll_up",
                "days": self.folder.as_uri() + "/{date}.jsonl",
                "path": self.folder.as_uri() + "/month-{month}.jsonl",
                **parameters,
            }
        )
        return run(operator, data_interval_start=month_end, data_interval_end=month_end)

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


def run(operator: Any, **interval: datetime) -> dict[str, Any]:
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    operator.execute(
        {"ti": ti, **{name: pendulum.instance(moment) for name, moment in interval.items()}}
    )
    return dict(pushed["summary"])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return December, rolled up, and the days of January, half a minute after its end."""
    with Emulator() as emulator, pytest.MonkeyPatch.context() as patch:
        world = World(emulator, tmp_path_factory.mktemp("outcomes"))

        class Clock(datetime):
            @classmethod
            def now(cls, zone: Any = None) -> Any:
                return world.now()

        patch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", emulator.connection_uri)
        for module in MODULES:
            patch.setattr(f"airflow_provider_onesignal.{module}.datetime", Clock)
        patch.setattr("airflow_provider_onesignal.outcomes.time.sleep", lambda _: None)
        for number in range(31):
            world.live_through(DECEMBER + number * DAY, number + 1)
        world.roll_up(JANUARY)
        for number in range(31):
            world.live_through(JANUARY + number * DAY, 100 + number)
        yield world


@pytest.fixture
def world(lived: World, tmp_path: Path) -> World:
    """Return the same with a folder of the test's own."""
    shutil.copytree(lived.folder, tmp_path, dirs_exist_ok=True)
    return World(lived.emulator, tmp_path)


def onesignals(world: World, name: str) -> float:
    """Return the emulator's own figure of January."""
    events = [event for event in world.emulator.app.outcomes if event.name == name]
    events = [event for event in events if JANUARY.timestamp() <= event.at < FEBRUARY.timestamp()]
    return sum(event.count * (event.value if name == "Sales" else 1) for event in events)


def test_the_days_of_a_month_add_up_to_onesignals_own_figure(world: World) -> None:
    summary = world.roll_up(FEBRUARY)

    rows = {row["name"]: row for row in world.rows("month-2027-01.jsonl")}
    assert {name: row["value"] for name, row in rows.items()} == {
        "os__click": onesignals(world, "os__click"),
        "Sales": onesignals(world, "Sales"),
    }
    assert [row["onesignal_value"] == row["value"] for row in rows.values()] == [True, True]
    assert {row["days"] for row in rows.values()} == {summary["days"]} == {31}
    assert summary["reconciled"] == {
        "window_start": "2027-01-01T00:00:30+00:00",
        "window_end": "2027-02-01T00:00:30+00:00",
        "outcomes": 2,
        "different": 0,
        "differences": [],
    }


@pytest.mark.parametrize("lost", [["2027-01-01"], ["2027-01-17"], ["2027-01-30", "2027-01-31"]])
def test_a_lost_stretch_is_recovered_to_the_unit(world: World, lost: list[str]) -> None:
    days = {day: world.rows(f"{day}.jsonl") for day in lost}
    for day in lost:
        (world.folder / f"{day}.jsonl").unlink()

    with pytest.raises(OneSignalOutcomesGapError, match=f"{lost[0]}.* missing.*recover=True"):
        world.roll_up(FEBRUARY)
    assert not (world.folder / "month-2027-01.jsonl").exists()
    summary = world.roll_up(FEBRUARY, recover=True)

    rows = world.rows("month-2027-01.jsonl")
    for name in ("os__click", "Sales"):
        observed, derived = (row for row in rows if row["name"] == name)
        was = sum(row["value"] for rows in days.values() for row in rows if row["name"] == name)
        assert derived["value"] == was
        assert (derived["derived"], derived["missing"]) == (True, "missing")
        assert derived["window_start"] == f"{lost[0]}T00:00:00+00:00"
        assert observed["value"] + derived["value"] == onesignals(world, name)
        assert (observed["days"], derived["days"]) == (31 - len(lost), len(lost))
    assert summary["derived"] == [" to ".join(lost)]


def test_a_run_again_keeps_what_was_recovered_byte_for_byte(
    world: World,
) -> None:
    (world.folder / "2027-01-17.jsonl").unlink()
    world.roll_up(FEBRUARY, recover=True)
    before = (world.folder / "month-2027-01.jsonl").read_bytes()
    asked = len(world.emulator.requests)

    again = world.roll_up(FEBRUARY, on_gap="mark", replace=True, month="2027-01")

    assert (world.folder / "month-2027-01.jsonl").read_bytes() == before
    assert (again["copied"], len(world.emulator.requests)) == (False, asked)


def test_without_an_earlier_month_nothing_shows_that_onesignals_is_the_calendars(
    world: World,
) -> None:
    (world.folder / "2027-01-17.jsonl").unlink()
    (world.folder / "month-2026-12.jsonl").unlink()

    with pytest.raises(OneSignalOutcomesGapError, match="cannot be recovered: nothing shows that"):
        world.roll_up(FEBRUARY, recover=True)


def test_a_month_of_thirty_days_at_onesignal_shows_as_a_difference(world: World) -> None:
    world.emulator.settings.month_days = 30
    try:
        summary = world.roll_up(FEBRUARY)
        with pytest.raises(OneSignalOutcomesGapError, match="differs from OneSignal's own figures"):
            world.roll_up(
                FEBRUARY,
                on_difference="fail",
                path=world.folder.as_uri() + "/other-{month}.jsonl",
            )
    finally:
        world.emulator.settings.month_days = None

    differences = {each["name"]: each for each in summary["reconciled"]["differences"]}
    clicks = differences["os__click"]
    assert clicks["archive"] - clicks["onesignal"] == 100
    assert not (world.folder / "other-2027-01.jsonl").exists()


def test_a_run_that_is_late_does_not_reconcile_and_says_so(world: World) -> None:
    asked = len(world.emulator.requests)

    summary = world.roll_up(JANUARY, path=world.folder.as_uri() + "/late.jsonl")

    assert summary["month"] == "2026-12"
    assert summary["reconciled"] is None
    assert "is not 2026-12" in summary["not_reconciled"]
    assert len(world.emulator.requests) == asked


def test_the_days_and_the_month_may_be_in_a_bucket(
    world: World, session_s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "secret",
        "extra": {"endpoint_url": session_s3_url, "region_name": "us-east-1"},
    }
    # Airflow keeps a filesystem for each connection, so that no other test may use this one.
    monkeypatch.setenv("AIRFLOW_CONN_AWS_OF_MONTHS", json.dumps(connection))
    client = s3_client(session_s3_url)
    client.create_bucket(Bucket="months")
    for file in world.folder.glob("2027-01-*.jsonl"):
        client.put_object(Bucket="months", Key=f"days/{file.name}", Body=file.read_bytes())
    given = {
        "days": "s3://aws_of_months@months/days/{date}.jsonl",
        "path": "s3://aws_of_months@months/{month}.csv",
        "file_format": "csv",
    }

    summary, again = world.roll_up(FEBRUARY, **given), world.roll_up(FEBRUARY, **given)

    stored = client.get_object(Bucket="months", Key="2027-01.csv")
    assert f"Sales,sum,{onesignals(world, 'Sales'):g},all,total" in stored["Body"].read().decode()
    assert stored["ContentType"] == "text/csv"
    assert summary["uri"] == "s3://months/2027-01.csv"
    assert (summary["copied"], again["copied"]) == (True, False)
