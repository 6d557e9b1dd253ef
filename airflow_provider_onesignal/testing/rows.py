"""What stands in an export: columns in OneSignal's order, and made-up rows that look like its own.

Rows are text in which :data:`MARK` stands for eight hex digits that differ from block to block;
see :mod:`.blocks`, which makes files of any length from a few of them.
"""

from __future__ import annotations

import csv
import io
import json
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

MARK = "\x01\x02\x03\x04\x05\x06\x07\x0e"
"""Eight characters that occur nowhere else in a row."""

SUBSCRIPTION_COLUMNS = (
    "id",
    "identifier",
    "session_count",
    "language",
    "timezone",
    "game_version",
    "device_os",
    "device_type",
    "device_model",
    "ad_id",
    "tags",
    "last_active",
    "playtime",
    "amount_spent",
    "created_at",
    "invalid_identifier",
)
EXTRA_FIELDS = (
    "external_user_id",
    "onesignal_id",
    "location",
    "country",
    "rooted",
    "ip",
    "web_auth",
    "web_p256",
    "unsubscribed_at",
    "notification_types",
    "timezone_id",
)
EVENT_COLUMNS = (
    "external_user_id",
    "subscription_id",
    "device_type",
    "sent",
    "delivered",
    "clicked",
    "onesignal_id",
    "failed",
    "unsubscribed",
    "failure_message",
)
HISTORY_COLUMNS = (
    "player_id",
    "onesignal_id",
    "external_id",
    "target_channel",
    "timestamp",
)

QUOTE_ALL, QUOTE_MINIMAL = csv.QUOTE_ALL, csv.QUOTE_MINIMAL

_EPOCH = datetime(2026, 6, 1)  # noqa: DTZ001 - printed without a zone, as OneSignal does
_EPOCH_UNIX = 1_780_272_000
_DAYS = 90 * 86_400
_CITIES = ("Praha", "Zürich", "São Paulo", "東京", "Kraków", "Łódź", "Austin, TX", "Αθήνα")
_PLANS = ("free", "pro", "team, yearly", 'the "gold" one', "🎁 gift")
_PLACES = (
    ("en", "US", "America/New_York", -18000),
    ("de", "DE", "Europe/Berlin", 3600),
    ("cs", "CZ", "Europe/Prague", 3600),
    ("ja", "JP", "Asia/Tokyo", 32400),
    ("pt", "BR", "America/Sao_Paulo", -10800),
)
_FAILURES = (
    "Device token not registered",
    'Rejected by APNs: "BadDeviceToken", will not be retried',
    "Mailbox full\r\n452 4.2.2 try again later",
)
_PHONES = ("iPhone15,2", "iPhone14,5", "iPad13,18")
_DROIDS = ("SM-S918B", "Pixel 8 Pro", "Redmi Note 12, 5G", "M2101K6G")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Row: TypeAlias = Sequence[object]
RowMaker: TypeAlias = "Callable[[random.Random, int], Row]"


def text_rows(make_row: RowMaker, *, seed: str, quoting: int) -> Iterator[str]:
    """Yield CSV lines without end, the same ones for the same seed.

    :param make_row: turns a source of randomness and the row's number into its values.
    :param seed: any text.
    :param quoting: as for :func:`csv.writer`.
    """
    rng = random.Random(seed)
    number = 0
    while True:
        yield csv_line(make_row(rng, number), quoting=quoting)
        number += 1


