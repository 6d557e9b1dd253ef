"""Rows of files in object storage become OneSignal's users and events."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.lineage import (
    NAMESPACE,
    add_to_asset_events,
    asset_uri,
    openlineage_name,
)
from airflow_provider_onesignal.mappings import EventMapping, RowMapping, UserMapping
from airflow_provider_onesignal.operators.base import OneSignalOperator

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_onesignal.compat import Context, ObjectStoragePath, XComArg
    from airflow_provider_onesignal.rows import Sender
    from airflow_provider_onesignal.rows.ledger import Ledger
    from airflow_provider_onesignal.rows.reader import SourceFile
    from airflow_provider_onesignal.rows.source import Source
    from airflow_provider_onesignal.rows.users import Client

M = TypeVar("M", bound=RowMapping)
MODES = ("upsert", "update")
MOST_REQUESTS_PER_SECOND = 1000
"""What OneSignal takes, a second and app."""


class RowsOperator(OneSignalOperator):
    """Base of the operators that send rows."""

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "path",
        "mapping",
        "dead_letter",
        "max_rejects",
        "requests_per_second",
        "dry_run",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"mapping": "json"}
    _kind: ClassVar[str]
    _files: Sequence[SourceFile] = ()

    def __init__(
        self,
        *,
        path: str | ObjectStoragePath | XComArg,
        mapping: RowMapping,
        dead_letter: str | ObjectStoragePath | XComArg,
        max_rejects: float | str | None,
        requests_per_second: float | str,
        dry_run: bool | str,
        onesignal_conn_id: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(onesignal_conn_id=onesignal_conn_id, **kwargs)
        self.path = path
        self.mapping = mapping
        self.dead_letter = dead_letter
        self.max_rejects = max_rejects
        self.requests_per_second = requests_per_second
        # BaseOperator has a method of this name, for `airflow tasks test --dry-run` alone.
        self.dry_run = checks.flag_literal(dry_run, name="dry_run")  # type: ignore[method-assign]

    def execute(self, context: Context) -> str:
        """Send the rows, and return the path of the dead letter."""
        from airflow_provider_onesignal.rows.reader import find

        began = time.monotonic()
        is_dry = self._flag("dry_run")
        pace = _requests_per_second(self.requests_per_second)
        self._check_mapping()
        source_path, letter_path = _object_path(self.path), _object_path(self.dead_letter)
        _refuse_own_source(source_path, letter_path)
        self._files = find(source_path)
        ledger = self._ledger(context, letter_path, is_dry=is_dry)
        ledger.dead_letter.require_writable()
        ledger.resume()
        try:
            source = self._rehearse(ledger) if is_dry else asyncio.run(self._send(ledger, pace))
        except Exception:
            ledger.stop()
            raise
        ledger.finish()
        progress = ledger.progress
        summary = self._summary(ledger, source, seconds=time.monotonic() - began)
        self.log.info(
            "%s %s rows, refused %s, in %.0f s. The refused ones are in %s",
            "Would have sent" if is_dry else "Sent",
            f"{progress.sent:,}",
            f"{progress.refused:,}",
            summary["seconds"],
            summary["dead_letter"],
        )
        self._publish(context, summary)
        return str(self.dead_letter)

    @abstractmethod
    def _check_mapping(self) -> None:
        """Check the mapping, and what else is of this operator alone."""

    @abstractmethod
    def _sender(self, client: Client) -> Sender:
        """Return what makes requests of rows."""

    def _asked(self) -> dict[str, Any]:
        """Return what is done with the rows; an earlier try of something else is no beginning."""
        return {"app": self._hook.app_id, "path": str(self.path)} | self.mapping.serialize()

    async def _send(self, ledger: Ledger, per_second: float) -> Source:
        from airflow_provider_onesignal.api.async_client import api_client
        from airflow_provider_onesignal.rows.engine import Engine
        from airflow_provider_onesignal.rows.pace import Pace

        settings = self._hook.settings
        # The engine repeats requests itself: each of them takes a turn of the pace.
        async with api_client(replace(settings, max_attempts=1)) as client:
            sender = self._sender(client)
            source = self._source(sender, ledger)
            pace, attempts = Pace(per_second), settings.max_attempts
            await Engine(source, sender, pace=pace, ledger=ledger, attempts=attempts).run()
        return source

    def _rehearse(self, ledger: Ledger) -> Source:
        source = self._source(self._sender(_NoClient()), ledger)
        for entries in source.chunks():
            for ordinal, row, item, reason in entries:
                ledger.progress.begin(ordinal)
                if item is None:
                    ledger.refuse(ordinal, row, reason)
                else:
                    ledger.accept(ordinal)
            ledger.check_rejects()
            ledger.save_now(source)
        ledger.check_rejects(at_end=True)
        return source

    def _source(self, sender: Sender, ledger: Ledger) -> Source:
        from airflow_provider_onesignal.rows.source import Source

        return Source(
            self._files,
            columns=self.mapping.columns(),
            prepare=sender.prepare,
            is_settled=ledger.progress.is_settled,
            counts=ledger.counts,
        )

    def _ledger(self, context: Context, path: ObjectStoragePath, *, is_dry: bool) -> Ledger:
        from airflow_provider_onesignal.compat import task_state
        from airflow_provider_onesignal.rows.dead_letter import DeadLetter
        from airflow_provider_onesignal.rows.ledger import Ledger
        from airflow_provider_onesignal.rows.memory import Memory, StateObject, TaskState

        ti: Any = context["ti"]
        run = [ti.dag_id, ti.run_id, ti.task_id, ti.map_index, is_dry]
        fingerprint = _fingerprint(self._asked())
        folder = path.parent / f".{path.name}.{_fingerprint(run)[:12]}"
        memory: Memory | None = None
        if not is_dry:
            store = task_state(context)
            memory = StateObject(folder / "progress.json") if store is None else TaskState(store)
        return Ledger(
            self._files,
            fingerprint=fingerprint,
            memory=memory,
            dead_letter=DeadLetter(path, folder=folder),
            max_rejects=_max_rejects(self.max_rejects),
        )

    def _summary(self, ledger: Ledger, source: Source, *, seconds: float) -> dict[str, Any]:
        progress = ledger.progress
        done = progress.settled - source.skipped
        return {
            "uri": f"{NAMESPACE}/apps/{self._hook.app_id}/{self._kind}",
            "rows": progress.settled,
            "sent": progress.sent,
            "refused": progress.refused,
            "skipped": source.skipped,
            "files": len(self._files),
            "seconds": round(seconds, 3),
            "rows_per_second": round(done / seconds, 1) if seconds else 0.0,
            "dead_letter": ledger.dead_letter.uri,
        }

    def _publish(self, context: Context, summary: dict[str, Any]) -> None:
        from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

        ti: Any = context["ti"]
        if self.do_xcom_push:
            ti.xcom_push(key="summary", value=summary)
        add_to_asset_events(context, self.outlets or (), summary)
        collector = get_hook_lineage_collector()
        for file in self._files:
            collector.add_input_asset(context=self._hook, uri=asset_uri(file.uri))
        collector.add_output_asset(context=self._hook, uri=summary["uri"])

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return what OpenLineage is told: the files that were read, and whose rows they became."""
        from airflow.providers.common.compat.openlineage.facet import Dataset
        from airflow.providers.openlineage.extractors import OperatorLineage

        names = [openlineage_name(file.uri) for file in self._files]
        app_id = self._known_app()
        return OperatorLineage(
            inputs=[Dataset(namespace=namespace, name=name) for namespace, name in names],
            outputs=[Dataset(namespace=NAMESPACE, name=f"apps/{app_id}/{self._kind}")],
        )


