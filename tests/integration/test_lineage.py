"""What real transfers tell of themselves, as OpenLineage's provider asks for it: all, no secret."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat import sdk
from airflow.utils.state import TaskInstanceState

from airflow_provider_onesignal.exports import (
    EventsExport,
    ExportRequest,
    MessageHistoryExport,
    SubscriptionsExport,
)
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalOutcomesToObjectStorageOperator,
)
from tests.integration.tasks import Ended, run_try
from tests.unit.fakes import FakeStore

pytest.importorskip("airflow.providers.openlineage")

EXPORTS: dict[str, Callable[[str], ExportRequest]] = {
    "subscriptions": lambda _: SubscriptionsExport(extra_fields=["country", "ip"]),
    "events": EventsExport,
    "history": lambda message: MessageHistoryExport(message, "clicked"),
}


class Told:
    """
    Runs a task, deferred where it can be, and keeps what it tells.

    :param operator: to run
    :param parameters: of it
    """

    def __init__(self, operator: Any, **parameters: Any) -> None:
        from airflow.providers.openlineage.extractors import ExtractorManager

        made: list[Any] = []

        def make() -> Any:
            made.append(operator(task_id="copy", **parameters))
            return made[-1]

        self.ended: Ended = run_try(make, store=FakeStore())
        failed = self.ended.error is not None
        self.lineage: Any = ExtractorManager().extract_metadata(
            dagrun=SimpleNamespace(run_id="run"),
            task=made[-1],
            task_instance_state=TaskInstanceState.FAILED if failed else TaskInstanceState.SUCCESS,
            task_instance=SimpleNamespace(task=made[-1]),
        )

    @property
    def read(self) -> Any:
        (dataset,) = self.lineage.inputs
        return dataset

    @property
    def written(self) -> Any:
        (dataset,) = self.lineage.outputs
        return dataset

    def all_of_it(self) -> str:
        from openlineage.client.serde import Serde

        datasets = (*self.lineage.inputs, *self.lineage.outputs)
        return "\n".join(
            [*(Serde.to_json(each) for each in datasets), json.dumps(self.ended.xcoms)]
        )


@pytest.fixture(autouse=True)
def _collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Airflow's collector listen, as it does where some backend asked for it."""
    collector = sdk.HookLineageCollector()
    monkeypatch.setattr(sdk, "get_hook_lineage_collector", lambda: collector, raising=False)


def heard() -> list[str]:
    """Give the URIs of what was read and what was written."""
    from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

    found = get_hook_lineage_collector().collected_assets
    return [each.asset.uri for each in (*found.inputs, *found.outputs)]


def columns(dataset: Any) -> list[str]:
    return [field.name for field in dataset.facets["schema"].fields]


def secrets(emulator: Emulator) -> list[str]:
    files = [export.path.rpartition("/")[2][:-11] for export in emulator.exports]
    return [emulator.api_key, *files]


@pytest.mark.parametrize("kind", sorted(EXPORTS))
@pytest.mark.parametrize("store", ["s3", "gcs", "folder"])
def test_an_export_tells_what_it_read_and_wrote(
    onesignal: Emulator, place_of: Any, store: str, kind: str
) -> None:
    place = place_of(store)
    export = EXPORTS[kind](onesignal.message_id)
    onesignal.settings.ready_after_polls = 2

    told = Told(
        place.operator, export=export, deferrable=True, poll_interval=0.01, **place.parameters
    )

    assert told.ended.error is None
    assert len(told.ended.deferrals) == 1
    app = f"apps/{OneSignalHook().app_id}"
    data = kind if kind == "subscriptions" else f"messages/{onesignal.message_id}/{kind}"
    assert (told.read.namespace, told.read.name) == ("https://api.onesignal.com", f"{app}/{data}")
    body = place.held().body
    plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    header, *rows = csv.reader(plain.decode().splitlines())
    assert columns(told.read) == columns(told.written) == header
    statistics = told.written.outputFacets["outputStatistics"]
    assert (statistics.rowCount, statistics.size) == (len(rows), len(body))
    assert f"{told.written.namespace}/{told.written.name}".endswith(place.uri.split("//")[1])
    assert heard() == [f"https://api.onesignal.com/{app}/{data}", place.uri]


def test_of_a_url_the_file_itself_tells_its_columns(onesignal: Emulator, place_of: Any) -> None:
    place = place_of("folder")
    url = OneSignalHook().start_export(SubscriptionsExport())

    told = Told(place.operator, csv_file_url=url, **place.parameters)

    assert told.read.name == f"apps/{OneSignalHook().app_id}/exports"
    assert told.written.facets["schema"].fields[0].name == "id"


@pytest.mark.parametrize("by", ["url", "export"])
def test_nothing_of_it_opens_an_account_or_a_file(
    onesignal: Emulator, place_of: Any, by: str
) -> None:
    place = place_of("folder")
    source: dict[str, Any] = {"export": SubscriptionsExport()}
    if by == "url":
        source = {"csv_file_url": OneSignalHook().start_export(SubscriptionsExport())}

    told = Told(place.operator, **source, **place.parameters)

    shown = told.all_of_it() + "".join(heard())
    assert "onesignal_dashboard" in shown
    found = secrets(onesignal)
    assert len(found) == 2
    assert [secret for secret in found if secret in shown] == []


def test_a_copy_that_fails_tells_what_was_to_be_read(onesignal: Emulator, place_of: Any) -> None:
    place = place_of("folder")
    onesignal.files.fail("download", status=410)

    told = Told(place.operator, export=SubscriptionsExport(), **place.parameters)

    assert told.ended.error is not None
    assert told.read.name.endswith("/subscriptions")
    assert told.lineage.outputs == []
    assert told.ended.xcoms["onesignal_dashboard"].endswith(OneSignalHook().app_id)


def test_outcomes_tell_what_was_read_and_written(onesignal: Emulator, tmp_path: Any) -> None:
    onesignal.set_outcome("os__click.count", 4)
    file = tmp_path / "outcomes.csv"

    told = Told(
        OneSignalOutcomesToObjectStorageOperator,
        outcome_names=["os__click.count"],
        outcome_time_range="1d",
        file_format="csv",
        path=file.as_uri(),
    )

    assert told.read.name == f"apps/{OneSignalHook().app_id}/outcomes"
    assert (told.written.namespace, told.written.name) == ("file", str(file))
    assert columns(told.written) == file.read_text().splitlines()[0].split(",")
    assert told.written.outputFacets["outputStatistics"].rowCount == 1
