"""A local file is there whole, or not at all."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_onesignal.sinks.local import store_file


class Failing:
    def __init__(self, failure: BaseException) -> None:
        self.pieces = [b"half"]
        self.failure = failure

    def read(self, length: int = -1) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise self.failure


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "users.csv.gz"

    store_file(io.BytesIO(b"whole"), path)

    assert path.read_bytes() == b"whole"
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", path.parent, path]


def test_the_file_has_the_permissions_that_any_other_gets(tmp_path: Path) -> None:
    (tmp_path / "other").touch()

    store_file(io.BytesIO(b"whole"), tmp_path / "users.csv.gz")

    assert (tmp_path / "users.csv.gz").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("failure", [OSError("cut"), KeyboardInterrupt(), SystemExit()])
@pytest.mark.parametrize("before", [None, b"before"])
def test_a_failure_leaves_things_as_they_were(
    tmp_path: Path, failure: BaseException, before: bytes | None
) -> None:
    path = tmp_path / "users.csv.gz" if before else tmp_path / "new" / "users.csv.gz"
    if before:
        path.write_bytes(before)

    with pytest.raises(type(failure)):
        store_file(Failing(failure), path)

    assert list(tmp_path.rglob("*")) == ([path] if before else [])
    assert not before or path.read_bytes() == before


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("airflow_provider_onesignal.sinks.local.os.fsync", full)

    with pytest.raises(OSError, match="No space left"):
        store_file(io.BytesIO(b"whole"), tmp_path / "users.csv.gz")

    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from airflow_provider_onesignal.sinks.local import store_file

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open("/dev/zero", "rb") as endless:
    store_file(endless, Path(sys.argv[1]))
"""


def test_a_write_that_the_system_cuts_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "users.csv.gz")]

    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert "OSError: [Errno 27] File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from airflow_provider_onesignal.sinks.local import store_file

class Dying:
    def read(self, length=-1):
        os.kill(os.getpid(), signal.SIGKILL)

store_file(Dying(), Path(sys.argv[1]))
"""


def test_the_next_try_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    path = tmp_path / "day" / "users.csv.gz"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    (orphan,) = tmp_path.iterdir()
    assert orphan.suffix == ".part"

    store_file(io.BytesIO(b"whole"), path)

    assert [entry for entry in tmp_path.rglob("*") if entry.is_file()] == [path]


def test_what_a_living_writer_has_so_far_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "users.csv.gz"

    class Nested:
        """Stores the same file a second time while the first is being written."""

        def __init__(self) -> None:
            self.pieces = [b"", b"outer"]

        def read(self, length: int = -1) -> bytes:
            piece = self.pieces.pop()
            if piece:
                store_file(io.BytesIO(b"inner"), path)
                assert path.read_bytes() == b"inner"
            return piece

    store_file(Nested(), path)

    assert path.read_bytes() == b"outer"
    assert list(tmp_path.iterdir()) == [path]


def test_hidden_files_of_others_are_left_alone(tmp_path: Path) -> None:
    others = [
        tmp_path / ".other.csv.gz.0123.part",
        tmp_path / ".users.csv.gz.swp",
        tmp_path / ".users.csv.gz.mine.part",
        tmp_path / ".users.csv.gz.bak.0123456789ab.part",
    ]
    for other in others:
        other.touch()

    store_file(io.BytesIO(b"whole"), tmp_path / "users.csv.gz")

    assert all(other.exists() for other in others)