class ObjectStorageToOneSignalUsersOperator(RowsOperator):
    """
    Create or update OneSignal users from the rows of files: each row once, at a pace.

    https://documentation.onesignal.com/reference/create-user
    https://documentation.onesignal.com/reference/update-user

    A row that a rule or OneSignal refuses goes to the dead letter, and the rest goes on. A wrong
    key, plan or column stops the task before its second request. A task that was killed, or failed,
    goes on where it was; the last few rows are sent again, which changes nothing. The rows of one
    user are sent in their order, a second apart.

    :param path: the file, or a glob of files that are read in the order of their names:
        ``s3://aws_default@bucket/users/*.jsonl.gz``, ``file:///data/users.csv`` ...; JSON lines
        (``.jsonl``, ``.ndjson``) or CSV with a header (``.csv``), either also ``.gz``, or Parquet
        (``.parquet``, with the extra ``parquet``), in UTF-8; or the dead letter of another task
    :param mapping: which column goes where
    :param mode: "upsert" creates users who do not exist; "update" refuses their rows, and takes no
        email and no phone
    :param dead_letter: path of a file (``.jsonl``) for the rows that are refused: row_number, file,
        reason and row; replaced if it is there, empty if no row was refused
    :param max_rejects: how many rows may be refused before the task stops: a number, or a share as
        a float, such as 0.01; None for any
    :param requests_per_second: at most 1,000, which OneSignal takes of all clients of an app
    :param dry_run: read, map and check all rows, write the dead letter, and send nothing
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the path of the dead letter; XCom ``summary`` holds rows, sent and refused (over all
        tries), skipped (settled by an earlier try), files, seconds and rows_per_second (of this
        try), dead_letter
    :raises OneSignalValidationError: a parameter breaks a rule; nothing was sent
    :raises OneSignalSourceError: there is no such file, or it is broken, lacks a column, or was
        changed while it was read
    :raises OneSignalRejectedRowsError: more rows were refused than ``max_rejects`` allows
    :raises OneSignalDestinationError: the dead letter cannot be written
    :raises OneSignalAuthenticationError: OneSignal does not accept the key
    :raises OneSignalTransientError: OneSignal is down; another try goes on where this one was
    """

    template_fields: Sequence[str] = (*RowsOperator.template_fields, "mode")
    _kind = "users"

    def __init__(
        self,
        *,
        path: str | ObjectStoragePath | XComArg,
        mapping: UserMapping,
        mode: str = "upsert",
        dead_letter: str | ObjectStoragePath | XComArg,
        max_rejects: float | str | None = None,
        requests_per_second: float | str = 500,
        dry_run: bool | str = False,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            path=path,
            mapping=mapping,
            dead_letter=dead_letter,
            max_rejects=max_rejects,
            requests_per_second=requests_per_second,
            dry_run=dry_run,
            onesignal_conn_id=onesignal_conn_id,
            **kwargs,
        )
        self.mode = mode

    def _check_mapping(self) -> None:
        mapping = _require(self.mapping, UserMapping)
        mapping.check(mode=checks.one_of(self.mode, MODES, name="mode"))

    def _sender(self, client: Client) -> Sender:
        from airflow_provider_onesignal.rows.users import UserRows

        mapping = _require(self.mapping, UserMapping)
        return UserRows(client, app_id=self._hook.app_id, mapping=mapping, mode=self.mode)

    def _asked(self) -> dict[str, Any]:
        return super()._asked() | {"mode": self.mode}


