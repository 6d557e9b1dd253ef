"""All measurements of the stream, one after the other."""

from __future__ import annotations

import argparse

from benchmarks import copy, memory, verification

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="memory also at 2 GiB")
    full = parser.parse_args().full
    verification.main()
    copy.main()
    memory.main(full=full)
