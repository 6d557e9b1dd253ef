"""The tests that the documentation shows, run as a reader would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "docs" / "snippets" / "project"


def test_the_tests_of_the_testing_page_pass(tmp_path: Path) -> None:
    settings = tmp_path / "pytest.ini"
    settings.write_text("[pytest]\n")
    paths = [str(PROJECT / "dags"), str(ROOT)]
    environment = {
        **{name: value for name, value in os.environ.items() if "AIRFLOW" not in name},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join(paths),
        "TMPDIR": str(tmp_path),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(settings)]
    done = subprocess.run(
        [*command, f"--rootdir={PROJECT}", str(PROJECT / "tests")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]
    assert "4 passed" in done.stdout
