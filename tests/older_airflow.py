"""
A stand-in for ``airflow.providers.common.compat.sdk`` beside old providers, which lack it.

The package does without that module; tests and example DAGs are written as users of today write
them.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_NAME = "airflow.providers.common.compat.sdk"
# Airflow 3 first, since some names are in both.
_PLACES = (
    "airflow.sdk",
    "airflow.sdk.execution_time.xcom",
    "airflow.sdk.execution_time.secrets_masker",
    "airflow.exceptions",
    "airflow.configuration",
    "airflow.decorators",
    "airflow.datasets",
    "airflow.hooks.base",
    "airflow.io.path",
    "airflow.lineage.hook",
    "airflow.models",
    "airflow.models.xcom_arg",
    "airflow.sensors.base",
    "airflow.utils.context",
    "airflow.utils.log.secrets_masker",
    "airflow.utils.task_group",
)
_FORMER_NAMES = {"Asset": "Dataset", "AssetAlias": "DatasetAlias"}


class _Sdk(ModuleType):
    def __getattr__(self, name: str) -> Any:
        for place in _PLACES:
            for each in (name, _FORMER_NAMES.get(name, name)):
                with suppress(ImportError, AttributeError):
                    return getattr(import_module(place), each)
        raise AttributeError(name)


def stand_in() -> None:
    """Put the stand-in where the module is missing."""
    if find_spec(_NAME) is None:
        parent = import_module(_NAME.rpartition(".")[0])
        parent.sdk = sys.modules[_NAME] = _Sdk(_NAME)  # type: ignore[attr-defined]
