"""Files of this machine."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from airflow_provider_onesignal.stores import taken
from airflow_provider_onesignal.stores.upload import Upload

_SUFFIX = ".part"


class FileUpload(Upload):
    """
    A local file, written beside its place and moved there in one step.

    Until then the bytes are in a hidden file of the nearest folder that exists, locked by the
    process that writes it; what a killed process left there, the next one removes.

    :param path: the file; missing folders are made when all bytes are there
    :param uri: of it
    :param replace: write over a file that is there
    """

    def __init__(self, path: Path, uri: str, *, replace: bool) -> None:
        # What a symlink leads to is written, and the link stays.
        self._path = Path(os.path.realpath(path)) if path.is_symlink() else path
        self._uri = uri
        self._replace = replace
        self._part: Any = None
        self._file: Any = None

    def begin(self) -> None:
        """Make the hidden file, in place of those that killed processes left."""
        folder = next(parent for parent in self._path.parents if parent.is_dir())
        _remove_orphans(folder, self._path.name)
        self._part = folder / f".{self._path.name}.{uuid4().hex[:12]}{_SUFFIX}"
        self._file = self._part.open("xb")
        _lock(self._file)

    def write(self, number: int, piece: bytes) -> None:
        """Write a piece to the hidden file."""
        self._file.write(piece)

    def finish(self) -> None:
        """Move the file to its place."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._replace:
            _keep_mode(self._path, self._part)
            self._part.replace(self._path)
        else:
            self._create()
        self._file.close()

    def discard(self) -> None:
        """Remove the hidden file."""
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    def leftover(self, reason: str) -> str:
        """Return the log's line about the hidden file."""
        return f"The unfinished file {self._part} was not removed ({reason}); delete it"

    def _create(self) -> None:
        """Let the file appear where there is none."""
        try:
            os.link(self._part, self._path)
        except FileExistsError as error:
            raise taken(self._uri) from error
        except OSError:
            self._claim()
        self._part.unlink(missing_ok=True)

    def _claim(self) -> None:
        """Take the name, then fill it: for mounts that have no hard links."""
        try:
            self._path.open("xb").close()
        except FileExistsError as error:
            raise taken(self._uri) from error
        try:
            self._part.replace(self._path)
        except BaseException:
            self._path.unlink()
            raise


def _keep_mode(path: Path, part: Path) -> None:
    with suppress(FileNotFoundError, PermissionError):
        part.chmod(path.stat().st_mode & 0o7777)


def _remove_orphans(folder: Path, name: str) -> None:
    orphan = re.compile(re.escape(f".{name}.") + "[0-9a-f]{12}" + re.escape(_SUFFIX))
    for entry in list(folder.iterdir()):
        if orphan.fullmatch(entry.name):
            with suppress(OSError), entry.open("rb+") as file:
                if _lock(file):
                    entry.unlink()


def _lock(file: BinaryIO) -> bool:
    """Return whether it is locked now: not where a living process has it, or no locks exist."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # Windows; mounts without locks
        return False
    return True
