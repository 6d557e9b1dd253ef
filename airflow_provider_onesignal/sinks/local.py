"""A local file as a sink: written beside its place, then moved there in one step."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from airflow_provider_onesignal.stream.sink import Readable

_READ_CHUNK = 1024 * 1024
_SUFFIX = ".part"


def store_file(reader: Readable, path: Path) -> None:
    """
    Write all that ``reader`` gives to ``path``, or nothing.

    Until the last step the bytes are in a hidden file of the nearest folder that exists, locked by
    the process that writes it; what a killed process left there, the next one removes.

    :param reader: read until it returns ``b""``
    :param path: the file; missing folders are made when all bytes are there
    """
    folder = next(parent for parent in path.parents if parent.is_dir())
    _remove_orphans(folder, path.name)
    part = folder / f".{path.name}.{uuid4().hex[:12]}{_SUFFIX}"
    try:
        _write(reader, part)
        path.parent.mkdir(parents=True, exist_ok=True)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write(reader: Readable, part: Path) -> None:
    with part.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        shutil.copyfileobj(reader, file, _READ_CHUNK)
        file.flush()
        os.fsync(file.fileno())


def _remove_orphans(folder: Path, name: str) -> None:
    orphan = re.compile(re.escape(f".{name}.") + "[0-9a-f]{12}" + re.escape(_SUFFIX))
    for entry in list(folder.iterdir()):
        if not orphan.fullmatch(entry.name):
            continue
        with suppress(OSError), entry.open("rb+") as file:
            # fails while the process that writes it lives
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            entry.unlink()
