"""What OpenLineage and Airflow hear of a transfer."""

from __future__ import annotations

import importlib
import json
import sys
from contextlib import suppress
from typing import Any

import pytest
from airflow.providers.common.compat import sdk

from airflow_provider_onesignal.lineage import Lineage
from tests.unit.fakes import APP_ID

SUMMARY = {
    "uri": "s3://bucket/onesignal/users.csv.gz",
    "bytes": 1234,
    "rows": 17,
    "sha256": "0" * 64,
    "copied": True,
}
READ = Lineage(app_id=APP_ID, kind="subscriptions", columns=("id", "identifier"))
COPIED = Lineage(app_id=APP_ID, kind="subscriptions", columns=("id",), summary=SUMMARY)


def listen(monkeypatch: pytest.MonkeyPatch, collector: Any) -> None:
    """Let Airflow have this collector, wherever its version keeps it."""
    monkeypatch.setattr(sdk, "get_hook_lineage_collector", lambda: collector, raising=False)
    with suppress(ImportError):
        monkeypatch.setattr("airflow.lineage.hook.get_hook_lineage_collector", lambda: collector)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Airflow's collector, as it is where some backend listens."""
    listen(monkeypatch, sdk.HookLineageCollector())
    return importlib.import_module(
        "airflow.providers.common.compat.lineage.hook"
    ).get_hook_lineage_collector()


def collected(collector: Any) -> tuple[list[str], list[str]]:
    found = collector.collected_assets
    return (
        [each.asset.uri for each in found.inputs],
        [each.asset.uri for each in found.outputs],
    )


class TestOpenLineage:
    @pytest.fixture(autouse=True)
    def _needs_the_provider(self) -> None:
        pytest.importorskip("airflow.providers.openlineage")

    def test_the_input_names_the_app_and_the_kind_of_data(self) -> None:
        lineage = READ.facets()

        (read,) = lineage.inputs
        assert read.namespace == "https://api.onesignal.com"
        assert read.name == f"apps/{APP_ID}/subscriptions"
        assert lineage.outputs == []

    def test_the_output_is_the_object_with_its_rows_and_bytes(self) -> None:
        (written,) = COPIED.facets().outputs

        assert (written.namespace, written.name) == ("s3://bucket", "onesignal/users.csv.gz")
        statistics = written.outputFacets["outputStatistics"]
        assert (statistics.rowCount, statistics.size) == (17, 1234)

    @pytest.mark.parametrize("lineage", [READ, COPIED])
    def test_both_have_the_columns(self, lineage: Lineage) -> None:
        told = lineage.facets()

        for dataset in (*told.inputs, *told.outputs):
            fields = dataset.facets["schema"].fields
            assert [field.name for field in fields] == list(lineage.columns)

    def test_columns_that_are_not_known_make_no_schema(self) -> None:
        (read,) = Lineage(app_id=None, kind="exports").facets().inputs

        assert (read.name, read.facets) == ("exports", {})

    def test_openlineage_s_own_client_can_send_it(self) -> None:
        serde = pytest.importorskip("openlineage.client.serde").Serde
        told = COPIED.facets()

        (written,) = (json.loads(serde.to_json(each)) for each in told.outputs)

        assert written["outputFacets"]["outputStatistics"]["rowCount"] == 17
        assert "schema" in written["facets"]


class TestAirflow:
    def test_it_hears_of_both_ends(self, collector: Any) -> None:
        COPIED.collect(object())

        assert collected(collector) == (
            [f"https://api.onesignal.com/apps/{APP_ID}/subscriptions"],
            ["s3://bucket/onesignal/users.csv.gz"],
        )

    def test_it_hears_of_nothing_that_was_not_written(self, collector: Any) -> None:
        READ.collect(object())

        assert collected(collector)[1] == []

    def test_an_object_of_any_name_is_taken(self, collector: Any) -> None:
        summary = {**SUMMARY, "uri": "file:///data/Käufe #1?.csv"}

        Lineage(app_id=APP_ID, kind="outcomes", summary=summary).collect(object())

        assert collected(collector)[1] == ["file:///data/K%C3%A4ufe%20%231%3F.csv"]

    def test_nothing_happens_where_nobody_listens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in [name for name in sys.modules if "openlineage" in name]:
            monkeypatch.delitem(sys.modules, module)
        for name in ("openlineage", "airflow.providers.openlineage"):
            monkeypatch.setitem(sys.modules, name, None)
        deaf = sdk.NoOpCollector()
        listen(monkeypatch, deaf)

        COPIED.collect(object())

        assert not deaf.has_collected
