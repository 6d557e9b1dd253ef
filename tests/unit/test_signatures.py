"""What an editor shows of each public class: its parameters, in the order of its docstring."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseOperator, BaseSensorOperator

from airflow_provider_onesignal.get_provider_info import get_provider_info

OURS = "airflow_provider_onesignal"
# The hooks of Airflow and OpenLineage, which every operator may define.
THEIRS = {"get_openlineage_facets_on_complete", "get_openlineage_facets_on_failure"}


def public_tasks() -> list[Any]:
    """Find the operators, sensors and transfers that the provider lists."""
    info = get_provider_info()
    listed = [
        name
        for kind in ("operators", "sensors")
        for each in info[kind]
        for name in each["python-modules"]
    ]
    listed += [each["python-module"] for each in info["transfers"]]
    return [
        found
        for module in map(import_module, listed)
        for found in vars(module).values()
        if inspect.isclass(found)
        and issubclass(found, BaseOperator)
        and found.__module__ == module.__name__
        and found.__name__.endswith(("Operator", "Sensor"))
        and found.__name__.startswith(("OneSignal", "ObjectStorage"))
    ]


EACH = pytest.mark.parametrize("task", public_tasks(), ids=lambda task: task.__name__)


def parameters(task: Any) -> dict[str, inspect.Parameter]:
    """Return the parameters of ``__init__``, without ``self`` and ``**kwargs``."""
    found = inspect.signature(task.__init__).parameters
    return {
        name: each
        for name, each in found.items()
        if name != "self" and each.kind is not inspect.Parameter.VAR_KEYWORD
    }


@EACH
def test_its_parameters_are_those_of_its_docstring_in_the_same_order(task: Any) -> None:
    assert list(parameters(task)) == re.findall(r":param (\w+):", task.__doc__)


@EACH
def test_its_parameters_are_keyword_only_and_have_types(task: Any) -> None:
    for each in parameters(task).values():
        assert each.kind is inspect.Parameter.KEYWORD_ONLY
        assert each.annotation is not inspect.Parameter.empty


@EACH
def test_it_takes_its_connection_and_every_flag_as_a_template(task: Any) -> None:
    flags = {name for name, each in parameters(task).items() if "bool" in str(each.annotation)} - {
        "soft_fail"
    }

    assert flags | {"onesignal_conn_id"} <= set(task.template_fields)


@EACH
def test_at_most_three_classes_of_ours_make_it(task: Any) -> None:
    assert len([each for each in task.__mro__ if each.__module__.startswith(OURS)]) <= 3


@EACH
def test_nothing_on_it_is_public_but_what_airflow_calls(task: Any) -> None:
    known = set(dir(BaseSensorOperator)) | {"execute_complete"} | THEIRS
    methods = {
        name
        for each in task.__mro__
        if each.__module__.startswith(OURS)
        for name, value in vars(each).items()
        if callable(value) and not name.startswith("_")
    }

    assert methods <= known
