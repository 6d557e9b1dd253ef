"""
Runs in an environment without the extras, and prints what it finds there as one line of JSON.

Usage: ``python probe.py FOLDER_OF_DAGS``.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import warnings
from importlib.util import find_spec
from typing import Any
from unittest import mock

import airflow_provider_onesignal as package

OF_EXTRAS = ("airflow.providers.amazon", "airflow.providers.google", "boto3", "gcsfs")


def is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def failure(action: Any, *arguments: Any) -> str | None:
    """Give what an action fails with; None where it does not."""
    try:
        action(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        return f"{type(error).__name__}: {error}"
    return None


def imports() -> dict[str, str | None]:
    names = [each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return {
        name.removeprefix(f"{package.__name__}."): failure(importlib.import_module, name)
        for name in names
        if not name.endswith("__main__")
    }


def dag_bag(folder: str) -> Any:
    try:
        module: Any = importlib.import_module("airflow.dag_processing.dagbag")
    except ImportError:  # Airflow 2
        module = importlib.import_module("airflow.models.dagbag")
        # It asks its database for the assets of an alias as soon as it reads a DAG.
        with mock.patch("airflow.datasets.expand_alias_to_datasets", return_value=[]):
            return module.DagBag(dag_folder=folder)
    return module.DagBag(dag_folder=folder)


def provider() -> dict[str, Any]:
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    hook = manager.hooks["onesignal"]
    return {
        "version": manager.providers["airflow-provider-onesignal"].version,
        "hook": hook and hook.hook_class_name,
        "fields": sorted(
            name.removeprefix("extra__onesignal__")
            for name in manager.connection_form_widgets
            if name.startswith("extra__onesignal__")
        ),
        "labels": manager.field_behaviours.get("onesignal", {}).get("relabeling"),
    }


def main() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bag = dag_bag(sys.argv[1])
        modules = imports()
    own = [str(each.message) for each in caught if package.__name__ in each.filename]
    report = {
        "home": package.__file__,
        "extras": [module for module in OF_EXTRAS if is_there(module)],
        "modules": modules,
        "dags": sorted(bag.dags),
        "import_errors": bag.import_errors,
        "warnings": own,
        "tasks": {
            task.task_type: failure(task.execute, {})
            for dag in bag.dags.values()
            for task in dag.tasks
            if task.task_type.endswith(("ToS3Operator", "ToGCSOperator"))
        },
        "provider": provider(),
    }
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main()
