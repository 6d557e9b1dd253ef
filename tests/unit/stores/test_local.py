"""A local file is there whole, or not at all."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
)
from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore

NAME = "users.csv.gz"


def put(file: Any, path: Path, *, replace: bool = True) -> None:
    if isinstance(file, bytes):
        file = io.BytesIO(file)
    store = ObjectStorageStore(path, replace=replace)
    store.put(file, content_type="application/gzip", size=None, metadata={"a": "b"})


class Failing:
    def __init__(self, failure: BaseException) -> None:
        self.pieces = [bytes(1 << 20)]
        self.failure = failure

    def read(self, length: int = -1) -> bytes:
        if self.pieces:
            return self.pieces.pop()
        raise self.failure


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "what?#%20" / NAME

    put(b"whole", path)

    assert path.read_bytes() == b"whole"
    assert [entry for entry in tmp_path.rglob("*") if entry.is_file()] == [path]
    stored = ObjectStorageStore(path.as_posix()).head()
    assert stored is not None
    assert (stored.size, stored.metadata, stored.read(1, 3)) == (5, None, b"hol")


@pytest.mark.parametrize("replace", [True, False])
def test_a_new_file_has_the_permissions_that_any_other_gets(tmp_path: Path, replace: bool) -> None:
    (tmp_path / "other").touch()

    put(b"whole", tmp_path / NAME, replace=replace)

    assert (tmp_path / NAME).stat().st_mode == (tmp_path / "other").stat().st_mode


def test_an_old_files_mode_is_kept(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    (tmp_path / NAME).chmod(0o640)

    put(b"whole", tmp_path / NAME)

    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o640


def test_a_symlink_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "day" / NAME)

    put(b"whole", tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "day" / NAME).read_bytes() == b"whole"


class TestExclusiveCreation:
    @pytest.fixture(params=["hard links", "no hard links"], autouse=True)
    def _mount(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        def unsupported(*_: Any) -> None:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

        if request.param == "no hard links":
            monkeypatch.setattr("os.link", unsupported)

    def test_lets_the_file_appear_where_there_is_none(self, tmp_path: Path) -> None:
        put(b"whole", tmp_path / NAME, replace=False)

        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {NAME: b"whole"}

    def test_refuses_where_a_file_appeared_meanwhile(self, tmp_path: Path) -> None:
        class Late(io.BytesIO):
            def read(self, length: int | None = -1, /) -> bytes:
                (tmp_path / NAME).write_bytes(b"another's")
                return super().read(length)

        with pytest.raises(OneSignalDestinationTakenError, match="replace=True"):
            put(Late(b"whole"), tmp_path / NAME, replace=False)

        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {NAME: b"another's"}


@pytest.mark.parametrize("failure", [OSError("cut"), KeyboardInterrupt(), SystemExit()])
@pytest.mark.parametrize("before", [None, b"before"])
def test_a_failure_leaves_things_as_they_were(
    tmp_path: Path, failure: BaseException, before: bytes | None
) -> None:
    path = tmp_path / NAME if before else tmp_path / "new" / NAME
    if before:
        path.write_bytes(before)
    expected = OneSignalDestinationUnavailableError if type(failure) is OSError else type(failure)

    with pytest.raises(expected):
        put(Failing(failure), path)

    assert list(tmp_path.rglob("*")) == ([path] if before else [])
    assert not before or path.read_bytes() == before


@pytest.mark.parametrize("before", [None, b"before"], ids=["new", "over another"])
@pytest.mark.parametrize(
    ("call", "number", "error"),
    [
        ("os.fsync", errno.ENOSPC, OneSignalDestinationUnavailableError),
        ("os.fsync", errno.EIO, OneSignalDestinationUnavailableError),
        ("pathlib.Path.replace", errno.EIO, OneSignalDestinationUnavailableError),
        ("pathlib.Path.replace", errno.EACCES, OneSignalDestinationError),
        ("pathlib.Path.replace", errno.EROFS, OneSignalDestinationError),
        ("pathlib.Path.mkdir", errno.EACCES, OneSignalDestinationError),
        ("pathlib.Path.open", errno.EACCES, OneSignalDestinationError),
        ("pathlib.Path.open", errno.EMFILE, OneSignalDestinationUnavailableError),
    ],
)
def test_a_system_that_fails_is_explained_and_nothing_is_left(
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    error: Any,
    before: bytes | None,
) -> None:
    path = tmp_path / NAME
    if before is not None:
        path.write_bytes(before)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(call, fail)
        with pytest.raises(error, match=os.strerror(number)) as caught:
            put(b"whole", path)

    assert type(caught.value) is error
    assert "Nothing was stored" in str(caught.value)
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([before] if before else [])


IN_A_PROCESS = """
import os, resource, signal, sys
from pathlib import Path
from airflow_provider_onesignal.stores.local import FileUpload
from airflow_provider_onesignal.stores.upload import send

class File:
    def __init__(self):
        self.left = 3
    def read(self, length=-1):
        self.left -= 1
        if not self.left and sys.argv[2] == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        return bytes(length)

if sys.argv[2] == "limited":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
send(File(), FileUpload(Path(sys.argv[1]), sys.argv[1], replace=True))
"""


def in_a_process(path: Path, how: str) -> str:
    command = [sys.executable, "-c", IN_A_PROCESS, str(path), how]
    return subprocess.run(command, check=False, capture_output=True, text=True).stderr


def test_a_write_that_the_system_cuts_leaves_nothing(tmp_path: Path) -> None:
    assert "File too large" in in_a_process(tmp_path / NAME, "limited")

    assert list(tmp_path.iterdir()) == []


def test_the_next_try_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    path = tmp_path / "day" / NAME
    in_a_process(path, "killed")
    (orphan,) = tmp_path.iterdir()
    assert orphan.suffix == ".part"

    put(b"whole", path)

    assert [entry for entry in tmp_path.rglob("*") if entry.is_file()] == [path]


def test_a_mount_without_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", no_locks)
    other = tmp_path / f".{NAME}.0123456789ab.part"
    other.touch()

    put(b"whole", tmp_path / NAME)

    assert (tmp_path / NAME).read_bytes() == b"whole"
    assert other.exists(), "it may be alive"


def test_what_a_living_writer_has_so_far_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / NAME

    class Nested(io.BytesIO):
        """Stores the same file a second time while the first is being written."""

        def read(self, length: int | None = -1, /) -> bytes:
            if piece := super().read(length):
                return piece
            put(b"inner", path)
            assert path.read_bytes() == b"inner"
            return b""

    put(Nested(bytes(1 << 20)), path)

    assert path.read_bytes() == bytes(1 << 20)
    assert list(tmp_path.iterdir()) == [path]


def test_hidden_files_of_others_are_left_alone(tmp_path: Path) -> None:
    others = [
        tmp_path / ".other.csv.gz.0123.part",
        tmp_path / f".{NAME}.swp",
        tmp_path / f".{NAME}.mine.part",
        tmp_path / f".{NAME}.bak.0123456789ab.part",
    ]
    for other in others:
        other.touch()

    put(b"whole", tmp_path / NAME)

    assert all(other.exists() for other in others)
