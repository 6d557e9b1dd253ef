"""What all tests share: an Airflow home of their own, and marks by folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent

# Before anything imports Airflow, which reads its home once. Whatever the caller's environment says
# about Airflow, AWS or Google must not reach the tests.
for _name in list(os.environ):
    if _name.startswith(
        ("AIRFLOW", "_AIRFLOW", "AWS_", "GOOGLE_", "GCP_", "CLOUDSDK_", "STORAGE_")
    ):
        del os.environ[_name]
_home = tempfile.mkdtemp(prefix="airflow-home-")
os.environ |= {
    "AIRFLOW_HOME": _home,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(TESTS.parent / "example_dags"),
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "NO_PROXY": "127.0.0.1,localhost",
    # Read once by gcsfs, which else asks Google itself what kind of bucket an emulator has.
    "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
}

from tests.older_airflow import stand_in  # noqa: E402 - Airflow reads its home as it is imported

stand_in()

# How fast an example is says more about the machine's other work than about the code.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the folder it is in."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            folder = item.path.relative_to(TESTS).parts[0]
            if folder in ("unit", "integration", "system", "ui", "package"):
                item.add_marker(folder)


def pytest_unconfigure() -> None:
    """Remove the Airflow home."""
    shutil.rmtree(_home, ignore_errors=True)
