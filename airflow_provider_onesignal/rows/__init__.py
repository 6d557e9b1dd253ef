"""
Rows of files into OneSignal: read, mapped, sent at a pace, each settled once.

The engine knows neither users nor events, nor Airflow: a :class:`Sender` knows what a row becomes
and how it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class Row(NamedTuple):
    """
    A row of a file.

    :param uri: the file
    :param version: which state of the file, such as its ETag
    :param number: in the file, from 1; a header does not count
    :param values: value by column; or what there is of a row that could not be read
    :param problem: why it could not be read, "" if it was
    :param is_letter: whether it comes from a dead letter
    """

    uri: str
    version: str
    number: int
    values: Any
    problem: str = ""
    is_letter: bool = False


class Item(NamedTuple):
    """
    What is sent for a row.

    :param key: whose row it is: rows with the same key are sent in order, never at once
    :param payload: what the sender makes of the row
    :param size: bytes it takes in a request
    """

    key: str
    payload: Any
    size: int = 0


class Sender(Protocol):
    """
    What rows become, and how they are sent.

    ``rows_per_request`` and ``bytes_per_request`` bound a batch, ``concurrency`` the requests under
    way, and ``spacing`` is the seconds between two requests with the same key.
    ``refused_statuses`` are the HTTP statuses that concern the rows of a request and not the run.
    """

    rows_per_request: int
    bytes_per_request: int
    concurrency: int
    spacing: float
    refused_statuses: frozenset[int]

    def prepare(self, row: Row) -> Item:
        """
        Return what is to be sent for a row.

        :raises OneSignalValidationError: the row breaks a rule
        """

    async def send(self, items: Sequence[Item]) -> Sequence[str]:
        """
        Send a batch in one request.

        :return: for each item why it was refused, "" if it was taken
        :raises OneSignalError: for all of them
        """
