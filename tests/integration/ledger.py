"""What a transfer did about a fault, judged, and counted over all tests."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Protocol

from airflow.providers.common.compat.sdk import AirflowSensorTimeout

from airflow_provider_onesignal.exceptions import OneSignalError
from airflow_provider_onesignal.testing import Emulator
from tests.integration.stores import Held, Place
from tests.integration.tasks import Ended


class Countable(Protocol):
    """A fault that knows how often it hit."""

    hits: int


@dataclass
class Ledger:
    """The counts of a test run: a fault counts once, however many requests or tries it hit."""

    faults_injected: int = 0
    wrong_objects: int = 0
    leftovers: int = 0
    untyped_errors: int = 0
    secrets_shown: int = 0

    def __post_init__(self) -> None:
        self._counted: list[Countable] = []

    def __str__(self) -> str:
        names = (each.name for each in fields(self))
        return "; ".join(f"{name.replace('_', ' ')}: {getattr(self, name)}" for name in names)

    def count(self, found: dict[str, list[str]], faults: Iterable[Countable]) -> None:
        """Add what one test found."""
        new = [fault for fault in faults if fault.hits and not self._has(fault)]
        self._counted += new
        self.faults_injected += len(new)
        for name, what in found.items():
            setattr(self, name, getattr(self, name) + len(what))

    def _has(self, fault: Countable) -> bool:
        return any(each is fault for each in self._counted)


LEDGER = Ledger()


def judge(
    ended: Ended,
    *,
    emulator: Emulator,
    place: Place,
    before: bytes | None = None,
    faults: Iterable[Countable] = (),
    unavoidable: int = 0,
) -> dict[str, list[str]]:
    """
    Say what is wrong after a task, by kind; nothing is, where all lists are empty.

    :param ended: how the task ended
    :param before: the object that was there
    :param faults: that others than the emulator injected
    :param unavoidable: how many uploads must be left, because the store was not to be reached
    """
    injected = [*emulator.faults.all(), *emulator.files.faults.all(), *faults]
    found = {
        "wrong_objects": _wrong_object(ended, emulator, place, before),
        "leftovers": place.leftovers()[unavoidable:] + ended.temporary + _threads(),
        "untyped_errors": [] if _is_typed(ended.error) else [repr(ended.error)],
        "secrets_shown": _shown(ended, emulator),
    }
    LEDGER.count(found, injected)
    return found


CLEAN: dict[str, list[str]] = {
    "wrong_objects": [],
    "leftovers": [],
    "untyped_errors": [],
    "secrets_shown": [],
}


def _wrong_object(
    ended: Ended, emulator: Emulator, place: Place, before: bytes | None
) -> list[str]:
    held = place.held()
    if ended.error is not None:
        is_untouched = (held and held.body) == before
        return [] if is_untouched else [f"{place.uri} was touched by a task that failed"]
    return ["no object"] if held is None else _differences(held, ended, emulator, place)


def _differences(held: Held, ended: Ended, emulator: Emulator, place: Place) -> list[str]:
    content = emulator.exports[-1].content
    right = b"".join(content.read())
    expected: dict[str, Any] = {
        "uri": place.uri,
        "bytes": len(right),
        "rows": content.count,
        "sha256": hashlib.sha256(right).hexdigest(),
        "content_type": content.content_type,
    }
    if ended.summary.get("copied") is False:
        # What was stored before is recognised by its metadata, not read, unless the state tells.
        unread = {name for name in ("rows", "sha256") if ended.summary.get(name) is None}
        expected = {name: value for name, value in expected.items() if name not in unread}
    told = {name: ended.summary.get(name) for name in expected}
    wrong = [f"{name}: {told[name]}" for name in expected if told[name] != expected[name]]
    if held.body != right:
        wrong.append("the object's bytes")
    if held.content_type not in (None, content.content_type) or held.encoding:
        wrong.append(f"the object's type: {held.content_type}, {held.encoding}")
    return wrong


def _threads() -> list[str]:
    checking = [each for each in threading.enumerate() if each.name == "verification"]
    for each in checking:
        each.join(5)
    return [each.name for each in checking if each.is_alive()]


def _is_typed(error: BaseException | None) -> bool:
    # A sensor's timeout has Airflow's own type, so that soft_fail works.
    return error is None or isinstance(error, OneSignalError | AirflowSensorTimeout)


def _shown(ended: Ended, emulator: Emulator) -> list[str]:
    secrets = [emulator.api_key, *(export.path for export in emulator.exports)]
    secrets += [export.path.rpartition("/")[2][:-11] for export in emulator.exports]
    found = [where for where, text in ended.shown.items() if any(each in text for each in secrets)]
    triggers = [repr(trigger.serialize()) for trigger in ended.deferrals]
    found += ["the key, in a trigger" for text in triggers if emulator.api_key in text]
    return found + emulator.violations
