"""What each status of a file's URL means at each age of its export."""

from __future__ import annotations

from airflow_provider_onesignal.readiness import Readiness

THREE_DAYS = 3 * 24 * 3600.0
AGES = (None, 0.0, 60.0, THREE_DAYS - 1, THREE_DAYS, 10 * THREE_DAYS)
TABLE: dict[Readiness, tuple[int | None, ...]] = {
    Readiness.READY: (200, 206),
    Readiness.PENDING: (403, 404),
    Readiness.TRANSIENT: (None, 408, 429, 500, 501, 502, 503, 504, *range(520, 530), 599),
    Readiness.FATAL: (204, 301, 302, 303, 304, 307, 308, 400, 401, 405, 409, 410, 416, 418, 451),
}
STATUSES = [status for statuses in TABLE.values() for status in statuses]
ONE_OF_EACH = [statuses[0] for statuses in TABLE.values()]
"""For tests of what rests on the table, and does not read it itself."""


def expected(status: int | None, age: float | None) -> Readiness:
    (readiness,) = (found for found, statuses in TABLE.items() if status in statuses)
    if readiness is Readiness.PENDING and age is not None and age >= THREE_DAYS:
        return Readiness.EXPIRED
    return readiness
