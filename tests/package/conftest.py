"""What was built, and the environments that hold it and an Airflow, and no extra."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PROBE = Path(__file__).parent / "probe.py"


@dataclass(frozen=True)
class BareAirflow:
    """
    An environment with Airflow and the wheel.

    :param version: of Airflow
    :param folder: of the environment
    :param home: of Airflow
    """

    version: str
    folder: Path
    home: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run its Python in a folder from which the checkout cannot be imported."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "PYTHON"))
        }
        own = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        }
        return subprocess.run(
            [str(self.folder / "bin" / "python"), *arguments],
            cwd=self.home,
            env=inherited | own,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def probe(self) -> dict[str, Any]:
        """Look at the package and the example DAGs from within."""
        done = self.run(str(PROBE), str(ROOT / "example_dags"))
        assert done.returncode == 0, done.stdout + done.stderr
        report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return report


@pytest.fixture(scope="session", params=["3.3", "3.2", "3.1", "3.0", "2.11"])
def bare(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BareAirflow:
    folder = ROOT / ".venv" / f"bare-{request.param}"
    if not (folder / ".complete").exists():
        pytest.fail(f"there is no {folder.name}: make test-package", pytrace=False)
    home = tmp_path_factory.mktemp(folder.name)
    return BareAirflow(version=request.param, folder=folder, home=home)


@pytest.fixture(scope="session")
def report(bare: BareAirflow) -> dict[str, Any]:
    return bare.probe()


def built(pattern: str) -> Path:
    found = list((ROOT / "dist").glob(pattern))
    if len(found) != 1:
        pytest.fail(f"dist/ does not hold one {pattern}: make build", pytrace=False)
    return found[0]


@pytest.fixture(scope="session")
def wheel() -> Iterator[ZipFile]:
    with ZipFile(built("*.whl")) as archive:
        yield archive


@pytest.fixture(scope="session")
def sdist() -> Path:
    return built("*.tar.gz")
