"""Measurements of speed and memory: ``python -m benchmarks``, with ``--full`` also at 2 GiB."""