class ObjectStorageToOneSignalEventsOperator(RowsOperator):
    """
    Record custom events of OneSignal users from the rows of files: each row once, in batches.

    https://documentation.onesignal.com/reference/create-custom-events

    Each event carries a key made of the file's name and version, the row's number and its content:
    a task that was killed, or failed, goes on where it was, and OneSignal counts no event twice.
    OneSignal names only the user of an event it could not process, so that all rows of that user in
    the same request go to the dead letter. A request that is refused as a whole is halved until the
    bad rows are found.

    :param path: the file, or a glob of files that are read in the order of their names:
        ``s3://aws_default@bucket/events/*.jsonl.gz``, ``file:///data/events.csv`` ...; JSON lines
        (``.jsonl``, ``.ndjson``) or CSV with a header (``.csv``), either also ``.gz``, or Parquet
        (``.parquet``, with the extra ``parquet``), in UTF-8; or the dead letter of another task
    :param mapping: which column goes where; an event has at most 2,024 bytes
    :param dead_letter: path of a file (``.jsonl``) for the rows that are refused: row_number, file,
        reason and row; replaced if it is there, empty if no row was refused
    :param max_rejects: how many rows may be refused before the task stops: a number, or a share as
        a float, such as 0.01; None for any
    :param requests_per_second: of up to 500 events and 1 MB each; OneSignal documents no limit
    :param dry_run: read, map and check all rows, write the dead letter, and send nothing
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the path of the dead letter; XCom ``summary`` holds rows, sent and refused (over all
        tries), skipped (settled by an earlier try), files, seconds and rows_per_second (of this
        try), dead_letter
    :raises OneSignalValidationError: a parameter breaks a rule; nothing was sent
    :raises OneSignalSourceError: there is no such file, or it is broken, lacks a column, or was
        changed while it was read
    :raises OneSignalRejectedRowsError: more rows were refused than ``max_rejects`` allows
    :raises OneSignalDestinationError: the dead letter cannot be written
    :raises OneSignalAuthenticationError: OneSignal does not accept the key
    :raises OneSignalTransientError: OneSignal is down; another try goes on where this one was
    """

    _kind = "custom_events"

    def __init__(
        self,
        *,
        path: str | ObjectStoragePath | XComArg,
        mapping: EventMapping,
        dead_letter: str | ObjectStoragePath | XComArg,
        max_rejects: float | str | None = None,
        requests_per_second: float | str = 10,
        dry_run: bool | str = False,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            path=path,
            mapping=mapping,
            dead_letter=dead_letter,
            max_rejects=max_rejects,
            requests_per_second=requests_per_second,
            dry_run=dry_run,
            onesignal_conn_id=onesignal_conn_id,
            **kwargs,
        )

    def _check_mapping(self) -> None:
        _require(self.mapping, EventMapping).check()

    def _sender(self, client: Client) -> Sender:
        from airflow_provider_onesignal.rows.events import EventRows

        mapping = _require(self.mapping, EventMapping)
        return EventRows(client, app_id=self._hook.app_id, mapping=mapping)


