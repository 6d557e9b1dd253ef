"""Outcomes and their archive against the emulator, where they age."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest

from airflow_provider_onesignal.operators.outcomes import OneSignalGetOutcomesOperator
from airflow_provider_onesignal.outcomes import ALL_PLATFORMS
from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalOutcomesToObjectStorageOperator,
)

DAY = 86_400.0


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(rows=10) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", emulator.connection_uri)
        yield emulator


def run(operator: Any, **context: Any) -> Any:
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    return operator.execute({"ti": ti, **context})


class TestOutcomes:
    def test_they_age_out_of_the_window(self, emulator: Emulator) -> None:
        emulator.record_outcome("Sales", ago=60, value=9.5)
        emulator.record_outcome("Sales", ago=2 * 3600, value=1)
        emulator.record_outcome("Sales", ago=2 * DAY, value=0.5)

        found = {
            time_range: run(
                OneSignalGetOutcomesOperator(
                    task_id="t", outcome_names="Sales.sum", outcome_time_range=time_range
                )
            )
            for time_range in ("1h", "1d", "1mo")
        }

        assert {time_range: each[0]["value"] for time_range, each in found.items()} == {
            "1h": 9.5,
            "1d": 10.5,
            "1mo": 11,
        }

    def test_platforms_and_attribution_narrow_them(self, emulator: Emulator) -> None:
        emulator.record_outcome("Sales", platform=0, attribution="direct", count=2)
        emulator.record_outcome("Sales", platform=1, attribution="influenced", count=3)
        asking: dict[str, Any] = {
            "task_id": "t",
            "outcome_names": "Sales.count",
            "outcome_time_range": "1d",
        }

        [by_platform] = run(OneSignalGetOutcomesOperator(**asking, outcome_platforms=[1]))
        [direct] = run(OneSignalGetOutcomesOperator(**asking, outcome_attribution="direct"))

        assert (by_platform["value"], direct["value"]) == (3, 2)

    def test_a_name_with_a_comma_is_one_name(
        self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_provider_onesignal.outcomes.time.sleep", lambda _: None)
        emulator.record_outcome("Sales, Purchase", count=7)
        emulator.record_outcome("os__click", count=2)

        found = run(
            OneSignalGetOutcomesOperator(
                task_id="t",
                outcome_names=["Sales, Purchase.count", "os__click.count"],
                outcome_time_range="1d",
            )
        )

        assert {each["id"]: each["value"] for each in found} == {
            "os__click": 2,
            "Sales, Purchase": 7,
        }


class TestArchive:
    @pytest.fixture(autouse=True)
    def _no_pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("airflow_provider_onesignal.outcomes.time.sleep", lambda _: None)

    def archive(self, path: Any, *, end: datetime | None = None, **parameters: Any) -> str:
        end = pendulum.instance(end or datetime.now(UTC))
        operator = OneSignalOutcomesToObjectStorageOperator(
            **{
                "task_id": "archive",
                "outcome_names": ["Sales.sum", "os__click.count"],
                "outcome_time_range": "1d",
                "path": path.as_uri(),
                "replace": True,
                **parameters,
            }
        )
        start = end - timedelta(days=1)
        return str(run(operator, data_interval_start=start, data_interval_end=end))

    def test_a_breakdown_adds_up_to_the_total(self, emulator: Emulator, tmp_path: Any) -> None:
        for platform, attribution in ((0, "direct"), (0, "influenced"), (11, "unattributed")):
            emulator.record_outcome("Sales", platform=platform, attribution=attribution, value=2.5)

        self.archive(tmp_path / "total.jsonl")
        self.archive(tmp_path / "parts.jsonl", breakdown=["platform", "attribution"])

        def sum_of(name: str) -> float:
            rows = [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
            return float(sum(row["value"] for row in rows if row["name"] == "Sales"))

        assert sum_of("total.jsonl") == sum_of("parts.jsonl") == 7.5
        assert len(emulator.requests) == 1 + len(ALL_PLATFORMS) * 3

    @pytest.mark.parametrize("file_format", ["jsonl", "csv"])
    def test_a_run_again_leaves_the_same_bytes_while_the_figures_stay(
        self, emulator: Emulator, tmp_path: Any, file_format: str
    ) -> None:
        path = tmp_path / f"outcomes.{file_format}"
        emulator.set_outcome("os__click.count", 4)
        end = datetime.now(UTC)

        uri = self.archive(path, file_format=file_format, end=end)
        before = path.read_bytes()
        self.archive(path, file_format=file_format, end=end)
        assert path.read_bytes() == before

        emulator.set_outcome("os__click.count", 5)
        self.archive(path, file_format=file_format, end=end)
        assert path.read_bytes() != before
        assert uri == path.as_uri()
        assert list(tmp_path.iterdir()) == [path]
