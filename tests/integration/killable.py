"""A copy in a process of its own, for tests that kill it: ``python -m tests.integration.killable``.

The argument is JSON: the operator's module and class, its parameters, and whether Airflow raises
in the task after it called ``on_kill`` (2.x) or leaves the end to the operator (3.x).
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from airflow_provider_onesignal.sinks import gcs, local, object_storage, s3

SMALL = {
    (s3, "part_size"): lambda _: 64 * 1024,
    (gcs, "_UPLOAD_CHUNK"): 256 * 1024,
    (gcs, "_READ_CHUNK"): 16 * 1024,
    (local, "_READ_CHUNK"): 16 * 1024,
    (object_storage, "_READ_CHUNK"): 16 * 1024,
    (object_storage, "_BLOCK"): 5 * 1024 * 1024,
}
"""A small file goes up in as many parts as a large one."""


class Terminated(BaseException):
    """What Airflow 2 raises in a task that is told to stop."""


def main() -> None:
    """Copy, and obey SIGTERM as Airflow's task runner does."""
    given = json.loads(sys.argv[1])
    operator = getattr(import_module(given["module"]), given["class"])
    task = operator(task_id="copy", **given["parameters"])

    def stop(*_: Any) -> None:
        task.on_kill()
        if given["raises"]:
            raise Terminated

    signal.signal(signal.SIGTERM, stop)
    logging.basicConfig(level=logging.WARNING)
    ti = SimpleNamespace(
        dag_id="dag", run_id="run", task_id="copy", map_index=-1, xcom_push=lambda **_: None
    )
    task.execute({"ti": ti})


if __name__ == "__main__":
    for (module, name), value in SMALL.items():
        setattr(module, name, value)
    with patch("s3transfer.upload.ChunksizeAdjuster.adjust_chunksize", lambda _, size, *__: size):
        main()