class _NoClient:
    async def send(self, request: Any) -> Any:
        raise AssertionError("a dry run sends nothing")


def _require(mapping: Any, kind: type[M]) -> M:
    if not isinstance(mapping, kind):
        raise OneSignalValidationError(
            f"mapping must be of type {kind.__name__}, got {type(mapping).__name__}."
        )
    return mapping


def _object_path(path: Any) -> ObjectStoragePath:
    from airflow_provider_onesignal.compat import ObjectStoragePath

    return path if isinstance(path, ObjectStoragePath) else ObjectStoragePath(path)


def _refuse_own_source(source: ObjectStoragePath, dead_letter: ObjectStoragePath) -> None:
    if source.fs == dead_letter.fs and PurePosixPath(dead_letter.path).match(source.path):
        raise OneSignalValidationError(
            "dead_letter must not be one of the files that path stands for: the next run would "
            "read it, too. Put it in another folder."
        )


def _requests_per_second(value: Any) -> float:
    return checks.number(value, name="requests_per_second", low=0.01, high=MOST_REQUESTS_PER_SECOND)


def _max_rejects(value: Any) -> float | int | None:
    if value is None:
        return None
    most = checks.number(value, name="max_rejects", low=0)
    if isinstance(most, float) and most > 1:
        raise OneSignalValidationError(
            f"max_rejects must be a whole number, or a share from 0.0 to 1.0, got {value!r}."
        )
    return most


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:32]
