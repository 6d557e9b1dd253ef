"""Any other filesystem, and what is asked of it."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.stores import object_storage
from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore, check_path
from tests.unit.stores.test_errors import client_error

PATH = "/exports/users.csv.gz"
MARKS = {"onesignal-source-etag": '"v1"'}


@pytest.fixture
def fs() -> Any:
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    return fs


def store_in(
    fs: Any, monkeypatch: pytest.MonkeyPatch, *, protocol: str = "memory", replace: bool = True
) -> ObjectStorageStore:
    monkeypatch.setattr(object_storage, "check_path", lambda path: path)
    place: Any = SimpleNamespace(fs=fs, path=PATH, protocol=protocol)
    return ObjectStorageStore(place, replace=replace)


def put(store: ObjectStorageStore, file: Any = b"whole") -> None:
    file = io.BytesIO(file) if isinstance(file, bytes) else file
    store.put(file, content_type="text/csv", size=None, metadata=MARKS)


class Interrupted(io.BytesIO):
    def read(self, length: int | None = -1, /) -> bytes:
        if piece := super().read(length):
            return piece
        raise KeyboardInterrupt


HALF = bytes(1 << 20)


class TestAPath:
    @pytest.mark.parametrize(
        "path",
        [
            "s3://conn@bucket/a?b#c%20d.csv.gz",
            "gs://bucket/key",
            "memory://key",
            "/data/a?b#c.gz",
            "file:///data/users.csv.gz",
            "sftp://conn@host/in/users.csv.gz",
        ],
    )
    def test_that_names_a_file_passes_as_it_is(self, path: str) -> None:
        assert check_path(path) == path
        assert check_path(Path("/data/x.gz")) == "/data/x.gz"

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("s3://bucket/day/", "must name a file"),
            ("s3://bucket", "no object"),
            ("s3://conn@bucket//", "must name a file"),
            ("data/users.csv.gz", "absolute path"),
            ("file://data/users.csv.gz", "third slash: file:///data/users.csv.gz"),
            ("s3://bucket/a?versionId=b", "another key"),
            ("", "non-empty"),
            (" ", "non-empty"),
            (None, "non-empty"),
            (7, "non-empty"),
        ],
    )
    def test_that_does_not_is_refused(self, path: Any, text: str) -> None:
        with pytest.raises(OneSignalValidationError, match=text):
            ObjectStorageStore(path)

    @pytest.mark.parametrize(
        ("path", "key"),
        [
            ("s3://conn@bucket/a?", "bucket/a?"),
            ("s3://conn@bucket/a?#b//./c@d#", "bucket/a?#b//./c@d#"),
            ("s3://bucket/a", "bucket/a"),
            ("file:///data/a?#", "/data/a?#"),
            ("/data/a?#b", "/data/a?#b"),
        ],
    )
    def test_is_what_the_filesystem_is_asked_for(self, path: str, key: str) -> None:
        assert ObjectStorageStore(path).key == key

    @pytest.mark.parametrize("path", ["nosuch://bucket/key", "webhdfs+x://bucket/key"])
    def test_that_no_package_serves_is_a_matter_of_configuration(self, path: str) -> None:
        with pytest.raises(OneSignalConfigurationError, match=path.partition(":")[0][:6]):
            ObjectStorageStore(path).uri  # noqa: B018


class TestAStoreThatShowsAFileWhileItIsWritten:
    def test_gets_it_under_a_hidden_name_first(
        self, fs: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = store_in(fs, monkeypatch)

        assert store.head() is None
        put(store)

        stored = store.head()
        assert stored is not None
        assert (stored.read(1, 3), stored.metadata) == (b"hol", None)
        assert list(fs.store) == [PATH]
        assert store.uri == "memory:///exports/users.csv.gz"

    @pytest.mark.parametrize("before", [None, b"before"])
    def test_is_left_as_it_was_by_a_failure(
        self, fs: Any, monkeypatch: pytest.MonkeyPatch, before: bytes | None
    ) -> None:
        if before:
            fs.pipe_file(PATH, before)

        with pytest.raises(KeyboardInterrupt):
            put(store_in(fs, monkeypatch), Interrupted(HALF))

        assert {name: fs.cat_file(name) for name in fs.store} == ({PATH: before} if before else {})

    def test_is_not_written_over(self, fs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        fs.pipe_file(PATH, b"before")

        with pytest.raises(OneSignalDestinationTakenError):
            put(store_in(fs, monkeypatch, replace=False))

        assert {name: fs.cat_file(name) for name in fs.store} == {PATH: b"before"}

    def test_with_a_folder_in_the_place_of_the_file_is_refused(
        self, fs: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fs.pipe_file(f"{PATH}/inside", b"")

        with pytest.raises(OneSignalDestinationError, match="must name a file"):
            store_in(fs, monkeypatch).head()

    def test_that_keeps_the_hidden_file_hides_no_failure(
        self, fs: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def down(*_: Any, **__: Any) -> None:
            raise ConnectionError("the store is down")

        monkeypatch.setattr(type(fs), "mv", down)
        monkeypatch.setattr(type(fs), "rm", down)

        with pytest.raises(OneSignalDestinationUnavailableError, match="the store is down"):
            put(store_in(fs, monkeypatch))

        assert ".part was not removed (ConnectionError)" in caplog.text


class Committing(io.BytesIO):
    """
    A file of a store that commits whatever it has when it is closed, as fsspec's do.

    :param failures: what the commits raise
    """

    closed = False
    mode: Any

    def __init__(self, mode: str, failures: list[Exception]) -> None:
        super().__init__()
        self.mode = mode
        self.events: list[str] = []
        self._failures = failures

    def close(self) -> None:
        self.events.append("close")

    def commit(self) -> None:
        self.events.append(f"commit {self.mode}")
        if self._failures:
            raise self._failures.pop(0)

    def discard(self) -> None:
        self.events.append("discard")


class CommittingFS:
    """
    A filesystem of such files.

    :param failures: what their commits raise
    :param modes: that it knows
    :param is_there: whether there is an object
    """

    def __init__(
        self, *failures: Exception, modes: tuple[str, ...] = ("wb", "xb"), is_there: bool = False
    ) -> None:
        self.asked: dict[str, Any] = {}
        self._failures, self._modes, self._is_there = list(failures), modes, is_there

    def open(self, path: str, mode: str, **arguments: Any) -> Committing:
        if mode not in self._modes:
            raise NotImplementedError("File mode not supported")
        self.asked = arguments
        self.file = Committing(mode, self._failures)
        return self.file

    def exists(self, path: str) -> bool:
        return self._is_there

    def invalidate_cache(self) -> None:
        """Have none."""

    def unstrip_protocol(self, path: str) -> str:
        return f"store:/{path}"


class TestAStoreThatCommits:
    @pytest.mark.parametrize(
        ("protocol", "said"),
        [
            ("s3", {"ContentType": "text/csv", "Metadata": MARKS}),
            ("gs", {"content_type": "text/csv", "metadata": MARKS}),
            (
                "abfs",
                {
                    "content_settings": {"content_type": "text/csv"},
                    "metadata": {"is_directory": "false", "onesignal_source_etag": '"v1"'},
                },
            ),
        ],
    )
    @pytest.mark.parametrize(("replace", "mode"), [(True, "wb"), (False, "xb")])
    def test_is_told_type_and_marks_and_whether_to_write_over(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *,
        protocol: str,
        said: dict[str, Any],
        replace: bool,
        mode: str,
    ) -> None:
        fs = CommittingFS()
        put(store_in(fs, monkeypatch, protocol=protocol, replace=replace))

        assert fs.file.events == ["close", f"commit {mode}"]
        assert fs.asked.pop("block_size") >= 5 * 1024 * 1024
        assert fs.asked == {"autocommit": False, **said}

    def test_discards_and_never_closes_a_file_on_failure(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fs = CommittingFS()

        with pytest.raises(KeyboardInterrupt):
            put(store_in(fs, monkeypatch, protocol="s3"), Interrupted(HALF))

        assert fs.file.events == ["discard"]
        assert fs.file.closed is True

    def test_says_that_an_object_appeared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fs = CommittingFS(FileExistsError(PATH))

        with pytest.raises(OneSignalDestinationTakenError):
            put(store_in(fs, monkeypatch, protocol="abfs", replace=False))

        assert fs.file.events[-1] == "discard"

    @pytest.mark.parametrize("is_there", [False, True])
    @pytest.mark.parametrize("old", ["package", "store"])
    def test_that_knows_no_exclusive_creation_is_asked_and_the_log_says_so(
        self,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        *,
        old: str,
        is_there: bool,
    ) -> None:
        unknown = OSError(errno.ENOSYS, "A header is not implemented")
        unknown.__cause__ = client_error("NotImplemented", 501)
        fs = (
            CommittingFS(modes=("wb",), is_there=is_there)
            if old == "package"
            else CommittingFS(unknown, is_there=is_there)
        )
        store = store_in(fs, monkeypatch, protocol="s3", replace=False)

        if is_there:
            with pytest.raises(OneSignalDestinationTakenError):
                put(store)
        else:
            put(store)
            assert fs.file.events[-1] == "commit wb"

        assert caplog.text.count("does not know exclusive creation") == 1

    def test_returns_the_marks_as_they_were_given(self) -> None:
        azure = SimpleNamespace()
        stored = object_storage._Object(
            azure, PATH, {"size": 1, "metadata": {"Onesignal_source_etag": '"v1"'}}, True
        )
        without = object_storage._Object(azure, PATH, {"size": 1, "metadata": None}, True)
        s3 = SimpleNamespace(metadata=lambda path, refresh: MARKS)

        assert stored.metadata == MARKS
        assert without.metadata == {}
        assert object_storage._Object(s3, PATH, {"size": 1}, True).metadata == MARKS
