"""Export files to measure with: made once, kept in the temporary folder."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from isal import igzip

ROWS = 2_200_000
FOLDER = Path(tempfile.gettempdir()) / "airflow-provider-onesignal-benchmarks"
HEADER = (
    "id,identifier,session_count,language,timezone,game_version,device_os,device_type,"
    "device_model,ad_id,tags,last_active,playtime,amount_spent,created_at,invalid_identifier,"
    "badge_count,external_user_id\n"
)
_BATCH = 10_000


def export_file(copies: int = 1) -> Path:
    """
    Return a gzipped export of 2.2 million realistic rows, about 265 MiB.

    :param copies: how many of them to put one after the other, as members of one gzip file
    """
    path = FOLDER / f"subscriptions-{ROWS * copies}.csv.gz"
    if path.exists():
        return path
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    if copies == 1:
        with igzip.open(part, "wb", compresslevel=1) as file:
            file.write(HEADER.encode())
            file.writelines(_rows())
    else:
        single = export_file()
        with part.open("wb") as file:
            for _ in range(copies):
                with single.open("rb") as one:
                    shutil.copyfileobj(one, file, 1 << 20)
    return part.replace(path)


def _rows() -> Iterator[bytes]:
    dice = random.Random(20260101)
    for start in range(0, ROWS, _BATCH):
        yield "".join(_row(dice.getrandbits(704), number) for number in _numbers(start)).encode()


def _numbers(start: int) -> range:
    return range(start, min(start + _BATCH, ROWS))


def _row(bits: int, number: int) -> str:
    digits = f"{bits:0176x}"
    day, month, second = 1 + bits % 28, 1 + bits % 12, bits % 60
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]},"
        f"{digits[32:116]},{bits % 997},{('en', 'de', 'fr', 'es', 'pt')[bits % 5]},"
        f"{bits % 50400 - 25200},{1 + bits % 4}.{bits % 13}.{bits % 7},{10 + bits % 8}.{bits % 5},"
        f"{bits % 2},iPhone{9 + bits % 8},{digits[116:132]},"
        f'"{{""plan"":""pro"",""visits"":""{bits % 1000}"",""city"":""Berlin""}}",'
        f"2026-{month:02}-{day:02} {bits % 24:02}:{second:02}:{bits % 59:02}.{bits % 1000000:06},"
        f"{bits % 100000},0,2025-{month:02}-{day:02} 12:{second:02}:00,f,0,user-{number}\n"
    )
