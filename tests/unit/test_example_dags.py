"""The example DAGs: importable on every Airflow, and safe to copy from."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.dag_bag import load

EXAMPLES = Path(__file__).parents[2] / "example_dags"
FILES = sorted(EXAMPLES.glob("example_*.py"))
EXPORT_DAGS = {
    "example_onesignal_export_to_s3",
    "example_onesignal_export_to_gcs",
    "example_onesignal_export_to_object_storage",
    "example_onesignal_export_in_three_tasks",
}


@pytest.fixture(scope="module")
def bag() -> Any:
    return load(EXAMPLES)


def test_all_are_imported_without_an_error(bag: Any) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) >= EXPORT_DAGS


def test_every_file_brings_a_dag(bag: Any) -> None:
    assert {Path(dag.fileloc).name for dag in bag.dags.values()} == {file.name for file in FILES}


def test_each_explains_itself_in_the_ui_with_its_module_docstring(bag: Any) -> None:
    for dag in bag.dags.values():
        docstring = ast.get_docstring(ast.parse(Path(dag.fileloc).read_text()), clean=False)
        assert dag.doc_md == docstring


def test_none_catches_up_on_the_past(bag: Any) -> None:
    assert [dag.dag_id for dag in bag.dags.values() if dag.catchup] == []


def test_every_task_is_retried_with_growing_pauses(bag: Any) -> None:
    for dag in bag.dags.values():
        for task in dag.tasks:
            assert task.retries >= 1
            assert task.retry_exponential_backoff


@pytest.mark.parametrize("dag_id", sorted(EXPORT_DAGS))
def test_exports_wait_deferred_in_the_pool_and_announce_their_file(bag: Any, dag_id: str) -> None:
    tasks = bag.dags[dag_id].tasks
    first, last = tasks[0], tasks[-1]

    assert first.pool == "onesignal_export"
    assert all(task.deferrable for task in tasks if "copy" not in task.task_id)
    assert len(last.outlets) == 1


def test_the_steps_of_the_three_task_form_hand_the_url_on(bag: Any) -> None:
    dag = bag.dags["example_onesignal_export_in_three_tasks"]

    assert dag.get_task("start_export").downstream_task_ids == {"wait_for_export"}
    assert dag.get_task("wait_for_export").downstream_task_ids == {"copy_export"}
