"""A row of the fault matrix: what goes wrong, and what is to become of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from airflow_provider_onesignal import exceptions as e

MENDED = None
FORGOTTEN = (
    e.OneSignalExportCorruptError,
    e.OneSignalExportExpiredError,
    e.OneSignalExportUnavailableError,
)
"""After these the export is of no use: the next try starts another one."""


@dataclass(frozen=True)
class Case:
    """
    A row.

    :param faults: each as ``Fault`` takes it; offsets below 0 count from the file's end
    :param error: the type of the error, None where the task is to succeed in spite of it
    :param waits: the seconds that at least one wait before another request must have
    :param line: what the page about reliability calls it, together with others of its kind
    :param left: what is left behind, where that is not what follows from the error
    """

    faults: tuple[dict[str, Any], ...]
    error: type[e.OneSignalError] | None = MENDED
    waits: float = 0.0
    line: str = ""
    left: str = ""

    @property
    def keeps_the_export(self) -> bool:
        """Whether the next try goes on with the export, once that was started."""
        return self.error is not None and not issubclass(self.error, FORGOTTEN)


def case(*faults: dict[str, Any], error: Any = MENDED, waits: float = 0.0) -> Case:
    return Case(faults, error, waits)


def line(text: str, cases: dict[str, Case], *, left: str = "") -> dict[str, Case]:
    """
    Tell of cases in one line of the page.

    :param text: the fault
    :param cases: that all end the same way
    :param left: what is left behind, where that is not what follows from the error
    """
    assert len({row.error for row in cases.values()}) == 1, text
    return {name: replace(row, line=text, left=left) for name, row in cases.items()}


def rows(table: dict[str, Case]) -> Iterable[Any]:
    """Give the rows to ``pytest.mark.parametrize``."""
    return [pytest.param(row, id=name) for name, row in table.items()]
