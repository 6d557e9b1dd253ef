"""How much memory a copy needs, and that it does not depend on the length of the file."""

from __future__ import annotations

import argparse

from benchmarks.bench import cost, stores, table, verdict
from benchmarks.exports import export_file
from benchmarks.methods import MIB
from benchmarks.servers import file_server

SINKS = ("s3", "gcs", "file")


def main(*, full: bool = False) -> None:
    print("Peak of resident memory during a copy; a fresh process each\n")
    rows = []
    for copies in (1, 8) if full else (1,):
        path = export_file(copies)
        size = f"{path.stat().st_size / MIB:.0f} MiB"
        with file_server(path) as url, stores(gcs=True) as environment:
            for method in (*SINKS, "http_to_s3") if copies == 1 else SINKS:
                took = cost(method, url, environment)
                growth = verdict(took.growth, 64) if method in SINKS else f"{took.growth:.2f}"
                rows.append((method, size, f"{took.before:.0f}", growth, f"{took.wall:.1f} s"))
    table(("", "file", "before, MiB", "growth, MiB", "wall"), rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also at 2 GiB")
    main(full=parser.parse_args().full)
