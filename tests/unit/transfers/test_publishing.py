"""What a transfer tells the rest of Airflow."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Asset, AssetAlias

from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.transfers.publishing import PublishingTask
from tests.unit.fakes import APP_ID

SUMMARY = {"uri": "s3://bucket/Käufe.csv.gz", "bytes": 5, "rows": 2, "sha256": "0" * 64}


class Events(dict[Any, Any]):
    """Stands in for ``outlet_events``, which makes an entry for what is asked for."""

    def __missing__(self, outlet: Any) -> Any:
        added: list[Any] = []
        self[outlet] = SimpleNamespace(
            extra={"mine": 1},
            added=added,
            add=lambda asset, *, extra: added.append((asset.uri, extra)),
        )
        return self[outlet]


@pytest.fixture
def context() -> Any:
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(pushed=pushed, xcom_push=lambda key, value: pushed.update({key: value}))
    return {"ti": ti, "outlet_events": Events()}


def task(*outlets: Any) -> PublishingTask:
    return PublishingTask(task_id="task", outlets=list(outlets))


def test_the_summary_is_pushed(context: Any) -> None:
    task().publish(context, SUMMARY)

    assert context["ti"].pushed == {"summary": SUMMARY}
    assert context["outlet_events"] == {}


def test_the_event_of_an_asset_has_the_summary_beside_what_is_there(context: Any) -> None:
    asset = Asset("s3://bucket/asset")

    task(asset).publish(context, SUMMARY)

    assert context["outlet_events"][asset].extra == {"mine": 1, **SUMMARY}


def test_an_alias_learns_which_object_it_stands_for(context: Any) -> None:
    alias = AssetAlias("exports")

    task(alias).publish(context, SUMMARY)

    assert context["outlet_events"][alias].added == [("s3://bucket/K%C3%A4ufe.csv.gz", SUMMARY)]


def test_other_outlets_are_left_alone(context: Any) -> None:
    task("a text", object()).publish(context, SUMMARY)

    assert context["outlet_events"] == {}


class TestWithOpenLineage:
    @pytest.fixture(autouse=True)
    def _provider(self) -> None:
        pytest.importorskip("airflow.providers.openlineage")

    def told(self, publishing: PublishingTask, state: str) -> Any:
        from airflow.providers.openlineage.extractors import ExtractorManager
        from airflow.utils.state import TaskInstanceState

        return ExtractorManager().extract_metadata(
            dagrun=SimpleNamespace(run_id="run"),
            task=publishing,
            task_instance_state=TaskInstanceState[state],
            task_instance=SimpleNamespace(task=publishing),
        )

    def test_a_success_tells_of_both_ends(self, context: Any, connect: Any) -> None:
        connect()
        publishing = task()
        publishing.reads("outcomes", columns=("name", "value"))
        publishing.publish(context, SUMMARY)

        told = self.told(publishing, "SUCCESS")

        assert [each.name for each in told.inputs] == [f"apps/{APP_ID}/outcomes"]
        assert [each.name for each in told.outputs] == ["Käufe.csv.gz"]

    def test_a_failure_tells_of_no_object_where_none_is(self, connect: Any) -> None:
        connect()
        publishing = task()
        publishing.reads("outcomes")

        told = self.told(publishing, "FAILED")

        assert [each.name for each in told.inputs] == [f"apps/{APP_ID}/outcomes"]
        assert told.outputs == []

    def test_a_failure_before_anything_was_read_tells_nothing(self) -> None:
        told = self.told(task(), "FAILED")

        assert (told.inputs, told.outputs) == ([], [])

    def test_no_connection_is_read_after_the_task(
        self, context: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # OpenLineage asks in a forked process, which shares the task's socket to Airflow.
        connect()
        publishing = task()
        publishing.reads("outcomes")
        publishing.publish(context, SUMMARY)
        monkeypatch.setattr(OneSignalHook, "get_connection", lambda _: pytest.fail("it was read"))
        publishing.__dict__.pop("hook")

        assert len(self.told(publishing, "SUCCESS").inputs) == 1


def test_a_connection_without_an_app_leaves_the_app_open(context: Any, connect: Any) -> None:
    pytest.importorskip("airflow.providers.openlineage")
    connect(login="")
    publishing = task()
    publishing.reads("exports")
    publishing.publish(context, SUMMARY)

    (read,) = publishing.get_openlineage_facets_on_complete(None).inputs
    assert read.name == "exports"


def test_all_but_the_facets_works_without_openlineage(
    context: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    for module in [name for name in sys.modules if "openlineage" in name]:
        monkeypatch.delitem(sys.modules, module)
    for name in ("openlineage", "airflow.providers.openlineage"):
        monkeypatch.setitem(sys.modules, name, None)
    publishing = task(Asset("s3://bucket/asset"))

    publishing.reads("outcomes")
    publishing.publish(context, SUMMARY)

    assert context["ti"].pushed == {"summary": SUMMARY}
