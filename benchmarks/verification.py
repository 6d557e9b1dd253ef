"""What the checks cost by themselves."""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from airflow_provider_onesignal.files import verify
from airflow_provider_onesignal.files.chunks import CHUNK
from benchmarks.bench import table
from benchmarks.exports import export_file
from benchmarks.methods import MIB


def main() -> None:
    path = export_file()
    size = path.stat().st_size / MIB
    print(f"The checks alone, on {size:.0f} MiB of gzip\n")
    with mock.patch.multiple(verify, GzipFile=gzip.GzipFile, _BROKEN=(EOFError, zlib.error)):
        slow = seconds(lambda: inspect(path))
    rows = [
        ("gzip and rows, isal", *speed(size, seconds(lambda: inspect(path)))),
        ("gzip and rows, zlib", *speed(size, slow)),
        ("SHA-256", *speed(size, seconds(lambda: digest(path)))),
    ]
    table(("", "time", "speed"), rows)


def inspect(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        verify.check(verify.Format.GZIP, lambda: file.read(CHUNK), label=path.name)


def digest(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256")


def seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def speed(size: float, took: float) -> tuple[str, str]:
    return f"{took:.2f} s", f"{size / took:.0f} MiB/s"


if __name__ == "__main__":
    main()
