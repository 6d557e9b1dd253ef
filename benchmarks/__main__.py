"""All measurements, one after the other."""

from __future__ import annotations

import argparse

from benchmarks import copy, imports, memory, polls, verification

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="memory also at 2 GiB")
    full = parser.parse_args().full
    imports.main()
    polls.main()
    verification.main()
    copy.main()
    memory.main(full=full)
