"""The wheel beside nothing but an Airflow: everything is there that needs no extra."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import airflow_provider_onesignal
from tests.package.conftest import ROOT, BareAirflow

SOURCE = Path(airflow_provider_onesignal.__file__).parent
Report = dict[str, Any]
# Airflow 3 itself brings what the emulator needs, Airflow 2 does not.
EMULATOR_WITHOUT_EXTRA = """
import runpy, sys
sys.modules |= {"starlette": None, "uvicorn": None}
runpy.run_module("airflow_provider_onesignal.testing", run_name="__main__")
"""


def in_the_source() -> set[str]:
    files = [path.relative_to(SOURCE).with_suffix("") for path in SOURCE.rglob("*.py")]
    names = {".".join(path.parts).removesuffix(".__init__") for path in files}
    return {name for name in names if name not in ("__init__", "testing.__main__")}


def test_it_is_the_wheel_that_is_tested_and_no_extra_is_there(
    bare: BareAirflow, report: Report
) -> None:
    assert Path(report["home"]).is_relative_to(bare.folder)
    assert report["extras"] == []


def test_every_module_is_imported(bare: BareAirflow, report: Report) -> None:
    assert set(report["modules"]) == in_the_source()
    failed = {name: error for name, error in report["modules"].items() if error}
    of_the_emulator = {name for name in failed if name.startswith("testing.")}

    assert all("starlette" in failed[name] or "uvicorn" in failed[name] for name in of_the_emulator)
    assert set(failed) - of_the_emulator == (set() if bare.version == "3.3" else {"retry"})


def test_the_retry_policy_says_which_airflow_it_needs(bare: BareAirflow, report: Report) -> None:
    error = report["modules"]["retry"]

    if bare.version == "3.3":
        assert error is None
    else:
        assert error.startswith(
            "ImportError: airflow_provider_onesignal.retry requires Airflow 3.3+; this is "
            f"{bare.version}."
        )


def test_the_emulator_names_its_extra(bare: BareAirflow) -> None:
    done = bare.run("-c", EMULATOR_WITHOUT_EXTRA)

    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(
        r"The OneSignal emulator needs \w+: pip install 'airflow-provider-onesignal\[testing\]'\n",
        done.stderr,
    )


def test_every_example_is_loaded_whether_its_extra_is_there_or_not(report: Report) -> None:
    examples = list((ROOT / "example_dags").glob("*.py"))
    named = {
        keyword.value.value
        for file in examples
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "dag_id" and isinstance(keyword.value, ast.Constant)
    }

    assert report["import_errors"] == {}
    assert len(named) >= len(examples)
    assert set(report["dags"]) == named
    assert report["warnings"] == []


def test_a_task_whose_extra_is_missing_says_so_before_it_asks_onesignal(report: Report) -> None:
    assert report["tasks"] == {
        f"OneSignal{what}To{store}Operator": (
            f"OneSignalConfigurationError: The package airflow.providers.{extra} is not installed: "
            f"run pip install 'airflow-provider-onesignal[{extra}]'."
        )
        for what in ("Export", "Outcomes")
        for store, extra in (("S3", "amazon"), ("GCS", "google"))
    }


def test_airflow_takes_the_hook_and_its_form(bare: BareAirflow, report: Report) -> None:
    # Airflow 3.0 and 3.1 read a hook's form only beside Flask-AppBuilder, which they do not bring.
    reads_forms = bare.version not in ("3.0", "3.1")
    labels = {"login": "App ID", "password": "App API Key", "host": "API Base URL"}

    assert report["provider"] == {
        "version": airflow_provider_onesignal.__version__,
        "hook": "airflow_provider_onesignal.hooks.onesignal.OneSignalHook",
        "fields": ["max_attempts", "proxies", "timeout", "verify"] if reads_forms else [],
        "labels": labels if reads_forms else None,
    }


def test_airflow_lists_the_provider_without_a_word_of_warning(bare: BareAirflow) -> None:
    done = bare.run("-m", "airflow", "providers", "list", "--output", "json")
    listed = {each["package_name"]: each for each in json.loads(done.stdout.splitlines()[-1])}
    said = [line for line in done.stderr.splitlines() if "onesignal" in line.lower()]

    assert listed["airflow-provider-onesignal"]["version"] == airflow_provider_onesignal.__version__
    assert said == []
