"""What importing the package adds to a DAG file that imports Airflow."""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 15
BOUND_MS = 25.0

# Every module that a DAG file may import; what stays unimported is what they must not load.
SCRIPT = """
import importlib, pkgutil, sys, time
import airflow.sdk
import airflow.providers.common.compat.sdk
{first}
import airflow_provider_onesignal as package
before = time.perf_counter()
for kind in ("operators", "sensors", "transfers", "hooks", "links"):
    try:
        folder = importlib.import_module(f"{{package.__name__}}.{{kind}}")
    except ModuleNotFoundError:
        continue
    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{{folder.__name__}}.{{module.name}}")
print((time.perf_counter() - before) * 1000)
"""
# What a DAG file with any task at all has loaded: airflow.sdk loads these at first use.
USED = "from airflow.sdk import DAG, Asset, BaseHook, BaseOperator, BaseSensorOperator"


def added_ms(first: str = "") -> float:
    """
    Measure in fresh processes.

    :param first: what else was imported before
    :return: median, in milliseconds
    """
    return statistics.median(_once(SCRIPT.format(first=first)) for _ in range(ROUNDS))


def _once(script: str) -> float:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    """Print both figures."""
    # As pip leaves a package; a process may be forbidden to write byte code.
    compileall.compile_dir(Path(__file__).parents[1] / "airflow_provider_onesignal", quiet=1)
    bare = added_ms()
    verdict = "within" if bare <= BOUND_MS else "ABOVE"
    print(f"Importing all modules for DAG files, median of {ROUNDS} fresh processes")
    print(f"  over airflow.sdk and common.compat.sdk   {bare:6.1f} ms ({verdict} {BOUND_MS:g})")
    print(f"  over a DAG file with any operator        {added_ms(USED):6.1f} ms\n", flush=True)


if __name__ == "__main__":
    main()
