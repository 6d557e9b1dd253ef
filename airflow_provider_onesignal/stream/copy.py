"""From source to sink, verified on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable

from airflow_provider_onesignal.stream.cancel import Cancellation
from airflow_provider_onesignal.stream.confirmation import confirm_stored
from airflow_provider_onesignal.stream.download import Download
from airflow_provider_onesignal.stream.encoding import unwrap
from airflow_provider_onesignal.stream.errors import (
    SourceChangedError,
    StoreError,
    StreamCancelledError,
)
from airflow_provider_onesignal.stream.progress import Progress, ProgressReporter
from airflow_provider_onesignal.stream.reader import CopySummary, VerifiedReader
from airflow_provider_onesignal.stream.sink import Sink
from airflow_provider_onesignal.stream.source import HttpSource

log = logging.getLogger(__name__)


def copy(
    source: HttpSource,
    sink: Sink,
    *,
    report: Callable[[Progress], None] | None = None,
    attempts: int = 3,
    cancellation: Cancellation | None = None,
) -> CopySummary:
    """
    Copy a file whole and right, or leave nothing.

    :param source: where it is
    :param sink: where it goes
    :param report: called now and then with the progress; the default writes it to the log
    :param attempts: how often to begin, should the file change while it is read
    :param cancellation: ends the copy from outside
    :raises StreamError: where the file cannot be had whole and right, or not be stored
    """
    cancellation = cancellation or Cancellation()
    for left in reversed(range(attempts)):
        try:
            return _copy_once(source, sink, report or _log_progress, cancellation)
        except SourceChangedError:
            if not left:
                raise
            log.warning("%s changed during the copy; beginning anew", source.label)
    raise ValueError("attempts must be at least 1")


def _copy_once(
    source: HttpSource,
    sink: Sink,
    report: Callable[[Progress], None],
    cancellation: Cancellation,
) -> CopySummary:
    with Download(source) as download:
        stream = unwrap(download, encoding=download.encoding, name=source.file_name)
        progress = ProgressReporter(report, total=stream.size)
        with VerifiedReader(stream, name=source.file_name, on_bytes=progress.advance) as reader:
            cancellation.watch(reader)
            _store(sink, reader, size=stream.size)
            return reader.summary(etag=download.version.etag)


def _store(sink: Sink, reader: VerifiedReader, *, size: int | None) -> None:
    try:
        sink.store(reader, content_type=reader.stored.value, size=size)
    except Exception as error:
        # what the file suffers from says more than what the store makes of it; that the copy was
        # given up says less
        failure = reader.failure
        if not (failure is None or failure is error or isinstance(failure, StreamCancelledError)):
            raise failure from error
        if not (isinstance(error, StoreError) and reader.is_complete):
            raise
        whole = reader.summary()
        confirm_stored(sink, error, size=whole.bytes, sha256=whole.sha256)
    if not reader.is_complete:
        raise RuntimeError(f"{type(sink).__name__} stored {sink.uri} without reading to the end")


def _log_progress(progress: Progress) -> None:
    log.info("Copied %s", progress)
