"""Any other filesystem: written under a hidden name, then moved."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import fsspec
import pytest

from airflow_provider_onesignal.sinks.object_storage import ObjectStorageSink
from airflow_provider_onesignal.stream.errors import StoreFailedError, StoreRefusedError

PATH = "/exports/users.csv.gz"


@pytest.fixture
def fs() -> Any:
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    return fs


def sink_in(fs: Any, *, protocol: str = "memory") -> ObjectStorageSink:
    path: Any = SimpleNamespace(fs=fs, path=PATH, protocol=protocol, bucket="exports")
    return ObjectStorageSink(path)


class Failing(io.BytesIO):
    def read(self, length: int | None = -1, /) -> bytes:
        if piece := super().read(4):
            return piece
        raise KeyboardInterrupt

    def cancel(self) -> None:
        pass


class Whole(io.BytesIO):
    def cancel(self) -> None:
        pass


def test_the_file_appears_when_it_is_whole(fs: Any) -> None:
    sink = sink_in(fs)

    assert sink.existing() is None
    sink.store(Whole(b"whole"), content_type="text/csv", size=5)

    existing = sink.existing()
    assert existing is not None
    assert existing.read(1, 3) == b"hol"
    assert list(fs.store) == [PATH]
    assert sink.uri == "memory:///exports/users.csv.gz"


@pytest.mark.parametrize("before", [None, b"before"])
def test_a_failure_leaves_things_as_they_were(fs: Any, before: bytes | None) -> None:
    if before:
        fs.pipe_file(PATH, before)

    with pytest.raises(KeyboardInterrupt):
        sink_in(fs).store(Failing(b"half"), content_type="text/csv", size=None)

    assert {name: fs.cat_file(name) for name in fs.store} == ({PATH: before} if before else {})


def test_a_folder_in_the_place_of_the_file_is_told(fs: Any) -> None:
    fs.pipe_file(f"{PATH}/inside", b"")

    with pytest.raises(StoreRefusedError, match="must name a file"):
        sink_in(fs).existing()


class Lazy(io.BytesIO):
    """A file of a store that commits whatever it has when it is closed, as fsspec's do."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []

    def close(self) -> None:
        self.events.append("close")

    def commit(self) -> None:
        self.events.append("commit")

    def discard(self) -> None:
        self.events.append("discard")
        raise ConnectionError("the store is down")

    closed = False


@pytest.mark.parametrize("protocol", ["s3", "gs", "abfs"])
def test_a_committing_store_is_never_closed_on_failure(protocol: str) -> None:
    file = Lazy()
    fs = SimpleNamespace(open=lambda *_, **__: file, exists=lambda _: True)

    with pytest.raises(KeyboardInterrupt):
        sink_in(fs, protocol=protocol).store(Failing(b"half"), content_type="text/csv", size=None)

    assert file.events == ["discard"]
    assert file.closed is True


def test_a_part_that_cannot_be_removed_hides_no_failure(
    fs: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise ConnectionError("the store is down")

    monkeypatch.setattr(type(fs), "mv", down)
    monkeypatch.setattr(type(fs), "rm", down)

    with pytest.raises(StoreFailedError, match="the store is down"):
        sink_in(fs).store(Whole(b"whole"), content_type="text/csv", size=5)

    assert ".part was not removed (ConnectionError)" in caplog.text
