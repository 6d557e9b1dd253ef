"""What a DAG file pays for importing the package."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import airflow_provider_onesignal

FOLDERS = ("operators", "sensors", "transfers", "hooks", "links")
HEAVY = (
    "aiohttp",
    "boto3",
    "botocore",
    "google.cloud",
    "isal",
    "openlineage",
    "requests",
    "starlette",
    "uvicorn",
)
# What Airflow itself loads is not ours to answer for.
BASELINE = """
from tests.older_airflow import stand_in
stand_in()
from airflow.providers.common.compat.sdk import (
    AssetAlias, BaseHook, BaseOperator, BaseSensorOperator, conf
)
"""
REPORT = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def modules() -> list[str]:
    root = Path(airflow_provider_onesignal.__file__).parent
    return [
        f"airflow_provider_onesignal.{folder}.{module.name}"
        for folder in FOLDERS
        for module in pkgutil.iter_modules([str(root / folder)])
    ]


def loaded_by(script: str) -> set[str]:
    """Give the names of all modules that are loaded in a fresh process after a script."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{script}\n{REPORT}"],
        cwd=Path(airflow_provider_onesignal.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def of_airflow() -> set[str]:
    return loaded_by(BASELINE)


@pytest.fixture(scope="module")
def ours(of_airflow: set[str]) -> set[str]:
    imports = "\n".join(f"import {module}" for module in modules())
    return loaded_by(f"{BASELINE}\n{imports}") - of_airflow


def test_there_is_something_to_import():
    assert "airflow_provider_onesignal.operators.export" in modules()
    assert "airflow_provider_onesignal.transfers.onesignal_to_s3" in modules()


@pytest.mark.parametrize("heavy", HEAVY)
def test_importing_everything_loads_nothing_heavy(ours, heavy):
    assert not [name for name in ours if name == heavy or name.startswith(f"{heavy}.")]


def test_importing_everything_loads_nothing_that_only_a_running_task_needs(ours):
    providers = (
        "airflow.providers.amazon",
        "airflow.providers.google",
        "airflow.providers.openlineage",
        "airflow.triggers",
    )
    parts = ("files", "rollup", "rows", "stores", "testing", "triggers.export")

    assert not [name for name in ours if name.startswith(providers)]
    assert not ours & {f"airflow_provider_onesignal.{part}" for part in parts}


def test_the_package_itself_imports_nothing():
    script = "import airflow_provider_onesignal"

    assert loaded_by(script) - loaded_by("") <= {"__future__", "airflow_provider_onesignal"}


def test_the_policy_knows_no_airflow_and_no_network():
    pure = ("api.request", "api.answers", "api.retries", "checks.segments", "checks.users")
    roots = ("exports", "export_run", "readiness", "outcomes", "http_policy", "connection")
    imports = "\n".join(f"import airflow_provider_onesignal.{name}" for name in pure + roots)

    loaded = loaded_by(imports)

    assert not loaded & {"airflow", "requests", "urllib3", "aiohttp", "pendulum"}
