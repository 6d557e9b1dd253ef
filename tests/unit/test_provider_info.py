"""What Airflow is told about the package."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, entry_points
from pathlib import Path
from typing import Any

import airflow
import jsonschema  # type: ignore[import-untyped,unused-ignore]
import pytest
from airflow.providers.common.compat.sdk import BaseOperatorLink

import airflow_provider_onesignal
from airflow_provider_onesignal.get_provider_info import get_provider_info

AIRFLOW = Path(airflow.__file__).parent


def schema(name: str) -> Any:
    return json.loads((AIRFLOW / name).read_text())


def modules() -> list[str]:
    info = get_provider_info()
    listed = [
        module
        for kind in ("hooks", "operators", "sensors", "triggers")
        for entry in info[kind]
        for module in entry["python-modules"]
    ]
    return listed + [entry["python-module"] for entry in info["transfers"]]


def test_the_info_is_what_airflow_accepts_at_runtime():
    jsonschema.validate(get_provider_info(), schema("provider_info.schema.json"))


def test_the_connection_form_is_what_airflow_accepts():
    full = schema("provider.yaml.schema.json")
    block = {**full["properties"]["connection-types"], "definitions": full.get("definitions", {})}
    if "conn-fields" not in json.dumps(block):
        pytest.skip("this Airflow reads no form from metadata")

    jsonschema.validate(get_provider_info()["connection-types"], block)


def test_the_package_is_named_as_the_index_names_it():
    from packaging.utils import canonicalize_name

    name = get_provider_info()["package-name"]

    assert name == canonicalize_name(name) == "airflow-provider-onesignal"
    assert get_provider_info()["versions"] == [airflow_provider_onesignal.__version__]


@pytest.mark.parametrize("module", modules())
def test_each_listed_module_exists(module):
    pytest.importorskip("isal")

    assert importlib.import_module(module).__doc__


def test_each_module_that_a_dag_may_import_is_listed():
    root = Path(airflow_provider_onesignal.__file__).parent
    offered = {
        f"airflow_provider_onesignal.{folder}.{path.stem}"
        for folder in ("operators", "sensors", "triggers")
        for path in (root / folder).glob("[!_]*.py")
    } | {
        f"airflow_provider_onesignal.transfers.{path.stem}"
        for path in (root / "transfers").glob("*onesignal*.py")
    }

    shared = {f"airflow_provider_onesignal.operators.{name}" for name in ("base", "export_task")}

    assert offered - shared == set(modules()) - {"airflow_provider_onesignal.hooks.onesignal"}


def test_the_hook_of_the_connection_type_exists():
    (connection_type,) = get_provider_info()["connection-types"]
    module, _, name = connection_type["hook-class-name"].rpartition(".")

    hook = getattr(importlib.import_module(module), name)

    assert hook.conn_type == connection_type["connection-type"]


def test_airflow_lists_the_connection_type():
    # It leaves out a type whose form it does not like, and says so in a log alone.
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    if "airflow-provider-onesignal" not in manager.providers:
        pytest.skip("the package is not installed here")

    hook = manager.hooks.get("onesignal")

    assert hook is not None
    assert (hook.hook_name, hook.connection_testable) == ("OneSignal", True)


def test_the_link_is_one_that_airflow_can_show():
    (path,) = get_provider_info()["extra-links"]
    module, _, name = path.rpartition(".")

    link = getattr(importlib.import_module(module), name)

    assert isinstance(link(), BaseOperatorLink)
    assert link().name == "OneSignal dashboard"


def test_the_info_loads_nothing_of_airflow_or_the_network():
    script = (
        "import sys; from airflow_provider_onesignal.get_provider_info import get_provider_info;"
        "get_provider_info();"
        "print([name for name in ('airflow', 'requests', 'aiohttp', 'pendulum', 'wtforms')"
        " if name in sys.modules])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "[]"


def test_the_installed_package_announces_itself():
    found = [
        point
        for point in entry_points(group="apache_airflow_provider")
        if point.value.startswith("airflow_provider_onesignal.")
    ]
    if not found:
        raise pytest.skip.Exception("the package is not installed here") from PackageNotFoundError()

    assert found[0].load() is get_provider_info
