"""The DAG file that shows ``mypy --strict`` every public class: complete, and loaded by Airflow."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from airflow_provider_onesignal.get_provider_info import get_provider_info
from tests.dag_bag import load
from tests.operations import OPERATIONS

FILE = Path(__file__).parents[1] / "typing" / "user_dag.py"
NAMES = {
    node.id if isinstance(node, ast.Name) else node.attr
    for node in ast.walk(ast.parse(FILE.read_text(encoding="utf-8")))
    if isinstance(node, ast.Name | ast.Attribute)
}
# What the package makes for itself.
INTERNAL = {"ExportOperator", "RowsOperator", "ExportRequest", "OneSignalExportTurnTrigger"}


def public_modules() -> list[str]:
    info = get_provider_info()
    listed = [
        module
        for kind in ("hooks", "operators", "sensors", "triggers")
        for entry in info[kind]
        for module in entry["python-modules"]
    ]
    listed += [entry["python-module"] for entry in info["transfers"]]
    return listed + [f"airflow_provider_onesignal.{name}" for name in ("exceptions", "exports")]


@pytest.mark.parametrize("module", public_modules())
def test_every_public_class_is_used(module: str) -> None:
    classes = {
        name
        for name, value in vars(import_module(module)).items()
        if isinstance(value, type) and value.__module__ == module and not name.startswith("_")
    }

    assert classes
    assert classes - INTERNAL <= NAMES


def test_every_method_of_the_hook_is_used() -> None:
    operations = {operation.name for operation in OPERATIONS}

    assert operations | {"request", "start_export", "test_connection"} <= NAMES


def test_the_retry_policy_and_the_emulator_are_used() -> None:
    assert {"OneSignalRetryPolicy", "Emulator"} <= NAMES


def test_airflow_loads_it() -> None:
    bag = load(FILE)

    assert bag.import_errors == {}
    assert len(bag.dags["everything_of_onesignal"].tasks) > 15
