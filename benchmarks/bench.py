"""Running the compared ways, and showing what they took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.exports import FOLDER
from benchmarks.methods import Cost
from benchmarks.servers import BUCKET, gcs_server, s3_server


@contextmanager
def stores(*, gcs: bool = False) -> Iterator[dict[str, str]]:
    """Run the stores with an empty bucket each; gives the environment that leads to them."""
    with s3_server() as s3_url:
        environment = {
            **os.environ,
            "AIRFLOW_HOME": str(FOLDER / "airflow"),
            "AWS_ENDPOINT_URL": s3_url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
            "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": json.dumps(
                {"conn_type": "google_cloud_platform", "extra": {"is_anonymous": True}}
            ),
        }
        _make_s3_bucket(environment)
        if not gcs:
            yield environment
            return
        with gcs_server() as gcs_url:
            _make_gcs_bucket(gcs_url)
            yield {**environment, "STORAGE_EMULATOR_HOST": gcs_url}


def cost(method: str, url: str, environment: dict[str, str]) -> Cost:
    """Run one way in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.methods", method, url],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{method} failed:\n{done.stderr[-3000:]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(
        **{
            name: statistics.median(getattr(each, name) for each in costs)
            for name in ("wall", "cpu", "before", "peak")
        }
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        first, *others = row
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]))
    print(flush=True)


def verdict(figure: float, bound: float) -> str:
    """Say whether a figure keeps its bound."""
    return f"{figure:.2f} ({'within' if figure <= bound else 'ABOVE'} {bound:g})"


def _make_s3_bucket(environment: dict[str, str]) -> None:
    script = f"import boto3; boto3.client('s3').create_bucket(Bucket={BUCKET!r})"
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)


def _make_gcs_bucket(url: str) -> None:
    import requests

    requests.post(f"{url}/storage/v1/b", json={"name": BUCKET}, timeout=10).raise_for_status()
