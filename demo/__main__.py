"""
Run the nightly export of a million subscriptions in a real Airflow, and watch it.

OneSignal is an emulator on this machine, the object store a folder of the checkout.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from demo.processes import ProcessFailedError, interrupt_on_termination
from demo.run import Demo, RunFailedError

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="subscriptions of the app")
    parser.add_argument("--ready-after", type=float, default=15, help="seconds OneSignal takes")
    parser.add_argument("--keep", action="store_true", help="keep Airflow running afterwards")
    options = parser.parse_args()
    interrupt_on_termination()
    console = Console()
    demo = Demo(console, folder=ROOT / ".demo", rows=options.rows, ready_after=options.ready_after)
    try:
        demo.run(keep=options.keep)
    except (ProcessFailedError, RunFailedError, TimeoutError) as error:
        console.print(
            f"\nThe demo failed: {error}",
            style="red",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return 1
    except KeyboardInterrupt:
        console.print("\nstopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
