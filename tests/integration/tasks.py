"""Running an operator as Airflow does, without Airflow's processes."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred, redact

from airflow_provider_onesignal.operators import export_task
from tests.unit.fakes import FakeStore

_TRIGGER_PATIENCE = 30.0
_TALKATIVE = ("asyncio", "boto3", "botocore", "moto", "s3transfer", "werkzeug")
"""Loggers whose DEBUG takes longer than the tests, and that never get to know a secret."""


@dataclass
class OutletEvent:
    """What a task tells of an asset."""

    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Ended:
    """
    How a try of a task ended.

    :param result: what it returned
    :param error: what it raised
    :param xcoms: what it pushed
    :param deferrals: the triggers it waited with
    :param temporary: the temporary files it left
    :param shown: texts that people and databases get to see, by where
    """

    result: Any = None
    error: BaseException | None = None
    xcoms: dict[str, Any] = field(default_factory=dict)
    deferrals: list[Any] = field(default_factory=list)
    temporary: list[str] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    outlet_events: dict[Any, Any] = field(default_factory=lambda: defaultdict(OutletEvent))

    @property
    def summary(self) -> dict[str, Any]:
        """The XCom of that name."""
        return dict(self.xcoms.get("summary") or {})

    def note_deferral(self, deferral: TaskDeferred) -> None:
        """Remember what Airflow shows of a deferral; what it carries is in the database alone."""
        self.deferrals.append(deferral.trigger)
        self.shown[f"trigger {len(self.deferrals)}"] = repr(deferral.trigger)

    def unwrap(self) -> Any:
        """Give the result, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.result


class Log(logging.Handler):
    """All records, as text: as they were written, and as Airflow lets them out."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._records: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.add(record.name, self.format(record))

    def add(self, name: str, text: str) -> None:
        self._records.append((name, text))

    @property
    def masked(self) -> str:
        return str(redact("\n".join(text for _, text in self._records)))

    @property
    def own(self) -> str:
        """What was written by others than the HTTP library, which only masking keeps silent."""
        return "\n".join(text for name, text in self._records if not name.startswith("urllib3"))


def run_try(make: Callable[[], Any], *, store: FakeStore | None, served: bool = True) -> Ended:
    """
    Run one try of a task to its end, each part of it with an operator of its own.

    :param make: builds the operator, as each process that parses the DAG does
    :param store: Airflow's task state, None where Airflow has none
    :param served: whether there is a triggerer; else a deferral is where it ends
    """
    ended, log = Ended(), Log()
    with _temporary_folder(ended), _forgetful_masker():
        with _recorded(log), _recorded_by_structlog(log):
            try:
                ended.result = _run(make, _context(ended, store), ended, served=served)
            except Exception as error:  # noqa: BLE001 - it is what the tests look at
                ended.error = error
                ended.shown["error"] = str(error)
                ended.shown["traceback"] = "".join(traceback.format_exception(error))
        ended.shown |= {"log": log.masked, "own log": log.own, "xcoms": json.dumps(ended.xcoms)}
        ended.shown["asset events"] = repr(list(ended.outlet_events.values()))
    return ended


@contextmanager
def _temporary_folder(ended: Ended) -> Iterator[None]:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", folder)
        yield
        ended.temporary = [path.name for path in Path(folder).iterdir()]


@contextmanager
def _forgetful_masker() -> Iterator[None]:
    """Let Airflow's masker know nothing at first, as in a process of the task's own."""
    masker = import_module(redact.__module__)._secrets_masker()
    before = masker.patterns, masker.replacer
    masker.patterns, masker.replacer = set(), None
    try:
        yield
    finally:
        masker.patterns, masker.replacer = before


@contextmanager
def _recorded_by_structlog(log: Log) -> Iterator[None]:
    """Airflow 3 writes the logs of operators and triggers with structlog."""
    if find_spec("structlog") is None:
        yield
        return
    from structlog.testing import capture_logs

    with capture_logs() as entries:
        yield
    for entry in entries:
        log.add("structlog", str(entry))


@contextmanager
def _recorded(log: Log) -> Iterator[None]:
    root = logging.getLogger()
    levels = {logging.getLogger(name): logging.INFO for name in _TALKATIVE} | {root: logging.DEBUG}
    before = {logger: logger.level for logger in levels}
    for logger, level in levels.items():
        logger.setLevel(level)
    root.addHandler(log)
    try:
        yield
    finally:
        root.removeHandler(log)
        for logger, level in before.items():
            logger.setLevel(level)


def _run(make: Callable[[], Any], context: Any, ended: Ended, *, served: bool) -> Any:
    method = ""
    kwargs: dict[str, Any] = {}
    while True:
        operator = context["ti"].task = make()
        operator.render_template_fields(context)
        ended.shown[f"rendered {len(ended.deferrals)}"] = _rendered(operator)
        # what a process holds in memory does not come back with a deferral
        export_task._carried_in_process.clear()
        try:
            operator.pre_execute(context)
            if not method:
                return operator.execute(context)
            return operator.resume_execution(method, kwargs, context)
        except TaskDeferred as deferral:
            ended.note_deferral(deferral)
            if not served:
                return None
            event = _served(deferral.trigger)
            ended.shown[f"event {len(ended.deferrals)}"] = json.dumps(event)
            method = deferral.method_name
            kwargs = {**_through_json(deferral.kwargs or {}), "event": event}


def _rendered(operator: Any) -> str:
    """Give the rendered templates as Airflow keeps and shows them."""
    try:
        from airflow.sdk.execution_time.task_runner import _serialize_rendered_fields
    except ImportError:
        from airflow.serialization.helpers import serialize_template_field

        shown = {
            name: redact(serialize_template_field(getattr(operator, name), name), name)
            for name in operator.template_fields
        }
        return repr(shown)
    return repr(_serialize_rendered_fields(operator))


def _served(trigger: Any) -> Any:
    """Rebuild a trigger as a triggerer does, and give what it yields first."""
    path, parameters = trigger.serialize()
    module, _, name = path.rpartition(".")
    rebuilt = getattr(import_module(module), name)(**_through_json(parameters))

    async def first() -> Any:
        async for event in rebuilt.run():
            return event.payload
        raise AssertionError("the trigger ended without an event")

    return _through_json(asyncio.run(asyncio.wait_for(first(), _TRIGGER_PATIENCE)))


def _through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _context(ended: Ended, store: FakeStore | None) -> Any:
    ti = SimpleNamespace(
        dag_id="dag",
        run_id="run",
        task_id="copy",
        map_index=-1,
        try_number=1,
        max_tries=2,
        xcom_push=lambda key, value: ended.xcoms.update({key: value}),
    )
    state = {} if store is None else {"task_state_store": store}
    return {"ti": ti, "outlet_events": ended.outlet_events, **state}
