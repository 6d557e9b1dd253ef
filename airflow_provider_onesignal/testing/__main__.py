"""Run the OneSignal emulator and print how to connect to it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import Emulator

PORT = 8765


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl+C or SIGTERM.

    :param arguments: command line without the program's name.
    :return: exit status.
    """
    from . import Emulator

    options = vars(_parser().parse_args(arguments))
    try:
        emulator = Emulator(**_named(options))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        sys.stderr.write(f"Cannot listen on port {options['port']}: {reason}\n")
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with emulator:
        sys.stdout.write(_greeting(emulator))
        sys.stdout.flush()
        try:
            emulator.wait()
        except KeyboardInterrupt:
            sys.stdout.write("Stopped.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_onesignal.testing", description=__doc__
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=int, default=PORT, help="port of the API (%(default)s)")
    add("--files-port", type=int, help="port of the export files (the API's port + 1)")
    add("--rows", type=int, help="rows of an export (1000)")
    add("--ready-after", type=float, metavar="SECONDS", help="until a file is there (0)")
    add("--ready-after-polls", type=int, metavar="N", help="requests that find no file yet (0)")
    add("--not-ready-status", type=int, choices=(403, 404), help="while a file is not there (404)")
    add("--expires-after", type=float, metavar="SECONDS", help="until a file is gone (3 days)")
    add("--app-id", metavar="UUID", help="App ID")
    add("--key", dest="api_key", help="App API key")
    add("--seed", type=int, help="another seed gives other files (0)")
    add("--packing", choices=("gzip", "gzip-members"), help="one gzip member or many (gzip)")
    return parser


def _named(options: dict[str, Any]) -> dict[str, Any]:
    """What was named on the command line; the rest has defaults of its own."""
    if options["files_port"] is None and options["port"]:
        options["files_port"] = options["port"] + 1
    return {name: value for name, value in options.items() if value is not None}


def _greeting(emulator: Emulator) -> str:
    return f"""\
OneSignal emulator
  API       {emulator.api_url}
  files     {emulator.files_url}
  App ID    {emulator.app_id}
  API key   {emulator.api_key}
  message   {emulator.message_id}
  control   {emulator.api_url}/__emulator__/state
Connect Airflow to it:
  export AIRFLOW_CONN_ONESIGNAL_DEFAULT='{emulator.connection_uri}'
"""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ImportError as missing:
        sys.exit(str(missing))
