"""How long a copy takes: with all checks, against first-party and against bare boto3."""

from __future__ import annotations

import argparse

from benchmarks.bench import cost, median, stores, table, verdict
from benchmarks.exports import export_file
from benchmarks.methods import MIB, Cost
from benchmarks.servers import file_server

OURS, FIRST_PARTY, BARE = "s3", "http_to_s3", "bare_boto3"
LABELS = {
    OURS: "this package, verified",
    FIRST_PARTY: "HttpToS3Operator",
    BARE: "boto3 upload_fileobj, unchecked",
}


def main(rounds: int = 5) -> None:
    path = export_file()
    print(f"Copy {path.stat().st_size / MIB:.0f} MiB, HTTP to S3; median of {rounds}, in turns\n")
    costs: dict[str, list[Cost]] = {name: [] for name in LABELS}
    with file_server(path) as url, stores() as environment:
        for turn in range(rounds):
            names = list(LABELS) if turn % 2 else list(LABELS)[::-1]
            for name in names:
                costs[name].append(cost(name, url, environment))
    show({name: median(each) for name, each in costs.items()})


def show(medians: dict[str, Cost]) -> None:
    ours = medians[OURS].wall
    rows = [
        (LABELS[name], f"{each.wall:.2f} s", f"{each.cpu:.2f} s", f"{each.growth:.0f} MiB")
        for name, each in medians.items()
    ]
    table(("", "wall", "CPU", "memory growth"), rows)
    print(f"wall of HttpToS3Operator: {verdict(ours / medians[FIRST_PARTY].wall, 0.65)}")
    print(f"wall of bare boto3:       {verdict(ours / medians[BARE].wall, 1.35)}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