def csv_line(values: Row, *, quoting: int = csv.QUOTE_MINIMAL) -> str:
    """One CSV line with its newline."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n", quoting=quoting).writerow(values)  # type: ignore[arg-type]
    return line.getvalue()


def take(rows: Iterator[str], count: int) -> str:
    """The first ``count`` lines as one text."""
    return "".join(islice(rows, count))


def subscriptions(extra_fields: Sequence[str]) -> RowMaker:
    """Rows of a subscriptions export with these extra fields, in this order."""

    def make(rng: random.Random, number: int) -> Row:
        place = rng.choice(_PLACES)
        standard = _subscription(rng, number, place)
        if not extra_fields:
            return standard
        extra = _extra(rng, number, place)
        return [*standard, *(extra[name] for name in extra_fields)]

    return make


def events(rng: random.Random, number: int) -> Row:
    """One row of an audience activity export."""
    sent = _EPOCH + timedelta(microseconds=rng.randrange(3600 * 10**6))
    fate = rng.random()
    failed = fate < 0.05
    return (
        _external_id(number),
        _unique_id(rng),
        rng.choice((0, 1, 5)),
        _time(sent),
        "" if failed else _time(sent + timedelta(seconds=rng.randrange(60))),
        _time(sent + timedelta(seconds=rng.randrange(9000))) if fate > 0.8 else "",
        _uuid(rng),
        _time(sent) if failed else "",
        _time(sent + timedelta(hours=2)) if fate > 0.99 else "",
        rng.choice(_FAILURES) if failed else "",
    )


def history(kind: str) -> RowMaker:
    """Rows of a message history: ``sent`` or ``clicked``, which alone carry a timestamp."""

    def make(rng: random.Random, number: int) -> Row:
        clicked_at = str(_EPOCH_UNIX + rng.randrange(86_400)) if kind == "clicked" else ""
        return (_unique_id(rng), _uuid(rng), _external_id(number), "push", clicked_at)

    return make


def _subscription(
    rng: random.Random, number: int, place: tuple[str, str, str, int]
) -> list[object]:
    device_type, identifier, system, model = _device(rng, number)
    created = _EPOCH - timedelta(seconds=rng.randrange(_DAYS))
    active = _EPOCH + timedelta(microseconds=rng.randrange(_DAYS * 10**6))
    sessions = int(rng.expovariate(0.05)) + 1
    return [
        _unique_id(rng),
        identifier,
        sessions,
        place[0],
        place[3],
        f"{rng.randrange(1, 4)}.{rng.randrange(20)}.{rng.randrange(5)}",
        system,
        device_type,
        model,
        "",
        _tags(rng, number),
        _time(active),
        sessions * rng.randrange(20, 60),
        0 if rng.random() < 0.9 else f"{rng.randrange(5000) / 100:.2f}",
        _time(created),
        "t" if rng.random() < 0.1 else "f",
    ]


def _device(rng: random.Random, number: int) -> tuple[int, str, str, str]:
    draw = rng.random()
    if draw < 0.42:
        return (
            0,
            f"{rng.getrandbits(256):064x}",
            f"{rng.randrange(15, 19)}.{rng.randrange(6)}",
            (rng.choice(_PHONES)),
        )
    if draw < 0.74:
        return (
            1,
            f"{_base64(rng, 22)}:APA91b{_base64(rng, 134)}",
            str(rng.randrange(10, 16)),
            (rng.choice(_DROIDS)),
        )
    if draw < 0.92:
        return 11, f"reader.{MARK}{number:x}@example.com", "", ""
    return 14, f"+1555{rng.randrange(10**7):07d}", "", ""


def _tags(rng: random.Random, number: int) -> str:
    if rng.random() < 0.2:
        return "{}"
    tags = {"city": rng.choice(_CITIES), "plan": rng.choice(_PLANS), "level": str(number % 50)}
    # A pretty-printed object puts newlines between the quotes, and is JSON all the same.
    return json.dumps(tags, ensure_ascii=False, indent=1 if rng.random() < 0.05 else None)


def _extra(rng: random.Random, number: int, place: tuple[str, str, str, int]) -> dict[str, object]:
    unsubscribed = rng.random() < 0.1
    return {
        "external_user_id": _external_id(number),
        "onesignal_id": _uuid(rng),
        "location": f"{rng.uniform(-60, 70):.4f}, {rng.uniform(-180, 180):.4f}",
        "country": place[1],
        "rooted": "f",
        "ip": f"203.0.113.{rng.randrange(256)}",
        "web_auth": "",
        "web_p256": "",
        "unsubscribed_at": _time(_EPOCH) if unsubscribed else "",
        "notification_types": -2 if unsubscribed else 1,
        "timezone_id": place[2],
    }


def _unique_id(rng: random.Random) -> str:
    return f"{MARK}{_uuid(rng)[8:]}"


def _external_id(number: int) -> str:
    return f"customer-{MARK}{number:04x}"


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _base64(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(_BASE64, k=length))


def _time(moment: datetime) -> str:
    return moment.isoformat(sep=" ")
