"""DAG files, loaded as Airflow loads them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock


def load(folder_or_file: Path) -> Any:
    """Give a ``DagBag``, which has another home in each major version of Airflow."""
    try:
        module = import_module("airflow.dag_processing.dagbag")
    except ImportError:
        module = import_module("airflow.models.dagbag")
        # Airflow 2 asks its database for the assets of an alias as soon as it reads a DAG.
        with mock.patch("airflow.datasets.expand_alias_to_datasets", return_value=[]):
            return module.DagBag(dag_folder=str(folder_or_file))
    return module.DagBag(dag_folder=str(folder_or_file))
