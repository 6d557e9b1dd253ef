"""DAG files, loaded as Airflow loads them, and what Airflow makes of a DAG."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
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
    with _no_database():
        return module.DagBag(dag_folder=str(folder_or_file))


def as_scheduled(dag: Any) -> Any:
    """Give a DAG as all processes but the worker know it: serialized, and read back."""
    module: Any = import_module("airflow.serialization.serialized_objects")
    form = getattr(module, "DagSerialization", module.SerializedDAG)  # the latter before 3.2
    with _no_database():
        written = json.dumps(form.to_dict(dag))
    return form.from_dict(json.loads(written))


def _no_database() -> AbstractContextManager[Any]:
    # Airflow 2 asks its database for the assets of an alias as soon as it meets one in a DAG.
    try:
        import_module("airflow.dag_processing.dagbag")
    except ImportError:
        return mock.patch("airflow.datasets.expand_alias_to_datasets", return_value=[])
    return nullcontext()
