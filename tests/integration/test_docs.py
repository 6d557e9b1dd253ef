"""The code on the pages of the documentation, run against the emulator."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pendulum
import pytest
from jinja2 import Template

from airflow_provider_onesignal.testing import Emulator
from tests.integration.tasks import Ended, run_try
from tests.unit.fakes import FakeStore

ROOT = Path(__file__).parents[2]
SNIPPETS = ROOT / "docs" / "snippets"
IS_AIRFLOW_3 = find_spec("airflow.sdk") is not None
HAS_RETRY_POLICIES = IS_AIRFLOW_3 and find_spec("airflow.sdk.definitions.retry_policy") is not None
# What of the files needs an Airflow newer than the oldest.
NEEDS = {"first_dag": IS_AIRFLOW_3, "retry_policy": HAS_RETRY_POLICIES}
DAGS = ["after", "asset_consumer", "before_http", "before_python", "delete_users", "first_dag"]
DAGS += ["mapped_exports", "message_exports", "retry_policy"]
STORED = b"what was there before"


def snippet(name: str) -> Any:
    return importlib.import_module(f"docs.snippets.{name}")


def functions_of(name: str) -> Callable[[str], Any]:
    """Give the functions below ``@task`` of a file."""
    module = snippet(name)
    return lambda function: getattr(module, function).function


def rendered(template: Any, values: dict[str, Any]) -> Any:
    """Fill in what Airflow would."""
    return Template(template).render(values) if isinstance(template, str) else template


@pytest.fixture(scope="module")
def bag() -> Any:
    name = "airflow.dag_processing.dagbag"
    try:
        found = find_spec(name)
    except ModuleNotFoundError:
        found = None
    module = importlib.import_module(name if found else "airflow.models.dagbag")
    return module.DagBag


@pytest.mark.parametrize("name", DAGS)
def test_every_dag_of_the_pages_is_loaded(bag: Any, name: str) -> None:
    if not NEEDS.get(name, True):
        pytest.skip("needs a newer Airflow")

    loaded = bag(dag_folder=str(SNIPPETS / f"{name}.py"))

    assert loaded.import_errors == {}
    assert loaded.dags


@pytest.mark.parametrize("name", DAGS)
def test_every_export_of_the_pages_can_be_run_again(bag: Any, name: str) -> None:
    if not NEEDS.get(name, True):
        pytest.skip("needs a newer Airflow")

    loaded = bag(dag_folder=str(SNIPPETS / f"{name}.py"))
    tasks = [task for dag in loaded.dags.values() for task in dag.tasks]
    # What is mapped has the arguments it was given, and no attributes yet.
    given = [getattr(task, "partial_kwargs", vars(task)) for task in tasks]

    exports = [each for each in given if each.get("export")]
    assert all(each.get("replace") for each in exports)


@pytest.mark.parametrize("name", ["EVERYONE", "ACTIVE_GOLD", "WHAT_HAPPENED", "WHO_CLICKED"])
def test_each_request_object_is_one_that_onesignal_takes(onesignal: Emulator, name: str) -> None:
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

    export = getattr(snippet("message_exports"), name)
    # On Airflow 3 both ends of a cron schedule's interval are the moment of the run.
    now = pendulum.now("UTC")
    values = {
        "params": {"message_id": onesignal.message_id},
        "data_interval_start": now,
        "data_interval_end": now,
    }
    onesignal.account.add_segment(onesignal.app, name="Gold members")
    fields = {each: rendered(getattr(export, each), values) for each in export.template_fields}

    assert OneSignalHook().start_export(type(export)(**fields)).startswith(onesignal.files_url)
    since = (onesignal.requests[-1].json or {}).get("last_active_since")
    assert since is None or int(since) <= now.subtract(days=1).timestamp()


def test_both_tasks_run_after_the_one_whose_output_they_take() -> None:
    dag = snippet("mapped_exports").dag

    for task_id in ("export_events", "export_events_to_each_lake"):
        assert dag.get_task(task_id).upstream_task_ids == {"send_message"}


def test_a_mapped_transfer_has_to_be_told_of_the_output_within_its_export() -> None:
    module = snippet("mapped_exports")
    with module.DAG("untold", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        module.OneSignalExportToObjectStorageOperator.partial(
            task_id="mapped", export=module.EventsExport(message_id=module.send_message())
        ).expand(path=["file:///tmp/a", "file:///tmp/b"])

    assert dag.get_task("mapped").upstream_task_ids == set()


def test_the_hook_counts_a_segment(onesignal: Emulator) -> None:
    onesignal.add_segment("Gold members", subscribers=42)

    assert functions_of("hook_usage")("size_of_segment")("Gold members") == 42


def test_the_hook_sends_any_other_request(onesignal: Emulator) -> None:
    onesignal.fail("/templates", body={"templates": [{"name": "Sale"}]}, status=200)

    assert functions_of("hook_usage")("template_names")() == ["Sale"]


def test_errors_are_told_apart_by_their_type(onesignal: Emulator) -> None:
    from airflow.providers.common.compat.sdk import AirflowSkipException

    tag = functions_of("hook_usage")("tag_customer")
    assert tag("42", "gold")
    onesignal.fail("create_user", status=409)
    with pytest.raises(AirflowSkipException):
        tag("42", "gold")


def test_the_load_reads_what_the_transfer_wrote() -> None:
    module = snippet("asset_consumer")
    event = type("Event", (), {"extra": {"uri": "s3://my-lake/a.csv.gz", "rows": 7}})

    said = module.load.function(inlet_events={module.SUBSCRIPTIONS: [event]})

    assert said == "COPY subscriptions FROM 's3://my-lake/a.csv.gz' -- expect 7 rows"


class Migration:
    """
    The job of the migration guide, by hand and with this package, to the same folder.

    :param lake: the folder
    """

    def __init__(self, lake: Path) -> None:
        self.file = lake / f"{datetime.now(UTC):%Y-%m-%d}.csv.gz"
        self._store = FakeStore()

    def before(self) -> None:
        snippet("before_python").export_subscriptions.function(ds=self.file.name.partition(".")[0])

    def after(self) -> Ended:
        def make() -> Any:
            task = snippet("after").dag.get_task("export_subscriptions").prepare_for_execution()
            task.path, task.poll_interval = self.file.as_uri(), 0.01
            task.render_template_fields = lambda context: None
            return task

        return run_try(make, store=self._store)


@pytest.fixture
def job(
    onesignal: Emulator, waits: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Migration:
    by_hand = f'{{"conn_type": "http", "host": "{onesignal.api_url}", "login": '
    by_hand += f'"{onesignal.app_id}", "password": "{onesignal.api_key}"}}'
    monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_HTTP", by_hand)
    monkeypatch.setattr(snippet("before_python"), "LAKE", tmp_path.as_uri())
    monkeypatch.setattr(snippet("before_python"), "time", SimpleNamespace(sleep=lambda _: None))
    return Migration(tmp_path)


def exports_started(onesignal: Emulator) -> int:
    return [request.operation for request in onesignal.requests].count("csv_export")


def test_both_store_the_same_where_nothing_goes_wrong(job: Migration, onesignal: Emulator) -> None:
    job.before()
    by_hand = job.file.read_bytes()
    job.after().unwrap()

    assert by_hand == onesignal.export_bytes(onesignal.files_url + onesignal.exports[0].path)
    assert job.file.read_bytes() == b"".join(onesignal.exports[1].content.read())


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 400, "body": {"errors": ["User already running another CSV export."]}},
        {"status": 429, "headers": {"Retry-After": "2"}},
    ],
    ids=["slot-taken", "rate-limit"],
)
def test_by_hand_a_refusal_is_a_key_error(
    job: Migration, onesignal: Emulator, refusal: dict[str, Any]
) -> None:
    onesignal.fail("csv_export", **refusal)
    with pytest.raises(KeyError, match="csv_file_url"):
        job.before()

    onesignal.fail("csv_export", **refusal)
    job.after().unwrap()

    assert job.file.exists()


def test_by_hand_each_try_exports_again(job: Migration, onesignal: Emulator) -> None:
    import requests

    onesignal.files.fail("download", cut_at=100, times=1)
    with pytest.raises(requests.RequestException):
        job.before()
    job.before()
    by_hand = exports_started(onesignal)
    onesignal.files.fail("download", status=503, times=None)
    assert job.after().error is not None
    onesignal.files.faults.clear()
    job.after().unwrap()

    assert (by_hand, exports_started(onesignal) - by_hand) == (2, 1)


def test_by_hand_the_error_page_is_stored(job: Migration, onesignal: Emulator) -> None:
    onesignal.settings.ready_after_polls = 1000
    job.before()
    by_hand = job.file.read_bytes()

    assert by_hand.startswith(b"<")

    onesignal.finish_exports()
    onesignal.settings.ready_after_polls = 3
    job.after().unwrap()
    assert job.file.read_bytes().startswith(b"\x1f\x8b")


def test_by_hand_a_cut_file_is_stored(job: Migration, onesignal: Emulator) -> None:
    onesignal.files.fail("download", truncate_at=4096, times=None)
    job.before()

    assert job.file.stat().st_size == 4096

    job.file.write_bytes(STORED)
    assert job.after().error is not None
    assert job.file.read_bytes() == STORED
